"""SQS: queues themselves, and the operations on many messages at once."""

import uuid

import pytest
from errors import refused

MISSING = "AWS.SimpleQueueService.NonExistentQueue"


@pytest.fixture
def name() -> str:
    return f"contract-{uuid.uuid4().hex[:12]}"


def test_a_queue_is_found_by_its_name(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "180"})["QueueUrl"]
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    assert url.endswith(f"/{name}")


def test_a_queue_that_was_never_made_is_not_found(sqs, name):
    with refused(400, MISSING):
        sqs.get_queue_url(QueueName=name)
    assert sqs.list_queues(QueueNamePrefix=name).get("QueueUrls", []) == []


def test_a_queue_is_made_twice_only_in_the_same_way(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "180"})["QueueUrl"]
    assert sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "180"})["QueueUrl"] == url
    with refused(400, "QueueAlreadyExists", "QueueNameExists"):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30"})


def test_attributes_are_as_they_were_set(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "1209600"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "45"
    assert attributes["MessageRetentionPeriod"] == "1209600"
    assert attributes["QueueArn"].endswith(f":{name}")
    assert "RedrivePolicy" not in attributes


def test_a_queue_that_is_deleted_is_gone(sqs, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    with refused(400, MISSING):
        sqs.send_message(QueueUrl=url, MessageBody="x")


def test_a_purge_takes_every_message(queue, sqs):
    for number in range(3):
        queue.send(str(number))
    queue.receive(most=1)
    sqs.purge_queue(QueueUrl=queue.url)
    assert queue.receive(wait=1) == []


def entries(messages: list[dict], **more) -> list[dict]:
    return [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"], **more} for at, message in enumerate(messages)]


def test_many_messages_are_deleted_at_once(queue, sqs):
    for number in range(3):
        queue.send(str(number))
    messages = queue.receive(VisibilityTimeout=1)
    answer = sqs.delete_message_batch(QueueUrl=queue.url, Entries=entries(messages[:2]))
    assert sorted(done["Id"] for done in answer["Successful"]) == ["0", "1"]
    (left,) = queue.receive(wait=5)
    assert left["MessageId"] == messages[2]["MessageId"]


def test_many_messages_are_given_back_at_once(queue, sqs):
    for number in range(3):
        queue.send(str(number))
    messages = queue.receive(VisibilityTimeout=600)
    assert queue.receive() == []
    answer = sqs.change_message_visibility_batch(QueueUrl=queue.url, Entries=entries(messages, VisibilityTimeout=0))
    assert sorted(done["Id"] for done in answer["Successful"]) == ["0", "1", "2"]
    seen = {message["MessageId"] for _ in range(3) for message in queue.receive(wait=1)}
    assert seen == {message["MessageId"] for message in messages}


def test_of_many_a_handle_that_is_none_fails_alone(queue, sqs):
    queue.send("x")
    batch = [*entries(queue.receive()), {"Id": "bad", "ReceiptHandle": "no-handle"}]
    answer = sqs.delete_message_batch(QueueUrl=queue.url, Entries=batch)
    assert [done["Id"] for done in answer["Successful"]] == ["0"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"]) == ("bad", True)
