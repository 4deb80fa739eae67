"""ECR: repositories, and the images that are in them. What a build pushed is believed by what is answered here."""

import base64
import uuid

import image
import peers
import pytest
from errors import refused


@pytest.fixture
def name() -> str:
    return f"contract/{uuid.uuid4().hex[:12]}"


@pytest.fixture
def repository(ecr, name) -> str:
    ecr.create_repository(repositoryName=name)
    return name


@pytest.fixture
def push(peer, repository):
    """Pushes an image with this content, and returns the digest that it was given."""

    def push_image(tag: str, content: bytes) -> str:
        return image.push(peer, repository, tag, image.Image(content))

    return push_image


@pytest.mark.wrong("moto", "hashes the manifest in a form of its own")
def test_the_digest_is_that_of_the_manifest_as_it_was_pushed(push):
    assert push("rain.1", b"one") == image.Image(b"one").digest


def test_a_repository_is_described_as_it_was_made(ecr, name):
    made = ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")["repository"]
    assert made["repositoryName"] == name
    assert made["repositoryUri"].endswith(f"/{name}")
    (described,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert described["repositoryArn"] == made["repositoryArn"]
    assert described["imageTagMutability"] == "IMMUTABLE"
    with refused(400, "RepositoryAlreadyExistsException"):
        ecr.create_repository(repositoryName=name)


def test_a_repository_that_is_not_there_is_refused(ecr, name):
    for call in (ecr.describe_images, ecr.list_images):
        with refused(400, "RepositoryNotFoundException"):
            call(repositoryName=name)
    with refused(400, "RepositoryNotFoundException"):
        ecr.describe_repositories(repositoryNames=[name])


def test_an_image_is_described_by_its_tag(ecr, repository, push):
    pushed = push("rain.1", b"one")
    push("rain.2", b"two")
    (described,) = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "rain.1"}])["imageDetails"]
    assert (described["imageDigest"], described["imageTags"]) == (pushed, ["rain.1"])
    assert described["repositoryName"] == repository
    assert described["imagePushedAt"] is not None


def test_an_image_is_at_least_as_large_as_its_layers(ecr, repository, push):
    push("rain.1", b"one" * 100)
    (described,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    # AWS does not say whether configuration and manifest count.
    assert described["imageSizeInBytes"] >= len(image.Image(b"one" * 100).layer)


@pytest.mark.wrong("ministack", "leaves it out of the answer")
def test_a_tag_that_was_never_pushed_is_refused_by_name(ecr, repository, push):
    push("rain.1", b"one")
    with refused(400, "ImageNotFoundException") as caught:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "rain.9"}])
    assert "rain.9" in caught.value.response["Error"]["Message"]


def test_images_are_listed_with_tag_and_digest(ecr, repository, push):
    one, two = push("rain.1", b"one"), push("rain.2", b"two")
    listed = ecr.list_images(repositoryName=repository)["imageIds"]
    assert {(found["imageTag"], found["imageDigest"]) for found in listed} == {("rain.1", one), ("rain.2", two)}


def test_a_tag_that_is_pushed_again_moves(ecr, repository, push):
    push("rain.1", b"one")
    other = push("rain.1", b"two")
    (described,) = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "rain.1"}])["imageDetails"]
    assert described["imageDigest"] == other


def test_manifests_are_given_as_they_were_pushed(ecr, repository, push):
    pushed = push("rain.1", b"one")
    wanted = [{"imageTag": "rain.1"}, {"imageTag": "never"}]
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=wanted)
    (found,) = answer["images"]
    assert found["imageManifest"].encode() == image.Image(b"one").manifest
    assert found["imageId"]["imageDigest"] == pushed
    (failure,) = answer["failures"]
    assert (failure["imageId"]["imageTag"], failure["failureCode"]) == ("never", "ImageNotFound")


def test_an_image_that_is_deleted_is_gone(ecr, repository, push):
    pushed = push("rain.1", b"one")
    answer = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": pushed}])
    assert {found["imageDigest"] for found in answer["imageIds"]} == {pushed}
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


def test_a_login_is_a_name_and_a_password(ecr):
    (login,) = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    assert password
    assert login["proxyEndpoint"].startswith("http")
    assert peers.ACCOUNT in login["proxyEndpoint"] or "127.0.0.1" in login["proxyEndpoint"]


@pytest.mark.left_out("ministack", "it scans nothing")
def test_an_image_that_was_never_scanned_has_no_findings_to_show(ecr, repository, push):
    pushed = push("rain.1", b"one")
    with refused(400, "ScanNotFoundException"):
        ecr.describe_image_scan_findings(repositoryName=repository, imageId={"imageDigest": pushed})


@pytest.mark.left_out("ministack", "it scans nothing")
def test_a_scan_that_is_over_counts_its_findings(ecr, repository, push):
    pushed = push("rain.1", b"one")
    begun = ecr.start_image_scan(repositoryName=repository, imageId={"imageDigest": pushed})
    assert begun["imageScanStatus"]["status"] in ("IN_PROGRESS", "PENDING")
    found = ecr.describe_image_scan_findings(repositoryName=repository, imageId={"imageDigest": pushed})
    assert found["imageScanStatus"]["status"] == "COMPLETE"
    assert found["imageId"]["imageDigest"] == pushed
    assert "imageScanCompletedAt" in found["imageScanFindings"]
    assert isinstance(found["imageScanFindings"]["findingSeverityCounts"], dict)


@pytest.mark.left_out("ministack", "it scans nothing")
def test_an_image_that_is_not_there_has_no_scan(ecr, repository, push):
    push("rain.1", b"one")
    with refused(400, "ImageNotFoundException"):
        ecr.describe_image_scan_findings(repositoryName=repository, imageId={"imageTag": "never"})
