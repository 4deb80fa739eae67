"""S3: what a listing shows. Markers are found by it, and the newest runs."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def put(s3, bucket, prefix):
    def put_all(*names: str) -> None:
        for name in names:
            s3.put_object(Bucket=bucket, Key=prefix + name, Body=name.encode())

    return put_all


@pytest.fixture
def listed(s3, bucket, prefix):
    """A listing below the test's own prefix, names relative to it."""

    def list_names(below: str = "", **more):
        if "StartAfter" in more:
            more["StartAfter"] = prefix + more["StartAfter"]
        page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix + below, **more)
        page["Names"] = [entry["Key"].removeprefix(prefix) for entry in page.get("Contents", [])]
        page["Folders"] = [entry["Prefix"].removeprefix(prefix) for entry in page.get("CommonPrefixes", [])]
        return page

    return list_names


def test_nothing_is_listed_where_nothing_is(listed):
    page = listed()
    assert (page["Names"], page["KeyCount"], page["IsTruncated"]) == ([], 0, False)


def test_names_come_in_the_order_of_their_bytes(put, listed):
    put("b", "a/b", "a-b", "a", "B", "ä", "a0", "1")
    assert listed()["Names"] == ["1", "B", "a", "a-b", "a/b", "a0", "b", "ä"]


def test_a_prefix_is_text_and_no_folder(put, listed):
    put("2026/11/20", "2026/11/21", "2026/12/01", "2026-other")
    assert listed("2026/11")["Names"] == ["2026/11/20", "2026/11/21"]
    assert listed("2026")["KeyCount"] == 4


def test_a_delimiter_folds_what_is_below(put, listed):
    put("a/1", "a/2", "b/c/1", "top")
    page = listed(Delimiter="/")
    assert (page["Folders"], page["Names"]) == (["a/", "b/"], ["top"])
    assert page["KeyCount"] == 3
    assert listed("b/", Delimiter="/")["Folders"] == ["b/c/"]


def test_pages_show_each_name_once(put, listed):
    names = [f"{number:02}" for number in range(7)]
    put(*names)
    seen, token, pages = [], {}, 0
    while True:
        page = listed(MaxKeys=3, **token)
        assert len(page["Names"]) <= 3
        seen += page["Names"]
        pages += 1
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert (seen, pages) == (names, 3)


def test_a_full_last_page_is_the_last(put, listed):
    put("1", "2", "3")
    assert listed(MaxKeys=3)["IsTruncated"] is False


def test_folders_count_as_entries_of_a_page(put, listed):
    put("a/1", "a/2", "b/1", "c/1", "d")
    seen, token = [], {}
    while True:
        page = listed(Delimiter="/", MaxKeys=2, **token)
        seen += page["Folders"] + page["Names"]
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert seen == ["a/", "b/", "c/", "d"]


def test_a_listing_starts_after_a_name_that_need_not_exist(put, listed):
    put("1", "2", "4")
    assert listed(StartAfter="2")["Names"] == ["4"]
    assert listed(StartAfter="3")["Names"] == ["4"]
    assert listed(StartAfter="0")["Names"] == ["1", "2", "4"]


def test_an_entry_tells_size_and_etag(put, listed, s3, bucket, prefix):
    put("one")
    entry = listed()["Contents"][0]
    assert entry["Size"] == 3
    assert entry["ETag"] == s3.head_object(Bucket=bucket, Key=f"{prefix}one")["ETag"]
    assert entry["LastModified"] is not None


def test_what_is_deleted_is_listed_no_more(put, listed, s3, bucket, prefix):
    put("1", "2")
    s3.delete_object(Bucket=bucket, Key=f"{prefix}1")
    assert listed()["Names"] == ["2"]


def test_only_the_newest_version_is_listed(put, listed):
    put("1")
    put("1")
    assert listed()["Names"] == ["1"]


def test_a_page_holds_a_thousand_at_most(listed, s3, bucket, prefix):
    with ThreadPoolExecutor(16) as writers:
        list(writers.map(lambda n: s3.put_object(Bucket=bucket, Key=f"{prefix}{n:04}", Body=b""), range(1001)))
    first = listed()
    assert (first["KeyCount"], first["IsTruncated"]) == (1000, True)
    assert listed(ContinuationToken=first["NextContinuationToken"])["Names"] == ["1000"]
