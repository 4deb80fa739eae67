"""What a client knows of an engine: the first line that `signalbox local` prints, and the contracts."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "debug").resolve()
BINARY = Path(os.environ.get("SIGNALBOX", BUILT / "signalbox")).resolve()


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[str]:
    """Runs `signalbox local` with the example repository in FOLDER/engine; its log lies beside it. Gives its first line."""
    with (folder / "engine.log").open("w") as log:
        command = [BINARY, "local", "--dir", folder / "engine", "--example", *options]
        engine = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
    try:
        line = engine.stdout.readline()
        if not line:
            sys.exit(f"the engine printed no first line; its log:\n{(folder / 'engine.log').read_text()}")
        yield line
    finally:
        engine.terminate()
        try:
            engine.wait(20)
        except subprocess.TimeoutExpired:
            engine.kill()
            engine.wait()


class Engine:
    """The clients, buckets and queues that the line names."""

    def __init__(self, line: str) -> None:
        self.facts = json.loads(line)
        self.buckets: dict[str, str] = self.facts["buckets"]
        self.queues: dict[str, str] = self.facts["queues"]

    def client(self, service: str):
        keys = self.facts["credentials"]
        return boto3.client(
            service,
            endpoint_url=self.facts["endpoint"],
            region_name=keys["region"],
            aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"],
        )

    def listing(self, bucket: str, prefix: str = "") -> dict[str, str]:
        """Every key below the prefix with its ETag."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.buckets[bucket], Prefix=prefix)
        return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}

    def document(self, bucket: str, key: str) -> dict:
        return json.load(self.client("s3").get_object(Bucket=self.buckets[bucket], Key=key)["Body"])

    def waiting(self, queue: str) -> int:
        """How many messages the queue holds, those in somebody's hands included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = self.client("sqs").get_queue_attributes(QueueUrl=self.queues[queue], AttributeNames=names)
        return sum(int(got["Attributes"][name]) for name in names)


def until(what: str, seconds: float, found: Callable):
    """Asks again until there is an answer that is not None, or fails saying what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = found()
        if answer is not None:
            return answer
        time.sleep(0.2)
    raise SystemExit(f"{what} did not come within {seconds:.0f} s")
