"""Batch: submit, list, describe, terminate; the lookups by which a submission is found again."""

import time
import uuid

import pytest
from errors import refused

# Why ministack is held to so little: it keeps a list of what was submitted, and nothing else.
STUB = pytest.mark.wrong("ministack", "takes any definition, queue and name, keeps no parameters, knows no filter")
AT_ONCE = "its jobs succeed at once without being run"

LADDER = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]
DEADLINE_SECONDS = 30


@pytest.fixture
def name() -> str:
    return f"contract-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def define(peer, batch, name):
    """Registers a definition whose job ends with 0 at once, or carries out another command."""

    def register(command: tuple[str, ...] = ("true",), definition: str = f"signalbox-{name}") -> dict:
        size = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
        main = {"image": "python:3.12", "command": list(command), "resourceRequirements": size}
        if peer.name == "local":
            # As Signalbox does it; moto knows only the plain form.
            task = {"containers": [{"name": "main", "essential": True, **main}]}
            return batch.register_job_definition(
                jobDefinitionName=definition, type="container", ecsProperties={"taskProperties": [task]}
            )
        return batch.register_job_definition(jobDefinitionName=definition, type="container", containerProperties=main)

    return register


@pytest.fixture
def submit(peer, batch, define, name):
    def submit_one(job_name: str = name, definition: str | None = None, **more) -> dict:
        definition = definition or define()["jobDefinitionArn"]
        return batch.submit_job(jobName=job_name, jobQueue=peer.job_queue(), jobDefinition=definition, **more)

    return submit_one


@pytest.fixture
def describe(batch):
    def describe_one(job: dict) -> dict:
        (described,) = batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
        return described

    return describe_one


@pytest.fixture
def reach(describe):
    """Follows a job until it is in one of these states, and returns it with the states that were seen."""

    def follow(job: dict, *wanted: str) -> tuple[dict, list[str]]:
        seen: list[str] = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            described = describe(job)
            if not seen or seen[-1] != described["status"]:
                seen.append(described["status"])
            if described["status"] in wanted:
                return described, seen
            time.sleep(0.02)
        raise AssertionError(f"{job['jobName']} did not reach {wanted} in {DEADLINE_SECONDS} s; seen: {seen}")

    return follow


def test_a_submission_is_answered_with_name_and_id(submit, name):
    job = submit()
    assert job["jobName"] == name
    assert job["jobArn"].endswith(f":job/{job['jobId']}")


def test_a_job_climbs_to_its_end(submit, reach):
    job, seen = reach(submit(), "SUCCEEDED", "FAILED")
    assert job["status"] == "SUCCEEDED"
    assert seen == sorted(seen, key=LADDER.index)
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]


@STUB
def test_a_job_is_described_as_it_was_submitted(submit, describe, define, peer, name):
    definition = define()["jobDefinitionArn"]
    job = describe(submit(definition=definition, parameters={"pipeline": "rain", "attempt": "1"}))
    assert job["jobName"] == name
    assert job["jobQueue"] == peer.job_queue()
    assert job["jobDefinition"] == definition
    assert job["parameters"] == {"pipeline": "rain", "attempt": "1"}


@pytest.mark.left_out("moto", AT_ONCE)
@pytest.mark.left_out("ministack", AT_ONCE)
def test_a_job_whose_command_fails_is_failed(define, submit, reach):
    definition = define(("sh", "-c", "exit 3"))["jobDefinitionArn"]
    job, _ = reach(submit(definition=definition), "SUCCEEDED", "FAILED")
    assert job["status"] == "FAILED"
    (container,) = job["attempts"][-1]["taskProperties"][0]["containers"]
    assert container["exitCode"] == 3


def test_jobs_that_are_unknown_are_left_out_of_the_description(batch):
    assert batch.describe_jobs(jobs=[str(uuid.uuid4())])["jobs"] == []


@STUB
def test_a_missing_definition_is_refused_and_named(batch, peer, name):
    with refused(400, "ClientException") as caught:
        batch.submit_job(jobName=name, jobQueue=peer.job_queue(), jobDefinition=f"signalbox-missing-{name}")
    assert f"signalbox-missing-{name}" in caught.value.response["Error"]["Message"]


@STUB
def test_a_missing_queue_is_refused(batch, define, name):
    with refused(400, "ClientException"):
        batch.submit_job(jobName=name, jobQueue=f"missing-{name}", jobDefinition=define()["jobDefinitionArn"])


@STUB
@pytest.mark.wrong("moto", "does not look at the names of jobs that it does not run")
def test_a_bad_name_is_refused(submit):
    for bad in ("", "-a", "a b", "a.b", "x" * 129):
        with refused(400, "ClientException"):
            submit(job_name=bad)


def test_names_need_not_be_unique(submit):
    assert submit()["jobId"] != submit()["jobId"]


def test_each_registration_is_a_revision(define, name):
    first, second = define(), define(("sleep", "1"))
    assert (first["revision"], second["revision"]) == (1, 2)
    assert first["jobDefinitionArn"].endswith(f":job-definition/signalbox-{name}:1")
    assert second["jobDefinitionArn"].endswith(f":job-definition/signalbox-{name}:2")


@STUB
def test_a_definition_by_its_name_alone_is_the_newest(define, submit, describe, name):
    define()
    newest = define(("sleep", "0"))["jobDefinitionArn"]
    assert describe(submit(definition=f"signalbox-{name}"))["jobDefinition"] == newest


@STUB
def test_a_revision_can_be_named(define, submit, describe, name):
    first = define()["jobDefinitionArn"]
    define(("sleep", "0"))
    assert describe(submit(definition=f"signalbox-{name}:1"))["jobDefinition"] == first


@pytest.fixture
def found(batch, peer):
    """The ids of the jobs that a filter by name finds."""

    def find(value: str, **more) -> list[str]:
        chosen = [{"name": "JOB_NAME", "values": [value]}]
        page = batch.list_jobs(jobQueue=peer.job_queue(), filters=chosen, **more)
        return [job["jobId"] for job in page["jobSummaryList"]]

    return find


@STUB
def test_a_job_is_found_by_its_name_and_no_other_is(submit, found, name):
    job = submit()
    submit(job_name=f"{name}-2")
    assert found(name) == [job["jobId"]]


@STUB
def test_a_star_at_the_end_finds_all_that_begin_so(submit, found, name):
    jobs = {submit(job_name=f"{name}-{number}")["jobId"] for number in range(3)}
    submit(job_name=f"other-{name}")
    assert set(found(f"{name}-*")) == jobs


@STUB
def test_names_are_compared_without_case(submit, found, name):
    job = submit(job_name=name.upper())
    assert found(name) == [job["jobId"]]


@STUB
def test_a_job_is_found_by_its_name_whatever_its_state(submit, reach, found, name):
    job = submit()
    reach(job, "SUCCEEDED")
    assert found(name) == [job["jobId"]]
    assert found(name, jobStatus="RUNNING") == [job["jobId"]]


@STUB
@pytest.mark.wrong("moto", "lists in the order of submission")
def test_the_newest_is_listed_first(submit, reach, found, name):
    jobs = []
    for number in range(3):
        jobs.append(submit(job_name=f"{name}-{number}"))
        reach(jobs[-1], "SUCCEEDED")
    assert found(f"{name}-*") == [job["jobId"] for job in reversed(jobs)]


@STUB
def test_a_name_that_was_never_submitted_is_not_found(submit, found, name):
    submit()
    assert found(f"never-{name}") == []


@STUB
@pytest.mark.wrong("moto", "lists every state where none is named")
def test_without_a_filter_only_the_named_state_is_listed(submit, reach, batch, peer):
    job = submit()
    reach(job, "SUCCEEDED")
    listed = {
        state: [entry["jobId"] for entry in batch.list_jobs(jobQueue=peer.job_queue(), jobStatus=state)["jobSummaryList"]]
        for state in ("SUCCEEDED", "FAILED")
    }
    assert job["jobId"] in listed["SUCCEEDED"]
    assert job["jobId"] not in listed["FAILED"]
    running = batch.list_jobs(jobQueue=peer.job_queue())["jobSummaryList"]
    assert job["jobId"] not in [entry["jobId"] for entry in running]


@pytest.mark.left_out("moto", AT_ONCE)
@pytest.mark.left_out("ministack", AT_ONCE)
def test_a_running_job_can_be_terminated(define, submit, reach, batch):
    job = submit(definition=define(("sleep", "600"))["jobDefinitionArn"])
    reach(job, "RUNNING")
    batch.terminate_job(jobId=job["jobId"], reason="superseded by a newer commit")
    ended, _ = reach(job, "SUCCEEDED", "FAILED")
    assert (ended["status"], ended["statusReason"]) == ("FAILED", "superseded by a newer commit")


@pytest.mark.wrong("ministack", "has no TerminateJob")
def test_terminating_a_job_that_is_over_changes_nothing(submit, reach, describe, batch):
    job = submit()
    reach(job, "SUCCEEDED")
    batch.terminate_job(jobId=job["jobId"], reason="too late")
    assert describe(job)["status"] == "SUCCEEDED"
