"""The commands of events/README.md, so that tests run them as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from engine import BINARY, BUILT, EVENTS

TEXT = (EVENTS / "README.md").read_text()
# What the commands find in their folder, and first of all on their PATH.
LINKS = {"events": EVENTS, "tests": EVENTS.parent / "tests", "bin/signalbox": BINARY}
BLOCKS = re.findall(r"^```\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def block(holding: str) -> str:
    """The one block of commands that holds this text."""
    found = [commands for commands in BLOCKS if holding in commands]
    assert len(found) == 1, f"events/README.md has {len(found)} blocks of commands with `{holding}`"
    return found[0]


def shell(folder: Path, *commands: str) -> None:
    """Runs commands as a user's shell would in a clone's root, for which `folder` stands."""
    for name, target in LINKS.items():
        link = folder / name
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.symlink_to(target)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # Given relative to a folder, it would be looked for in this one.
    variables = {**os.environ, "PATH": path, "CARGO_TARGET_DIR": str(BUILT.parent)}
    # What a block leaves in the background ends with the shell.
    script = "\n".join(["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", *commands])
    subprocess.run(["bash", "-c", script], cwd=folder, env=variables, check=True)
