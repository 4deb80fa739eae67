"""The measures, against values worked out by hand."""

import math
import unittest

from trainer.metrics import accuracy, auc, calibration_error, log_loss

TRUTH = [False, False, True, True]


class Auc(unittest.TestCase):
    def test_counts_the_pairs_in_the_right_order(self):
        self.assertEqual(auc(TRUTH, [0.1, 0.4, 0.35, 0.8]), 0.75)
        self.assertEqual(auc(TRUTH, [0.1, 0.2, 0.3, 0.4]), 1.0)
        self.assertEqual(auc(TRUTH, [0.4, 0.3, 0.2, 0.1]), 0.0)

    def test_a_tie_counts_half(self):
        self.assertEqual(auc(TRUTH, [0.5, 0.5, 0.5, 0.5]), 0.5)
        self.assertEqual(auc(TRUTH, [0.1, 0.5, 0.5, 0.9]), 0.875)

    def test_is_nan_where_the_truth_has_one_side_only(self):
        self.assertTrue(math.isnan(auc([True, True], [0.1, 0.9])))


class Others(unittest.TestCase):
    def test_log_loss_of_a_coin_is_log_two(self):
        self.assertAlmostEqual(log_loss(TRUTH, [0.5] * 4), math.log(2))

    def test_log_loss_of_a_certain_error_is_finite(self):
        self.assertAlmostEqual(log_loss([True], [0.0]), -math.log(1e-15))

    def test_accuracy_counts_the_likelier_answer(self):
        self.assertEqual(accuracy(TRUTH, [0.1, 0.6, 0.4, 0.9]), 0.5)

    def test_calibration_compares_the_promised_share_with_what_came(self):
        self.assertAlmostEqual(calibration_error(TRUTH, [0.5] * 4), 0.0)
        self.assertAlmostEqual(calibration_error(TRUTH, [0.9] * 4), 0.4)
        self.assertAlmostEqual(calibration_error(TRUTH, [0.0, 0.0, 1.0, 1.0]), 0.0)

    def test_nan_stays_nan(self):
        for measure in (auc, log_loss, accuracy, calibration_error):
            with self.subTest(measure=measure.__name__):
                self.assertTrue(math.isnan(measure(TRUTH, [math.nan, 0.1, 0.2, 0.3])))
