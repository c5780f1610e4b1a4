"""What whoosh3 3.54.0 really does, and that the register does not fall into it.

The library is held to exactly this release. When a test of the first kind fails after an upgrade,
a trap is gone, and what was built around it can be looked at again.
"""

from __future__ import annotations

import os
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from search_documents import (
    START,
    by_number,
    case,
    expected_matches,
    random_documents,
    sample_queries,
    word_query,
)
from whoosh import analysis, fields, index, query, versionstring
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, LockError
from whoosh_kills import killed_writers

from register.search.engine_interface import (
    Cursor,
    IndexNotReady,
    QueryAlternative,
    QueryPart,
    SearchQuery,
)
from register.search.whoosh import Whoosh
from register.search.whoosh_segment import SCHEMA, Codec

LATER = Cursor(2, "bb", "made")


@pytest.fixture
def plain_index(tmp_path):
    """An index as Whoosh's own documentation makes it."""
    (tmp_path / "plain").mkdir()
    schema = fields.Schema(
        number=fields.NUMERIC(stored=True, unique=True),
        place=fields.ID(stored=True),
        text=fields.TEXT(analyzer=analysis.SpaceSeparatedTokenizer()),
    )
    return index.create_in(str(tmp_path / "plain"), schema)


@pytest.fixture
def register_index(tmp_path):
    whoosh_index = Whoosh(tmp_path / "index")
    whoosh_index.rebuild(START, [])
    yield whoosh_index
    whoosh_index.close()


def add(plain_index, *cases):
    with plain_index.writer() as writer:
        for number, place, text in cases:
            writer.update_document(number=number, place=place, text=text)


def test_the_installed_whoosh_is_the_tested_release():
    assert versionstring() == "3.54.0"


# --- 1. refresh() shows what was deleted ----------------------------------------------------------


def test_refresh_shows_both_versions_and_what_was_deleted(plain_index):
    add(plain_index, (1, "93032", "ancien"), (2, "93032", "retire"))
    searcher = plain_index.searcher()
    assert len(searcher.search(query.Every())) == 2
    add(plain_index, (1, "93032", "nouveau"))
    with plain_index.writer() as writer:
        writer.delete_by_term("number", 2)
    searcher = searcher.refresh()
    refreshed = [hit["number"] for hit in searcher.search(query.Every(), limit=None)]
    searcher.close()
    with plain_index.searcher() as fresh:
        expected = [hit["number"] for hit in fresh.search(query.Every(), limit=None)]
    assert expected == [1]
    assert sorted(refreshed) != expected


def test_an_open_index_reads_each_commit_completely(register_index):
    register_index.write(LATER, [case(1, "ancien"), case(2, "retire")], [], scrub=False)
    assert register_index.find(None, SearchQuery()).strength == {1: 0, 2: 0}
    register_index.write(LATER, [case(1, "nouveau")], [2], scrub=False)
    assert register_index.find(None, SearchQuery()).strength == {1: 0}
    assert register_index.find(None, word_query("ancien")).strength == {}
    assert register_index.find(None, word_query("retire")).strength == {}


# --- 2. limit= prunes wrongly ---------------------------------------------------------------------


def _occurrences(number: int) -> int:
    """How often a case has the word: the strongest come after a block of weak ones."""
    if number < 508:
        return 3
    if number == 508:
        return 4
    return 1 if number < 640 else 9


def test_a_limit_loses_the_strongest_matches(plain_index):
    add(
        plain_index,
        *(
            (
                number,
                "93032" if number % 4 == 0 else "75056",
                "film " * _occurrences(number) + "x " * 10,
            )
            for number in range(1_200)
        ),
    )
    both = query.And([query.Term("text", "film"), query.Term("place", "93032")])
    with plain_index.searcher() as searcher:
        pruned = [hit["number"] for hit in searcher.search(both, limit=20)]
        expected = [hit["number"] for hit in searcher.search(both, limit=None)][:20]
        assert expected[0] == 640
        assert pruned[0] == 508
        with pytest.raises(AssertionError):
            searcher.search(query.Require(*both.subqueries), limit=5)


def test_every_case_is_found_and_none_is_pruned(register_index):
    cases = [
        case(n + 1, "", "film " * _occurrences(n) + ("gagny" if n % 4 == 0 else "paris"))
        for n in range(1_200)
    ]
    register_index.write(LATER, cases, [], scrub=False)
    both = SearchQuery((*word_query("film").parts, *word_query("gagny").parts))
    assert register_index.find(None, both).strength == expected_matches(both, cases)
    assert len(register_index.find(None, both).strength) == 300


# --- 3. its memory map copies the whole index -----------------------------------------------------


def _peak(act) -> int:
    """Bytes of memory that Python took at most while something was done."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_memory_map_copies_the_index(plain_index, tmp_path):
    add(
        plain_index,
        *(
            (document.number, "x", " ".join(document.weak[0]))
            for document in random_documents(1_500)
        ),
    )
    size = _bytes(tmp_path / "plain")
    mapped = FileStorage(str(tmp_path / "plain"))
    assert mapped.supports_mmap
    assert _peak(lambda: mapped.open_index().searcher().close()) > 0.9 * size


def test_opening_the_index_reads_a_part_of_it(register_index):
    register_index.write(LATER, list(random_documents(1_500, words=200)), [], scrub=False)
    register_index.find(None, SearchQuery())
    size = _bytes(register_index._folder)
    register_index.close()
    # The numbers of the cases, and a buffer while the checksum is taken.
    assert size > 1_000_000
    assert _peak(lambda: register_index.find(None, word_query("mot1999"))) < 0.4 * size, size


# --- 4. groupedby= ignores the limit --------------------------------------------------------------


def test_groups_make_the_limit_void(plain_index):
    add(plain_index, *((number, "93032", "film") for number in range(30)))
    film = query.Term("text", "film")
    with plain_index.searcher() as searcher:
        assert len(list(searcher.search(film, limit=2))) == 2
        assert len(list(searcher.search(film, limit=2, groupedby="place"))) == 30


def test_an_index_returns_every_matching_case(register_index):
    """Counts and pages of results are made by the database."""
    register_index.write(LATER, [case(number, "film") for number in range(1, 31)], [], scrub=False)
    assert register_index.find(None, word_query("film")).strength == dict.fromkeys(range(1, 31), 1)


# --- 5. the index holds pickles -------------------------------------------------------------------


class Planted:
    """What makes a folder when it is read from a pickle."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def test_whoosh_unpickles_planted_code_when_it_opens_an_index(plain_index, tmp_path):
    planted_folder = tmp_path / "made"
    TOC(plain_index.schema, [Planted(planted_folder)], 1).write(plain_index.storage, "MAIN")
    index.open_dir(str(tmp_path / "plain"))
    assert planted_folder.is_dir()


def test_the_register_runs_no_code_planted_in_an_index(register_index, tmp_path):
    """The SHA-256 of a file is compared before anything of it is read."""
    planted_folder = tmp_path / "made"
    register_index.write(LATER, [case(1, "un")], [], scrub=False)
    (path,) = (tmp_path / "index" / register_index.stamp()).glob("*.toc")
    status = path.stat()
    path.unlink()
    toc = TOC(SCHEMA, [Planted(planted_folder)], int(path.stem.rpartition("_")[2]))
    toc.write(FileStorage(str(path.parent)), "MAIN")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with path.open("ab") as file:
        file.truncate(status.st_size)
    with pytest.raises(IndexNotReady):
        register_index.find(None, SearchQuery())
    assert not planted_folder.exists()
    # And no other account comes that far.
    assert (tmp_path / "index").stat().st_mode & 0o777 == 0o700


# --- 6. killed writers, and two at once -----------------------------------------------------------


def test_two_writers_refuse_each_other(plain_index):
    with plain_index.writer(), pytest.raises(LockError):
        plain_index.writer()


@pytest.mark.prove
def test_a_killed_writer_leaves_one_commit_or_the_next(register_index):
    assert killed_writers(register_index, times=5, seed=1) > 5


# --- 7. what analyses a text has to be importable; and a text is not stored -----------------------


def test_a_local_analyser_class_cannot_be_pickled():
    class Local(analysis.Tokenizer):
        def __call__(self, value, **options):
            yield from analysis.SpaceSeparatedTokenizer()(value, **options)

    # As the table of contents of an index is.
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(fields.Schema(text=fields.TEXT(analyzer=Local())))


def test_the_pickled_schema_and_codec_can_be_unpickled():
    unpickled = dict(pickle.loads(pickle.dumps(SCHEMA)).items())
    assert {name: type(field) for name, field in unpickled.items()} == {
        name: type(field) for name, field in SCHEMA.items()
    }
    assert type(pickle.loads(pickle.dumps(Codec()))) is Codec


def test_a_word_is_stored_once_as_token_and_once_as_form(register_index):
    register_index.write(LATER, [case(1, "titre", "motunique " * 50)], [], scrub=False)
    files = [path.read_bytes() for path in register_index._folder.rglob("*") if path.is_file()]
    # Once as a token, once as a form.
    assert sum(data.count(b"motunique") for data in files) == 2


# --- 8. speed: ``make bench`` measures it; here, that what is quick is right ----------------------


def test_an_alternative_without_matches_changes_no_result(register_index):
    cases = by_number(random_documents(200))
    register_index.write(LATER, cases.values(), [], scrub=False)
    for search_query in sample_queries(seed=4):
        widened = SearchQuery(
            tuple(
                QueryPart("x", (QueryAlternative(("absent",)), *part.alternatives))
                for part in search_query.parts
            )
        )
        assert register_index.find(None, widened).strength == expected_matches(
            widened, cases.values()
        )
