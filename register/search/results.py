"""Result of a search: its cases, page, filter counts and map points, and what its words match."""

from __future__ import annotations

from dataclasses import dataclass

from register.cases import facet_index
from register.cases.case_sets import Strengths
from register.cases.filters import CaseQuery
from register.cases.selection import Selection
from register.search import query_parser
from register.search.engine_interface import SearchQuery
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
    def strength(self) -> Strengths:
        """Case number → strength of its match."""
        return self.matches.strength


class SearchResult(Selection):
    """Cases of a search by words and filters; ``text`` is None without words."""

    def __init__(
        self, index: facet_index.FacetIndex, query: CaseQuery, text: TextSearch | None
    ) -> None:
        super().__init__(index, query, text.strength if text else None)
        self.text = text
