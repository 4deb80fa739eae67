"""Turns days into examples: what is known this evening, and whether it rains tomorrow.

Two rules keep the future out. `features` sees one day only, so nothing of tomorrow can slip in;
and `split` parts the examples by the date that is predicted, so that the model is judged on a
year of which it has seen nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Sequence

from trainer.data import Day

NAMES = ("rain", "wet", "warmth", "spread", "wind", "season_sin", "season_cos")
"""What each number of `features` means, in order; stored with the model."""

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Example:
    """One thing to learn: the features of a day, and whether the day after it was wet."""

    target: date
    features: tuple[float, ...]
    wet: bool


def features(day: Day) -> tuple[float, ...]:
    """What the model knows about tomorrow: the weather of `day` and its place in the year."""
    season_sin, season_cos = season(day.date)
    return (
        math.log1p(day.precipitation),  # a flood is not ten times as telling as a shower
        1.0 if day.wet else 0.0,
        (day.temp_max + day.temp_min) / 2,
        day.temp_max - day.temp_min,  # clear skies: warm by day, cold by night
        day.wind,
        season_sin,
        season_cos,
    )


def season(day: date) -> tuple[float, float]:
    """The place of a date in the year as a point on a circle, so that December meets January."""
    angle = 2 * math.pi * (day.timetuple().tm_yday - 1) / DAYS_PER_YEAR
    return math.sin(angle), math.cos(angle)


def make_examples(days: Sequence[Day]) -> list[Example]:
    """An example for each day whose next day is known too; gaps make none."""
    by_date = {day.date: day for day in days}
    examples = []
    for day in days:
        tomorrow = by_date.get(day.date + timedelta(days=1))
        if tomorrow is not None:
            examples.append(Example(tomorrow.date, features(tomorrow), tomorrow.wet))
    return examples


def split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The examples to learn from, and the newest year's, to be judged by."""
    first_of_newest = date(max(example.target for example in examples).year, 1, 1)
    train = [example for example in examples if example.target < first_of_newest]
    test = [example for example in examples if example.target >= first_of_newest]
    if not train:
        raise ValueError(f"all examples are of {first_of_newest.year}: two years at least are needed")
    return train, test
