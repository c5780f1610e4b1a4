"""The search engine in a folder returns what the reference matcher returns, after any writes."""

from __future__ import annotations

import gc
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from search_documents import (
    START,
    TOKENS,
    by_number,
    case,
    documents,
    expected_matches,
    fill_index,
    random_documents,
    require_matcher_results,
    sample_queries,
    searches,
    word_query,
    writes,
)

from register.search import whoosh, whoosh_segment
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexNotReady,
    SearchEngine,
    SearchQuery,
)
from register.search.whoosh import Whoosh

LATER = Cursor(7, "bb", "made")


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def index(folder) -> Iterator[Whoosh]:
    whoosh_index = Whoosh(folder)
    yield whoosh_index
    whoosh_index.close()


def matches(index: SearchEngine, query: SearchQuery) -> dict[int, int]:
    return index.find(None, query).strength


def segments(index: Whoosh) -> int:
    return len(index._open_snapshot().case_numbers)


def commit_folder(index: Whoosh) -> Path:
    return index._folder / index.stamp()


# --- what it finds --------------------------------------------------------------------------------


@pytest.mark.parametrize("examples", [20, pytest.param(200, marks=pytest.mark.prove)])
def test_search_engine_returns_what_the_reference_matcher_returns(examples):
    @given(st.lists(documents, max_size=8), writes, st.lists(searches, min_size=1, max_size=6))
    @hypothesis_settings(deadline=None, max_examples=examples)
    def check(first, writes, queries):
        with tempfile.TemporaryDirectory() as folder:
            index = Whoosh(Path(folder, "index"))
            require_matcher_results(index, None, first, writes, queries)

    check()


# --- commits --------------------------------------------------------------------------------------


def test_an_index_that_became_empty_has_no_segment(index):
    fill_index(index)
    index.write(LATER, [case(1, "un")], [], scrub=False)
    index.write(LATER, [], [1], scrub=True)
    assert (segments(index), index.forms(None)) == (0, [])


def test_a_large_index_is_made_in_pieces(index, monkeypatch):
    monkeypatch.setattr(whoosh_segment, "SEGMENT_LIMIT", 50)
    cases = by_number(random_documents(120))
    index.rebuild(START, iter(cases.values()))
    assert segments(index) == 3
    for query in sample_queries():
        assert matches(index, query) == expected_matches(query, cases.values())


def test_single_updates_leave_few_segments(index):
    fill_index(index, *random_documents(300))
    most = 0
    for seq in range(2, 102):
        index.write(Cursor(seq, "aa", "made"), [case(1 + seq % 60, "neuf")], [], scrub=False)
        most = max(most, segments(index))
    # One of the first making, and those of 1, 2, 4, 8 … documents since.
    assert most <= 10
    assert len(matches(index, word_query("neuf"))) == 60


def test_a_segment_that_is_mostly_gone_is_written_again(index):
    fill_index(index, *random_documents(100))
    index.write(LATER, [], range(1, 61), scrub=False)
    with index._open_snapshot().index.reader() as reader:
        assert reader.doc_count_all() == 40
    assert len(matches(index, SearchQuery())) == 40


def test_a_rebuild_removes_the_former_index(index):
    fill_index(index, case(1, "un"))
    fill_index(index, case(2, "deux"), cursor=LATER)
    assert matches(index, SearchQuery()) == {2: 0}
    # The folder of the commit, ``current`` and the lock.
    assert len(list(index._folder.iterdir())) == 3


@pytest.mark.parametrize("how", ["write", "rebuild"])
def test_a_commit_that_fails_changes_nothing(index, how, monkeypatch):
    fill_index(index, case(1, "un"), case(2, "deux"))
    before = index.stamp()

    def failing(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    writes = {
        "write": lambda: index.write(LATER, [case(1, "faux")], [2], scrub=True),
        "rebuild": lambda: fill_index(index, case(1, "faux"), cursor=LATER),
    }
    monkeypatch.setattr(whoosh._Commit, "write", failing)
    with pytest.raises(OSError, match="No space"):
        writes[how]()
    monkeypatch.undo()
    assert (index.stamp(), index.cursor()) == (before, START)
    assert matches(index, word_query("un")) == {1: 1}
    assert matches(index, word_query("faux")) == {}
    # What the failure left beside the index is swept away by the next look at it.
    assert b"faux" in file_contents(index)
    assert index.intact(deep=True)
    assert b"faux" not in file_contents(index)
    index.write(LATER, [case(1, "vrai")], [2], scrub=False)
    assert matches(index, SearchQuery()) == {1: 0}


def test_the_folder_of_a_writer_at_work_stays(index):
    """Another process that looks at the index does not remove it; leftovers of a dead one go."""
    fill_index(index, case(1, "un"))
    leftover = index._folder / "0123456789abcdef"
    leftover.mkdir()
    with index._locked():
        assert Whoosh(index._folder).intact(deep=True)
        assert leftover.exists()
    (index._folder / "lost+found").mkdir()
    assert index.intact(deep=False)
    assert not leftover.exists()
    assert (index._folder / "lost+found").exists()


def test_an_index_of_the_former_layout_is_removed_by_the_first_rebuild(index, folder):
    folder.mkdir(mode=0o700)
    former = folder / "fedcba9876543210"
    former.mkdir(mode=0o700)
    (former / "MAIN_abc.seg").write_bytes(b"secretunique")
    (folder / "lock").touch()
    (folder / "current").write_text('{"place": "fedcba9876543210"}\ndigest')
    assert is_unready(index)
    fill_index(index, case(1, "un"))
    assert matches(index, SearchQuery()) == {1: 0}
    assert b"secretunique" not in file_contents(index)
    assert not former.exists()


# --- words that are gone --------------------------------------------------------------------------


def file_contents(index: Whoosh) -> bytes:
    files = (path for path in index._folder.rglob("*") if path.is_file())
    return b"\n".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("removal", ["removed", "replaced"])
def test_a_scrub_leaves_a_removed_word_in_no_file(index, removal, monkeypatch):
    monkeypatch.setattr(whoosh_segment, "SEGMENT_LIMIT", 40)
    secret = case(17, "secretunique titre", "un autresecret ici")
    cases = by_number(random_documents(100), [secret])
    fill_index(index, *cases.values())
    words = (b"secretunique", b"autresecret")
    # Files hold words in clear, nothing is compressed: what is not seen is not there.
    assert all(word in file_contents(index) for word in words)
    replacements = [] if removal == "removed" else [case(17, "titre")]
    index.write(LATER, replacements, [] if replacements else [17], scrub=False)
    assert matches(index, word_query("secretunique")) == {}
    assert all(word in file_contents(index) for word in words)
    # A later scrub of the case removes the words of all its earlier documents.
    index.write(LATER, replacements, [17], scrub=True)
    assert not any(word in file_contents(index) for word in words)
    cases = {
        n: document
        for n, document in by_number(cases.values(), replacements).items()
        if n != 17 or replacements
    }
    for query in sample_queries():
        assert matches(index, query) == expected_matches(query, cases.values())


def test_a_scrub_rewrites_only_the_segments_of_its_cases(index, monkeypatch):
    monkeypatch.setattr(whoosh_segment, "SEGMENT_LIMIT", 40)
    fill_index(index, *random_documents(160))
    index.write(LATER, [], [60], scrub=False)
    before = set(index._read_commit().files)
    index.write(LATER, [], [17, 100], scrub=True)
    files = index._read_commit().files
    assert len({name for name in files if name.endswith(".seg")} & before) == 2
    # None is larger than the limit, so that no scrub takes long.
    assert segments(index) == 4


# --- readers --------------------------------------------------------------------------------------


def test_readers_see_one_commit_or_the_next_while_others_write(index):
    fill_index(index, *(case(number, "mot0", f"mot0 pareil{number}") for number in range(1, 41)))
    writing_over = Event()
    problems: list[object] = []

    def read() -> None:
        while not writing_over.is_set():
            try:
                answer = index.find(None, SearchQuery((*word_query("pareil", prefix=True).parts,)))
                later_answer = index.find(None, word_query(f"mot{answer.cursor.seq - 1}"))
                if len(answer.strength) != 40 or later_answer.cursor.seq < answer.cursor.seq:
                    problems.append(answer)
                if later_answer.cursor == answer.cursor and len(later_answer.strength) != 40:
                    problems.append(later_answer)
            except Exception as error:
                problems.append(error)

    readers = [Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    try:
        for seq in range(2, 17):
            cases = [case(n, f"mot{seq - 1}", f"mot{seq - 1} pareil{n}") for n in range(1, 41)]
            index.write(Cursor(seq, "aa", "made"), cases, [], scrub=seq % 3 == 0)
    finally:
        writing_over.set()
        for reader in readers:
            reader.join()
    assert problems == []


def open_file_count() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_commits_leave_no_file_open(index):
    fill_index(index, *random_documents(30))
    matches(index, SearchQuery())
    before = open_file_count()
    for seq in range(2, 22):
        index.write(Cursor(seq, "aa", "made"), [case(seq, "neuf")], [], scrub=seq % 2 == 0)
        matches(index, SearchQuery())
        # A file for each segment.
        assert open_file_count() - before <= 5
    index.close()
    assert open_file_count() < before


def test_reading_the_stamp_drops_former_words(index):
    """An idle process would otherwise hold erased words until the next search."""
    before = open_file_count()
    fill_index(index, *random_documents(10))
    assert index.forms(None)
    assert open_file_count() > before
    Whoosh(index._folder).write(LATER, [], [1], scrub=True)
    index.stamp()
    assert open_file_count() == before
    assert index._snapshot.forms is None


# --- an index that cannot be used -----------------------------------------------------------------


def is_unready(index: Whoosh, *, stamped: bool = False) -> bool:
    for reading in (lambda: index.find(None, SearchQuery()), lambda: index.forms(None)):
        with pytest.raises(IndexNotReady):
            reading()
    with pytest.raises(IndexNotReady):
        index.write(LATER, [], [], scrub=False)
    return (bool(index.stamp()), index.cursor(), index.intact(deep=False)) == (stamped, None, False)


def test_a_missing_index_is_unready_and_can_be_rebuilt(index, folder):
    assert is_unready(index)
    folder.mkdir(mode=0o700)
    assert is_unready(index)
    fill_index(index, case(1, "un"))
    assert matches(index, SearchQuery()) == {1: 0}


@pytest.mark.parametrize("damage", ["layout", "digest", "cut", "gone", "link", "folder"])
def test_a_damaged_manifest_makes_the_index_unready(index, folder, damage):
    fill_index(index, case(1, "un"))
    manifest, link = commit_folder(index) / "manifest", folder / "current"
    body, digest = manifest.read_bytes().split(b"\n")
    if damage == "layout":
        body = json.dumps(json.loads(body) | {"layout": "1 whoosh-2.7.5 little-endian"}).encode()
        manifest.write_bytes(body + b"\n" + sha256(body).hexdigest().encode())
    elif damage == "digest":
        manifest.write_bytes(body.replace(b'"seq": 1', b'"seq": 9') + b"\n" + digest)
    elif damage == "cut":
        manifest.write_bytes(body[:-3] + b"\n" + digest)
    elif damage == "gone":
        manifest.unlink()
    else:
        link.unlink()
        if damage == "folder":
            link.mkdir()
    assert is_unready(index, stamped=damage not in ("link", "folder"))
    fill_index(index, case(2, "deux"), cursor=LATER)
    assert index.find(None, SearchQuery()) == Whoosh(folder).find(None, SearchQuery())
    assert (matches(index, SearchQuery()), index.cursor()) == ({2: 0}, LATER)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720])
def test_a_folder_that_others_may_write_is_not_read(index, folder, mode):
    fill_index(index, case(1, "un"))
    folder.chmod(mode)
    assert is_unready(index)
    fill_index(index, case(1, "un"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert matches(index, SearchQuery()) == {1: 0}


@contextmanager
def somebody() -> Iterator[int]:
    """As an account that is nobody's, if the tests run as root, who may everything."""
    if os.geteuid() != 0:
        yield os.geteuid()
        return
    os.seteuid(65_534)
    try:
        yield 65_534
    finally:
        os.seteuid(0)


def test_a_folder_of_another_account_is_not_read():
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        index = Whoosh(Path(top, "index"))
        fill_index(index, case(1, "un"))
        if os.geteuid() == 0:
            os.chown(index._folder, 65_534, -1)
            assert is_unready(index)
            with pytest.raises(IndexNotReady):
                fill_index(index, case(1, "un"))
            os.chown(index._folder, 0, -1)
        assert matches(index, SearchQuery()) == {1: 0}


def test_a_folder_that_cannot_be_written_is_read_and_heals():
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o777)
        with somebody():
            index = Whoosh(Path(top, "index"))
            fill_index(index, case(1, "un"))
            place = commit_folder(index)
            (index._folder / "lock").chmod(0o400)
            place.chmod(0o500)
            index._folder.chmod(0o500)
            try:
                assert (
                    matches(index, SearchQuery())
                    == matches(Whoosh(index._folder), SearchQuery())
                    == {1: 0}
                )
                assert index.intact(deep=True)
                with pytest.raises(OSError, match="denied"):
                    index.write(LATER, [case(2, "deux")], [], scrub=False)
            finally:
                index._folder.chmod(0o700)
                place.chmod(0o700)
                (index._folder / "lock").chmod(0o600)
            index.write(LATER, [case(2, "deux")], [], scrub=False)
            assert matches(index, SearchQuery()) == {1: 0, 2: 0}


@pytest.mark.parametrize("kind", [".toc", ".seg"])
def test_a_touched_file_is_noticed_at_once(index, folder, kind):
    fill_index(index, case(1, "un"))
    matches(index, SearchQuery())
    (path,) = commit_folder(index).glob(f"*{kind}")
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert is_unready(index, stamped=True)
    assert is_unready(Whoosh(folder), stamped=True)
    fill_index(index, case(1, "un"))
    assert matches(index, SearchQuery()) == {1: 0}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_silent_corruption_is_noticed_by_a_deep_check(index, folder):
    fill_index(index, case(1, "un"))
    for path in [commit_folder(index) / name for name in index._read_commit().files]:
        content, times = path.read_bytes(), path.stat()
        path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert index.intact(deep=False)
        assert not index.intact(deep=True)
        # A process that opens the index reads it whole once.
        with pytest.raises(IndexNotReady):
            Whoosh(folder).find(None, SearchQuery())
        # A merge does not make the damage part of a sound file: its commit fails.
        with suppress(Exception):
            index.write(LATER, [case(2, "deux")], [1], scrub=True)
        assert index.cursor() == START
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    # Whoosh leaves the files of a commit that fails to the garbage collector.
    gc.collect()
    assert index.intact(deep=True)


def test_error_messages_contain_no_word_of_a_case(index, folder, monkeypatch):
    fill_index(index, case(1, "un"))

    def failing(*_args: object) -> None:
        raise ValueError("the word was secretunique")

    monkeypatch.setattr(whoosh, "search_segment", failing)
    with pytest.raises(IndexNotReady) as refusal:
        index.find(None, word_query("un"))
    assert str(refusal.value) == "ValueError"
    assert refusal.value.__suppress_context__


def test_tokens_of_any_kind_are_terms(index):
    cases = [
        Document(number, ((token,),), (), ((token,),), ())
        for number, token in enumerate(TOKENS, start=1)
    ]
    fill_index(index, *cases)
    for number, token in enumerate(TOKENS, start=1):
        assert matches(index, word_query(token)) == {number: 1}
    assert index.forms(None) == sorted(TOKENS)
    assert all(form < next_form for form, next_form in pairwise(index.forms(None)))
