"""Holds the demo to its word.

Without arguments: reads the object that `signalbox demo --json` prints, which must tell of two pushes that people let into
production, the second step by step.
With `--break X --dir D`: runs the broken demo, which must end non-zero, say what failed and leave a failed run behind.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

# Where each break must show, as the stage that failed. A definition is refused before there are stages to speak of.
STAGE_OF = {"unit": "checks", "model": "checks", "build": "build", "definition": None, "production": "production-release"}


def last_object(text: str) -> dict:
    """The object at the end of the output: the whole of it, or its last line."""
    try:
        return json.loads(text)
    except ValueError:
        lines = text.strip().splitlines()
        if not lines:
            sys.exit("the demo printed nothing on standard output; `--json` promises one object")
        return json.loads(lines[-1])


def check_succeeded(result: dict) -> None:
    for stage in result["stages"]:
        print(f"  {stage['name']:<16}{stage['phase']:<12}{stage['seconds']:.2f} s")
    unfinished = [s["name"] for s in result["stages"] if s["phase"] != "succeeded"]
    if result["phase"] != "succeeded" or unfinished:
        sys.exit(f"the demo's run {result['run']} ended {result['phase']}; not succeeded: {unfinished}")
    if not str(result["image_digest"]).startswith("sha256:"):
        sys.exit(f"the demo succeeded without an image: image_digest is {result['image_digest']!r}")
    if "succeeded" not in str(result["told"]):
        sys.exit(f"nobody was told that it succeeded: told is {result['told']!r}")
    print(f"run {result['run']} succeeded with {result['image_digest']}")
    first, second = result["pushes"]
    check_approved(first)
    check_approved(second)
    check_rolled_out(second)
    production = result["production"]
    if (production["live"], production["previous"], production["hold"]) != (second["run"], first["run"], None):
        sys.exit(f"production holds {production}")


def check_approved(push: dict) -> None:
    """One person let it into staging and two others into production, none of whom made it."""
    people = [(one["environment"], one["person"]) for one in push["approvals"]]
    if sorted(people) != [("production", "barbara"), ("production", "grace"), ("staging", "ada")]:
        sys.exit(f"{push['run']} was approved by {people}")
    print(f"{push['run']} {push['phase']}, approved by {people}")


def check_rolled_out(push: dict) -> None:
    """It came to all launches over real ones, which were on both sides; all of them ended well."""
    rollout = push["rollout"]
    sides = [one["side"] for one in rollout["launches"]]
    ends = {one["ended"] for one in rollout["launches"]}
    print(f"  {rollout['outcome']} over {sides.count('candidate')} launches on it, {sides.count('current')} beside it")
    if rollout["outcome"] != "released" or ends != {"succeeded"} or sides.count("candidate") < 5:
        sys.exit(f"its rollout: {rollout}")


def check_fell_back(result: dict) -> None:
    """The bad release went back by itself, for what its launches measured; the next good one went through."""
    first, bad, mended = result["pushes"]
    rollout, production = bad["rollout"], result["production"]
    print(f"  {rollout['outcome']}: {rollout['reason']}")
    if rollout["outcome"] != "fell_back" or "current.metrics" not in rollout["reason"]:
        sys.exit(f"its rollout: {rollout}")
    of_bad = [one["ended"] for one in rollout["launches"] if one["release"] == bad["run"]]
    if set(of_bad) != {"broke"}:
        sys.exit(f"launches of the bad release ended {of_bad}")
    if {one["release"] for one in rollout["launches"][-3:]} != {first["run"]}:
        sys.exit("what is launched after a fallback is of the release before")
    if not {"fell back", "held", "resumed"} <= {change["what"] for change in production["changes"]}:
        sys.exit(f"production has seen {production['changes']}")
    check_approved(mended)
    check_rolled_out(mended)
    if (production["live"], production["hold"]) != (mended["run"], None):
        sys.exit(f"production holds {production}")


def run_broken(what: str, folder: str) -> None:
    binary = Path(os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "signalbox")
    command = [binary, "demo", "--json", "--break", what, "--dir", folder]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode == 0:
        sys.exit(f"demo --break {what} ended with 0")
    result = last_object(ended.stdout)
    failed = [stage["name"] for stage in result["stages"] if stage["phase"] == "failed"]
    print(f"--break {what}: exit {ended.returncode}, run {result['phase']}, failed in {failed}")
    print("".join(f"    {line}\n" for line in ended.stderr.strip().splitlines()[-6:]), end="")
    if result["phase"] != "failed":
        sys.exit(f"the user's work is broken, so the run must end failed, not {result['phase']}")
    if STAGE_OF[what] and STAGE_OF[what] not in failed:
        sys.exit(f"the stage {STAGE_OF[what]} should have failed")
    if "failed" not in str(result["told"]):
        sys.exit(f"nobody was told that it failed: told is {result['told']!r}")
    if not ended.stderr.strip():
        sys.exit("nothing on standard error says what failed and where to look")
    if ended.returncode != 1:
        sys.exit(f"a push that fails as it should is exit code 1, not {ended.returncode}")
    if what == "production":
        check_fell_back(result)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--break", dest="what", choices=sorted(STAGE_OF))
    arguments.add_argument("--dir")
    given = arguments.parse_args()
    if given.what:
        run_broken(given.what, given.dir)
    else:
        check_succeeded(last_object(sys.stdin.read()))


main()
