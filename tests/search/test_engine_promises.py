"""What every engine promises, on both; what each does in its own way has tests of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from search_documents import START, case, fill_index, no_progress, word_query

from register.search import engine as factory
from register.search.engine import Cursor, Document, SearchQuery

LATER = Cursor(7, "bb", "made")


@pytest.fixture
def found(session, index):
    """``found(asked)``: what a page that begins now finds."""

    def asked_now(asked: SearchQuery) -> dict[int, int]:
        session.rollback()
        return index.find(session, asked).strength

    return asked_now


def test_words_of_removed_cases_alone_are_not_suggested(session, index):
    fill_index(index, case(1, "prive commun"), case(2, "commun autre"), case(3, "commun"))
    index.write(LATER, [], [1], scrub=False)
    assert index.forms(session) == ["autre", "commun"]


def test_the_stamp_and_the_cursor_move_with_each_commit(settings, engine, session, index):
    assert (index.stamp(), index.cursor(), index.intact(deep=False)) == ("", None, False)
    stamps = [index.stamp()]
    for seq in range(1, 5):
        cursor = Cursor(seq, f"{seq:02x}", "made")
        if seq == 1:
            fill_index(index, case(1, "un"), cursor=cursor)
        else:
            index.write(cursor, [], [], scrub=seq == 4)
        session.rollback()
        assert index.cursor() == index.find(session, SearchQuery()).cursor == cursor
        stamps.append(index.stamp())
        other = factory.open_search_engine(settings, engine)
        assert index.stamp() == stamps[-1] == other.stamp()
        other.close()
    assert len(set(stamps)) == 5


def test_an_index_may_be_empty_and_become_so(session, index, found):
    fill_index(index)
    assert found(SearchQuery()) == {}
    assert index.intact(deep=True)
    index.write(LATER, [case(1, "un")], [], scrub=False)
    index.write(LATER, [], [1], scrub=True)
    assert found(SearchQuery()) == found(word_query("un")) == {}
    assert index.forms(session) == []
    assert index.intact(deep=True)


def test_the_index_before_answers_until_the_new_one_stands(index, found):
    fill_index(index, case(1, "un"))

    def telling() -> Iterator[Document]:
        assert found(SearchQuery()) == {1: 0}
        yield case(2, "deux")
        assert index.cursor() == START

    index.rebuild(LATER, telling(), 1, no_progress)
    assert found(SearchQuery()) == {2: 0}
    assert index.cursor() == LATER


def test_documents_that_fail_change_nothing(index, found):
    fill_index(index, case(1, "un"))

    def telling() -> Iterator[Document]:
        yield case(2, "deux")
        raise RuntimeError("the database went away")

    for write in (
        lambda: index.write(LATER, telling(), [1], scrub=False),
        lambda: index.rebuild(LATER, telling(), 2, no_progress),
    ):
        with pytest.raises(RuntimeError, match="went away"):
            write()
        assert (index.cursor(), found(SearchQuery())) == (START, {1: 0})
    index.write(LATER, [case(2, "deux")], [], scrub=False)
    assert found(SearchQuery()) == {1: 0, 2: 0}
