"""What ECS tells a container of a job: who it is, and the keys of its role. The prefix that a job writes to rests on it."""

import time
import urllib.parse
import uuid

import pytest

# Neither peer runs a Batch job as a task of ECS.
pytestmark = [pytest.mark.left_out("moto", "runs no tasks"), pytest.mark.left_out("ministack", "runs no tasks")]

ROLE = "arn:aws:iam::123456789012:role/signalbox/contract"
DEADLINE_SECONDS = 30


@pytest.fixture
def task(peer, batch, tmp_path):
    """The environment of the container of a job that runs."""
    name = f"contract-{uuid.uuid4().hex[:12]}"
    told = tmp_path / "environment"
    # Renamed once it is whole; whoever waits for it reads no half of it.
    command = ["sh", "-c", f"env > {told}.new && mv {told}.new {told} && exec sleep 600"]
    size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
    main = {"name": "main", "essential": True, "image": "python:3.12", "command": command, "resourceRequirements": size}
    properties = {"taskProperties": [{"containers": [main], "taskRoleArn": ROLE}]}
    definition = batch.register_job_definition(jobDefinitionName=name, type="container", ecsProperties=properties)
    job = batch.submit_job(jobName=name, jobQueue=peer.job_queue(), jobDefinition=definition["jobDefinitionArn"])
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not told.exists():
        assert time.monotonic() < deadline, "the job did not begin"
        time.sleep(0.02)
    environment = dict(line.split("=", 1) for line in told.read_text().splitlines() if "=" in line)
    yield environment
    batch.terminate_job(jobId=job["jobId"], reason="the test is over")


def path_of(task: dict, variable: str) -> str:
    return urllib.parse.urlsplit(task[variable]).path


def id_of(task: dict) -> str:
    return task["ECS_CONTAINER_METADATA_URI_V4"].rsplit("/", 1)[1]


def test_a_container_learns_who_it_is(peer, task):
    told = peer.containers(path_of(task, "ECS_CONTAINER_METADATA_URI_V4"), "/_ecs/v4/{task}").json()
    assert told["Name"] == "main"
    assert told["Labels"]["com.amazonaws.ecs.task-arn"].endswith(f"/{id_of(task)}")


def test_a_container_learns_of_its_task(peer, task):
    told = peer.containers(f"{path_of(task, 'ECS_CONTAINER_METADATA_URI_V4')}/task", "/_ecs/v4/{task}/task").json()
    assert told["TaskARN"].endswith(f"/{id_of(task)}")
    assert [one["Name"] for one in told["Containers"]] == ["main"]


def test_a_container_gets_the_keys_of_its_role_for_its_token_alone(peer, task):
    path, route = path_of(task, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), "/_ecs/credentials/{task}"
    keys = peer.containers(path, route, Authorization=task["AWS_CONTAINER_AUTHORIZATION_TOKEN"]).json()
    assert keys["RoleArn"] == ROLE
    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} <= keys.keys()
    assert peer.containers(path, route).status == 401
    assert peer.containers(path, route, Authorization="guessed").status == 401


def test_a_task_that_is_not_there_is_unknown(peer):
    assert peer.containers(f"/_ecs/v4/{uuid.uuid4().hex}", "/_ecs/v4/{task}").status == 404
