#!/usr/bin/env python3
"""Starts a run as EventBridge would, and watches its document to the end.

    signalbox local --dir D --example | (read -r line; push_event.py <<<"$line")

Knows only the contracts: the event's shape, the queue, the layout of the buckets and of `run.json`.
"""

import datetime
import json
import re
import subprocess
import sys
import uuid

from engine import EVENTS, Engine, until

TERMINAL = {"succeeded", "failed", "errored", "cancelled", "superseded", "skipped"}
RUN_KEY = re.compile(
    r"pipelines/rain/runs/(\d{4})/(\d\d)/(\d\d)/(?P<run>\1\2\3t\d{6}z-(?P<commit>[0-9a-f]{7})-[0-9a-f]{8})/run\.json"
)
RUN_SECONDS = 240


def head(remote: str, branch: str) -> str:
    """The newest commit of the branch, as git itself tells it."""
    command = ["git", "ls-remote", remote, f"refs/heads/{branch}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if not told:
        sys.exit(f"{remote} has no branch {branch}")
    return told.split()[0]


def push_event(commit: str) -> dict:
    event = json.loads((EVENTS / "codecommit-push.json").read_text())
    event["detail"].update(repositoryName="rain", commitId=commit)
    # A new push: the fixture's own id would be the fixture's own run, and its time grows old.
    event["id"] = str(uuid.uuid4())
    event["time"] = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event


def run_of(engine: Engine, event: dict) -> tuple[str, dict] | None:
    """The run whose register begins with this event: no other way to its name is promised."""
    for key in engine.listing("state", "pipelines/rain/runs/"):
        run = engine.document("state", key)
        if run["register"][0]["event"] == event["id"]:
            return key, run
    return None


def ended(engine: Engine, key: str) -> dict | None:
    run = engine.document("state", key)
    return run if run["state"]["phase"] in TERMINAL else None


def show(run: dict) -> None:
    for stage in run["state"]["stages"]:
        print(f"  {stage['name']:<16}{stage['phase']:<12}{len(stage['jobs'])} jobs")


def check_run(key: str, run: dict, commit: str) -> str:
    """`run.json` has the shape of the contract; returns the run's id."""
    named = RUN_KEY.fullmatch(key)
    assert named, f"{key} is not where a run lies"
    assert commit.startswith(named["commit"]), f"{key} does not name the commit {commit}"
    assert run["schema"] >= 1 and run["revision"] >= 1 and run["write_id"], "schema, revision, write_id"
    assert run["pending"] == [], f"a run that is over has nothing pending: {run['pending']}"
    assert [entry["seq"] for entry in run["register"]] == list(
        range(run["register"][0]["seq"], run["register"][0]["seq"] + len(run["register"]))
    ), "the register has a gap"
    for entry in run["register"]:
        missing = {"seq", "at", "event", "actor", "fact", "prev"} - entry.keys()
        assert not missing, f"register entry {entry['seq']} lacks {missing}"
    links = [entry["prev"] for entry in run["register"]]
    assert len(set(map(str, links))) == len(links), "two register entries follow the same one"
    for stage in run["state"]["stages"]:
        assert stage["phase"] == "succeeded", f"{stage['name']} is {stage['phase']}"
    assert [stage["name"] for stage in run["state"]["stages"]][:3] == ["checkout", "checks", "build"]
    return named["run"]


RESULT_KEYS = {"schema", "exit_code", "seconds", "cpu_seconds", "max_rss_bytes", "metrics", "files"}
INCOMING = re.compile(r"incoming/[A-Z0-9]+:[A-Za-z0-9_-]+/(result\.json|log\.txt|files/.+)")


def check_artifacts(engine: Engine, run: str) -> None:
    kept = engine.listing("artifacts")
    assert f"pipelines/rain/runs/{run}/source.tar.zst" in kept, "the run's source is not kept"
    strays = [key for key in kept if key.startswith("incoming/") and not INCOMING.fullmatch(key)]
    assert not strays, f"jobs wrote elsewhere: {strays}"
    results = [key for key in kept if key.endswith("/result.json")]
    assert len(results) >= 3, f"checkout, checks and build report, here are only {results}"
    for key in results:
        result = engine.document("artifacts", key)
        missing = RESULT_KEYS - result.keys()
        assert not missing, f"{key} lacks {missing}"
        assert key.replace("result.json", "log.txt") in kept, f"{key} has no log beside it"


def check_state(engine: Engine) -> None:
    host = rf"codecommit\.{re.escape(engine.facts['credentials']['region'])}\.amazonaws\.com"
    kept = engine.listing("state")
    for wanted in (rf"repositories/{host}/rain\.json", rf"heads/{host}/rain/main\.json"):
        assert any(re.fullmatch(wanted, key) for key in kept), f"nothing at {wanted}; there are {sorted(kept)}"


def unmarked(engine: Engine, run: str) -> bool | None:
    """True once no marker says that the run needs looking after."""
    return None if any(run in marker for marker in engine.listing("index", "active/")) else True


def main() -> None:
    engine = Engine(sys.stdin.readline())
    commit = head(engine.facts["git_remote"], "main")
    event = push_event(commit)
    engine.client("sqs").send_message(QueueUrl=engine.queues["commits"], MessageBody=json.dumps(event))
    key, _ = until(f"a run of event {event['id']}", 60, lambda: run_of(engine, event))
    print(f"{commit[:7]} made s3://{engine.buckets['state']}/{key}")
    run = until(f"the end of {key}", RUN_SECONDS, lambda: ended(engine, key))
    show(run)
    if run["state"]["phase"] != "succeeded":
        sys.exit(f"the run ended {run['state']['phase']}: {json.dumps(run['register'][-1], indent=2)}")
    run_id = check_run(key, run, commit)
    check_artifacts(engine, run_id)
    check_state(engine)
    until("the removal of the run's marker", 90, lambda: unmarked(engine, run_id))
    print(f"{run_id} succeeded, and all of it lies where the contracts say")


main()
