"""Search of a request: its parameters, its matches, its highlighted terms, its faulty fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup, escape

from register.cases import filters
from register.cases.filters import FILTERS, LENGTH_LIMIT, WORDS, WORDS_LIMIT, CaseQuery
from register.cases.web.public import filter_panel, search_title
from register.db import db
from register.errors import Invalid
from register.search import query_parser, reference_matcher, service
from register.search.engine_interface import CODE, SearchEngine, SearchQuery
from register.search.service import Reach, SearchMatches
from register.text.normalisation import one_line
from register.web import etag, urls
from register.web.error_messages import error_sentence
from register.web.request_context import current_vocabulary, head

_TAG = re.compile("<[^>]*>")
_MARK = Markup("<mark>{}</mark>")
QueryArgs = Mapping[str, Sequence[str]]
# Text fields by their names, which are also their ids.
_TEXT_FIELDS = frozenset({WORDS, "media", "du", "au"})
_FILTER_ERRORS = frozenset({"filter", "filter_too_many"})
_FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "tri", "page"})


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
            self._cache[key] = _highlight_html(text, self._search_query)
        return self._cache[key]

    def shows(self, *marked_texts: Markup) -> bool:
        """Whether a marked term shows why the case matches, or no text could show it."""
        return not self._has_words or any("<mark>" in marked_text for marked_text in marked_texts)


@dataclass(frozen=True)
class FieldFault:
    """The error sentence of a field; ``field`` is empty for a filter without a text field."""

    field: str
    sentence: str


@dataclass(frozen=True)
class FaultyForm:
    """A form with errors: the search of its valid values, the faults, and the refused texts."""

    query: CaseQuery
    faults: Sequence[FieldFault]
    typed: Mapping[str, str]


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


def highlighter(search: TextSearch | None) -> TermHighlighter | None:
    """The marker of a search; None without terms to mark."""
    return (
        TermHighlighter(search.search_query)
        if search and search.search_query.required_parts
        else None
    )


def parse_search(args: QueryArgs) -> CaseQuery:
    """The search of an address.

    :raises Invalid: an unknown value, or an impossible page number.
    """
    query = filters.parse(args, current_vocabulary())
    filters.require_places(db.session(), query)
    return query


def has_empty_parameters(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether an address has empty parameters of the form."""
    return any(name in _FORM_PARAMETERS and not one_line(text_value) for name, text_value in pairs)


def is_field_error(error: Invalid) -> bool:
    """Whether the reader can correct it in the form, which has no field for the page number."""
    return error.key in _FILTER_ERRORS or error.key.startswith("search_")


def read_faulty_form(args: QueryArgs) -> FaultyForm:
    """Split a refused form into valid and refused values."""
    remaining = {name: texts for name, texts in args.items() if name != "page"}
    faults, typed = [], {}
    while True:
        try:
            query = parse_search(remaining)
            query_parser.parse(query.words)
        except Invalid as error:
            name = str(error.values.get("name", WORDS))
            # KeyError instead of an endless loop, should an error name no remaining filter.
            removed_values = remaining.pop(name)
            faults.append(
                FieldFault(name if name in _TEXT_FIELDS else "", _fault_sentence(error, name))
            )
            if name in _TEXT_FIELDS and len(removed_values) == 1:
                typed[name] = one_line(removed_values[0])[
                    : WORDS_LIMIT if name == WORDS else LENGTH_LIMIT
                ]
        else:
            return FaultyForm(query, faults, typed)


def _highlight_html(text: str, search_query: SearchQuery) -> Markup:
    if not isinstance(text, Markup):
        return _highlight_text(text, search_query)
    pieces, end = [], 0
    for tag in _TAG.finditer(text):
        # A slice of a Markup is a Markup too.
        pieces += [
            _highlight_text(text[end : tag.start()].unescape(), search_query),
            text[slice(*tag.span())],
        ]
        end = tag.end()
    return Markup("").join([*pieces, _highlight_text(text[end:].unescape(), search_query)])


def _highlight_text(text: str, search_query: SearchQuery) -> Markup:
    pieces = (
        _MARK.format(piece) if is_match else escape(piece)
        for piece, is_match in reference_matcher.highlighted_pieces(search_query, text)
    )
    return Markup("").join(pieces)


def _fault_sentence(error: Invalid, name: str) -> str:
    """The sentence of an error, with the filter's title in the form."""
    if name == WORDS and error.key == "filter":
        return error_sentence(Invalid("search_too_long", limit=WORDS_LIMIT))
    if name in ("du", "au"):
        date_hint = _(
            "« %(field)s » : écrivez une année, un mois ou un jour, comme 2006, 2006-06 ou "
            "2006-06-26.",
            field=filter_panel.filter_titles()[name],
        )
        return str(date_hint)
    filter_title = filter_panel.filter_titles().get(name, name)
    if error.key == "filter":
        return _unknown_value(name, filter_title, str(error.values["value"]))
    if "name" in error.values:
        error = Invalid(error.key, **{**error.values, "name": filter_title})
    return error_sentence(error)


def _unknown_value(name: str, filter_title: str, typed_value: str) -> str:
    """The sentence about an unknown value, the only error sentence that quotes a typed value."""
    quoted_value = search_title.quote_typed(typed_value)
    if name in urls.PLACES:
        sentence = _("« %(filter)s » : aucun territoire ne porte le code %(value)s.")
    elif name in ("media", "endroit"):
        sentence = _("« %(filter)s » : %(value)s dépasse %(limit)s caractères.")
    else:
        sentence = _("« %(filter)s » ne connaît pas la valeur %(value)s.")
    return str(sentence) % {"filter": filter_title, "value": quoted_value, "limit": LENGTH_LIMIT}
