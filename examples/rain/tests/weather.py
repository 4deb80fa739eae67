"""Days and examples for tests, where only what the test is about is spelled out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from trainer.data import Day, load_days
from trainer.settings import DEFAULT_DATA, ROOT

DATA = ROOT / DEFAULT_DATA
SAMPLE = ROOT / "data" / "sample.csv"
"""Two of the years: enough to see whether the code is right, and quick."""
PROFILE = ROOT / "data" / "profile.json"


def a_day(on: str = "2012-06-15", precipitation: float = 0.0, **others: float) -> Day:
    """A mild dry day, changed by what is given."""
    measures = {"temp_max": 20.0, "temp_min": 10.0, "wind": 3.0, **others}
    weather = "rain" if precipitation else "sun"
    return Day(date=date.fromisoformat(on), precipitation=precipitation, weather=weather, **measures)


def seattle(path: Path = DATA) -> list[Day]:
    """The days of the repository's own data, all of them or a part."""
    return load_days(path)
