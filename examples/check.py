"""Tries the rain example by hand, without Signalbox: every check, the release, every break.

    python3 examples/check.py

Each part runs in a copy of its own, with nothing but PATH and HOME in its environment, the way a
job would run it. Ends with 1 where something did not come out as it should.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
CHECKS = ("unit", "integration", "model", "data", "quality")
BREAKS = {"unit": "unit", "model": None, "build": None, "definition": None}
"""The check whose tests a break makes fail; the other breaks are found by gates or by reading."""

MOST_CHANGED = 12
"""A break changes no more lines than this; more means that the example has moved on without it."""


def run(folder: Path, command: str, **variables: str) -> tuple[int, float, str]:
    """Runs a command as a job's `run`; returns its exit code, seconds and output."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **variables}
    began = time.perf_counter()
    done = subprocess.run(
        ["sh", "-ec", command], cwd=folder, env=kept,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    return done.returncode, time.perf_counter() - began, done.stdout


def a_copy(temporary: Path, name: str, broken: str | None = None) -> Path:
    """A work copy of the example, with the files of a break laid over it."""
    folder = temporary / name
    shutil.copytree(HERE / "rain", folder, ignore=shutil.ignore_patterns("results", "__pycache__"))
    if broken:
        shutil.copytree(HERE / "breaks" / broken, folder, dirs_exist_ok=True)
    return folder


def check(folder: Path, name: str) -> tuple[bool, str]:
    """Runs one check; returns whether its tests passed and a line about it."""
    shutil.rmtree(folder / "results", ignore_errors=True)
    code, seconds, output = run(folder, f"python3 -m tests.junit discover tests/{name}")
    suite = ElementTree.parse(folder / "results" / f"junit-{name}.xml").getroot()[0]
    failed = [case.get("name") for case in suite if len(case)]
    if bool(failed) != bool(code):
        sys.exit(f"exit code {code}, but the XML says {failed}:\n{output}")
    return not failed, f"{name:12}{suite.get('tests'):>3} tests  {seconds:.2f} s  {', '.join(map(str, failed))}"


def try_release(temporary: Path) -> bool:
    """Runs what the image holds, and nothing else, with the environment's parameters."""
    folder = temporary / "release"
    for name in ("data", "trainer"):
        shutil.copytree(HERE / "rain" / name, folder / name)
    variables = {"EPOCHS": "8", "DATASET_URI": "data/seattle-weather.csv"}
    fine = True
    for verb in ("train", "bench"):
        code, seconds, output = run(folder, f"python3 -m trainer {verb}", **variables)
        numbers = json.loads((folder / "results" / "metrics.json").read_text())
        fine = fine and code == 0
        shown = {name: numbers[name] for name in ("auc", "log_loss", "latency_p95_ms") if name in numbers}
        print(f"  {verb:12}exit {code}     {seconds:.2f} s  {shown}" + ("" if code == 0 else f"\n{output}"))
    return fine


def changed_lines(name: str) -> int:
    """How many lines a break removes from the example or adds to it.

    A break is a copy of whole files, so a change of the example has to be made there as well.
    """
    changed = 0
    for path in filter(Path.is_file, (HERE / "breaks" / name).rglob("*")):
        good = HERE / "rain" / path.relative_to(HERE / "breaks" / name)
        lines = difflib.ndiff(good.read_text().splitlines(), path.read_text().splitlines())
        changed += sum(line[0] in "+-" for line in lines)
    return changed


def try_break(temporary: Path, name: str) -> bool:
    """Lays a break over a copy; only the check that it is about may fail, and with one test."""
    folder = a_copy(temporary, f"break-{name}", name)
    results = {each: check(folder, each) for each in CHECKS}
    failing = [each for each, (passed, _) in results.items() if not passed]
    for each in failing:
        print(f"  {results[each][1]}")
    expected = [BREAKS[name]] if BREAKS[name] else []
    if name == "model":
        check(folder, "model")
        numbers = json.loads((folder / "results" / "metrics.json").read_text())
        print(f"  loss_last is {numbers['loss_last']}, has_nan is {numbers['has_nan']}: the gates fail")
        expected += [] if numbers["has_nan"] else ["has_nan"]
    changed = changed_lines(name)
    print(f"  changed lines: {changed}, checks with failing tests: {failing}, expected {expected}")
    return failing == expected and 0 < changed <= MOST_CHANGED


def main() -> int:
    """Tries everything and says what did not come out as it should."""
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        print("checks")
        folder = a_copy(temporary, "rain")
        results = [check(folder, each) for each in CHECKS]
        print("\n".join(f"  {line}" for _, line in results))
        print("release")
        fine = {"checks": all(passed for passed, _ in results), "release": try_release(temporary)}
        for broken in BREAKS:
            print(f"break {broken}")
            fine[f"break {broken}"] = try_break(temporary, broken)
    wrong = [part for part, good in fine.items() if not good]
    print("all as it should be" if not wrong else f"wrong: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
