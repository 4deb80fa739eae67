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
BREAKS = {"unit": "unit", "model": None, "build": None, "definition": None, "production": None}
"""The check whose tests a break makes fail; the other breaks are found by gates, by reading or in production."""

MOST_CHANGED = 24
"""A break changes no more lines than this; more means that the example has moved on without it."""

SAMPLE, FULL = "data/sample.csv", "data/seattle-weather.csv"
"""What `test` and `staging` train on, and what production does."""


def run(folder: Path, command: str, **variables: str) -> tuple[int, float, str]:
    """Runs a command as a job's `run`; returns its exit code, seconds and output."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **variables}
    began = time.perf_counter()
    done = subprocess.run(
        ["sh", "-ec", command], cwd=folder, env=kept,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    return done.returncode, time.perf_counter() - began, done.stdout


def a_copy(temporary: Path, name: str, laid_over: str | None = None) -> Path:
    """A work copy of the example, with the files of another folder laid over it."""
    folder = temporary / name
    shutil.copytree(HERE / "rain", folder, ignore=shutil.ignore_patterns("results", "__pycache__"))
    if laid_over:
        shutil.copytree(HERE / laid_over, folder, dirs_exist_ok=True)
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


def changed_lines(name: str, example: str = "rain") -> int:
    """How many lines a folder's files remove from those of the example or add to them.

    They are whole files, so a change of the example has to be made there as well.
    """
    changed = 0
    for path in filter(Path.is_file, (HERE / name).rglob("*")):
        if "__pycache__" in path.parts:
            continue
        good = HERE / example / path.relative_to(HERE / name)
        lines = difflib.ndiff(good.read_text().splitlines(), path.read_text().splitlines())
        changed += sum(line[0] in "+-" for line in lines)
    return changed


def try_break(temporary: Path, name: str) -> bool:
    """Lays a break over a copy; only the check that it is about may fail, and with one test."""
    folder = a_copy(temporary, f"break-{name}", f"breaks/{name}")
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
    changed = changed_lines(f"breaks/{name}")
    print(f"  changed lines: {changed}, checks with failing tests: {failing}, expected {expected}")
    return failing == expected and 0 < changed <= MOST_CHANGED


def trained(folder: Path, data: str) -> dict[str, float]:
    """What a training with the environment's parameters comes to."""
    code, _, output = run(folder, "python3 -m trainer train", EPOCHS="20", DATASET_URI=data)
    if code:
        sys.exit(output)
    return json.loads((folder / "results" / "metrics.json").read_text())


def try_production(temporary: Path) -> bool:
    """The break `production` does no worse than the example on the sample, and much worse on all of the data.

    The improvement is what its author meant: the same but for a few lines, and well on both.
    """
    folders = {name: a_copy(temporary, f"trained-{at}", name) for at, name in enumerate(("breaks/production", "improved"))}
    folders["rain"] = a_copy(temporary, "trained")
    auc = {}
    for name, folder in folders.items():
        auc[name] = [trained(folder, data)["auc"] for data in (SAMPLE, FULL)]
        print(f"  {name:18}AUC on the sample {auc[name][0]:.3f}, on all of the data {auc[name][1]:.3f}")
    results = {each: check(folders["improved"], each)[0] for each in CHECKS}
    changed = changed_lines("improved", "breaks/production")
    print(f"  improved: checks {results}, lines that mend the break: {changed}")
    bad, good, before = auc["breaks/production"], auc["improved"], auc["rain"]
    is_hidden = bad[0] >= before[0] and bad[1] < before[1] - 0.1
    is_mended = min(new - old for new, old in zip(good, before)) > -0.02 and all(results.values())
    return is_hidden and is_mended and 0 < changed <= 4


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
        print("production")
        fine["production"] = try_production(temporary)
    wrong = [part for part, good in fine.items() if not good]
    print("all as it should be" if not wrong else f"wrong: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
