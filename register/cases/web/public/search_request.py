"""The words of a search on a page: the cases they find, and their marks in what a list shows."""

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
from register.search import matcher, query_parser, service
from register.search.engine import CODE, QueryPart, SearchEngine, SearchQuery
from register.search.service import Reach, SearchMatches
from register.text.normalisation import one_line
from register.web import etag, urls
from register.web.error_messages import error_sentence
from register.web.request_context import current_vocabulary, head

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
        for piece, is_match in matcher.highlighted_pieces(search_query, text)
    )
    return Markup("").join(pieces)


QueryArgs = Mapping[str, Sequence[str]]

# Fields that are written in, by their names, which are their ids as well.
_TEXT_FIELDS = frozenset({WORDS, "media", "du", "au"})
_FILTER_ERRORS = frozenset({"filter", "filter_too_many"})
_FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "tri", "page"})


@dataclass(frozen=True)
class FieldFault:
    """What a field got wrong, as a sentence; ``field`` is empty for one without a place to type."""

    field: str
    sentence: str


@dataclass(frozen=True)
class FaultyForm:
    """A form as it came: the search that makes sense in it, the faults, what was written there."""

    query: CaseQuery
    faults: Sequence[FieldFault]
    typed: Mapping[str, str]


def parse_search(args: QueryArgs) -> CaseQuery:
    """The search of an address.

    :raises Invalid: a value that makes no sense, or a page that there cannot be.
    """
    query = filters.parse(args, current_vocabulary())
    filters.require_places(db.session(), query)
    return query


def has_empty_parameters(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether an address has parameters of the form that say nothing."""
    return any(name in _FORM_PARAMETERS and not one_line(text_value) for name, text_value in pairs)


def is_field_error(error: Invalid) -> bool:
    """Whether the reader can put it right in the form; the number of a page he did not type."""
    return error.key in _FILTER_ERRORS or error.key.startswith("search_")


def read_faulty_form(args: QueryArgs) -> FaultyForm:
    """A form that was filled in with something that makes no sense."""
    remaining = {name: texts for name, texts in args.items() if name != "page"}
    faults, typed = [], {}
    while True:
        try:
            query = parse_search(remaining)
            query_parser.parse(query.words)
        except Invalid as error:
            name = str(error.values.get("name", WORDS))
            # A fault that no filter is left to bear would be told for ever.
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


def _fault_sentence(error: Invalid, name: str) -> str:
    """What is wrong, with the filter as the form calls it."""
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
    """Which value a filter does not take, and why. Only here: no other error page quotes any."""
    quoted_value = search_title.quote_typed(typed_value)
    if name in urls.PLACES:
        sentence = _("« %(filter)s » : aucun territoire ne porte le code %(value)s.")
    elif name in ("media", "endroit"):
        sentence = _("« %(filter)s » : %(value)s dépasse %(limit)s caractères.")
    else:
        sentence = _("« %(filter)s » ne connaît pas la valeur %(value)s.")
    return str(sentence) % {"filter": filter_title, "value": quoted_value, "limit": LENGTH_LIMIT}
