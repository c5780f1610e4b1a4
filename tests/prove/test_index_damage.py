"""Whatever damage the files of an index have, searches are right or find no usable index.

A byte turned over, a file cut short, emptied or gone, writers killed by the hundred: the follower
sees it and makes the index anew, and nothing is left open.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from search_documents import (
    START,
    by_number,
    case,
    expected_matches,
    random_documents,
    sample_queries,
)
from whoosh_kills import killed_writers

from register.search import whoosh_segment
from register.search.engine_interface import Cursor, IndexNotReady
from register.search.whoosh import Whoosh

pytestmark = pytest.mark.prove

SEEDS = range(20)
CASES = by_number(
    random_documents(150), [case(n, f"neuf{n} mot1", "mot2 mot3") for n in range(140, 170)]
)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Some segments, some with removed documents."""
    monkeypatch.setattr(whoosh_segment, "SEGMENT_LIMIT", 60)
    whoosh_index = Whoosh(tmp_path / "index")
    whoosh_index.rebuild(START, random_documents(150))
    changed = [document for document in CASES.values() if document.number >= 140]
    whoosh_index.write(Cursor(2, "bb", "made"), changed[:20], [], scrub=False)
    whoosh_index.write(Cursor(3, "cc", "made"), changed[20:], [], scrub=False)
    yield whoosh_index
    whoosh_index.close()


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def overwrite(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    random_bytes = chance.randbytes(chance.randrange(1, 200))
    return data[:start] + random_bytes + data[start + len(random_bytes) :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "turned": flip_bits,
    "cut": truncate,
    "noise": overwrite,
}


def answers_correctly(engine: Whoosh) -> bool:
    """Whether the engine answers, which must be right; it raises no error but IndexNotReady."""
    for query in sample_queries():
        try:
            strength = engine.find(None, query).strength
        except IndexNotReady:
            return False
        assert strength == expected_matches(query, CASES.values())
    return True


def index_files(index: Whoosh) -> list[Path]:
    """The manifest of the commit in use and the files that it names."""
    commit = index._read_commit()
    return [commit.folder / name for name in ("manifest", *sorted(commit.files))]


@pytest.mark.parametrize("silent", [False, True], ids=["touched", "silent"])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_is_noticed(index, seed, damage, silent):
    """Silent: size and time are as before, and only the bytes differ."""
    chance = random.Random(seed)
    assert answers_correctly(index)
    files = index_files(index)
    assert len(files) >= 5
    for path in files:
        data, times = path.read_bytes(), path.stat()
        damaged = DAMAGES[damage](data, chance)
        if silent:
            damaged = damaged.ljust(len(data), b"\0")
        if damaged == data:
            continue
        path.write_bytes(damaged)
        if silent:
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        else:
            answers_correctly(index)
        assert not answers_correctly(Whoosh(index._folder))
        for engine in (index, Whoosh(index._folder)):
            assert not engine.intact(deep=True)
        path.write_bytes(data)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert index.intact(deep=True)
    index.rebuild(START, CASES.values())
    assert answers_correctly(index)
    assert index.intact(deep=True)


def _delete(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _rename(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def _copy(path: Path) -> None:
    shutil.copy2(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


@pytest.mark.parametrize("damage", [_delete, _empty, _replace_by_folder, _rename, _copy])
def test_a_replaced_or_missing_file_is_noticed(index, damage):
    assert answers_correctly(index)
    for place in range(len(index_files(index))):
        paths = index_files(index)
        if place >= len(paths):
            break  # of the state before the index was made anew
        damage(paths[place])
        for engine in (index, Whoosh(index._folder)):
            is_usable = answers_correctly(engine)
            assert is_usable == engine.intact(deep=False) == engine.intact(deep=True)
            # A copy with the same bytes and time is as good.
            assert is_usable == (damage is _copy)
        index.rebuild(START, CASES.values())
        assert answers_correctly(index)
        assert index.intact(deep=True)


def test_a_deleted_folder_is_noticed_and_rebuilt(index):
    assert answers_correctly(index)
    shutil.rmtree(index._folder)
    assert not answers_correctly(index)
    assert not index.intact(deep=False)
    index.rebuild(START, CASES.values())
    assert answers_correctly(index)


def test_a_hundred_killed_writers_leave_one_commit_or_the_next(index):
    assert killed_writers(index, times=100, seed=7) > 100


def test_a_thousand_commits_leave_nothing_open(index):
    def open_files_and_pages() -> tuple[int, int]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return sum(1 for _ in Path("/proc/self/fd").iterdir()), pages

    first = (0, 0)
    for seq in range(4, 1_004):
        number = 1 + seq % 400
        index.write(Cursor(seq, "dd", "made"), [case(number, f"tour{seq}")], [], scrub=False)
        assert index.find(None, sample_queries()[1]).cursor.seq == seq
        if seq == 250:
            first = open_files_and_pages()
    files, pages = open_files_and_pages()
    assert files <= first[0] + 5
    # 4,096 bytes each: what is open follows the number of documents, and that stays.
    assert pages <= first[1] * 1.2
