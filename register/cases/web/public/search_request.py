"""Search of a request: parameters, result, and highlighted terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import cast

from flask import Flask, current_app, redirect, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from register.cases import filters
from register.cases.data_version import VersionedMapCache
from register.cases.filters import CaseQuery
from register.cases.result_lists import CaseSummary
from register.db import db
from register.search import query_parser, reference_matcher
from register.search.document import load_weak_texts
from register.search.engine_interface import CODE, SearchEngine, SearchQuery
from register.search.service import CaseSearch, Reach, SearchResult, TextSearch
from register.territory.web import place_choice
from register.text.typography import french
from register.web import etag
from register.web.l10n import language
from register.web.list_query import QueryArgs
from register.web.request_context import (
    current_data_version,
    current_facet_index,
    current_vocabulary,
    head,
)

_TAG = re.compile("<[^>]*>")
_MARK = Markup("<mark>{}</mark>")
# Searches whose matches are cached until an act or the index changes them: some ten kilobytes each
# at 100,000 cases.
RECENT_LIMIT = 64
_RECENT = "register.recent_searches"


class TermHighlighter:
    """Marker of the search terms in the texts of a list."""

    def __init__(self, search_query: SearchQuery, numbers: Collection[int]) -> None:
        """Mark terms.

        :param numbers: the cases of the list.
        """
        self._numbers = numbers
        self._search_query = search_query
        # What a row with marks depends on besides its case.
        self.key = repr(search_query)
        self._cache: dict[Markup, Markup] = {}
        # The code of a département or of a year is in no text.
        self._has_words = any(
            not token.startswith(CODE)
            for part in search_query.required_parts
            for alternative in part.alternatives
            for token in alternative.tokens
        )

    def __call__(self, text: str) -> Markup:
        """The text as HTML with marked terms; in HTML, tags are left alone."""
        # The text "<b>" and the Markup "<b>" are equal but differ in meaning, and as HTML.
        html = escape(text)
        if html not in self._cache:
            pieces, end = [], 0
            for tag in _TAG.finditer(html):
                # A slice of a Markup is a Markup too.
                untagged, markup = html[end : tag.start()], html[tag.start() : tag.end()]
                pieces += [self._mark_text(untagged.unescape()), markup]
                end = tag.end()
            pieces.append(self._mark_text(html[end:].unescape()))
            self._cache[html] = Markup("").join(pieces)
        return self._cache[html]

    def shows(self, *marked_texts: Markup) -> bool:
        """Whether a marked term shows why the case matches, or no text could show it."""
        return not self._has_words or any("<mark>" in marked_text for marked_text in marked_texts)

    def passage(self, case: CaseSummary) -> Markup:
        """The first sentence of a case's other texts that shows why it matches, or nothing.

        A list does not repeat the texts of a contested case (Crim. 2 nov. 2016, 15-87.163).
        """
        texts = () if case.contested else self._weak_texts.get(case.number, ())
        return self(french(reference_matcher.find_sentence(self._search_query, texts)))

    @cached_property
    def _weak_texts(self) -> Mapping[int, Sequence[str]]:
        return load_weak_texts(db.session(), self._numbers)

    def _mark_text(self, text: str) -> Markup:
        pieces = (
            _MARK.format(piece) if is_match else escape(piece)
            for piece, is_match in reference_matcher.highlighted_pieces(self._search_query, text)
        )
        return Markup("").join(pieces)


def highlighter(
    text_search: TextSearch | None, numbers: Collection[int] = ()
) -> TermHighlighter | None:
    """The marker of the terms of a search in a list of cases; None without terms to mark."""
    if text_search is None or not text_search.search_query.required_parts:
        return None
    return TermHighlighter(text_search.search_query, numbers)


def case_search() -> CaseSearch:
    """Searches in the index of this application, for the present request."""
    engine = cast(SearchEngine, current_app.extensions[etag.SEARCH_KEY])
    return CaseSearch(db.session(), engine, current_vocabulary(), head())


def run_search(query: CaseQuery) -> SearchResult:
    """The result of a search.

    :raises Invalid: a text that cannot be searched for; see ``query_parser``.
    """
    text = _search_words(query.words) if query.words else None
    if text and text.matches.reach is Reach.TITLES_ONLY:
        # The index may be available again soon, with the same ETag as before.
        etag.skip_caching()
        _recent_searches().clear()
    return SearchResult(current_facet_index(), query, text)


def _search_words(words: str) -> TextSearch:
    """The cases that match some words, which pages, filters and feeds of one search share."""

    def search() -> TextSearch:
        search_query = query_parser.parse(words)
        return TextSearch(words, search_query, case_search().find(search_query))

    index_state = etag.noted_index_state()
    if not index_state:
        return search()
    version = (current_data_version(), index_state, language())
    return _recent_searches().get_or_make(version, words, search)


def attach(app: Flask) -> None:
    """Give an application its recent searches."""
    app.extensions[_RECENT] = VersionedMapCache(RECENT_LIMIT)


def _recent_searches() -> VersionedMapCache[str, TextSearch]:
    return cast("VersionedMapCache[str, TextSearch]", current_app.extensions[_RECENT])


def search_query_strengths(search_query: SearchQuery) -> Mapping[int, int] | None:
    """The matches of another query; None without an index, because that would take too long."""
    matches = case_search().find_indexed(search_query)
    if matches is None:
        etag.skip_caching()
    return matches.strength if matches else None


def parse_search(args: QueryArgs) -> CaseQuery:
    """The search of an address.

    :raises Invalid: an unknown value, or an impossible page number.
    """
    return filters.parse(args, current_vocabulary())


def place_redirect(
    typed: str,
    query: CaseQuery,
    address: Callable[[CaseQuery], str],
    choice_template: str,
    **template_values: object,
) -> ResponseReturnValue:
    """A redirect to the same list at a typed place, or the choice between its readings.

    :param address: that of the list with a search.
    """
    places = place_choice.match_places(
        typed, lambda reading: address(place_choice.query_at_place(query, reading))
    )
    if places.sole_choice:
        return redirect(places.sole_choice.address, 303)
    return render_template(choice_template, matches=places, **template_values)
