"""The words of a search on a page: the cases they find, and their marks in what a list shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import current_app
from markupsafe import Markup, escape

from register.cases.filters import CaseQuery
from register.db import db
from register.search import highlight, query_parser, service
from register.search.engine import SearchEngine
from register.search.query_model import CODE, QueryPart, SearchQuery
from register.search.service import Reach, SearchMatches
from register.web import etag
from register.web.context import current_vocabulary, head

_TAG = re.compile("<[^>]*>")
_MARK = Markup("<mark>{}</mark>")


@dataclass(frozen=True)
class TextSearch:
    """What a person typed, how it was read, and the cases that answer it."""

    text: str
    search_query: SearchQuery
    matches: SearchMatches

    @property
    def ignored_operator(self) -> str:
        """A word that was typed to ask for alternatives, which a search does not have; or empty."""
        return query_parser.find_or_operator(self.text)

    @property
    def strength(self) -> Mapping[int, int]:
        """The numbers of the cases, as the layer of incidents takes them."""
        return self.matches.strength


def search_engine() -> SearchEngine:
    """The search engine of this application."""
    return cast(SearchEngine, current_app.extensions[etag.SEARCH_KEY])


def run_search(query: CaseQuery) -> TextSearch | None:
    """What the words of a search find; None for a search without any.

    :raises Invalid: a text that cannot be searched for; see ``language``.
    """
    if not query.words:
        return None
    search_query = query_parser.parse(query.words)
    matches = service.find_cases(
        db.session(), search_engine(), search_query, current_vocabulary(), head()
    )
    if matches.reach is Reach.TITLES_ONLY:
        # The index may be back in a moment under the stamp that it had.
        etag.skip_caching()
    return TextSearch(query.words, search_query, matches)


def search_text(search_words: str) -> Mapping[int, int] | None:
    """What another search by words would find; None without an index, which would take too long."""
    matches = service.search_index(
        db.session(),
        search_engine(),
        query_parser.parse(search_words),
        current_vocabulary(),
        head(),
    )
    if matches is None:
        etag.skip_caching()
        return None
    return matches.strength


class TermHighlighter:
    """Marks in what a list shows of a case the words that were asked."""

    def __init__(self, search_query: SearchQuery) -> None:
        self._search_query = search_query
        self._cache: dict[tuple[bool, str], Markup] = {}
        # A département or a year is meant by a number, and stands in no text.
        self._has_words = any(_is_word_part(part) for part in search_query.required_parts)

    def __call__(self, text: str) -> Markup:
        """The text as HTML; of HTML, only what a reader sees is looked at."""
        # A text that reads "<b>" and the HTML that says so are equal, and are not the same.
        key = (isinstance(text, Markup), str(text))
        if key not in self._cache:
            self._cache[key] = _highlight_html(text, self._search_query)
        return self._cache[key]

    def shows(self, *marked_texts: Markup) -> bool:
        """Whether what was marked shows why the case was found, or nothing could."""
        return not self._has_words or any("<mark>" in marked_text for marked_text in marked_texts)


def highlighter(search: TextSearch | None) -> TermHighlighter | None:
    """The marker of a search; None where there is nothing to mark."""
    return (
        TermHighlighter(search.search_query)
        if search and search.search_query.required_parts
        else None
    )


def _is_word_part(part: QueryPart) -> bool:
    return not all(
        token.startswith(CODE) for alternative in part.alternatives for token in alternative.tokens
    )


def _highlight_html(text: str, search_query: SearchQuery) -> Markup:
    if not isinstance(text, Markup):
        return _highlight_text(text, search_query)
    pieces, end = [], 0
    for tag in _TAG.finditer(text):
        # A part of a Markup is one, too.
        pieces += [
            _highlight_text(text[end : tag.start()].unescape(), search_query),
            text[slice(*tag.span())],
        ]
        end = tag.end()
    return Markup("").join([*pieces, _highlight_text(text[end:].unescape(), search_query)])


def _highlight_text(text: str, search_query: SearchQuery) -> Markup:
    pieces = (
        _MARK.format(piece) if is_match else escape(piece)
        for piece, is_match in highlight.highlighted_pieces(search_query, text)
    )
    return Markup("").join(pieces)
