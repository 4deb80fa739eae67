"""The command line from the outside: train, then load the model and predict with it.

These tests choose their own settings, so that they judge the code and not the defaults.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.weather import SAMPLE, a_day
from trainer.features import features
from trainer.model import load_model
from trainer.settings import ROOT


def trainer(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    chosen = {"LEARNING_RATE": "0.05", "DATASET_URI": f"file://{SAMPLE}", **variables}
    return subprocess.run(
        [sys.executable, "-m", "trainer", *arguments],
        cwd=ROOT, env={**kept, **chosen}, capture_output=True, text=True,
    )


class TrainAndPredict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.out = Path(folder.name)
        cls.trained = trainer("train", "--epochs", "3", "--out", str(cls.out))

    def test_training_succeeds_and_shows_its_epochs(self):
        self.assertEqual(self.trained.returncode, 0, self.trained.stderr)
        self.assertIn("epoch   3", self.trained.stdout)

    def test_metrics_and_plot_are_written(self):
        metrics = json.loads((self.out / "metrics.json").read_text())
        self.assertEqual((metrics["epochs"], metrics["rows_train"], metrics["rows_test"]), (3, 364, 365))
        self.assertGreater(metrics["auc"], 0.6)
        self.assertIn("<svg", (self.out / "plots" / "loss.svg").read_text())

    def test_the_saved_model_predicts_rain_after_rain_in_winter(self):
        model = load_model(self.out / "model.json")
        storm = model.predict(features(a_day("2012-12-01", precipitation=20.0, temp_max=9.0, temp_min=6.0, wind=6.0)))
        summer = model.predict(features(a_day("2012-07-15", temp_max=30.0, temp_min=15.0, wind=2.0)))
        self.assertGreater(storm, 0.5)
        self.assertLess(summer, 0.5)

    def test_the_same_seed_gives_the_same_model(self):
        with tempfile.TemporaryDirectory() as again:
            trainer("train", "--out", again, EPOCHS="3", DATASET_URI="data/sample.csv")
            self.assertEqual((Path(again) / "model.json").read_bytes(), (self.out / "model.json").read_bytes())

    def test_bench_measures_the_saved_model(self):
        with tempfile.TemporaryDirectory() as out:
            done = trainer("bench", "--model", str(self.out / "model.json"), "--out", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            measured = json.loads((Path(out) / "metrics.json").read_text())
        self.assertGreater(measured["latency_p95_ms"], 0)
        self.assertEqual(measured["model_mb"], round((self.out / "model.json").stat().st_size / 1e6, 6))

    def test_wrong_input_ends_with_2_and_one_line(self):
        for variables, expected in (
            ({"EPOCHS": "many"}, "error: EPOCHS is 'many'"),
            ({"DATASET_URI": "nowhere.csv"}, "nowhere.csv: cannot be read"),
        ):
            with self.subTest(**variables):
                done = trainer("train", **variables)
                self.assertEqual(done.returncode, 2)
                self.assertIn(expected, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
