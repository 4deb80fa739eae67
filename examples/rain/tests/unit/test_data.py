"""Reading the weather: what is taken, and how a bad row is named."""

import tempfile
import unittest
from datetime import date
from pathlib import Path

from tests.weather import a_day
from trainer.data import DataError, load_days, missing_days

HEADER = "date,precipitation,temp_max,temp_min,wind,weather\n"
GOOD = "2012/01/02,10.9,10.6,2.8,4.5,rain\n"


class LoadDays(unittest.TestCase):
    def load(self, text: str):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "days.csv"
            path.write_text(text, encoding="utf-8")
            return load_days(path)

    def test_reads_a_row(self):
        (day,) = self.load(HEADER + GOOD)
        self.assertEqual(day.date, date(2012, 1, 2))
        self.assertEqual((day.precipitation, day.temp_max, day.temp_min, day.wind), (10.9, 10.6, 2.8, 4.5))
        self.assertTrue(day.wet)

    def test_sorts_by_date(self):
        days = self.load(HEADER + GOOD + "2012/01/01,0.0,12.8,5.0,4.7,drizzle\n")
        self.assertEqual([day.date.day for day in days], [1, 2])

    def test_names_line_column_and_value_of_a_bad_row(self):
        for row, expected in (
            ("2012-01-03,0,1,1,1,sun\n", ":3: date is '2012-01-03', expected YYYY/MM/DD"),
            ("2012/01/03,0,warm,1,1,sun\n", ":3: temp_max is 'warm', expected a finite number"),
            ("2012/01/03,0,1,1,nan,sun\n", ":3: wind is 'nan', expected a finite number"),
            ("2012/01/03,0\n", ":3: temp_max is None, expected a finite number"),
        ):
            with self.subTest(row=row), self.assertRaises(DataError) as raised:
                self.load(HEADER + GOOD + row)
            self.assertTrue(str(raised.exception).endswith(expected), str(raised.exception))

    def test_refuses_other_columns_no_rows_and_no_file(self):
        for text in ("a,b\n1,2\n", HEADER, ""):
            with self.subTest(text=text), self.assertRaises(DataError):
                self.load(text)
        with self.assertRaisesRegex(DataError, "nowhere.csv: cannot be read: No such file"):
            load_days(Path("nowhere.csv"))


class MissingDays(unittest.TestCase):
    def test_names_the_days_of_a_gap(self):
        days = [a_day("2012-02-27"), a_day("2012-03-01")]
        self.assertEqual(missing_days(days), [date(2012, 2, 28), date(2012, 2, 29)])

    def test_finds_none_where_there_is_none(self):
        self.assertEqual(missing_days([a_day("2012-02-28"), a_day("2012-02-29")]), [])
