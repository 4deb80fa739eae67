"""S3: buckets, their place and their versions."""

import uuid

import peers
import pytest
from errors import refused

PLACE = {"LocationConstraint": peers.REGION}


@pytest.fixture
def name() -> str:
    return f"contract-{uuid.uuid4().hex[:12]}"


def test_a_bucket_is_there_once_it_is_made_and_lies_in_its_region(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)
    assert s3.head_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == peers.REGION


def test_a_bucket_of_ones_own_is_not_made_twice(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)
    with refused(409, "BucketAlreadyOwnedByYou"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)


def test_a_bucket_that_is_not_there_is_missing(s3, name):
    with refused(404, "404"):
        s3.head_bucket(Bucket=name)
    with refused(404, "NoSuchBucket"):
        s3.get_bucket_location(Bucket=name)
    with refused(404, "NoSuchBucket"):
        s3.get_bucket_versioning(Bucket=name)


def test_versions_are_kept_once_that_is_asked_for(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert "VersionId" in s3.put_object(Bucket=name, Key="x", Body=b"x")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
