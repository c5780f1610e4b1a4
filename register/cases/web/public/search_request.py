"""Search of a request: its parameters, its matches and its highlighted terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from flask import current_app, redirect, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from register.cases import filters
from register.cases.filters import CaseQuery
from register.db import db
from register.search import query_parser, reference_matcher, service
from register.search.engine_interface import CODE, SearchEngine, SearchQuery
from register.search.service import Reach, SearchMatches
from register.territory.web import place_choice
from register.web import etag
from register.web.list_query import QueryArgs
from register.web.request_context import current_vocabulary, head

_TAG = re.compile("<[^>]*>")
_MARK = Markup("<mark>{}</mark>")


class TermHighlighter:
    """Marker of the search terms in the texts of a list."""

    def __init__(self, search_query: SearchQuery) -> None:
        self._search_query = search_query
        self._cache: dict[tuple[bool, str], Markup] = {}
        # The code of a département or of a year is in no text.
        self._has_words = any(
            not token.startswith(CODE)
            for part in search_query.required_parts
            for alternative in part.alternatives
            for token in alternative.tokens
        )

    def __call__(self, text: str) -> Markup:
        """The text as HTML with marked terms; in HTML, tags are left alone."""
        # The text "<b>" and the Markup "<b>" are equal but differ in meaning.
        key = (isinstance(text, Markup), str(text))
        if key not in self._cache:
            self._cache[key] = (
                self._mark_html(text) if isinstance(text, Markup) else self._mark_text(text)
            )
        return self._cache[key]

    def shows(self, *marked_texts: Markup) -> bool:
        """Whether a marked term shows why the case matches, or no text could show it."""
        return not self._has_words or any("<mark>" in marked_text for marked_text in marked_texts)

    def _mark_html(self, html: Markup) -> Markup:
        pieces, end = [], 0
        for tag in _TAG.finditer(html):
            # A slice of a Markup is a Markup too.
            text, markup = html[end : tag.start()], html[tag.start() : tag.end()]
            pieces += [self._mark_text(text.unescape()), markup]
            end = tag.end()
        return Markup("").join([*pieces, self._mark_text(html[end:].unescape())])

    def _mark_text(self, text: str) -> Markup:
        pieces = (
            _MARK.format(piece) if is_match else escape(piece)
            for piece, is_match in reference_matcher.highlighted_pieces(self._search_query, text)
        )
        return Markup("").join(pieces)


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

    @property
    def highlighter(self) -> TermHighlighter | None:
        """The marker of its terms; None without terms to mark."""
        return TermHighlighter(self.search_query) if self.search_query.required_parts else None


def search_engine() -> SearchEngine:
    """The search engine of this application."""
    return cast(SearchEngine, current_app.extensions[etag.SEARCH_KEY])


def run_search(query: CaseQuery) -> TextSearch | None:
    """The matches of a search's words; None for a search without words.

    :raises Invalid: a text that cannot be searched for; see ``query_parser``.
    """
    if not query.words:
        return None
    search_query = query_parser.parse(query.words)
    matches = service.find_cases(
        db.session(), search_engine(), search_query, current_vocabulary(), head()
    )
    if matches.reach is Reach.TITLES_ONLY:
        # The index may be available again soon, with the same ETag as before.
        etag.skip_caching()
    return TextSearch(query.words, search_query, matches)


def search_text(search_words: str) -> Mapping[int, int] | None:
    """The matches of another text; None without an index, because that would take too long."""
    search_query = query_parser.parse(search_words)
    matches = service.search_index(
        db.session(), search_engine(), search_query, current_vocabulary(), head()
    )
    if matches is None:
        etag.skip_caching()
    return matches.strength if matches else None


def parse_search(args: QueryArgs) -> CaseQuery:
    """The search of an address.

    :raises Invalid: an unknown value, or an impossible page number.
    """
    query = filters.parse(args, current_vocabulary())
    filters.require_places(db.session(), query)
    return query


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
