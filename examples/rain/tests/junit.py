"""Runs a folder of unittest tests and writes their results as JUnit XML.

    python3 -m tests.junit discover tests/unit

writes `results/junit-unit.xml` and, where tests have recorded numbers, `results/metrics.json`.
The exit code is 0 if all tests passed, 1 if one did not, 5 if there was none.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Sequence
from xml.etree import ElementTree

from tests import evidence
from trainer.report import write_metrics

NO_TESTS = 5
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnitResult(unittest.TextTestResult):
    """Shows progress as unittest does, and keeps a `<testcase>` of each test."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cases: list[ElementTree.Element] = []
        self._began = time.perf_counter()
        self._outcomes: list[ElementTree.Element] = []

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802, unittest's name
        super().startTest(test)
        self._began = time.perf_counter()

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().stopTest(test)
        self._close(test)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self._note("failure", err, self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        self._note("error", err, self.errors[-1][1])
        if not isinstance(test, unittest.TestCase):  # a module or class that could not be set up
            self._close(test)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            text = (self.failures if failed else self.errors)[-1][1]
            self._note("failure" if failed else "error", err, f"{subtest}\n{text}")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        self._outcomes.append(ElementTree.Element("skipped", message=_clean(reason)))

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self._outcomes.append(ElementTree.Element("failure", message="passed, but was expected to fail"))

    def _note(self, kind: str, err: Any, trace: str) -> None:
        outcome = ElementTree.Element(kind, message=_clean(str(err[1])), type=err[0].__name__)
        outcome.text = _clean(trace)
        self._outcomes.append(outcome)

    def _close(self, test: Any) -> None:
        is_test = isinstance(test, unittest.TestCase)
        classname, _, name = test.id().rpartition(".") if is_test else ("", "", test.id())
        seconds = f"{time.perf_counter() - self._began:.3f}"
        case = ElementTree.Element("testcase", classname=classname, name=name, time=seconds)
        case.extend(self._outcomes[:1])  # a case has one outcome: the first sub-test that failed
        self._outcomes = []
        self.cases.append(case)


def report(name: str, cases: Sequence[ElementTree.Element], seconds: float) -> ElementTree.ElementTree:
    """The cases as one `<testsuite>`, with their counts."""
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(cases)), time=f"{seconds:.3f}")
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in cases)))
    suite.extend(cases)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    return ElementTree.ElementTree(suites)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tests below a folder and writes the reports."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.junit", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["discover"])
    parser.add_argument("folder", type=Path, help="such as tests/unit")
    parser.add_argument("--out", type=Path, default=Path("results"), help="where to write (default: results)")
    options = parser.parse_args(arguments)

    tests = unittest.TestLoader().discover(str(options.folder), top_level_dir=".")
    began = time.perf_counter()
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=JUnitResult)
    result: Any = runner.run(tests)
    options.out.mkdir(parents=True, exist_ok=True)
    suite = report(options.folder.name, result.cases, time.perf_counter() - began)
    suite.write(options.out / f"junit-{options.folder.name}.xml", encoding="utf-8", xml_declaration=True)
    if evidence.recorded():
        write_metrics(evidence.recorded(), options.out)
    if not result.cases:
        return NO_TESTS
    return 0 if result.wasSuccessful() else 1


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return NOT_XML.sub("\ufffd", text)


if __name__ == "__main__":
    sys.exit(main())
