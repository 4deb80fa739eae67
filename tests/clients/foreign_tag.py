#!/usr/bin/env python3
"""Pushes an image that nobody here built, with skopeo: nothing may change, and the log must say why.

    foreign_tag.py FOLDER <<<"$line"     FOLDER is where the engine keeps its logs
"""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from engine import Engine, until

BUCKETS = ("state", "index", "artifacts")
TAG = "hello"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Layout:
    """An OCI image layout with one image of one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        layer, unpacked = self._layer()
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["cat", "/hello"]},
            "rootfs": {"type": "layers", "diff_ids": [unpacked]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(CONFIG, json.dumps(config).encode()),
            "layers": [self._blob(LAYER, layer)],
        }
        described = self._blob(MANIFEST, json.dumps(manifest).encode())
        self.digest: str = described["digest"]
        index = {"schemaVersion": 2, "manifests": [{**described, "annotations": {"org.opencontainers.image.ref.name": TAG}}]}
        (folder / "index.json").write_text(json.dumps(index))
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    @staticmethod
    def _layer() -> tuple[bytes, str]:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            text = b"Hello from outside\n"
            entry = tarfile.TarInfo("hello")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        return gzip.compress(packed.getvalue(), mtime=0), f"sha256:{hashlib.sha256(packed.getvalue()).hexdigest()}"

    def _blob(self, media_type: str, content: bytes) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def push(engine: Engine, layout: Layout) -> None:
    """Logs in as on ECR and copies the image under the foreign tag."""
    token = engine.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = engine.facts["registry"].removeprefix("http://")
    target = f"docker://{registry}/rain-trainer:{TAG}"
    login = ["--dest-creds", base64.b64decode(token).decode(), "--dest-tls-verify=false"]
    subprocess.run(["skopeo", "copy", "--quiet", *login, f"oci:{layout.folder}:{TAG}", target], check=True)


def reason(folder: Path, digest: str) -> str | None:
    """The line in which the image function says what it made of the push."""
    for log in sorted(folder.rglob("*.log")):
        if "image" not in log.name.lower():
            continue
        for line in log.read_text(errors="replace").splitlines():
            if TAG in line and (digest in line or "rain-trainer" in line):
                return line
    return None


def main() -> None:
    engine = Engine(sys.stdin.readline())
    folder = Path(sys.argv[1])
    before = {bucket: engine.listing(bucket) for bucket in BUCKETS}
    with tempfile.TemporaryDirectory() as scratch:
        layout = Layout(Path(scratch))
        push(engine, layout)
    print(f"pushed {layout.digest} as rain-trainer:{TAG}")
    line = until("a line of the image function's log that names the image", 60, lambda: reason(folder, layout.digest))
    print(f"  {line}")
    until("the end of its message", 60, lambda: True if engine.waiting("images") == 0 else None)
    for bucket in BUCKETS:
        after = engine.listing(bucket)
        changed = sorted(key for key in before[bucket].keys() | after.keys() if before[bucket].get(key) != after.get(key))
        assert not changed, f"a foreign image changed objects in {bucket}: {changed}"
    print("no object changed")


main()
