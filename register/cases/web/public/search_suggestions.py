"""Suggestions beside search results, and alternatives to a search without results.

They are links only: the search runs as typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.cases import case_places
from register.cases.filters import CaseQuery
from register.cases.result_lists import CaseSummary, load_page
from register.cases.selection import Selection
from register.cases.web.public import search_title
from register.cases.web.public.search_request import (
    TermHighlighter,
    case_search,
    search_query_strengths,
)
from register.db import db
from register.search import service
from register.search.engine_interface import SearchQuery
from register.search.service import Reach, TextSearch
from register.territory import place_queries
from register.territory.gazetteer import gazetteer
from register.territory.name_normalisation import split_words as mentioned
from register.territory.place_extraction import ExtractedPlace, extract_places
from register.territory.place_queries import find_commune
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import PlaceChoice, PlaceMatches
from register.web import messages, urls
from register.web.l10n import language, typeset
from register.web.request_context import commune_case_counts, current_facet_index

# Readings of one place among the suggestions; a separate page lists the others.
_MAX_READINGS = 4
# With fewer results, the cases that lack one word are listed too, this many at most.
_FEW_RESULTS = 10
_MAX_FURTHER_CASES = 20
# With at most this many results, a word may be misspelt.
_FEW_CASES = 2
# "d’accès" lacks "accès".
_ELISION = re.compile(r"\A(?:[dlsnmjtc]|qu)['’](?=\w)", re.IGNORECASE)
# Each alternative to a search without results costs one more search.
_MAX_ALTERNATIVES = 6


@dataclass(frozen=True)
class SuggestionLink:
    """The label and the address of a link."""

    label: str
    address: str


class SearchSuggestions:
    """Links beside the results of a search by words."""

    def __init__(self, query: CaseQuery, text_search: TextSearch) -> None:
        self._query, self._text_search = query, text_search
        self._wordless_query = _replace_words(query, "")

    @cached_property
    def _mentions(self) -> Sequence[ExtractedPlace]:
        return extract_places(gazetteer(), self._query.words, commune_case_counts())

    def _is_search_for_place(self, mention: ExtractedPlace) -> bool:
        """Whether the search is for the page of a place: other words or filters would be lost."""
        return not mention.remaining_text and self._wordless_query.is_bare

    @cached_property
    def place_pages(self) -> list[SuggestionLink]:
        """The pages of the place that the search names and nothing else."""
        links = []
        for mention in filter(self._is_search_for_place, self._mentions):
            links += [
                SuggestionLink(_place_label(choice), choice.address)
                for choice in _likeliest_readings(mention)
                if choice.reading.kind in urls.PLACES
            ]
            if label := _other_readings_label(mention):
                address = f"/communes?{urlencode({'q': mention.matched_text})}"
                links.append(SuggestionLink(label, address))
        return links

    @cached_property
    def place_lists(self) -> list[SuggestionLink]:
        """The cases of the place that the search names, which has no page: an intercommunalité."""
        return [
            _place_list_link(choice)
            for mention in filter(self._is_search_for_place, self._mentions)
            for choice in _likeliest_readings(mention)
            if choice.reading.kind not in urls.PLACES
        ]

    @cached_property
    def narrower(self) -> list[SuggestionLink]:
        """The same search at a place or in a year."""
        links: list[SuggestionLink] = []
        for mention in self._mentions:
            if self._is_search_for_place(mention):
                continue
            base_query = _replace_words(self._query, mention.remaining_text)
            links += _links_at_places(base_query, _likeliest_readings(mention))
            if label := _other_readings_label(mention):
                address = urls.cases(base_query, lieu=mention.matched_text)
                links.append(SuggestionLink(label, address))
        if all(word.folded for word in mentioned(self._query.words)):
            # Places with exactly these words as label and without a code of the territory.
            places = case_places.match_places(current_facet_index(), self._query.words, language())
            choices = [
                place_choice.uncoded_choice(place, place_choice.place_url)
                for place in places
                if place.is_prefix_match
            ]
            links += _links_at_places(self._wordless_query, choices[:_MAX_READINGS])
        return [*links, *_filter_links(self._query, self._text_search.search_query)]

    @cached_property
    def spelling(self) -> SuggestionLink | None:
        """The search with corrected words."""
        matches = self._text_search.matches
        if len(matches.strength) > _FEW_CASES or matches.reach is Reach.TITLES_ONLY:
            return None
        spelling_text = case_search().suggest_spelling(self._query.words)
        if spelling_text is None:
            return None
        return SuggestionLink(spelling_text, urls.cases(_replace_words(self._query, spelling_text)))


@dataclass(frozen=True)
class ShorterSearch:
    """A search without one of its words, and its further cases; none if there are too many."""

    word: str
    address: str
    count: int
    cases: Sequence[CaseSummary]
    highlighter: TermHighlighter


def shorter_searches(query: CaseQuery, text_search: TextSearch, total: int) -> list[ShorterSearch]:
    """What a search with few results lacks one of its words for, the fewest further cases first."""
    if total >= _FEW_RESULTS:
        return []
    search_query = text_search.search_query
    selections = []
    lacking = service.find_without_each_part(search_query, search_query_strengths)
    for part, hits in lacking.items():
        shorter_query = search_query.without(part)
        further = Selection(current_facet_index(), _replace_words(query, shorter_query.text), hits)
        if further.total:
            word = _ELISION.sub("", part.typed.strip('"'))
            selections.append((further, word, shorter_query))
    searches, listed_count = [], 0
    for further, word, shorter_query in sorted(selections, key=lambda item: item[0].total):
        listed_count += further.total
        is_listed = listed_count <= _MAX_FURTHER_CASES
        cases = load_page(db.session(), further).cases if is_listed else ()
        address = urls.cases(further.query)
        highlighter = TermHighlighter(shorter_query, [case.number for case in cases])
        searches.append(ShorterSearch(word, address, further.total, cases, highlighter))
    return searches


class NoResultsLinks:
    """Alternatives to a search without results: searches with their counts, and places."""

    def __init__(self, query: CaseQuery, text_search: TextSearch | None) -> None:
        self._query, self._text_search = query, text_search
        self._hits = text_search.strength if text_search else None

    @cached_property
    def fewer_filters(self) -> list[SuggestionLink]:
        """The search without one of its filters, unless no filter would remain."""
        links = []
        relaxations = Selection(current_facet_index(), self._query, self._hits).count_relaxed()
        for name, code, count in islice(relaxations, _MAX_ALTERNATIVES):
            relaxed_query = self._query.without(name, code)
            if not count or relaxed_query.is_bare:
                continue
            if name == "q":
                label = _("Sans les mots %(words)s", words=search_title.quote_typed(code))
            else:
                label = _(
                    "Sans « %(filter)s : %(value)s »",
                    filter=messages.filters.titles[name],
                    value=search_title.value_label(name, code),
                )
            links.append(_counted_link(label, relaxed_query, count))
        return links

    @cached_property
    def wider(self) -> list[SuggestionLink]:
        """The search in the départements of its communes, or the régions of its départements."""
        links, values = [], self._query.values
        communes = map(find_commune, values.get("commune", ()))
        departements = (place_queries.departement(code) for code in values.get("departement", ()))
        parents_by_kind = {
            "commune": {
                place.departement.code for place in communes if place and place.departement
            },
            "departement": {area.region_code for area in departements if area and area.region_code},
        }
        for kind, wider_kind in (("commune", "departement"), ("departement", "region")):
            parents = parents_by_kind[kind]
            if not parents:
                continue
            wider_filters = {name: codes for name, codes in values.items() if name != kind}
            wider_filters[wider_kind] = tuple(sorted(parents))
            wider_query = replace(self._query, values=wider_filters, page=1)
            if count := Selection(current_facet_index(), wider_query, self._hits).total:
                names = [place_names.place_name(wider_kind, code) for code in sorted(parents)]
                links.append(_counted_link(", ".join(names), wider_query, count))
        return links

    @cached_property
    def _place_matches(self) -> PlaceMatches:
        return place_choice.match_places(self._query.words, place_choice.place_url)

    @cached_property
    def abroad(self) -> list[SuggestionLink]:
        """The cases of the countries that have a town of the typed name."""
        return list(map(_place_list_link, self._place_matches.countries))

    @cached_property
    def similar_names(self) -> list[SuggestionLink]:
        """Places with a name similar to the typed text; none for a quoted one, which is literal."""
        if '"' in self._query.words:
            return []
        choices = (*self._place_matches.choices, *self._place_matches.near_choices)
        return [
            SuggestionLink(_place_label(choice), choice.address)
            for choice in choices[:_MAX_ALTERNATIVES]
        ]


def _replace_words(query: CaseQuery, new_words: str) -> CaseQuery:
    """The first page of the same search with other words, or with none."""
    wordless_query = query.without("q", query.words)
    if not new_words:
        return wordless_query
    return replace(query, values={**wordless_query.values, "q": (new_words,)}, page=1)


def _place_label(place: PlaceChoice) -> str:
    """The name of a place among others, with its kind for a département or a région."""
    if place.reading.kind in ("departement", "region"):
        return f"{place.kind_label} {place.qualified_name}"
    return place.qualified_name


def _place_list_link(place: PlaceChoice) -> SuggestionLink:
    query = CaseQuery({place.reading.kind: (place.reading.code,)})
    return _counted_link(_place_label(place), query, place.case_count)


def _links_at_places(
    base_query: CaseQuery, choices: Sequence[PlaceChoice]
) -> Iterator[SuggestionLink]:
    for choice in choices:
        target_query = place_choice.query_at_place(base_query, choice.reading)
        # The search may already be limited to this place.
        if target_query.values != base_query.values:
            yield SuggestionLink(_place_label(choice), urls.cases(target_query))


def _likeliest_readings(place: ExtractedPlace) -> list[PlaceChoice]:
    """The first readings: a postal code before an INSEE code, then those with published cases."""
    choices = place_choice.choices_for(place.resolution.readings, place_choice.place_url)

    def sort_key(choice: PlaceChoice) -> tuple[bool, bool]:
        return choice.reading.why == "code_insee", not choice.case_count

    return sorted(choices, key=sort_key)[:_MAX_READINGS]


def _other_readings_label(place: ExtractedPlace) -> str:
    hidden_count = len(place.resolution.readings) - _MAX_READINGS
    return _("autres lieux de ce nom (%(count)s)", count=hidden_count) if hidden_count > 0 else ""


def _filter_links(query: CaseQuery, search_query: SearchQuery) -> Iterator[SuggestionLink]:
    """The same search with a date, a period or a state of its words as a filter."""
    for part in search_query.required_parts:
        filters: dict[str, tuple[str, ...]] = {name: (code,) for name, code in part.filters}
        base_query = _replace_words(query, search_query.without(part).text)
        if "annee" in filters:
            years = {*base_query.values.get("annee", ()), *filters["annee"]}
            label = _("année %(year)s", year=part.typed)
            filters["annee"] = tuple(sorted(years))
        else:
            label = search_title.phrase(CaseQuery(filters))
            label = label[:1].lower() + label[1:]
        if filters and not (base_query.values.keys() - {"annee"}) & filters.keys():
            target_query = replace(base_query, values={**base_query.values, **filters})
            yield SuggestionLink(label, urls.cases(target_query))


def _counted_link(search_label: str, target_query: CaseQuery, count: int) -> SuggestionLink:
    label = search_title.with_count(search_label, count)
    return SuggestionLink(typeset(label), urls.cases(target_query))
