"""SQS: delivery at least once, visibility, redrive."""

import base64
import hashlib
import struct
import threading
import time

import peers
import pytest
from errors import refused


def test_a_message_arrives_as_it_was_sent(queue):
    body = '{"text": "Grüße, ☂ and \\"quotes\\" <&>"}\n'
    sent = queue.send(body)
    (message,) = queue.receive()
    assert message["Body"] == body
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()


def test_a_message_tells_who_sent_it_when_and_how_often_it_came(queue):
    before = int(time.time() * 1000)
    queue.send("x")
    (message,) = queue.receive()
    attributes = message["Attributes"]
    assert attributes["ApproximateReceiveCount"] == "1"
    assert before - 1000 <= int(attributes["SentTimestamp"]) <= int(time.time() * 1000) + 1000
    assert int(attributes["ApproximateFirstReceiveTimestamp"]) >= int(attributes["SentTimestamp"])
    assert attributes["SenderId"]


def test_nothing_comes_from_an_empty_queue(queue):
    assert queue.receive() == []


def test_a_received_message_is_hidden_and_comes_back(queue):
    queue.send("x")
    (first,) = queue.receive(VisibilityTimeout=2)
    assert queue.receive() == []
    (again,) = queue.receive(wait=10)
    assert again["MessageId"] == first["MessageId"]
    assert again["ReceiptHandle"] != first["ReceiptHandle"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert again["Attributes"]["ApproximateFirstReceiveTimestamp"] == first["Attributes"]["ApproximateFirstReceiveTimestamp"]


def test_visibility_can_be_given_back_at_once(queue, sqs):
    queue.send("x")
    (first,) = queue.receive(VisibilityTimeout=600)
    sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = queue.receive(wait=5)
    assert again["MessageId"] == first["MessageId"]


def test_a_deleted_message_never_comes_back(queue):
    queue.send("x")
    (message,) = queue.receive(VisibilityTimeout=1)
    queue.delete(message)
    assert queue.receive(wait=2) == []


@pytest.mark.wrong("ministack", "forgets the handle with the message and calls it invalid")
def test_deleting_twice_is_no_error(queue):
    queue.send("x")
    (message,) = queue.receive()
    queue.delete(message)
    queue.delete(message)


def test_a_message_received_too_often_goes_to_the_dead_letters(queue):
    sent = queue.send("poison", MessageAttributes={"why": {"DataType": "String", "StringValue": "kept"}})
    for count in range(1, peers.MAX_RECEIVES + 1):
        (message,) = queue.receive(wait=5, VisibilityTimeout=0)
        assert message["Attributes"]["ApproximateReceiveCount"] == str(count)
    assert queue.receive(wait=1) == []
    (dead,) = queue.receive(url=queue.dead_url, wait=5)
    assert dead["Body"] == "poison"
    assert dead["MessageId"] == sent["MessageId"]
    assert dead["MessageAttributes"]["why"]["StringValue"] == "kept"


def test_ten_at_most_come_at_once_and_each_once(queue):
    for number in range(12):
        queue.send(str(number))
    seen: list[str] = []
    while messages := queue.receive(most=10, VisibilityTimeout=600):
        assert len(messages) <= 10
        seen += [message["Body"] for message in messages]
    assert sorted(seen, key=int) == [str(number) for number in range(12)]


@pytest.mark.parametrize("most", [0, 11])
def test_fewer_than_one_or_more_than_ten_cannot_be_asked_for(queue, most):
    with refused(400, "InvalidParameterValue", "AWS.SimpleQueueService.ReadCountOutOfRange"):
        queue.receive(most=most)


def test_a_delayed_message_comes_later(queue):
    queue.send("later", DelaySeconds=2)
    assert queue.receive() == []
    (message,) = queue.receive(wait=10)
    assert message["Body"] == "later"


def test_a_waiting_receive_ends_when_a_message_comes(queue):
    sender = threading.Timer(0.5, queue.send, ["now"])
    sender.start()
    (message,) = queue.receive(wait=15)
    sender.join()
    assert message["Body"] == "now"


def test_a_waiting_receive_ends_empty_when_its_time_is_over(queue):
    begun = time.monotonic()
    assert queue.receive(wait=1) == []
    assert time.monotonic() - begun >= 0.9


def md5_of_attributes(attributes: dict) -> str:
    """SQS's own recipe: per attribute, sorted by name, the length and bytes of name, type and value."""
    digest = hashlib.md5()
    for name in sorted(attributes):
        attribute = attributes[name]
        binary = attribute["DataType"].startswith("Binary")
        value = attribute["BinaryValue"] if binary else attribute["StringValue"].encode()
        for part in (name.encode(), attribute["DataType"].encode()):
            digest.update(struct.pack(">I", len(part)) + part)
        digest.update(b"\x02" if binary else b"\x01")
        digest.update(struct.pack(">I", len(value)) + value)
    return digest.hexdigest()


def test_attributes_arrive_with_their_types_and_md5(queue):
    attributes = {
        "signalbox-reason": {"DataType": "String", "StringValue": "not JSON: line 1"},
        "count": {"DataType": "Number", "StringValue": "5"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff" + base64.b64encode(b"x")},
    }
    sent = queue.send("x", MessageAttributes=attributes)
    (message,) = queue.receive()
    assert message["MessageAttributes"] == attributes
    assert sent["MD5OfMessageAttributes"] == message["MD5OfMessageAttributes"] == md5_of_attributes(attributes)


MEBIBYTE = 1024 * 1024


def test_a_message_of_a_mebibyte_passes(queue):
    queue.send("x" * MEBIBYTE)
    (message,) = queue.receive()
    assert len(message["Body"]) == MEBIBYTE


def test_a_larger_message_is_refused(queue):
    with refused(400, "InvalidParameterValue"):
        queue.send("x" * (MEBIBYTE + 1))
    assert queue.receive() == []


@pytest.mark.wrong("moto", "takes any character")
def test_characters_that_xml_does_not_have_are_refused(queue):
    with refused(400, "InvalidMessageContents"):
        queue.send("a\u0001b")


def test_a_queue_that_is_not_there_is_refused(queue, sqs):
    with refused(400, "AWS.SimpleQueueService.NonExistentQueue"):
        sqs.send_message(QueueUrl=f"{queue.url}-missing", MessageBody="x")


def counts(sqs, queue) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    got = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)["Attributes"]
    return tuple(int(got[name]) for name in names)


def test_waiting_and_hidden_messages_are_counted(queue, sqs):
    assert counts(sqs, queue) == (0, 0)
    queue.send("1")
    queue.send("2")
    assert counts(sqs, queue) == (2, 0)
    (message,) = queue.receive(most=1)
    assert counts(sqs, queue) == (1, 1)
    queue.delete(message)
    assert counts(sqs, queue) == (1, 0)


def entries(*bodies: str) -> list[dict]:
    return [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]


def test_a_batch_sends_all_its_entries(queue, sqs):
    answer = sqs.send_message_batch(QueueUrl=queue.url, Entries=entries(*"abcdefghij"))
    assert sorted(sent["Id"] for sent in answer["Successful"]) == list("0123456789")
    assert sorted(message["Body"] for message in queue.receive()) == list("abcdefghij")


@pytest.mark.wrong("moto", "takes any character")
def test_a_bad_entry_of_a_batch_fails_alone(queue, sqs):
    batch = entries("good", "bad\u0001", "fine")
    answer = sqs.send_message_batch(QueueUrl=queue.url, Entries=batch)
    assert sorted(sent["Id"] for sent in answer["Successful"]) == ["0", "2"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"]) == ("1", True)
    assert sorted(message["Body"] for message in queue.receive()) == ["fine", "good"]


def test_a_batch_of_none_or_of_eleven_or_with_equal_ids_is_refused(queue, sqs):
    with refused(400, "AWS.SimpleQueueService.EmptyBatchRequest"):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=[])
    with refused(400, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=entries(*"abcdefghijk"))
    with refused(400, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"):
        sqs.send_message_batch(QueueUrl=queue.url, Entries=[*entries("a"), *entries("b")])
    assert queue.receive() == []
