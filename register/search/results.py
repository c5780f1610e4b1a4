"""Result of a search: its cases, page, filter counts and map points, and what its words match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases import facet_index
from register.cases.filters import CaseQuery
from register.cases.selection import Selection
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.search import query_parser, service
from register.search.engine_interface import SearchEngine, SearchQuery
from register.search.service import SearchMatches


@dataclass(frozen=True)
class TextSearch:
    """A typed text, its parsed query and its matches."""

    text: str
    search_query: SearchQuery
    matches: SearchMatches

    @property
    def ignored_operator(self) -> str:
        """A typed "OU" or similar, which the search does not support; or empty."""
        return query_parser.find_or_operator(self.text)

    @property
    def strength(self) -> Mapping[int, int]:
        """Case number → strength of its match."""
        return self.matches.strength


class SearchResult(Selection):
    """Cases of a search by words and filters; ``text`` is None without words."""

    def __init__(
        self, index: facet_index.FacetIndex, query: CaseQuery, text: TextSearch | None
    ) -> None:
        super().__init__(index, query, text.strength if text else None)
        self.text = text


def run(
    session: Session,
    engine: SearchEngine,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchResult:
    """Run a search, once for all that a page says of it.

    :param head: position of the public ledger, read first on the same session.
    :raises Invalid: a text that cannot be searched for; see ``query_parser``.
    """
    text = None
    if query.words:
        search_query = query_parser.parse(query.words)
        matches = service.find_cases(session, engine, search_query, vocabulary, head)
        text = TextSearch(query.words, search_query, matches)
    return SearchResult(facet_index.load_index(session, vocabulary, head), query, text)
