"""A stand-in for Lambda's image: this machine's C library, for functions that were built on this machine."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path

# What the Dockerfile runs with which SAM adds Lambda's runtime interface.
TOOLS = ("/bin/sh", "/bin/mv", "/bin/chmod")


def libraries(program: str) -> set[str]:
    told = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"/\S+", told))


def make(name: str, programs: list[Path]) -> None:
    """Gives Docker an image on which these programs start."""
    files = set(TOOLS).union(*(libraries(str(program)) for program in (*TOOLS, *programs)))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as archive:
        for file in sorted(files):
            archive.add(file)
    command = ["docker", "import", "--change", "ENV PATH=/bin", "-", name]
    subprocess.run(command, check=True, input=packed.getvalue(), stdout=subprocess.DEVNULL)
