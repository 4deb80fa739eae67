"""Whether data still look like those that the model was made for.

A profile holds, for each measure, the bounds of at most ten equally filled bins and the share of
days in each. The population stability index (PSI) compares shares: below 0.1 nothing has
changed, from 0.25 on the data are others.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date
from typing import Any, Sequence

from trainer.data import MEASURES, Day

BINS = 10
FLOOR = 0.001
"""An empty bin counts as this share, or one missing day could make the index infinite."""


def make_profile(days: Sequence[Day]) -> dict[str, Any]:
    """The profile of `days`, ready for JSON."""
    measures = {}
    for name in MEASURES:
        values = sorted(getattr(day, name) for day in days)
        edges = sorted({values[len(values) * n // BINS] for n in range(1, BINS)} - {values[0]})
        measures[name] = {"edges": edges, "shares": [round(s, 6) for s in _shares(values, edges)]}
    first, last = min(day.date for day in days), max(day.date for day in days)
    return {"schema": 1, "rows": len(days), "first": str(first), "last": str(last), "measures": measures}


def psi(profile: dict[str, Any], days: Sequence[Day]) -> dict[str, float]:
    """The population stability index of each measure of `days` against the profile."""
    return {
        name: _index(expected["shares"], _shares([getattr(day, name) for day in days], expected["edges"]))
        for name, expected in profile["measures"].items()
    }


def profiled_years(days: Sequence[Day]) -> tuple[list[Day], list[Day]]:
    """The days that a profile is made of, all but the newest year's, and the newest year's."""
    newest = date(max(day.date for day in days).year, 1, 1)
    return [day for day in days if day.date < newest], [day for day in days if day.date >= newest]


def _shares(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return [count / len(values) for count in counts]


def _index(expected: Sequence[float], found: Sequence[float]) -> float:
    pairs = [(max(e, FLOOR), max(f, FLOOR)) for e, f in zip(expected, found)]
    return sum((f - e) * math.log(f / e) for e, f in pairs)
