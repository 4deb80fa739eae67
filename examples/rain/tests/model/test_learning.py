"""Does the training learn? And what does a training with the real settings come to?

The first class asks whether the code is right, with settings of its own. The second measures a
training with the defaults and records the numbers: whether they are good enough is for the
pipeline's gates (`require` in signalbox.yaml) to say.
"""

import unittest
from dataclasses import replace

from tests.evidence import record
from tests.weather import SAMPLE, seattle
from trainer.features import NAMES, make_examples, split
from trainer.metrics import accuracy
from trainer.report import evaluate, write_loss_curve
from trainer.settings import ROOT, Settings
from trainer.training import train

TRAIN_SET, TEST_SET = split(make_examples(seattle(SAMPLE)))


class Learning(unittest.TestCase):
    def test_the_loss_falls(self):
        training = train(TRAIN_SET, TEST_SET, Settings(epochs=4, learning_rate=0.01))
        losses = [epoch.loss for epoch in training.history]
        self.assertEqual(losses, sorted(losses, reverse=True))

    def test_no_nan_appears_even_with_extreme_features(self):
        flood = [replace(example, features=(1e6,) * len(NAMES)) for example in TRAIN_SET[:2]]
        trained = train(TRAIN_SET + flood, TEST_SET, Settings(epochs=2, learning_rate=0.05))
        self.assertFalse(trained.has_nan)

    def test_a_diverging_training_is_noticed(self):
        trained = train(TRAIN_SET[:64], TEST_SET[:8], Settings(epochs=300, learning_rate=1e6, l2=1.0))
        self.assertTrue(trained.has_nan)

    def test_a_few_rows_can_be_learned_by_heart(self):
        few = TRAIN_SET[:4] + TRAIN_SET[180:184]
        model = train(few, TEST_SET[:8], Settings(epochs=1000, learning_rate=1.0, l2=0.0)).model
        learned = accuracy([row.wet for row in few], [model.predict(row.features) for row in few])
        record(overfit_accuracy=learned)
        self.assertEqual({row.wet for row in few}, {True, False})
        self.assertEqual(learned, 1.0)

    def test_another_seed_comes_to_nearly_the_same(self):
        one, other = (train(TRAIN_SET, TEST_SET, Settings(6, 0.05, seed=seed)) for seed in (1, 2))
        self.assertAlmostEqual(one.history[-1].test_loss, other.history[-1].test_loss, delta=0.01)


class RealSettings(unittest.TestCase):
    def test_measures_a_training_with_the_defaults(self):
        training = train(TRAIN_SET, TEST_SET, Settings())
        record(**evaluate(training, TEST_SET))
        write_loss_curve(training, ROOT / "results")
        self.assertEqual(len(training.history), Settings().epochs + 1)
