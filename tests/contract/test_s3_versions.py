"""S3: what is listed of versions, and how versions and many objects are deleted. The audit rests on it."""

import pytest
from errors import refused


def put(s3, bucket, key, *bodies: bytes) -> list[str]:
    return [s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"] for body in bodies]


def test_versions_are_listed_the_newest_first(s3, versioned, prefix):
    ids = put(s3, versioned, f"{prefix}a", b"1", b"2", b"3")
    other = put(s3, versioned, f"{prefix}b", b"1")
    listed = s3.list_object_versions(Bucket=versioned, Prefix=prefix)["Versions"]
    assert [(entry["Key"].removeprefix(prefix), entry["VersionId"]) for entry in listed] == [
        ("a", ids[2]), ("a", ids[1]), ("a", ids[0]), ("b", other[0]),
    ]
    assert [entry["IsLatest"] for entry in listed] == [True, False, False, True]
    assert [entry["Size"] for entry in listed] == [1, 1, 1, 1]


def test_a_deletion_is_listed_apart(s3, versioned, key):
    (kept,) = put(s3, versioned, key, b"1")
    marker = s3.delete_object(Bucket=versioned, Key=key)["VersionId"]
    listed = s3.list_object_versions(Bucket=versioned, Prefix=key)
    (version,) = listed["Versions"]
    (deletion,) = listed["DeleteMarkers"]
    assert (version["VersionId"], version["IsLatest"]) == (kept, False)
    assert (deletion["VersionId"], deletion["IsLatest"]) == (marker, True)


def test_pages_of_versions_show_each_once(s3, versioned, prefix):
    ids = {name: put(s3, versioned, prefix + name, b"1", b"2", b"3") for name in ("a", "b")}
    seen, marker, pages = [], {}, 0
    while True:
        page = s3.list_object_versions(Bucket=versioned, Prefix=prefix, MaxKeys=2, **marker)
        seen += [entry["VersionId"] for entry in page.get("Versions", [])]
        pages += 1
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert seen == [*reversed(ids["a"]), *reversed(ids["b"])]
    assert pages == 3


def test_a_version_that_is_named_is_gone_for_good(s3, versioned, key):
    first, second = put(s3, versioned, key, b"1", b"2")
    s3.delete_object(Bucket=versioned, Key=key, VersionId=second)
    assert s3.get_object(Bucket=versioned, Key=key)["VersionId"] == first
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=versioned, Key=key, VersionId=second)


def test_a_deletion_that_is_deleted_brings_the_object_back(s3, versioned, key):
    (kept,) = put(s3, versioned, key, b"1")
    marker = s3.delete_object(Bucket=versioned, Key=key)["VersionId"]
    s3.delete_object(Bucket=versioned, Key=key, VersionId=marker)
    assert s3.get_object(Bucket=versioned, Key=key)["VersionId"] == kept


@pytest.mark.wrong("moto", "does not say that it was a deletion")
def test_the_deletion_of_a_deletion_says_that_it_was_one(s3, versioned, key):
    put(s3, versioned, key, b"1")
    marker = s3.delete_object(Bucket=versioned, Key=key)["VersionId"]
    assert s3.delete_object(Bucket=versioned, Key=key, VersionId=marker)["DeleteMarker"] is True


def test_many_objects_go_at_once(s3, bucket, prefix):
    for name in "abc":
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=b"x")
    objects = [{"Key": prefix + name} for name in ("a", "b", "never")]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert sorted(entry["Key"].removeprefix(prefix) for entry in answer["Deleted"]) == ["a", "b", "never"]
    assert "Errors" not in answer
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]] == [f"{prefix}c"]


def test_the_older_listing_shows_the_same(s3, bucket, prefix):
    for name in ("a/1", "a/2", "b", "c"):
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=b"x")
    page = s3.list_objects(Bucket=bucket, Prefix=prefix, Delimiter="/")
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == [f"{prefix}a/"]
    assert [entry["Key"] for entry in page["Contents"]] == [f"{prefix}b", f"{prefix}c"]
    assert page["IsTruncated"] is False


@pytest.mark.wrong("moto", "does not count folders as entries of a page")
def test_the_older_listing_goes_on_where_a_page_ended(s3, bucket, prefix):
    for name in ("a/1", "a/2", "b", "c"):
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=b"x")
    page = s3.list_objects(Bucket=bucket, Prefix=prefix, Delimiter="/", MaxKeys=2)
    assert ([entry["Key"] for entry in page["Contents"]], page["IsTruncated"]) == ([f"{prefix}b"], True)
    rest = s3.list_objects(Bucket=bucket, Prefix=prefix, Delimiter="/", Marker=page["NextMarker"])
    assert ([entry["Key"] for entry in rest["Contents"]], rest["IsTruncated"]) == ([f"{prefix}c"], False)
