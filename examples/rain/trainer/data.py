"""Reads the daily weather, and refuses a row that is not what it says it is."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Mapping, Sequence

MEASURES = ("precipitation", "temp_max", "temp_min", "wind")
"""The columns with numbers: millimetres, degrees Celsius twice, metres per second."""

COLUMNS = ("date", *MEASURES, "weather")


class DataError(ValueError):
    """The data cannot be read; the text names file, line, column and value."""


@dataclass(frozen=True)
class Day:
    """The weather of one day."""

    date: date
    precipitation: float
    temp_max: float
    temp_min: float
    wind: float
    weather: str

    @property
    def wet(self) -> bool:
        """Whether any rain or snow fell."""
        return self.precipitation > 0.0


def load_days(path: Path) -> list[Day]:
    """All days of a CSV file, in the order of their dates."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise DataError(f"{path}:1: the columns are {rows.fieldnames}, expected {list(COLUMNS)}")
            days = [_day(row, f"{path}:{rows.line_num}") for row in rows]
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not days:
        raise DataError(f"{path}: has no rows")
    return sorted(days, key=lambda day: day.date)


def missing_days(days: Sequence[Day]) -> list[date]:
    """The dates between the first day and the last that have no row."""
    present = {day.date for day in days}
    first, last = min(present), max(present)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day not in present]


def _day(row: Mapping[str, str], where: str) -> Day:
    try:
        day = datetime.strptime(row["date"] or "", "%Y/%m/%d").date()
    except ValueError:
        raise DataError(f"{where}: date is {row['date']!r}, expected YYYY/MM/DD") from None
    numbers = {name: _number(row[name], name, where) for name in MEASURES}
    return Day(date=day, weather=row["weather"], **numbers)


def _number(text: str | None, name: str, where: str) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: {name} is {text!r}, expected a finite number")
    return number
