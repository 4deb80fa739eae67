"""Batch: definitions, queues and compute environments, and what ends a job before it began."""

import uuid

import pytest
from errors import refused

NOTHING_BUT_JOBS = "keeps a list of what was submitted, and nothing else"


@pytest.fixture
def name() -> str:
    return f"contract-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def define(batch, name):
    def register() -> dict:
        size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
        main = {"image": "python:3.12", "command": ["true"], "resourceRequirements": size}
        return batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=main)

    return register


def test_a_definition_is_described_with_all_its_revisions(batch, define, name):
    arns = {define()["jobDefinitionArn"], define()["jobDefinitionArn"]}
    described = batch.describe_job_definitions(jobDefinitionName=name)["jobDefinitions"]
    assert {one["jobDefinitionArn"] for one in described} == arns
    assert {(one["type"], one["status"]) for one in described} == {("container", "ACTIVE")}
    assert {one["containerProperties"]["image"] for one in described} == {"python:3.12"}


@pytest.mark.left_out("ministack", NOTHING_BUT_JOBS)
def test_a_definition_that_is_retired_is_active_no_more(batch, define, name):
    first, second = define(), define()
    batch.deregister_job_definition(jobDefinition=first["jobDefinitionArn"])
    active = batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
    assert [one["jobDefinitionArn"] for one in active] == [second["jobDefinitionArn"]]


def test_a_queue_is_described_as_it_was_made(batch, peer):
    arn = peer.job_queue()
    for called in (arn, arn.rsplit("/", 1)[1]):
        (described,) = batch.describe_job_queues(jobQueues=[called])["jobQueues"]
        assert (described["jobQueueArn"], described["state"], described["priority"]) == (arn, "ENABLED", 1)
        assert len(described["computeEnvironmentOrder"]) == 1


def test_a_compute_environment_is_described_as_it_was_made(batch, peer, name):
    arn = peer.compute_environment(name)["computeEnvironmentArn"]
    (described,) = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
    assert (described["computeEnvironmentArn"], described["type"]) == (arn, "UNMANAGED")
    assert (described["state"], described["status"]) == ("ENABLED", "VALID")


@pytest.mark.wrong("ministack", "knows it by its name alone")
def test_a_compute_environment_is_described_by_its_arn(batch, peer, name):
    arn = peer.compute_environment(name)["computeEnvironmentArn"]
    (described,) = batch.describe_compute_environments(computeEnvironments=[arn])["computeEnvironments"]
    assert described["computeEnvironmentName"] == name


def test_what_was_never_made_is_not_described(batch, name):
    assert batch.describe_job_queues(jobQueues=[name])["jobQueues"] == []
    assert batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"] == []
    assert batch.describe_job_definitions(jobDefinitionName=name)["jobDefinitions"] == []


def test_a_place_for_jobs_is_made_of_an_environment_and_a_queue(batch, peer, name):
    made = peer.compute_environment(name)
    assert made["computeEnvironmentArn"].endswith(f":compute-environment/{name}")
    order = [{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}]
    queue = batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
    assert queue["jobQueueArn"].endswith(f":job-queue/{name}")
    with refused(400, "ClientException"):
        batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)


@pytest.mark.left_out("ministack", NOTHING_BUT_JOBS)
@pytest.mark.left_out("moto", "its jobs succeed at once, so that none waits to be cancelled")
def test_a_job_that_has_no_place_is_cancelled(batch, peer, name):
    size = [{"type": "VCPU", "value": "100000"}, {"type": "MEMORY", "value": "256"}]
    main = {"image": "python:3.12", "command": ["true"], "resourceRequirements": size}
    definition = batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=main)
    job = batch.submit_job(jobName=name, jobQueue=peer.job_queue(), jobDefinition=definition["jobDefinitionArn"])
    batch.cancel_job(jobId=job["jobId"], reason="nobody waits for it")
    (described,) = batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
    assert (described["status"], described["statusReason"]) == ("FAILED", "nobody waits for it")


@pytest.mark.left_out("ministack", NOTHING_BUT_JOBS)
def test_cancelling_a_job_that_is_over_changes_nothing(batch, peer, define, name):
    job = batch.submit_job(jobName=name, jobQueue=peer.job_queue(), jobDefinition=define()["jobDefinitionArn"])
    peer.ended(job["jobId"])
    batch.cancel_job(jobId=job["jobId"], reason="too late")
    assert peer.ended(job["jobId"])["status"] == "SUCCEEDED"


@pytest.mark.left_out("ministack", NOTHING_BUT_JOBS)
def test_a_queue_that_is_disabled_says_so(batch, peer):
    arn = peer.job_queue()
    batch.update_job_queue(jobQueue=arn, state="DISABLED")
    (described,) = batch.describe_job_queues(jobQueues=[arn])["jobQueues"]
    assert (described["state"], described["status"]) == ("DISABLED", "VALID")
    batch.update_job_queue(jobQueue=arn, state="ENABLED")
    (described,) = batch.describe_job_queues(jobQueues=[arn])["jobQueues"]
    assert described["state"] == "ENABLED"


@pytest.mark.left_out("ministack", NOTHING_BUT_JOBS)
def test_a_compute_environment_that_is_disabled_says_so(batch, peer, name):
    peer.compute_environment(name)
    batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    (described,) = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
    assert described["state"] == "DISABLED"
