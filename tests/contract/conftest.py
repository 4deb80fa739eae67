"""Every test runs against every peer. Where a peer is wrong, the test says so with its reason, and must then fail there:
a peer that has learnt better is noticed too."""

from __future__ import annotations

import collections
import functools
import os
import pathlib
import uuid

import operations
import peers
import pytest

_started = functools.cache(peers.running)
_passed: collections.Counter[str] = collections.Counter()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "wrong(peer, reason): the peer differs from AWS here, always; the test must fail on it")
    config.addinivalue_line("markers", "left_out(peer, reason): the peer cannot be asked, or is right only sometimes")
    config.addinivalue_line("markers", "last: it looks at what all other tests have done")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "peer" not in metafunc.fixturenames:
        return
    left_out = {mark.args[0] for mark in metafunc.definition.iter_markers("left_out")}
    wrong = {mark.args[0]: mark.args[1] for mark in metafunc.definition.iter_markers("wrong")}
    unknown = (left_out | wrong.keys()) - set(peers.NAMES)
    if unknown:
        raise ValueError(f"{metafunc.definition.nodeid} marks peers that do not exist: {unknown}")
    parameters = [
        pytest.param(name, marks=[pytest.mark.xfail(reason=wrong[name], strict=True)] if name in wrong else [])
        for name in peers.NAMES
        if name not in left_out
    ]
    metafunc.parametrize("peer", parameters, indirect=True, ids=lambda name: name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at all tests comes after them."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    operations.begin(item.nodeid)
    try:
        return (yield)
    finally:
        operations.begin(None)


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> peers.Peer:
    started = _started()
    request.node.user_properties.append(("peer", request.param))
    if request.param not in started:
        # `pytest.exit` and not a failure: an expected failure must not hide an absent peer.
        pytest.exit(f"{request.param} is absent: start the tests with tests/contract/run", returncode=3)
    return started[request.param]


@pytest.fixture
def s3(peer):
    return peer.client("s3")


@pytest.fixture
def sqs(peer):
    return peer.client("sqs")


@pytest.fixture
def batch(peer):
    return peer.client("batch")


@pytest.fixture
def ecr(peer):
    return peer.client("ecr")


@pytest.fixture(params=[True, False], ids=["versioned", "unversioned"])
def bucket(request, peer) -> str:
    """A bucket of either kind: the contract is the same."""
    return peer.bucket(request.param)


@pytest.fixture
def versioned(peer) -> str:
    return peer.bucket(True)


@pytest.fixture
def unversioned(peer) -> str:
    return peer.bucket(False)


@pytest.fixture
def prefix() -> str:
    """A folder of the test's own: buckets are shared."""
    return f"contract/{uuid.uuid4().hex}/"


@pytest.fixture
def key(prefix) -> str:
    return f"{prefix}document.json"


@pytest.fixture
def queue(peer) -> peers.Queue:
    return peer.queue()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
        _passed.update(value for name, value in report.user_properties if name == "peer")
        operations.passed(report.nodeid)


def pytest_sessionfinish() -> None:
    """Leaves the counts for `run`, which prints them last."""
    if path := os.environ.get("SIGNALBOX_CONTRACT_COUNTS"):
        counts = ", ".join(f"{name} {_passed[name]}" for name in peers.NAMES)
        pathlib.Path(path).write_text(f"contract: {counts}")
