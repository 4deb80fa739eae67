"""What the model is shown: the right numbers, and nothing of the future."""

import math
import unittest
from datetime import date

from tests.weather import a_day, seattle
from trainer.features import NAMES, features, make_examples, season, split


class Features(unittest.TestCase):
    def test_every_feature_has_a_name(self):
        self.assertEqual(len(features(a_day())), len(NAMES))

    def test_weather_becomes_numbers(self):
        day = a_day(precipitation=math.e - 1, temp_max=20.0, temp_min=10.0, wind=3.0)
        named = dict(zip(NAMES, features(day)))
        self.assertAlmostEqual(named["rain"], 1.0)
        self.assertEqual((named["wet"], named["warmth"], named["spread"], named["wind"]), (1.0, 15.0, 10.0, 3.0))


class Season(unittest.TestCase):
    def test_midsummer_is_opposite_to_midwinter(self):
        summer, winter = season(date(2014, 7, 2)), season(date(2014, 1, 1))
        distance = math.dist(summer, winter)
        self.assertGreater(
            distance, 1.99, f"2 July {summer} and 1 January {winter} must lie on opposite sides of the year's circle"
        )

    def test_a_year_ends_where_the_next_begins(self):
        self.assertLess(math.dist(season(date(2014, 12, 31)), season(date(2015, 1, 1))), 0.05)


class Examples(unittest.TestCase):
    def test_an_example_asks_whether_tomorrow_is_wet(self):
        (example,) = make_examples([a_day("2012-06-15"), a_day("2012-06-16", precipitation=2.5)])
        self.assertEqual((example.target, example.wet), (date(2012, 6, 16), True))

    def test_the_features_are_those_of_today_and_nothing_of_tomorrow_leaks_in(self):
        today, storm = a_day("2012-06-15"), a_day("2012-06-16", precipitation=50.0, temp_max=35.0, wind=9.0)
        (example,) = make_examples([today, storm])
        shown, known = dict(zip(NAMES, example.features)), dict(zip(NAMES, features(today)))
        leaked = {name: round(value, 2) for name, value in shown.items() if value != known[name]}
        if leaked:
            self.fail(f"the model is shown the weather that it has to predict, on the evening before: {leaked}")

    def test_a_gap_makes_no_example(self):
        self.assertEqual(make_examples([a_day("2012-06-15"), a_day("2012-06-17")]), [])


class Split(unittest.TestCase):
    def test_the_newest_year_is_only_judged_by(self):
        train, test = split(make_examples(seattle()))
        self.assertEqual({example.target.year for example in train}, {2012, 2013, 2014})
        self.assertEqual({example.target.year for example in test}, {2015})
        self.assertEqual(len(train) + len(test), 1460)

    def test_one_year_alone_is_refused(self):
        with self.assertRaisesRegex(ValueError, "two years"):
            split(make_examples([a_day("2012-06-15"), a_day("2012-06-16")]))
