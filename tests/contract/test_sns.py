"""SNS: what the function `notify` publishes. It speaks the query protocol, which botocore speaks too."""

import uuid

import pytest
from errors import refused


@pytest.fixture
def sns(peer):
    return peer.client("sns")


@pytest.fixture
def name() -> str:
    return f"signalbox-{uuid.uuid4().hex[:12]}"


def test_a_topic_is_made_once_and_listed(sns, name):
    arn = sns.create_topic(Name=name)["TopicArn"]
    assert arn.startswith("arn:aws:sns:eu-west-1:") and arn.endswith(f":{name}")
    assert sns.create_topic(Name=name)["TopicArn"] == arn
    assert [topic["TopicArn"] for topic in sns.list_topics()["Topics"]].count(arn) == 1


def test_each_message_has_an_id_of_its_own(sns, name):
    topic = sns.create_topic(Name=name)["TopicArn"]
    attributes = {"kind": {"DataType": "String", "StringValue": "finished"}}
    said = {"TopicArn": topic, "Subject": "rain failed", "Message": "a=b & c\n100% ä", "MessageAttributes": attributes}
    assert sns.publish(**said)["MessageId"] != sns.publish(**said)["MessageId"]


def test_a_topic_that_is_not_there_is_told_nothing(sns, name):
    topic = sns.create_topic(Name=name)["TopicArn"]
    with refused(404, "NotFound"):
        sns.publish(TopicArn=f"{topic}-not", Message="m")


@pytest.mark.wrong("ministack", "it takes any subject")
def test_a_subject_has_a_hundred_characters_at_most(sns, name):
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.publish(TopicArn=topic, Subject="s" * 100, Message="m")
    with refused(400, "InvalidParameter"):
        sns.publish(TopicArn=topic, Subject="s" * 101, Message="m")
