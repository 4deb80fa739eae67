"""Are the data what the model was made for? Schema, ranges, gaps, drift.

What they look like goes to the gates as well, as `results/data.json`: whether a drift is still
bearable is a decision, not a bug.
"""

import json
import unittest
from collections import Counter
from dataclasses import replace

from tests.evidence import record
from tests.weather import PROFILE, seattle
from trainer.data import missing_days
from trainer.drift import RANGES, describe, edges_of, make_profile, profiled_years
from trainer.features import make_examples, split
from trainer.settings import ROOT

DAYS = seattle()

KINDS = {"drizzle", "fog", "rain", "snow", "sun"}


class Weather(unittest.TestCase):
    def test_every_measure_is_in_its_range(self):
        for name, (least, most) in RANGES.items():
            with self.subTest(measure=name):
                found = {str(day.date): getattr(day, name) for day in DAYS}
                wrong = {on: value for on, value in found.items() if not least <= value <= most}
                self.assertEqual(wrong, {}, f"{name} must be {least} to {most}")

    def test_a_night_is_not_warmer_than_its_day(self):
        self.assertEqual([str(day.date) for day in DAYS if day.temp_min > day.temp_max], [])

    def test_every_kind_of_weather_is_known(self):
        self.assertEqual({day.weather for day in DAYS} - KINDS, set())

    def test_no_day_comes_twice(self):
        twice = [str(date) for date, times in Counter(day.date for day in DAYS).items() if times > 1]
        self.assertEqual(twice, [])

    def test_no_day_is_missing(self):
        missing = missing_days(DAYS)
        record(rows=len(DAYS), missing=len(missing))
        self.assertEqual([str(day) for day in missing], [])

    def test_dry_and_wet_days_are_both_common(self):
        share = sum(day.wet for day in DAYS) / len(DAYS)
        record(wet_share=share)
        self.assertTrue(0.2 < share < 0.8, f"{share:.0%} of the days are wet")


class Report(unittest.TestCase):
    profile = json.loads(PROFILE.read_text(encoding="utf-8"))

    def test_the_newest_year_is_described_for_the_gates(self):
        _, newest = profiled_years(DAYS)
        learned_from, judged_by = split(make_examples(DAYS))
        both = {row.target for row in learned_from} & {row.target for row in judged_by}
        leakage = [{"what": "days to learn from are days to judge by", "rows": len(both)}] if both else []
        report = {**describe(newest, edges_of(self.profile)), "leakage": leakage, "pii": []}
        (ROOT / "results").mkdir(exist_ok=True)
        (ROOT / "results" / "data.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        self.assertEqual(set(report["columns"]), set(RANGES))

    def test_the_profile_belongs_to_these_data(self):
        learned_from, _ = profiled_years(DAYS)
        self.assertEqual(self.profile, make_profile(learned_from), "make it again: python3 -m trainer profile")

    def test_a_changed_unit_would_be_noticed(self):
        fahrenheit = [replace(day, temp_max=day.temp_max * 1.8 + 32) for day in DAYS]
        changed = describe(fahrenheit, edges_of(self.profile))["columns"]["temp_max"]
        self.assertGreater(changed["max"], RANGES["temp_max"][1])
        self.assertGreater(changed["bins"]["counts"][-1], len(DAYS) * 0.9)
