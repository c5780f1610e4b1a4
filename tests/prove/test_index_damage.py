"""Whatever befalls the files of an index, its readers get right answers or are told there is none.

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
    no_progress,
    random_documents,
    sample_queries,
)
from whoosh_kills import killed_writers

from register.search import whoosh
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
    monkeypatch.setattr(whoosh, "LARGEST", 60)
    made = Whoosh(tmp_path / "index")
    made.rebuild(START, random_documents(150), 150, no_progress)
    changed = [one for one in CASES.values() if one.number >= 140]
    made.write(Cursor(2, "bb", "made"), changed[:20], [], scrub=False)
    made.write(Cursor(3, "cc", "made"), changed[20:], [], scrub=False)
    yield made
    made.close()


def turned(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def noise(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    some = chance.randbytes(chance.randrange(1, 200))
    return data[:start] + some + data[start + len(some) :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "turned": turned,
    "cut": cut,
    "noise": noise,
}


def answers_or_says_no(engine: Whoosh) -> bool:
    """Whether the engine answers, and then rightly; no other error leaves it."""
    for asked in sample_queries():
        try:
            strength = engine.find(None, asked).strength
        except IndexNotReady:
            return False
        assert strength == expected_matches(asked, CASES.values())
    return True


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_is_noticed(index, tmp_path, seed, how):
    chance = random.Random(seed)
    assert answers_or_says_no(index)
    kept = tmp_path / "kept"
    shutil.copytree(index._folder, kept)
    files = [path for path in sorted(kept.rglob("*")) if path.is_file() and path.name != "lock"]
    assert len(files) >= 5
    for file in files:
        path = index._folder / file.relative_to(kept)
        data = file.read_bytes()
        worse = DAMAGES[how](data, chance)
        if worse == data:
            continue
        path.write_bytes(worse)
        for engine in (index, Whoosh(index._folder)):
            answers_or_says_no(engine)
            assert not engine.intact(deep=True)
        path.write_bytes(data)
    index.rebuild(START, CASES.values(), len(CASES), no_progress)
    assert answers_or_says_no(index)
    assert index.intact(deep=True)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_silent_corruption_is_noticed_too(index, seed, how):
    """Size, time and inode say nothing: only the bytes do."""
    chance = random.Random(seed)
    state = index._state()
    for name in sorted(state.files):
        path = state.path(index._folder) / name
        data, when = path.read_bytes(), path.stat()
        path.write_bytes(DAMAGES[how](data, chance).ljust(len(data), b"\0"))
        os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
        if path.read_bytes() != data:
            assert not answers_or_says_no(Whoosh(index._folder))
            assert not index.intact(deep=True)
        path.write_bytes(data)
        os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
    assert index.intact(deep=True)


def _gone(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _unreadable_name(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def _another_inode(path: Path) -> None:
    shutil.copy2(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


@pytest.mark.parametrize("do", [_gone, _emptied, _a_folder, _unreadable_name, _another_inode])
def test_a_file_that_is_another_is_noticed(index, do):
    assert answers_or_says_no(index)
    for name in ("current", *sorted(index._state().files)):
        state = index._state()
        path = index._folder / name if name == "current" else state.path(index._folder) / name
        if not path.exists():
            continue  # of the state before the index was made anew
        do(path)
        for engine in (index, Whoosh(index._folder)):
            # ``current`` itself may be replaced by its like: it carries its own checksum.
            told = answers_or_says_no(engine)
            assert told == engine.intact(deep=False) == engine.intact(deep=True)
            assert told == (do is _another_inode and name == "current")
        index.rebuild(START, CASES.values(), len(CASES), no_progress)
        assert answers_or_says_no(index)
        assert index.intact(deep=True)


def test_the_folder_may_be_thrown_away(index):
    assert answers_or_says_no(index)
    shutil.rmtree(index._folder)
    assert not answers_or_says_no(index)
    assert not index.intact(deep=False)
    index.rebuild(START, CASES.values(), len(CASES), no_progress)
    assert answers_or_says_no(index)


def test_a_hundred_killed_writers(index):
    assert killed_writers(index, times=100, seed=7) > 100


def test_two_thousand_commits_leave_nothing_open(index):
    def held() -> tuple[int, int]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return sum(1 for _ in Path("/proc/self/fd").iterdir()), pages

    first = (0, 0)
    for seq in range(4, 2_004):
        number = 1 + seq % 400
        index.write(Cursor(seq, "dd", "made"), [case(number, f"tour{seq}")], [], scrub=False)
        assert index.find(None, sample_queries()[1]).cursor.seq == seq
        if seq == 500:
            first = held()
    files, pages = held()
    assert files <= first[0] + 5
    # 4,096 bytes each: what is open follows the number of documents, and that stays.
    assert pages <= first[1] * 1.2
