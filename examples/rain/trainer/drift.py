"""What data look like: how far they reach, and how they are spread.

A description is what a check leaves in `results/data.json`. A profile is one too, of the data that
models are made for, with what is possible beside what there was; a pipeline holds the one against
the other and gates what comes of it: rules broken, values out of range, and how far each measure
has drifted (the population stability index over the bins).
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import Any, Mapping, Sequence

from trainer.data import MEASURES, Day

BINS = 10

RANGES = {"precipitation": [0, 150], "temp_max": [-20, 45], "temp_min": [-25, 30], "wind": [0, 30]}
"""What Seattle has seen in a century, with a margin: beyond it a sensor or a unit is wrong."""


def describe(days: Sequence[Day], edges: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The description of `days`, ready for JSON, in bins with these edges."""
    columns = {}
    for name in MEASURES:
        values = [getattr(day, name) for day in days]
        bins = {"edges": list(edges[name]), "counts": _counts(values, edges[name])}
        columns[name] = {"type": "number", "min": min(values), "max": max(values), "bins": bins}
    return {"schema": 1, "rows": len(days), "columns": columns}


def make_profile(days: Sequence[Day]) -> dict[str, Any]:
    """The profile of `days`, ready for JSON: at most ten equally filled bins for each measure."""
    profile = describe(days, {name: _edges([getattr(day, name) for day in days]) for name in MEASURES})
    for name, column in profile["columns"].items():
        column.update(range=RANGES[name], missing_at_most=0)
    return profile


def edges_of(profile: Mapping[str, Any]) -> dict[str, list[float]]:
    """The edges of a profile's bins: what is held against it needs the same."""
    return {name: column["bins"]["edges"] for name, column in profile["columns"].items()}


def profiled_years(days: Sequence[Day]) -> tuple[list[Day], list[Day]]:
    """The days that a profile is made of, all but the newest year's, and the newest year's."""
    newest = date(max(day.date for day in days).year, 1, 1)
    return [day for day in days if day.date < newest], [day for day in days if day.date >= newest]


def _edges(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return sorted({ordered[len(ordered) * n // BINS] for n in range(1, BINS)} - {ordered[0]})


def _counts(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return counts
