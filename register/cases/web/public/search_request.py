"""Search of a request: parameters, matches, highlighted terms, and the panel of its filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from flask import current_app, get_template_attribute, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup, escape

from register.cases import filters
from register.cases.case_codes import DURATIONS
from register.cases.data_version import VersionedMapCache
from register.cases.filters import CaseQuery
from register.cases.result_lists import CaseSummary
from register.cases.selection import Selection
from register.cases.web.public.search_title import value_label
from register.db import db
from register.search import query_parser, reference_matcher, service
from register.search.document import load_weak_texts
from register.search.engine_interface import CODE, SearchEngine, SearchQuery
from register.search.service import Reach, SearchMatches
from register.territory.web import place_choice
from register.text.normalisation import fold, fold_name
from register.web import etag
from register.web.list_query import FacetOption, QueryArgs
from register.web.request_context import current_facet_index, current_vocabulary, head

_TAG = re.compile("<[^>]*>")
_MARK = Markup("<mark>{}</mark>")


class TermHighlighter:
    """Marker of the search terms in the texts of a list."""

    def __init__(self, search_query: SearchQuery) -> None:
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
        texts = () if case.contested else load_weak_texts(db.session(), case.number)
        return self(reference_matcher.find_sentence(self._search_query, texts))

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


def search_query_strengths(search_query: SearchQuery) -> Mapping[int, int] | None:
    """The matches of another query; None without an index, because that would take too long."""
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
    filters.require_places(query)
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


# Filters that the panel shows as checkboxes, in this order; types are grouped by family.
CHECKBOX_FILTERS = (
    "famille",
    "type",
    "departement",
    "annee",
    "acteur",
    "cible",
    "niveau",
    "issue",
    "preuve",
    "sens",
    "duree",
    "media",
)
# Parameters that have a field in the form, or none in a new search.
_FORM_FIELDS = frozenset({*CHECKBOX_FILTERS, "sans_date", "du", "au", "q", "tri", "page"})
# Titles of the filters in the interface.
FILTER_TITLES: Mapping[str, Any] = {
    "q": lazy_gettext("Mots"),
    "commune": lazy_gettext("Commune"),
    "departement": lazy_gettext("Département"),
    "region": lazy_gettext("Région"),
    "epci": lazy_gettext("Intercommunalité"),
    "endroit": lazy_gettext("Lieu"),
    "pays": lazy_gettext("Pays"),
    "famille": lazy_gettext("Famille"),
    "type": lazy_gettext("Type de fait"),
    "cible": lazy_gettext("Qui est visé"),
    "acteur": lazy_gettext("Qui agit"),
    "niveau": lazy_gettext("Autorité"),
    "issue": lazy_gettext("Issue"),
    "preuve": lazy_gettext("Niveau de preuve"),
    "sens": lazy_gettext("Procédure"),
    "procedure": lazy_gettext("Procédure et son issue"),
    "media": lazy_gettext("Blog ou média"),
    "annee": lazy_gettext("Année des faits"),
    "duree": lazy_gettext("Durée"),
    "sans_date": lazy_gettext("Date"),
    "du": lazy_gettext("Depuis"),
    "au": lazy_gettext("Jusqu’à"),
    "tri": lazy_gettext("Ordre"),
}
# Two groups are open, so that a reader sees what the panel is for.
_OPEN_FACETS = frozenset({"famille", "preuve"})
# Their values belong to proceedings and durations, not to the case.
_UNCOUNTED_FILTERS = frozenset({"sens", "duree"})
# There are thousands of outlets: only those with the most cases get a checkbox.
_MAX_OUTLETS = 12

# Cached: each panel sorts about a hundred names.
_sort_key = lru_cache(maxsize=256)(fold_name)

OptionSections = Sequence[tuple[str, Sequence[FacetOption]]]


@dataclass(frozen=True)
class FilterFacet:
    """A group of checkboxes in sections, whose titles may be empty."""

    name: str
    title: str
    sections: OptionSections
    open: bool


_panel_cache: VersionedMapCache[str, Markup] = VersionedMapCache(256)


def cached_panel_html(selection: Selection) -> Markup:
    """The panel as HTML, cached because it is the larger half of a list.

    The panel of a search by words is not cached: its counts depend on the search index, and the
    cache of whole pages follows the index.
    """
    if selection.query.words:
        return panel_html(selection)
    key = f"{current_vocabulary().language} {selection.query.at_page(1).query_string()}"
    return _panel_cache.get_or_make(selection.index.version, key, lambda: panel_html(selection))


def panel_html(selection: Selection, typed: Mapping[str, str] | None = None) -> Markup:
    """The form filled with the search in force, as HTML.

    :param typed: refused texts by field, shown again to be corrected.
    """
    query = selection.query
    # Filters in force that have no field of their own; that of the words is above the list.
    hidden_filters = [(name, code) for name, code in query.pairs() if name not in _FORM_FIELDS]
    count = sum(len(codes) for name, codes in query.values.items() if name != "q")
    facets: list[FilterFacet] = []
    for name in CHECKBOX_FILTERS:
        selected = query.values.get(name, ())
        sections = _build_sections(name, selection.facet_counts.get(name, {}), selected)
        filled_sections = [(legend, options) for legend, options in sections if options]
        is_open = bool(selected) or name in _OPEN_FACETS
        # The outlets have a text field even without a checkbox.
        if filled_sections or name == "media":
            facets.append(FilterFacet(name, str(FILTER_TITLES[name]), filled_sections, is_open))
    macro: Callable[..., Markup] = get_template_attribute(
        "cases/public/_filter_panel.html", "filters"
    )
    return macro(facets, hidden_filters, count, query, typed)


def labelled_filters(query: CaseQuery) -> Iterator[tuple[str, CaseQuery]]:
    """The filters in force in words, each with the search without it."""
    for name, codes in query.values.items():
        for code in codes:
            label = value_label(name, code)
            label = _("%(filter)s : %(value)s", filter=FILTER_TITLES[name], value=label)
            yield label, query.without(name, code)


def _build_sections(
    name: str, counts: Mapping[str, int], selected: Sequence[str]
) -> OptionSections:
    """The checkboxes of a filter.

    :param counts: its values that have cases in the search.
    :param selected: its values in force.
    """
    vocabulary = current_vocabulary()
    if name == "type":
        return [
            (family.label, _counted_options(name, vocabulary.types_of([code]), counts, selected))
            for code, family in vocabulary.lists["famille"].items()
        ]
    if name in _UNCOUNTED_FILTERS:
        # A retired word is offered only where it is already selected.
        options = [
            FacetOption(code, value_label(name, code), code in selected)
            for code in vocabulary.lists.get(name, DURATIONS)
            if name not in vocabulary.lists or vocabulary.accepts(name, code) or code in selected
        ]
        return [("", options)]
    if name == "media":
        return [("", _outlet_options(counts, selected))]
    codes: Iterable[str] = {*counts, *selected}
    if name == "annee":
        # The newest first, as in the list.
        codes = sorted(codes, reverse=True)
    elif name == "departement":
        # By name: counts must not rank them.
        codes = sorted(codes, key=lambda code: _sort_key(value_label(name, code)))
    else:
        codes = vocabulary.lists[name]
    return [("", _counted_options(name, codes, counts, selected))]


def _counted_options(
    name: str, codes: Iterable[str], counts: Mapping[str, int], selected: Sequence[str]
) -> list[FacetOption]:
    """The checkboxes of the values that have cases or are in force."""
    return [
        FacetOption(code, value_label(name, code), code in selected, counts.get(code, 0))
        for code in codes
        if code in counts or code in selected
    ]


def _outlet_options(counts: Mapping[str, int], selected: Sequence[str]) -> list[FacetOption]:
    """The selected outlets and those with the most cases, by name."""
    selected_names = {fold(name): name for name in selected}
    top_names = sorted(counts, key=lambda name: (-counts[name], name))[:_MAX_OUTLETS]
    names = current_facet_index().outlet_names
    labels = {name: names.get(name, name) for name in top_names} | selected_names
    return [
        FacetOption(labels[name], labels[name], name in selected_names, counts.get(name, 0))
        for name in sorted(labels)
    ]
