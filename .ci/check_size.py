"""Fails when a function's zip, as `sam` would upload it, is larger than 4 MB."""

import io
import os
import sys
import zipfile
from pathlib import Path

LARGEST = 4_000_000


def zipped(binary: Path) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(binary, "bootstrap")
    return buffer.tell()


def main() -> None:
    name = sys.argv[1]
    binary = Path(os.environ.get("CARGO_TARGET_DIR", "target"), "release", name)
    size = zipped(binary)
    print(f"{name}: {size / 1e6:.2f} MB zipped, {binary.stat().st_size / 1e6:.2f} MB on disk")
    if size > LARGEST:
        sys.exit(f"{name} is larger than {LARGEST / 1e6:.0f} MB zipped: look with `cargo bloat --release -p signalbox-{name}`")


main()
