"""The runner of these tests: whatever goes wrong in a test must be in its XML."""

import io
import unittest

from tests.junit import JUnitResult, report


class Sample(unittest.TestCase):
    """Not run by itself: its methods do not begin with `test`."""

    def passes(self):
        pass

    def fails(self):
        self.fail("bad \x00 character")

    def breaks(self):
        raise OSError("no disk")

    def skips(self):
        self.skipTest("not today")

    def fails_within(self):
        for number in (1, 2, 3):
            with self.subTest(number=number):
                self.assertLess(number, 2)


class CannotBeSetUp(unittest.TestCase):
    """A class whose tests never come to run."""

    @classmethod
    def setUpClass(cls):
        raise OSError("no disk")

    def passes(self):
        pass


def suite_of(*tests: unittest.TestCase):
    runner = unittest.TextTestRunner(stream=io.StringIO(), resultclass=JUnitResult)
    return report("sample", runner.run(unittest.TestSuite(tests)).cases, 0.5).getroot()[0]


class Report(unittest.TestCase):
    def test_counts_each_case_once_by_its_outcome(self):
        suite = suite_of(*map(Sample, ("passes", "fails", "breaks", "skips", "fails_within")))
        counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
        self.assertEqual(counts, {"tests": "5", "failures": "2", "errors": "1", "skipped": "1"})

    def test_a_failure_carries_message_type_and_trace(self):
        (case,) = suite_of(Sample("fails"))
        failure = case[0]
        self.assertEqual((case.get("classname"), case.get("name")), (f"{__name__}.Sample", "fails"))
        self.assertEqual((failure.get("type"), failure.get("message")), ("AssertionError", "bad \ufffd character"))
        self.assertIn("self.fail(", failure.text)

    def test_a_failed_sub_test_names_its_parameters(self):
        (case,) = suite_of(Sample("fails_within"))
        self.assertIn("(number=2)", case[0].text)

    def test_a_class_that_cannot_be_set_up_is_an_error(self):
        suite = suite_of(CannotBeSetUp("passes"))
        self.assertEqual((suite.get("tests"), suite.get("errors"), suite[0][0].get("message")), ("1", "1", "no disk"))
