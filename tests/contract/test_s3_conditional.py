"""S3: conditional writes and versions, on which every document of Signalbox rests."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from errors import refused


def read(s3, bucket, key, **more) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def test_a_document_is_created_once(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"first", IfNoneMatch="*")
    with refused(412, "PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert read(s3, bucket, key) == b"first"


def test_the_etag_is_the_md5_of_the_body_in_quotes(s3, bucket, key):
    put = s3.put_object(Bucket=bucket, Key=key, Body=b"first")
    expected = f'"{hashlib.md5(b"first").hexdigest()}"'
    assert put["ETag"] == expected
    assert s3.get_object(Bucket=bucket, Key=key)["ETag"] == expected
    assert s3.head_object(Bucket=bucket, Key=key)["ETag"] == expected


def test_an_update_with_the_current_etag_wins(s3, bucket, key):
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["ETag"]
    updated = s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfMatch=etag)
    assert read(s3, bucket, key) == b"second"
    assert updated["ETag"] != etag


def test_an_update_with_a_stale_etag_is_refused(s3, bucket, key):
    stale = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["ETag"]
    s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfMatch=stale)
    with refused(412, "PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"third", IfMatch=stale)
    assert read(s3, bucket, key) == b"second"


def test_an_update_of_a_missing_document_says_that_it_is_missing(s3, bucket, key):
    with refused(404, "NoSuchKey"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", IfMatch='"d41d8cd98f00b204e9800998ecf8427e"')


def test_the_same_bytes_again_keep_the_etag(s3, bucket, key):
    first = s3.put_object(Bucket=bucket, Key=key, Body=b"same")
    again = s3.put_object(Bucket=bucket, Key=key, Body=b"same", IfMatch=first["ETag"])
    assert again["ETag"] == first["ETag"]


def test_after_a_delete_the_document_can_be_created_again(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"first")
    s3.delete_object(Bucket=bucket, Key=key)
    s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert read(s3, bucket, key) == b"second"


def test_after_a_delete_an_update_says_that_it_is_missing(s3, bucket, key):
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["ETag"]
    s3.delete_object(Bucket=bucket, Key=key)
    with refused(404, "NoSuchKey"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfMatch=etag)


def race(put) -> int:
    """How many of sixteen simultaneous puts won; the others must have been refused for the condition."""

    def attempt(number: int) -> bool:
        try:
            put(f"writer {number}".encode())
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")
            return False
        return True

    with ThreadPoolExecutor(16) as writers:
        return sum(writers.map(attempt, range(16)))


@pytest.mark.left_out("moto", "checks and writes without a lock between, so two may win")
def test_of_writers_that_create_at_once_one_wins(s3, bucket, key):
    assert race(lambda body: s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")) == 1


@pytest.mark.left_out("moto", "checks and writes without a lock between, so two may win")
def test_of_writers_that_update_at_once_one_wins(s3, bucket, key):
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["ETag"]
    assert race(lambda body: s3.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag)) == 1


def test_every_put_keeps_the_version_before(s3, versioned, key):
    first = s3.put_object(Bucket=versioned, Key=key, Body=b"first")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key=key, Body=b"second")["VersionId"]
    assert first != second
    assert read(s3, versioned, key, VersionId=first) == b"first"
    assert read(s3, versioned, key, VersionId=second) == b"second"
    assert s3.get_object(Bucket=versioned, Key=key)["VersionId"] == second


def test_a_refused_put_leaves_no_version(s3, versioned, key):
    kept = s3.put_object(Bucket=versioned, Key=key, Body=b"first")["VersionId"]
    with refused(412, "PreconditionFailed"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"second", IfNoneMatch="*")
    assert s3.head_object(Bucket=versioned, Key=key)["VersionId"] == kept


def test_a_delete_hides_the_document_and_keeps_its_versions(s3, versioned, key):
    kept = s3.put_object(Bucket=versioned, Key=key, Body=b"first")["VersionId"]
    deleted = s3.delete_object(Bucket=versioned, Key=key)
    assert deleted["DeleteMarker"] is True
    assert deleted["VersionId"] != kept
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=versioned, Key=key)
    assert read(s3, versioned, key, VersionId=kept) == b"first"


def test_a_version_that_is_not_there_is_refused(s3, versioned, key):
    s3.put_object(Bucket=versioned, Key=key, Body=b"first")
    other = s3.put_object(Bucket=versioned, Key=f"{key}.other", Body=b"other")["VersionId"]
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=versioned, Key=key, VersionId=other)


def test_an_unversioned_bucket_names_no_version_and_forgets(s3, unversioned, key):
    assert "VersionId" not in s3.put_object(Bucket=unversioned, Key=key, Body=b"first")
    assert "DeleteMarker" not in s3.delete_object(Bucket=unversioned, Key=key)
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=unversioned, Key=key)


def test_deleting_what_is_not_there_is_no_error(s3, bucket, key):
    assert s3.delete_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_read_of_the_known_etag_sends_nothing(s3, bucket, key):
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["ETag"]
    with refused(304, "304"):
        s3.get_object(Bucket=bucket, Key=key, IfNoneMatch=etag)
    s3.put_object(Bucket=bucket, Key=key, Body=b"second")
    assert read(s3, bucket, key, IfNoneMatch=etag) == b"second"


def test_a_read_of_another_etag_is_refused(s3, bucket, key):
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["ETag"]
    s3.put_object(Bucket=bucket, Key=key, Body=b"second")
    with refused(412, "PreconditionFailed"):
        s3.get_object(Bucket=bucket, Key=key, IfMatch=etag)


def test_a_missing_document_is_missing_for_get_and_head(s3, bucket, key):
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=key)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key=key)


def test_a_missing_bucket_is_missing(s3, key):
    with refused(404, "NoSuchBucket"):
        s3.get_object(Bucket="contract-no-such-bucket", Key=key)


def test_size_and_type_come_back(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b'{"a":1}', ContentType="application/json")
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["ContentLength"], head["ContentType"]) == (7, "application/json")


@pytest.mark.parametrize("size", [0, 1, 5 * 1024 * 1024 + 1])
def test_a_body_of_any_size_comes_back_whole(s3, unversioned, key, size):
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    s3.put_object(Bucket=unversioned, Key=key, Body=body)
    assert read(s3, unversioned, key) == body


@pytest.mark.parametrize("name", ["AROA1:0f3b/result.json", "a b+c", "ünïcode", "100%25", "x=1&y=2", "dots/../up", "a//b"])
def test_a_key_is_any_text(s3, unversioned, prefix, name):
    s3.put_object(Bucket=unversioned, Key=prefix + name, Body=name.encode())
    assert read(s3, unversioned, prefix + name) == name.encode()
    listed = s3.list_objects_v2(Bucket=unversioned, Prefix=prefix)["Contents"]
    assert [entry["Key"] for entry in listed] == [prefix + name]


def test_a_copy_takes_the_version_that_it_names(s3, versioned, key):
    pinned = s3.put_object(Bucket=versioned, Key=key, Body=b"first")["VersionId"]
    s3.put_object(Bucket=versioned, Key=key, Body=b"second")
    source = {"Bucket": versioned, "Key": key, "VersionId": pinned}
    copied = s3.copy_object(Bucket=versioned, Key=f"{key}.copy", CopySource=source)
    assert read(s3, versioned, f"{key}.copy") == b"first"
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"first").hexdigest()}"'
    assert s3.head_object(Bucket=versioned, Key=f"{key}.copy")["VersionId"] == copied["VersionId"]


def test_a_copy_of_what_is_missing_is_refused(s3, versioned, key):
    with refused(404, "NoSuchKey"):
        s3.copy_object(Bucket=versioned, Key=f"{key}.copy", CopySource={"Bucket": versioned, "Key": key})
