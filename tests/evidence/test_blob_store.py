"""Blobs are stored, moved and deleted in a folder and in an S3 bucket alike."""

from __future__ import annotations

import errno
from datetime import UTC, date, datetime

import pytest
from s3_server import s3_bucket

from register.db import is_disk_full
from register.errors import Unavailable
from register.evidence.blob_store import FolderStore, S3Store, open_store
from register.text.dates import paris_day

NAME, OTHER = "ab" * 32, "cd" * 32


def test_a_blob_is_pending_then_settled_then_gone(blobs):
    assert blobs.get(NAME) is None
    assert not blobs.has(NAME)
    blobs.put(NAME, b"first")
    blobs.put(NAME, b"second")
    today = paris_day(datetime.now(UTC))
    assert [name for name, day in blobs.pending() if abs((day - today).days) <= 1] == [NAME]
    assert list(blobs.settled()) == []
    assert (blobs.get(NAME), blobs.has(NAME)) == (b"second", True)
    blobs.settle(NAME)
    blobs.settle(NAME)
    assert list(blobs.pending()) == []
    assert list(blobs.settled()) == [NAME]
    assert (blobs.get(NAME), blobs.has(NAME)) == (b"second", True)
    blobs.delete(NAME)
    blobs.delete(NAME)
    assert (blobs.get(NAME), list(blobs.settled())) == (None, [])


def test_a_pending_blob_is_deleted_and_others_stay(blobs):
    blobs.put(NAME, b"first")
    blobs.put(OTHER, b"other")
    blobs.delete(NAME)
    assert [name for name, _day in blobs.pending()] == [OTHER]


def test_a_blob_of_a_folder_has_the_time_of_its_day_and_no_other_reader(tmp_path):
    store = open_store("", tmp_path)
    store.put(NAME, b"first")
    path = tmp_path / "evidence" / "pending" / "ab" / NAME
    assert path.stat().st_mtime % 86_400 == 0
    assert path.stat().st_atime % 86_400 == 0
    assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "evidence").stat().st_mode & 0o077 == 0


def test_an_interrupted_write_is_pending_and_can_be_deleted(tmp_path):
    store = open_store("", tmp_path)
    store.put(NAME, b"first")
    draft = tmp_path / "evidence" / "pending" / "ab" / f".{NAME}.12345678"
    draft.write_bytes(b"hal")
    names = [name for name, _day in store.pending()]
    assert sorted(names) == sorted([NAME, draft.name])
    store.delete(draft.name)
    assert [name for name, _day in store.pending()] == [NAME]


def test_a_folder_that_is_away_is_not_made_anew(tmp_path):
    store = FolderStore(tmp_path / "unmounted" / "evidence")
    with pytest.raises(Unavailable) as caught:
        store.put(NAME, b"first")
    assert caught.value.key == "evidence_away"
    assert not (tmp_path / "unmounted").exists()


def test_a_full_disk_leaves_no_half_blob(tmp_path, monkeypatch):
    store = open_store("", tmp_path)
    store.put(OTHER, b"other")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("register.evidence.blob_store.os.fsync", full)
    with pytest.raises(OSError) as caught:
        store.put(NAME, b"first")
    assert is_disk_full(caught.value)
    assert [name for name, _day in store.pending()] == [OTHER]


def test_a_whole_bucket_lists_its_blobs():
    with s3_bucket("whole") as url:
        store = open_store(url.replace("/evidence?", "?"), None)
        store.put(NAME, b"first")
        assert [name for name, _day in store.pending()] == [NAME]
        store.settle(NAME)
        assert list(store.settled()) == [NAME]


def test_a_pending_object_has_the_day_of_paris_as_a_file_has(monkeypatch):
    store, late = S3Store.__new__(S3Store), datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    entry = {"Key": f"new/{NAME}", "LastModified": late}
    monkeypatch.setattr(store, "_entries", lambda _area: iter([entry]))
    assert list(store.pending()) == [(NAME, date(2026, 11, 29))]


@pytest.mark.prove
def test_more_objects_than_one_answer_of_s3_lists():
    with s3_bucket("many") as url:
        store = open_store(url, None)
        for number in range(1_003):
            store._call("put_object", Key=store._key("sealed", f"{number:064x}"), Body=b"")
        assert len(list(store.settled())) == 1_003


@pytest.mark.parametrize("bucket", ["evidence", "missing"])
def test_an_s3_that_is_away_or_without_the_bucket_is_unavailable(bucket):
    with s3_bucket("evidence") as url:
        pass
    store = open_store(url.replace("s3://evidence", f"s3://{bucket}"), None)
    store._client.meta.config.retries = {"max_attempts": 0}
    with pytest.raises(Unavailable) as caught:
        store.put(NAME, b"first")
    assert caught.value.key == "evidence_away"


def test_a_missing_bucket_is_unavailable():
    with s3_bucket("evidence") as url:
        store = open_store(url.replace("s3://evidence", "s3://missing"), None)
        for call in (lambda: store.put(NAME, b""), lambda: store.get(NAME)):
            with pytest.raises(Unavailable):
                call()
