"""What ECS tells a container of a job: who it is, and the keys of its role. The prefix that a job writes to rests on it."""

import uuid

import pytest

# The runner asks these of the host that its environment names; neither peer runs Batch jobs as ECS tasks.
pytestmark = [pytest.mark.left_out("moto", "runs no tasks"), pytest.mark.left_out("ministack", "runs no tasks")]

ROLE = "arn:aws:iam::123456789012:role/signalbox/contract"


@pytest.fixture
def task(peer, batch) -> str:
    """The id of the task of a job that runs."""
    name = f"contract-{uuid.uuid4().hex[:12]}"
    size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
    main = {"name": "main", "essential": True, "image": "python:3.12", "command": ["sleep", "600"], "resourceRequirements": size}
    properties = {"taskProperties": [{"containers": [main], "taskRoleArn": ROLE}]}
    definition = batch.register_job_definition(jobDefinitionName=name, type="container", ecsProperties=properties)
    job = batch.submit_job(jobName=name, jobQueue=peer.job_queue(), jobDefinition=definition["jobDefinitionArn"])
    described = peer.reached(job["jobId"], "RUNNING")
    yield described["ecsProperties"]["taskProperties"][0]["taskArn"].rsplit("/", 1)[1]
    batch.terminate_job(jobId=job["jobId"], reason="the test is over")


def test_a_container_learns_who_it_is(peer, task):
    told = peer.containers(f"/_ecs/v4/{task}", "/_ecs/v4/{task}").json()
    assert told["Name"] == "main"
    assert told["Labels"]["com.amazonaws.ecs.task-arn"].endswith(f"/{task}")


def test_a_container_learns_of_its_task(peer, task):
    told = peer.containers(f"/_ecs/v4/{task}/task", "/_ecs/v4/{task}/task").json()
    assert told["TaskARN"].endswith(f"/{task}")
    assert [one["Name"] for one in told["Containers"]] == ["main"]


def test_a_container_gets_the_keys_of_its_role(peer, task):
    keys = peer.containers(f"/_ecs/credentials/{task}", "/_ecs/credentials/{task}").json()
    assert keys["RoleArn"] == ROLE
    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} <= keys.keys()


def test_a_task_that_is_not_there_is_unknown(peer):
    assert peer.containers(f"/_ecs/v4/{uuid.uuid4().hex}", "/_ecs/v4/{task}").status == 404
