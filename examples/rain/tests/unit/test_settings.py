"""Where settings come from, and how wrong ones are named."""

import unittest

from trainer.settings import ROOT, Settings, SettingsError, data_path, read_settings


class ReadSettings(unittest.TestCase):
    def test_a_flag_wins_over_a_variable_and_a_variable_over_the_default(self):
        variables = {"EPOCHS": "8", "SEED": "3"}
        self.assertEqual(read_settings({"epochs": "2"}, variables), Settings(epochs=2, seed=3))

    def test_an_empty_variable_counts_as_not_set(self):
        self.assertEqual(read_settings({}, {"EPOCHS": ""}), Settings())

    def test_all_faults_are_named_at_once(self):
        with self.assertRaisesRegex(SettingsError, "EPOCHS is 'many'.*LEARNING_RATE is 'fast'"):
            read_settings({}, {"EPOCHS": "many", "LEARNING_RATE": "fast"})
        with self.assertRaisesRegex(SettingsError, "EPOCHS is 0.*LEARNING_RATE is nan"):
            read_settings({}, {"EPOCHS": "0", "LEARNING_RATE": "nan"})


class DataPath(unittest.TestCase):
    def test_a_relative_path_is_meant_from_the_repository(self):
        self.assertEqual(data_path(None, {}), ROOT / "data" / "seattle-weather.csv")
        self.assertEqual(data_path(None, {"DATASET_URI": "data/other.csv"}), ROOT / "data" / "other.csv")

    def test_a_file_uri_is_a_path(self):
        self.assertEqual(str(data_path("file:///srv/days.csv", {})), "/srv/days.csv")

    def test_another_kind_of_uri_is_refused(self):
        with self.assertRaisesRegex(SettingsError, "reads files only"):
            data_path(None, {"DATASET_URI": "s3://bucket/days.csv"})
