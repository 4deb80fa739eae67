"""The registry: the OCI distribution protocol as docker, buildah and skopeo speak it."""

import json
import uuid

import image
import pytest

NO_REGISTRY = "serves no registry"
pytestmark = pytest.mark.left_out("moto", NO_REGISTRY)

BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def repository(ecr) -> str:
    name = f"contract/{uuid.uuid4().hex[:12]}"
    ecr.create_repository(repositoryName=name)
    return name


@pytest.fixture
def pushed(peer, repository) -> image.Image:
    one = image.Image(b"one")
    image.push(peer, repository, "rain.1", one)
    return one


def test_a_client_asks_first_whether_there_is_a_registry(peer):
    assert peer.registry("GET", "/v2/").status == 200


def test_what_was_pushed_is_pulled_by_tag_and_by_digest(peer, repository, pushed):
    for reference in ("rain.1", pushed.digest):
        for method in ("HEAD", "GET"):
            got = peer.registry(method, f"/v2/{repository}/manifests/{reference}", Accept=image.MANIFEST)
            assert (got.status, got.headers["docker-content-digest"]) == (200, pushed.digest)
            assert got.headers["content-type"] == image.MANIFEST
            assert got.body == (pushed.manifest if method == "GET" else b"")


def test_blobs_come_back_by_their_digest(peer, repository, pushed):
    path = f"/v2/{repository}/blobs/{image.digest(pushed.layer)}"
    head = peer.registry("HEAD", path)
    assert (head.status, int(head.headers["content-length"])) == (200, len(pushed.layer))
    assert peer.registry("GET", path).body == pushed.layer


def test_a_blob_that_is_not_there_is_unknown(peer, repository):
    assert peer.registry("HEAD", f"/v2/{repository}/blobs/{image.digest(b'never')}").status == 404
    answer = peer.registry("GET", f"/v2/{repository}/manifests/never")
    assert (answer.status, answer.json()["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")


def test_a_repository_that_is_not_there_is_unknown(peer):
    answer = peer.registry("POST", "/v2/contract/never/blobs/uploads/")
    assert (answer.status, answer.json()["errors"][0]["code"]) == (404, "NAME_UNKNOWN")


def test_a_blob_is_sent_in_pieces(peer, repository):
    where = image.upload(peer, repository)
    first = peer.registry("PATCH", where, b"01234", **BYTES)
    assert (first.status, first.headers["range"]) == (202, "0-4")
    state = peer.registry("GET", where)
    assert (state.status, state.headers["range"]) == (204, "0-4")
    assert peer.registry("PATCH", where, b"56789", **BYTES).headers["range"] == "0-9"
    whole = image.digest(b"0123456789")
    assert peer.registry("PUT", f"{where}?digest={whole}").status == 201
    assert peer.registry("GET", f"/v2/{repository}/blobs/{whole}").body == b"0123456789"


def test_bytes_that_are_not_what_their_digest_says_are_refused(peer, repository):
    answer = peer.registry("PUT", f"{image.upload(peer, repository)}?digest={image.digest(b'other')}", b"x", **BYTES)
    assert (answer.status, answer.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")


def test_an_upload_that_is_given_up_is_unknown(peer, repository):
    where = image.upload(peer, repository)
    assert peer.registry("DELETE", where).status == 204
    assert peer.registry("GET", where).status == 404


@pytest.mark.wrong("ministack", "takes a manifest whose blobs it does not have")
def test_a_manifest_whose_blobs_are_missing_is_refused(peer, repository):
    absent = image.Image(b"absent")
    answer = peer.registry("PUT", f"/v2/{repository}/manifests/rain.1", absent.manifest, **{"Content-Type": image.MANIFEST})
    assert answer.status in (400, 404)
    assert answer.json()["errors"]


def test_tags_are_listed(peer, repository, pushed):
    image.push(peer, repository, "rain.2", image.Image(b"two"))
    answer = peer.registry("GET", f"/v2/{repository}/tags/list").json()
    assert (answer["name"], sorted(answer["tags"])) == (repository, ["rain.1", "rain.2"])


def test_an_image_that_is_deleted_is_unknown(peer, repository, pushed):
    assert peer.registry("DELETE", f"/v2/{repository}/manifests/{pushed.digest}").status == 202
    assert peer.registry("GET", f"/v2/{repository}/manifests/{pushed.digest}").status == 404


def test_what_was_pushed_is_what_ecr_describes(peer, ecr, repository, pushed):
    (described,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (described["imageDigest"], described["imageTags"]) == (pushed.digest, ["rain.1"])
    assert json.loads(pushed.manifest)["mediaType"] == described["imageManifestMediaType"]
