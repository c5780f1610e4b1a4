"""Whatever is typed into the search box is an answer or a sentence, never an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import facet_data
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from register.cases.filters import WORDS, parse
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid
from register.journal import head
from register.search import engine_interface as factory
from register.search import indexer, query_parser, reference_matcher
from register.search.engine_interface import SearchQuery
from register.search.service import CaseSearch

pytestmark = pytest.mark.one_database

# "filter" is the refusal of a text that is longer than any search.
SENTENCES = {
    *("search_too_long", "search_too_many", "filter"),
    *("search_silent", "search_no_word", "search_short_beginning"),
}
# What a search may be made of: operators, marks that look like them, words, codes, and characters
# that turn the line round, hide, or are no characters.
MARKS = [
    *"\"“”„«»'’()[]{}*-−+~^:?!/\\&|<>=@#%_.,;§\t\n ",
    *"\x00\x1b\x7f\xad\u061c\u200b\u200f\u202e\u2066\ufeff\ufffe\U000e0041\U0010ffff",
    *"ﬁİßﷺ",
    "e\u0301\u0301\u0301",
]
WORDS_AND_OPERATORS = [
    *("gagny", "conseil", "filmer", "93", "2A", "2008", "TGI", "bâillon", "film*", "-gagny"),
    *("AND", "OR", "NOT", "NEAR", "§an:2008", "words:film", "a*", "*", "--", "-", '-"', '""', "l’"),
]
HOSTILE = {
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "mot " * 2_500,
    "ten thousand operators": '-"*(' * 2_500,
    "quotes in quotes": '"' * 199,
    "brackets, deep": "(" * 100 + ")" * 100,
    "every word excluded": "-a -gagny -film* -93 -2008",
    "beginnings of one letter": "a* b* c* d*",
    "a beginning of three letters": "con* dép* com*",
    "a beginning and no word": "*",
    "only silent words": "le la les de du",
    "only marks": "?!…",
    "nothing": "",
    "spaces": " \t\n\u00a0\u202f ",
    "right to left": "\u202eyngag\u202c",
    "Arabic": "منع التصوير",
    "controls": "ga\x00gny\x1b[31m\x7f",
    "combining": "e" + "\u0301" * 150,
    "surrogate": "gagny \udcff",
    "SQL": "'; DROP TABLE incident; --",
    "tsquery": "gagny & !filmer <-> (a|b):*",
    "Whoosh": "words:gagny number:[1 TO 9] gagny~2^3 /g.*y/",
    "a code": "§sens:contre_cible",
    "synonyms of synonyms": "bâillon " * 24,
    "beyond a number": "9" * 190,
    "percent": "%%%___\\%",
    "twenty-five words": " ".join(f"mot{number}" for number in range(25)),
}


@dataclass
class Box:
    """A search box over two public cases and a draft."""

    session: Any
    index: Any

    def search(self, text: str) -> str:
        """``answer``, or the key of the sentence that refuses the search, as a page parses it."""
        self.session.rollback()
        vocabulary_and_head = current_vocabulary(self.session), head(self.session)
        search = CaseSearch(self.session, self.index, *vocabulary_and_head)
        try:
            query = parse({WORDS: [text]}, vocabulary_and_head[0])
            matches = search.find(query_parser.parse(query.words))
        except Invalid as refusal:
            return refusal.key
        assert matches.reach == "whole"
        assert set(matches.strength) <= {1, 2}
        page = facet_data.list_page(self.session, query, *vocabulary_and_head, matches.strength)
        assert page.total == len(matches.strength)
        search.suggest_spelling(query.words)
        return "answer"


@pytest.fixture
def box(settings, engine, session, desk) -> Iterator[Box]:
    desk.published()
    desk.published(justice=True, commune="92062", title="Plainte contre un blog")
    desk.draft(title="Brouillon que personne ne lit")
    index = factory.open_search_engine(settings, engine)
    indexer.catch_up(engine, index)
    yield Box(session, index)
    index.close()


def _hostile_texts() -> st.SearchStrategy[str]:
    pieces = st.sampled_from(MARKS + WORDS_AND_OPERATORS) | st.text(max_size=4)
    return st.lists(pieces, max_size=40).map("".join) | st.text(max_size=250)


def _parsed(text: str) -> SearchQuery | str:
    """The query of a typed text, or the key of the sentence that refuses it."""
    try:
        return query_parser.parse(text)
    except Invalid as refusal:
        return refusal.key


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_or_refused(name):
    parsed = _parsed(HOSTILE[name])
    assert isinstance(parsed, SearchQuery) or parsed in SENTENCES


@given(_hostile_texts())
@limits(deadline=None)
def test_any_text_is_read_or_refused(text):
    query = _parsed(text)
    if isinstance(query, str):
        assert query in SENTENCES
        return
    assert len(query.parts) <= query_parser.PARTS_LIMIT
    assert all(alternative.tokens for part in query.parts for alternative in part.alternatives)
    # The pieces of a highlighted title make the title, whatever the query is.
    title = "Interdiction de filmer le conseil municipal de Gagny"
    assert (
        "".join(piece for piece, _ in reference_matcher.highlighted_pieces(query, title)) == title
    )


@given(st.text(min_size=1_000, max_size=12_000, alphabet="a\"* -«»(\u202e\x00é'"))
@limits(deadline=None, max_examples=20)
def test_a_very_long_text_is_refused_at_once(text):
    assert _parsed(text) in ("search_too_long", SearchQuery())


def test_hostile_texts_are_answered(box):
    for name, text in HOSTILE.items():
        assert box.search(text) in {"answer", *SENTENCES}, name


# The two cases and their index are only read.
@given(text=_hostile_texts())
@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered(box, text):
    assert box.search(text) in {"answer", *SENTENCES}
