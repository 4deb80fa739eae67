#!/usr/bin/env python3
"""Does what events/README.md says, word for word: `aws sqs send-message` and `signalbox replay` with files of events/.

    by_hand.py FOLDER <<<"$line"     FOLDER/engine is where the engine keeps its documents
"""

import shutil
import sys
from pathlib import Path

from engine import Engine, until
from readme import block, shell

RUNS_SECONDS = 240
# Each run by what began it, how it ended, and the id of its event or decision.
EXPECTED = {
    ("push", "succeeded", "push-by-hand-1"),
    ("replay", "cancelled", "drawn"),
    ("retry", "succeeded", "drawn"),
    ("replay", "succeeded", "replay-by-hand-1"),
}
TERMINAL = {"succeeded", "failed", "errored", "cancelled", "superseded", "skipped"}


def runs(engine: Engine) -> dict[str, dict]:
    keys = [key for key in engine.listing("state", "pipelines/rain/runs/") if key.endswith("/run.json")]
    return {key.split("/")[-2]: engine.document("state", key) for key in keys}


def over(engine: Engine, before: set[str]) -> list[dict] | None:
    """The new runs, in their order, once all are over."""
    new = [run for name, run in sorted(runs(engine).items()) if name not in before]
    return new if len(new) == 4 and all(run["state"]["phase"] in TERMINAL for run in new) else None


def main() -> None:
    line, folder = sys.stdin.readline(), Path(sys.argv[1])
    for tool in ("aws", "jq"):
        if not shutil.which(tool):
            sys.exit(f"`{tool}` is not on the PATH: .ci/run installs it")
    engine = Engine(line)
    before = set(runs(engine))
    (folder / "engine.json").write_text(line)
    send, verbs, decide = block("fact queues.commits"), block("signalbox replay push.json"), block("fact queues.decisions")
    shell(folder, block("fact()"), block("git ls-remote"), send, verbs, decide)
    new = until("the end of four runs", RUNS_SECONDS, lambda: over(engine, before))
    seen = set()
    for run in new:
        state, event = run["state"], run["register"][0]["event"]
        kind = state["trigger"].get("origin", {"kind": "push"})["kind"]
        print(f"  {kind:<8}{state['phase']:<12}{event}")
        seen.add((kind, state["phase"], event if event.endswith("-by-hand-1") else "drawn"))
    assert seen == EXPECTED, seen


main()
