"""The model's arithmetic, and what it refuses."""

import json
import math
import tempfile
import unittest
from pathlib import Path

from trainer.features import NAMES
from trainer.model import Model, ModelError, load_model, save_model, sigmoid, softplus


def a_model(bias: float = 0.5) -> Model:
    size = len(NAMES)
    return Model(means=[1.0] * size, scales=[2.0] * size, weights=[0.25] * size, bias=bias)


class Arithmetic(unittest.TestCase):
    def test_sigmoid_and_softplus_survive_both_ends(self):
        self.assertEqual([sigmoid(-1e9), sigmoid(0), sigmoid(1e9)], [0.0, 0.5, 1.0])
        self.assertEqual([softplus(-1e9), softplus(1e9)], [0.0, 1e9])
        self.assertAlmostEqual(softplus(0), math.log(2))

    def test_scaling_gives_mean_zero_and_deviation_one(self):
        model = Model.untrained([[1.0, 5.0], [3.0, 5.0]])
        self.assertEqual([model.scale(row) for row in ([1.0, 5.0], [3.0, 5.0])], [[-1.0, 0.0], [1.0, 0.0]])

    def test_a_step_follows_the_gradient_of_the_loss(self):
        rows = [([0.5, -1.0], True), ([2.0, 0.25], False), ([-0.5, 1.5], True)]
        model = Model([0.0, 0.0], [1.0, 1.0], weights=[0.3, -0.2], bias=0.1)
        rate, nudge, l2 = 1e-3, 1e-6, 0.5
        moved = Model([0.0, 0.0], [1.0, 1.0], weights=[0.3, -0.2], bias=0.1)
        moved.learn(rows, rate, l2)
        for index in range(2):
            nudged = Model([0.0, 0.0], [1.0, 1.0], weights=[0.3, -0.2], bias=0.1)
            nudged.weights[index] += nudge
            slope = (nudged.loss(rows, l2) - model.loss(rows, l2)) / nudge
            self.assertAlmostEqual((model.weights[index] - moved.weights[index]) / rate, slope, places=4)


class Saved(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "model.json"

    def test_what_is_saved_is_loaded(self):
        save_model(a_model(), self.path)
        self.assertEqual(load_model(self.path), a_model())

    def test_a_model_that_is_not_finite_is_not_saved(self):
        with self.assertRaisesRegex(ModelError, "diverged.*lower LEARNING_RATE"):
            save_model(a_model(bias=math.nan), self.path)
        self.assertFalse(self.path.exists())

    def test_a_model_for_other_features_is_not_loaded(self):
        save_model(a_model(), self.path)
        document = json.loads(self.path.read_text())
        document["features"][0] = "moonlight"
        self.path.write_text(json.dumps(document))
        with self.assertRaisesRegex(ModelError, "train again"):
            load_model(self.path)
