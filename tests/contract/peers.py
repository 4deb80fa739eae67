"""The implementations that are held against the same contract, and how each is given a bucket, a queue and a job queue."""

from __future__ import annotations

import functools
import json
import os
import uuid
from dataclasses import dataclass

import boto3
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
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=keys.get("region", REGION),
            aws_access_key_id=keys.get("access_key_id", ACCOUNT),
            aws_secret_access_key=keys.get("secret_access_key", "none"),
            # One try: a retry would hide an answer, and is what the contract of a conditional put is about.
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=30),
        )

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
        environment = {"computeEnvironmentName": name, "type": "UNMANAGED", "state": "ENABLED"}
        if self.name == "moto":
            # The others do not ask who may start machines; this one wants a role that exists.
            environment["serviceRole"] = self._role()
        arn = batch.create_compute_environment(**environment)["computeEnvironmentArn"]
        order = [{"order": 1, "computeEnvironment": arn}]
        made = batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
        return made["jobQueueArn"]

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


def running() -> dict[str, Peer]:
    """The peers that `run` started, by name."""
    started = json.loads(os.environ.get("SIGNALBOX_CONTRACT_PEERS", "{}"))
    return {name: Peer(name, facts["endpoint"], facts) for name, facts in started.items()}
