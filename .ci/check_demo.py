"""Holds the demo to its word.

Without arguments: reads the object that `signalbox demo --json` prints, which must tell of a run that succeeded.
With `--break X --dir D`: runs the broken demo, which must end non-zero, say what failed and leave a failed run behind.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

# Where each break must show, as the stage that failed. A definition is refused before there are stages to speak of.
STAGE_OF = {"unit": "checks", "model": "checks", "build": "build", "definition": None}


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
