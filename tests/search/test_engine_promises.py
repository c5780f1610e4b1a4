"""What every search engine promises, tested on both; each also has tests of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from search_documents import (
    START,
    by_number,
    case,
    expected_matches,
    fill_index,
    random_documents,
    sample_queries,
    word_query,
)

from register.search import engine_interface as factory
from register.search.engine_interface import (
    Cursor,
    Document,
    QueryAlternative,
    QueryPart,
    SearchQuery,
)

LATER = Cursor(7, "bb", "made")


@pytest.fixture
def matches(session, index):
    """``matches(query)``: the strength of each case that a page beginning now finds."""

    def find_now(query: SearchQuery) -> dict[int, int]:
        session.rollback()
        return index.find(session, query).strength

    return find_now


def test_search_engine_returns_what_the_reference_matcher_returns_for_many_words(index, matches):
    cases = by_number(random_documents(120))
    fill_index(index, *cases.values())
    for seq, document in enumerate(random_documents(40, seed=2), start=2):
        added = replace(document, number=document.number + 100)
        cases[added.number] = added
        index.write(Cursor(seq, "aa", "made"), [added], [], scrub=False)
    for query in sample_queries():
        assert matches(query) == expected_matches(query, cases.values()), query


def test_a_phrase_stays_in_one_field(index, matches):
    fill_index(index, Document(1, (("le", "maire"), ("filme",)), (("un", "blogueur"),), (), ()))
    assert matches(word_query("le", "maire")) == {1: 1}
    assert matches(word_query("un", "blogueur")) == {1: 0}
    assert matches(word_query("maire", "filme")) == {}
    assert matches(word_query("filme", "un")) == {}
    assert matches(word_query("maire", "filme", is_phrase=False)) == {1: 1}


def test_a_search_of_many_phrases_is_answered(index, matches):
    cases = by_number(random_documents(300))
    fill_index(index, *cases.values())
    common = [f"mot{number}" for number in range(1, 40)]
    alternatives = [
        tuple(QueryAlternative((common[(i * j) % 39], common[(i + j) % 39])) for j in range(20))
        for i in range(24)
    ]
    query = SearchQuery(
        tuple(
            QueryPart("x", phrases, excluded=bool(i % 2)) for i, phrases in enumerate(alternatives)
        )
    )
    assert matches(query) == expected_matches(query, cases.values())


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
        second_index = factory.open_search_engine(settings, engine)
        assert index.stamp() == stamps[-1] == second_index.stamp()
        second_index.close()
    assert len(set(stamps)) == 5


def test_an_index_may_be_empty_or_become_empty(session, index, matches):
    fill_index(index)
    assert matches(SearchQuery()) == {}
    assert index.intact(deep=True)
    index.write(LATER, [case(1, "un")], [], scrub=False)
    index.write(LATER, [], [1], scrub=True)
    assert matches(SearchQuery()) == matches(word_query("un")) == {}
    assert index.forms(session) == []
    assert index.intact(deep=True)


def test_the_former_index_answers_until_the_new_one_is_complete(index, matches):
    fill_index(index, case(1, "un"))

    def documents_for_rebuild() -> Iterator[Document]:
        assert matches(SearchQuery()) == {1: 0}
        yield case(2, "deux")
        assert index.cursor() == START

    index.rebuild(LATER, documents_for_rebuild())
    assert matches(SearchQuery()) == {2: 0}
    assert index.cursor() == LATER


def test_documents_that_fail_change_nothing(index, matches):
    fill_index(index, case(1, "un"))

    def failing_documents() -> Iterator[Document]:
        yield case(2, "deux")
        raise RuntimeError("the database went away")

    for write in (
        lambda: index.write(LATER, failing_documents(), [1], scrub=False),
        lambda: index.rebuild(LATER, failing_documents()),
    ):
        with pytest.raises(RuntimeError, match="went away"):
            write()
        assert (index.cursor(), matches(SearchQuery())) == (START, {1: 0})
    index.write(LATER, [case(2, "deux")], [], scrub=False)
    assert matches(SearchQuery()) == {1: 0, 2: 0}
