"""Alternatives to a search without results: fewer filters, fewer words, a wider area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases import facets
from register.cases.filters import CaseQuery
from register.cases.web.public import search_title
from register.cases.web.public.filter_panel import filter_titles
from register.cases.web.public.search_request import TextSearch, search_text
from register.cases.web.public.search_suggestions import (
    SearchSuggestions,
    SuggestionLink,
    place_label,
    replace_words,
)
from register.db import db
from register.search.engine_interface import QueryPart
from register.territory import place_queries
from register.territory.resolve import resolve
from register.territory.web import place_choice, place_names
from register.web import urls
from register.web.l10n import count_words, typeset
from register.web.request_context import commune_case_counts, current_vocabulary, gazetteer, head

# Each link costs one more search.
_MAX_LINKS = 6


@dataclass(frozen=True)
class NoResultsLinks:
    """Searches that have results, each with its count, and places with a similar name."""

    fewer_filters: Sequence[SuggestionLink]
    fewer_words: Sequence[SuggestionLink]
    wider: Sequence[SuggestionLink]
    similar_names: Sequence[SuggestionLink]


def no_results_links(
    query: CaseQuery, text_search: TextSearch | None, suggestions: SearchSuggestions
) -> NoResultsLinks:
    """The alternatives to a search without a case.

    :param suggestions: what the page offers already.
    """
    return NoResultsLinks(
        fewer_filters=list(_fewer_filter_links(query, text_search)),
        fewer_words=list(_fewer_word_links(query, text_search)) if text_search else (),
        wider=list(_wider_area_links(query, text_search)),
        similar_names=list(_similar_name_links(text_search, suggestions)) if text_search else (),
    )


def _fewer_filter_links(
    query: CaseQuery, text_search: TextSearch | None
) -> Iterator[SuggestionLink]:
    """The search without one of its filters, unless no filter would remain."""
    hits = text_search.strength if text_search else None
    relaxations = facets.count_relaxed(db.session(), query, current_vocabulary(), head(), hits)
    for name, filter_value, count in islice(relaxations, _MAX_LINKS):
        relaxed_query = query.without(name, filter_value)
        if not count or relaxed_query.is_bare:
            continue
        if name == "q":
            label = _("Sans les mots %(words)s", words=search_title.quote_typed(filter_value))
        else:
            label = _(
                "Sans « %(filter)s : %(value)s »",
                filter=filter_titles()[name],
                value=search_title.value_label(current_vocabulary(), name, filter_value),
            )
        yield _counted_link(str(label), relaxed_query, count)


def _fewer_word_links(query: CaseQuery, text_search: TextSearch) -> Iterator[SuggestionLink]:
    """The search without one of its words."""
    parts = text_search.search_query.parts
    if len(text_search.search_query.required_parts) < 2:
        return
    for part in text_search.search_query.required_parts[:_MAX_LINKS]:
        shorter_text = " ".join(
            _retype_part(other, text_search.text) for other in parts if other is not part
        )
        hits = search_text(shorter_text)
        if hits is None:
            return
        relaxed_query = replace_words(query, shorter_text)
        count = facets.count_matches(
            db.session(), relaxed_query, current_vocabulary(), head(), hits
        )
        if count:
            yield _counted_link(search_title.quote_typed(shorter_text), relaxed_query, count)


def _retype_part(part: QueryPart, text: str) -> str:
    """A part of a search as a person would type it to search for the same."""
    typed = part.typed
    if any(f"{mark}{typed}" in text for mark in '"“”„«'):
        typed = f'"{typed}"'
    return f"-{typed}" if part.excluded else typed


def _wider_area_links(query: CaseQuery, text_search: TextSearch | None) -> Iterator[SuggestionLink]:
    """The search in the départements of its communes, or the régions of its départements."""
    hits = text_search.strength if text_search else None
    for kind, wider_kind in (("commune", "departement"), ("departement", "region")):
        parent_codes = {_parent_code(kind, code) for code in query.values.get(kind, ())} - {""}
        if not parent_codes:
            continue
        other_filters = {
            name: filter_values for name, filter_values in query.values.items() if name != kind
        }
        wider_query = replace(
            query, values={**other_filters, wider_kind: tuple(sorted(parent_codes))}, page=1
        )
        count = facets.count_matches(db.session(), wider_query, current_vocabulary(), head(), hits)
        if count:
            names = [place_names.place_name(wider_kind, code) for code in sorted(parent_codes)]
            yield _counted_link(typeset(", ".join(names)), wider_query, count)


def _parent_code(kind: str, code: str) -> str:
    """The code of the area that contains a commune or a département; empty for none."""
    if kind == "commune":
        place = place_names.find_commune_view(code)
        return place.departement.code if place and place.departement else ""
    departement = place_queries.departement(db.session(), code)
    return (departement.region_code or "") if departement else ""


def _similar_name_links(
    text_search: TextSearch, suggestions: SearchSuggestions
) -> Iterator[SuggestionLink]:
    """Places with a name similar to the typed text, if the page offers nothing else for it."""
    if suggestions.narrower or suggestions.place_pages or suggestions.spelling:
        return
    readings = resolve(gazetteer(), text_search.text, commune_case_counts()).readings
    for choice in place_choice.choices_for(readings[:_MAX_LINKS], place_choice.place_url):
        yield SuggestionLink(place_label(choice), choice.address)


def _counted_link(search_label: str, target_query: CaseQuery, count: int) -> SuggestionLink:
    label = ngettext(
        "%(what)s : %(count)s cas",
        "%(what)s : %(count)s cas",
        count,
        what=search_label,
        count=count_words(count),
    )
    return SuggestionLink(typeset(label), urls.cases(target_query))
