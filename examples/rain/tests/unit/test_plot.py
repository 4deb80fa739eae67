"""The loss curve is a picture that can be shown, whatever the loss did."""

import math
import unittest
from xml.etree import ElementTree

from trainer.plot import loss_curve
from trainer.training import Epoch


class LossCurve(unittest.TestCase):
    def test_draws_a_line_for_each_set(self):
        svg = loss_curve([Epoch(0, 0.7, 0.7), Epoch(1, 0.5, 0.6), Epoch(2, 0.4, 0.6)])
        ends = ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(ends), 2)
        self.assertLess(float(ends[1].attrib["cy"]), float(ends[0].attrib["cy"]), "a smaller loss lies lower")

    def test_names_the_epoch_at_which_a_training_diverged(self):
        svg = loss_curve([Epoch(0, 0.7, 0.7), Epoch(1, 1e300, 1e300), Epoch(2, math.nan, math.inf)])
        self.assertIn("diverged at epoch 2", svg)
        self.assertNotIn("nan", svg)

    def test_one_flat_epoch_is_drawn(self):
        ElementTree.fromstring(loss_curve([Epoch(0, 0.5, 0.5)]))
