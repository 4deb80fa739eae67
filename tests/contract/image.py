"""A small image, and how each peer is given one."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Image:
    """An image of one layer with one file."""

    def __init__(self, content: bytes) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo("content")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        self.layer = gzip.compress(packed.getvalue(), mtime=0)
        rootfs = {"type": "layers", "diff_ids": [digest(packed.getvalue())]}
        self.config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
        described = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest(self.config), "size": len(self.config)},
            "layers": [{"mediaType": LAYER, "digest": digest(self.layer), "size": len(self.layer)}],
        }
        self.manifest = json.dumps(described).encode()
        self.digest = digest(self.manifest)


def push(peer, repository: str, tag: str, image: Image) -> str:
    """Pushes by the registry where there is one; moto has only the API's way, which the engine does not serve.
    Returns the digest that the peer gave it."""
    if peer.name == "moto":
        put = peer.client("ecr").put_image(
            repositoryName=repository, imageTag=tag, imageManifest=image.manifest.decode(), imageManifestMediaType=MANIFEST
        )
        return put["image"]["imageId"]["imageDigest"]
    for blob in (image.layer, image.config):
        put_blob(peer, repository, blob)
    put = peer.registry("PUT", f"/v2/{repository}/manifests/{tag}", image.manifest, **{"Content-Type": MANIFEST})
    assert put.status == 201, put.body
    return put.headers["docker-content-digest"]


def put_blob(peer, repository: str, blob: bytes) -> None:
    where = upload(peer, repository)
    done = peer.registry("PUT", f"{where}?digest={digest(blob)}", blob, **{"Content-Type": "application/octet-stream"})
    assert done.status == 201, done.body


def upload(peer, repository: str) -> str:
    """The path of a new upload."""
    begun = peer.registry("POST", f"/v2/{repository}/blobs/uploads/")
    assert begun.status == 202, begun.body
    return "/v2/" + begun.headers["location"].split("/v2/", 1)[1]
