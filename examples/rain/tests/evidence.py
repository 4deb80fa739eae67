"""Numbers that tests measure, for the gates: the runner writes them to `results/metrics.json`."""

from __future__ import annotations

_recorded: dict[str, object] = {}


def record(**numbers: object) -> None:
    """Keeps numbers, under names of your choice, beyond the end of the test."""
    _recorded.update(numbers)


def recorded() -> dict[str, object]:
    """Everything that has been recorded so far."""
    return dict(_recorded)
