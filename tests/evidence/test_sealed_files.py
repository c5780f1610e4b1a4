"""Files come back byte for byte from equal sealed blobs."""

from __future__ import annotations

import hashlib
import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.encryption import encrypt
from register.errors import Invalid, SealError, Unavailable
from register.evidence.sealed_files import BLOB_BYTES, FileManifest, SealedFiles, new_file

LIMIT = 8 * BLOB_BYTES


def chunks(content, size):
    return (content[start : start + size] for start in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 1_000, BLOB_BYTES, BLOB_BYTES + 1, 2 * BLOB_BYTES, 3_000_000])
def test_a_file_comes_back_byte_for_byte(files, size):
    content = os.urandom(size)
    file = files.write(new_file("séance du 5.mp4"), chunks(content, 70_001), LIMIT)
    assert (file.size, file.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert files.is_whole(file)
    assert files.open(file).read() == content
    files.settle(file.file_id)
    assert io.BufferedReader(files.open(file)).read() == content
    assert b"".join(files.parts(file)) == content


def test_blobs_are_equal_in_size_and_show_neither_name_nor_content(files):
    small = files.write(new_file("nom-du-fichier"), [b"contenu clair"], LIMIT)
    large = files.write(new_file("autre"), [b"x" * (BLOB_BYTES + 5)], LIMIT)
    stored = {name: files.store.get(name) for name, _day in files.store.pending()}
    assert len(stored) == 3
    assert len({len(blob) for blob in stored.values()}) == 1
    for name, blob in stored.items():
        assert b"contenu clair" not in blob
        for file in (small, large):
            assert file.file_id not in name
    assert len({name[:8] for name in stored}) == 3


def test_reading_goes_anywhere(files):
    content = os.urandom(2 * BLOB_BYTES + 77)
    reader = files.open(files.write(new_file(), [content], LIMIT))
    assert reader.seek(-7, io.SEEK_END) == len(content) - 7
    assert reader.read() == content[-7:]
    assert reader.seek(BLOB_BYTES - 3) == BLOB_BYTES - 3
    assert io.BufferedReader(reader).read(6) == content[BLOB_BYTES - 3 : BLOB_BYTES + 3]
    reader.seek(10)
    assert reader.seek(5, io.SEEK_CUR) == 15
    assert reader.tell() == 15
    assert reader.seek(len(content) + 9)
    assert reader.read() == b""
    assert reader.readable()
    assert reader.seekable()


def test_one_blob_is_in_memory(files, monkeypatch):
    content = os.urandom(3 * BLOB_BYTES)
    file = files.write(new_file(), [content], LIMIT)
    reads = []
    read_blob = files.read_blob

    def counted(manifest, index):
        reads.append(index)
        return read_blob(manifest, index)

    monkeypatch.setattr(files, "read_blob", counted)
    reader = files.open(file)
    assert b"".join(iter(lambda: reader.read(50_000), b"")) == content
    assert reads == [0, 1, 2]
    assert len(reader._blob) == BLOB_BYTES


def test_a_file_beyond_the_limit_leaves_nothing(files):
    with pytest.raises(Invalid) as caught:
        files.write(new_file(), chunks(b"x" * (2 * BLOB_BYTES + 1), 65_536), 2 * BLOB_BYTES)
    assert (caught.value.key, caught.value.values) == ("evidence_too_large", {"megabytes": 2})
    assert list(files.store.pending()) == []


def test_an_interrupted_source_leaves_nothing(files):
    def source():
        yield b"x" * BLOB_BYTES
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.write(new_file(), source(), LIMIT)
    assert list(files.store.pending()) == []


def test_a_missing_a_foreign_and_a_swapped_blob_are_refused(files):
    file = files.write(new_file(), [b"x" * (2 * BLOB_BYTES)], LIMIT)
    first, second = files.blob_names(file.file_id)
    swapped = files.store.get(second)
    files.store.put(first, swapped)
    with pytest.raises(SealError):
        files.open(file).read(1)
    other_key = encrypt(os.urandom(32), "evidence", b"x", b"")
    files.store.put(first, other_key)
    with pytest.raises(SealError):
        files.open(file).read(1)
    files.store.delete(first)
    assert not files.is_whole(file)
    with pytest.raises(Unavailable) as caught:
        files.open(file).read(1)
    assert caught.value.key == "evidence_missing"


def test_a_file_is_deleted_by_its_id(files):
    file = files.write(new_file(), [b"x" * (2 * BLOB_BYTES)], LIMIT)
    other = files.write(new_file(), [b"y"], LIMIT)
    files.settle(file.file_id)
    files.delete(file.file_id)
    files.delete(file.file_id)
    assert list(files.store.settled()) == []
    assert files.is_whole(other)


def test_another_register_derives_other_names(files):
    file = files.write(new_file(), [b"x"], LIMIT)
    other = SealedFiles(files.store, b"other key" * 4)
    assert not other.is_whole(file)


@given(
    name=st.text(max_size=50), mime=st.sampled_from(["image/jpeg", ""]), size=st.integers(0, 2**40)
)
@settings(max_examples=50)
def test_a_manifest_comes_back(name, mime, size):
    file = FileManifest("a" * 32, b"k" * 32, name, mime, size, "b" * 64)
    assert FileManifest.parse(file.fields()) == file
    assert "key=" not in repr(file)
