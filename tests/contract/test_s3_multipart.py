"""S3: uploads in parts, as jobs send what is large, and reads of a part."""

import hashlib

import pytest
from errors import refused

# The least that a part may have, but the last.
PART = 5 * 1024 * 1024


@pytest.fixture
def upload(s3, bucket, key) -> str:
    return s3.create_multipart_upload(Bucket=bucket, Key=key, ContentType="application/zstd")["UploadId"]


@pytest.fixture
def send(s3, bucket, key, upload):
    def send_parts(*bodies: bytes) -> dict:
        parts = []
        for number, body in enumerate(bodies, 1):
            sent = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        return {"Parts": parts}

    return send_parts


def test_each_upload_has_an_id_of_its_own(s3, bucket, key):
    begun = [s3.create_multipart_upload(Bucket=bucket, Key=key) for _ in range(2)]
    assert [(one["Bucket"], one["Key"]) for one in begun] == [(bucket, key)] * 2
    assert begun[0]["UploadId"] != begun[1]["UploadId"]


def test_parts_become_one_object(s3, bucket, key, upload, send):
    bodies = [b"a" * PART, b"b"]
    done = s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=send(*bodies))
    digests = b"".join(hashlib.md5(body).digest() for body in bodies)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    got = s3.get_object(Bucket=bucket, Key=key)
    assert (got["ContentLength"], got["ContentType"], got["ETag"]) == (PART + 1, "application/zstd", done["ETag"])
    assert got["Body"].read() == b"".join(bodies)


def test_nothing_is_there_before_the_upload_is_complete(s3, bucket, key, send):
    send(b"a")
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=key)


def test_an_upload_that_creates_does_not_replace(s3, bucket, key, upload, send):
    parts = send(b"late")
    s3.put_object(Bucket=bucket, Key=key, Body=b"first")
    with refused(412, "PreconditionFailed"):
        s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"first"


def test_an_upload_that_is_given_up_leaves_nothing(s3, bucket, key, upload, send):
    send(b"a")
    s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=key)


@pytest.mark.wrong("moto", "breaks on it, with a 500")
def test_an_upload_that_was_given_up_is_not_completed(s3, bucket, key, upload, send):
    parts = send(b"a")
    s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    with refused(404, "NoSuchUpload"):
        s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts)


def test_a_part_of_an_object_is_read(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key=key, Range="bytes=2-4")
    assert (got["Body"].read(), got["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert s3.get_object(Bucket=bucket, Key=key, Range="bytes=-3")["Body"].read() == b"789"
