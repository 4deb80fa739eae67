"""The implementations that are held against the same contract, and how each is given a bucket, a queue and a job queue."""

from __future__ import annotations

import functools
import http.client
import json
import os
import time
import urllib.parse
import uuid
from dataclasses import dataclass

import boto3
import operations
from botocore.config import Config

NAMES = ("local", "moto", "ministack")
REGION = "eu-west-1"
ACCOUNT = "123456789012"
MAX_RECEIVES = 3


@dataclass(frozen=True)
class Peer:
    """One running implementation. `facts` is what it said of itself when it started."""

    name: str
    endpoint: str
    facts: dict

    @functools.lru_cache(maxsize=None)
    def client(self, service: str):
        keys = self.facts.get("credentials", {})
        client = boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=keys.get("region", REGION),
            aws_access_key_id=keys.get("access_key_id", ACCOUNT),
            aws_secret_access_key=keys.get("secret_access_key", "none"),
            # One try: a retry would hide an answer, and is what the contract of a conditional put is about.
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=30),
        )
        client.meta.events.register("after-call", functools.partial(self._after_call, service))
        return client

    def _after_call(self, service: str, http_response, model, **_) -> None:
        if http_response.status_code < 400:
            operations.called(self.name, f"{service}.{model.name}")

    def __hash__(self) -> int:
        return hash(self.name)

    @functools.lru_cache(maxsize=None)
    def bucket(self, versioned: bool) -> str:
        name = f"contract-{uuid.uuid4().hex[:12]}"
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def queue(self) -> Queue:
        """An empty queue that no other test has used."""
        sqs = self.client("sqs")
        name = f"contract-{uuid.uuid4().hex[:12]}"
        dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
        url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
        return Queue(self, url, dead)

    @functools.lru_cache(maxsize=None)
    def job_queue(self) -> str:
        """The ARN of a queue that takes jobs."""
        batch = self.client("batch")
        name = f"contract-{uuid.uuid4().hex[:12]}"
        arn = self.compute_environment(name)["computeEnvironmentArn"]
        order = [{"order": 1, "computeEnvironment": arn}]
        made = batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
        return made["jobQueueArn"]

    def compute_environment(self, name: str) -> dict:
        """A new place for jobs."""
        environment = {"computeEnvironmentName": name, "type": "UNMANAGED", "state": "ENABLED"}
        if self.name == "moto":
            # The others do not ask who may start machines; this one wants a role that exists.
            environment["serviceRole"] = self._role()
        return self.client("batch").create_compute_environment(**environment)

    def reached(self, job: str, *wanted: str) -> dict:
        """The job as it is described once it is in one of these states."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            (described,) = self.client("batch").describe_jobs(jobs=[job])["jobs"]
            if described["status"] in wanted:
                return described
            time.sleep(0.02)
        raise AssertionError(f"job {job} is {described['status']} and did not become one of {wanted}")

    def ended(self, job: str) -> dict:
        return self.reached(job, "SUCCEEDED", "FAILED")

    def registry(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """A request of the OCI distribution protocol, to where images are pushed."""
        address = self.facts.get("registry", urllib.parse.urlsplit(self.endpoint).netloc)
        # It is by this name that one of them knows whose repositories are meant.
        host = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com" if self.name == "ministack" else address
        answer = request(address, method, path, body, {"Host": host, **headers})
        if answer.status < 400:
            operations.called(self.name, operations.of_registry(method, urllib.parse.urlsplit(path).path))
        return answer

    def containers(self, path: str, route: str, **headers: str) -> Answer:
        """What a container of a job asks ECS for; `route` is the path with its variables."""
        answer = request(urllib.parse.urlsplit(self.endpoint).netloc, "GET", path, b"", headers)
        if answer.status < 400:
            operations.called(self.name, f"containers.GET {route}")
        return answer

    def _role(self) -> str:
        made = self.client("iam").create_role(RoleName=f"batch-{uuid.uuid4().hex[:8]}", AssumeRolePolicyDocument="{}")
        return made["Role"]["Arn"]


@dataclass(frozen=True)
class Queue:
    """A queue with a dead-letter queue, which a message enters after `MAX_RECEIVES` receives."""

    peer: Peer
    url: str
    dead_url: str

    def send(self, body: str, **more) -> dict:
        return self.peer.client("sqs").send_message(QueueUrl=self.url, MessageBody=body, **more)

    def receive(self, *, url: str | None = None, wait: int = 0, most: int = 10, **more) -> list[dict]:
        answer = self.peer.client("sqs").receive_message(
            QueueUrl=url or self.url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            **more,
        )
        return answer.get("Messages", [])

    def delete(self, message: dict) -> None:
        self.peer.client("sqs").delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


@dataclass(frozen=True)
class Answer:
    """An answer over plain HTTP."""

    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def request(address: str, method: str, path: str, body: bytes, headers: dict) -> Answer:
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
    finally:
        connection.close()


def running() -> dict[str, Peer]:
    """The peers that `run` started, by name."""
    started = json.loads(os.environ.get("SIGNALBOX_CONTRACT_PEERS", "{}"))
    return {name: Peer(name, facts["endpoint"], facts) for name, facts in started.items()}
