"""Nothing that the engine serves goes without a test, and what no other implementation confirms is written down."""

import re
from pathlib import Path

import operations
import peers
import pytest

README = Path(__file__).with_name("README.md")


def unconfirmed() -> dict[str, set[str]]:
    """The table of README.md: for each operation the peers that cannot confirm it."""
    rows = re.findall(r"^\| `(\w+\.[^`]+)` \| ([^|]+) \|", README.read_text(), re.M)
    return {operation: {name.strip() for name in absent.split(",")} for operation, absent in rows}


@pytest.fixture
def whole(request):
    chosen = request.config.option
    if chosen.keyword or chosen.markexpr or any("::" in given or given.endswith(".py") for given in chosen.file_or_dir):
        pytest.skip("only where all tests are run")


@pytest.mark.last
def test_every_operation_that_the_engine_serves_is_held(whole):
    missing = sorted(operations.served() - operations.held("local"))
    assert not missing, f"the engine serves what no test holds it to: {missing}"


@pytest.mark.last
def test_what_a_peer_cannot_confirm_is_written_down_and_nothing_else(whole):
    served = operations.served()
    absent = {operation: {name for name in peers.NAMES[1:] if operation not in operations.held(name)} for operation in served}
    absent = {operation: names for operation, names in absent.items() if names}
    written = unconfirmed()
    differs = {
        operation: f"not confirmed by {sorted(absent.get(operation, []))}, README.md says {sorted(written.get(operation, []))}"
        for operation in sorted(absent.keys() | written.keys())
        if absent.get(operation, set()) != written.get(operation, set())
    }
    assert not differs, differs
