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
from flask_babel import ngettext

from register.cases import case_places
from register.cases.filters import CaseQuery, HitStrengths
from register.cases.selection import Selection
from register.cases.web.public import search_title
from register.cases.web.public.search_request import (
    FILTER_TITLES,
    TextSearch,
    search_engine,
    search_text,
)
from register.db import db
from register.search import service
from register.search.service import Reach
from register.territory import place_queries
from register.territory.gazetteer import gazetteer
from register.territory.name_normalisation import split_words as mentioned
from register.territory.place_extraction import ExtractedPlace, extract_places
from register.territory.place_queries import find_commune
from register.territory.resolve import resolve
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import PlaceChoice
from register.text.normalisation import fold
from register.web import urls
from register.web.l10n import count_words, language, typeset
from register.web.request_context import (
    commune_case_counts,
    current_facet_index,
    current_vocabulary,
    head,
)

# Vocabularies whose labels are suggested; they have the names of their filters.
_LABEL_LISTS = ("type", "famille", "issue")
_WORD = re.compile(r"[^\W\d_]+")
# Words match by their first letters: "filmed", "filming", "films".
_STEM_LENGTH = 4
_MIN_LENGTH = 3
_STOP_WORDS = frozenset({"the", "and", "for", "from", "with", "was", "were", "not", "any"})
# Readings of one place among the suggestions; a separate page lists the others.
_MAX_READINGS = 4
_MAX_LABELS = 6
# With at most this many results, a word may be misspelt.
_FEW_CASES = 2
_QUOTED = re.compile(r"[\"“”„«][^\"“”„»]*[\"“”„»]")
_YEAR = re.compile(r"(?<![\w.,'’-])(?:19|20)[0-9]{2}(?![\w'’-])")
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
            choices = _likeliest_readings(mention)
            links += [SuggestionLink(_place_label(choice), choice.address) for choice in choices]
            if label := _other_readings_label(mention):
                address = f"/communes?{urlencode({'q': mention.matched_text})}"
                links.append(SuggestionLink(label, address))
        return links

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
            labels = case_places.load_place_labels(current_facet_index())
            places = case_places.match_places(labels, self._query.words, language=language())
            choices = [
                place_choice.uncoded_choice(place, place_choice.place_url)
                for place in places
                if place.is_prefix_match
            ]
            links += _links_at_places(self._wordless_query, choices[:_MAX_READINGS])
        return [*links, *_year_links(self._query)]

    @cached_property
    def filter_labels(self) -> list[SuggestionLink]:
        """Types, families and outcomes with these words, at the place that is among the words.

        They are for readers of English, whose words are in no text.
        """
        if language() == "fr":
            return []
        searches = [(self._wordless_query, self._query.words)]
        for mention in self._mentions:
            for choice in _likeliest_readings(mention)[:1] if mention.remaining_text else ():
                query = place_choice.query_at_place(self._wordless_query, choice.reading)
                searches.append((query, mention.remaining_text))
        return [link for search in searches for link in _matching_labels(*search)][:_MAX_LABELS]

    @cached_property
    def spelling(self) -> SuggestionLink | None:
        """The search with corrected words."""
        matches = self._text_search.matches
        if len(matches.strength) > _FEW_CASES or matches.reach is Reach.TITLES_ONLY:
            return None
        spelling_text = service.suggest_spelling(
            db.session(), search_engine(), self._query.words, current_vocabulary(), head()
        )
        if spelling_text is None:
            return None
        return SuggestionLink(spelling_text, urls.cases(_replace_words(self._query, spelling_text)))


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
                    filter=FILTER_TITLES[name],
                    value=search_title.value_label(name, code),
                )
            links.append(_counted_link(label, relaxed_query, count))
        return links

    @cached_property
    def fewer_words(self) -> list[SuggestionLink]:
        """The search without one of its words."""
        search_query = self._text_search.search_query if self._text_search else None
        if search_query is None or len(search_query.required_parts) < 2:
            return []
        links = []
        for part in search_query.required_parts[:_MAX_ALTERNATIVES]:
            shorter_text = search_query.without(part).text
            hits = search_text(shorter_text)
            if hits is None:
                break
            relaxed_query = _replace_words(self._query, shorter_text)
            if count := _count_cases(relaxed_query, hits):
                label = search_title.quote_typed(shorter_text)
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
            if count := _count_cases(wider_query, self._hits):
                names = [place_names.place_name(wider_kind, code) for code in sorted(parents)]
                links.append(_counted_link(", ".join(names), wider_query, count))
        return links

    @cached_property
    def similar_names(self) -> list[SuggestionLink]:
        """Places with a name similar to the typed text."""
        readings = resolve(gazetteer(), self._query.words, commune_case_counts()).readings
        choices = place_choice.choices_for(readings[:_MAX_ALTERNATIVES], place_choice.place_url)
        return [SuggestionLink(_place_label(choice), choice.address) for choice in choices]


def _replace_words(query: CaseQuery, new_words: str) -> CaseQuery:
    """The first page of the same search with other words, or with none."""
    wordless_query = query.without("q", query.words)
    if not new_words:
        return wordless_query
    return replace(query, values={**wordless_query.values, "q": (new_words,)}, page=1)


def _count_cases(query: CaseQuery, hits: HitStrengths | None) -> int:
    return Selection(current_facet_index(), query, hits).total


def _place_label(place: PlaceChoice) -> str:
    """The name of a place among others, with its kind for a département or a région."""
    if place.reading.kind in ("departement", "region"):
        return f"{place.kind_label} {place.qualified_name}"
    return place.qualified_name


def _links_at_places(
    base_query: CaseQuery, choices: Sequence[PlaceChoice]
) -> Iterator[SuggestionLink]:
    for choice in choices:
        target_query = place_choice.query_at_place(base_query, choice.reading)
        # The search may already be limited to this place.
        if target_query.values != base_query.values:
            yield SuggestionLink(_place_label(choice), urls.cases(target_query))


def _likeliest_readings(place: ExtractedPlace) -> list[PlaceChoice]:
    """The first readings, those with published cases first."""
    choices = place_choice.choices_for(place.resolution.readings, place_choice.place_url)
    return sorted(choices, key=lambda choice: not choice.case_count)[:_MAX_READINGS]


def _other_readings_label(place: ExtractedPlace) -> str:
    hidden_count = len(place.resolution.readings) - _MAX_READINGS
    return _("autres lieux de ce nom (%(count)s)", count=hidden_count) if hidden_count > 0 else ""


def _matching_labels(query: CaseQuery, typed_text: str) -> Iterator[SuggestionLink]:
    """Labels that contain every word of a text, each with its number of cases.

    :param query: the search without these words.
    """
    typed_stems = _stems(typed_text)
    if not typed_stems:
        return
    for name in _LABEL_LISTS:
        # Values of one filter are alternatives: another one would widen the search.
        if name in query.values:
            continue
        for code, word in current_vocabulary().lists[name].items():
            if not typed_stems <= _stems(word.label):
                continue
            narrowed_query = replace(query, values={**query.values, name: (code,)}, page=1)
            if count := _count_cases(narrowed_query, None):
                cases = ngettext("%(count)s cas", "%(count)s cas", count, count=count_words(count))
                yield SuggestionLink(f"{word.label} ({cases})", urls.cases(narrowed_query))


def _stems(text: str) -> set[str]:
    return {
        word[:_STEM_LENGTH]
        for word in _WORD.findall(fold(text))
        if len(word) >= _MIN_LENGTH and word not in _STOP_WORDS
    }


def _year_links(query: CaseQuery) -> Iterator[SuggestionLink]:
    """The same search in each year that is an unquoted word of it."""
    text = query.words
    quoted = [quotation.span() for quotation in _QUOTED.finditer(text)]
    for year in _YEAR.finditer(text):
        if any(start < year.start() < end for start, end in quoted):
            continue
        remaining_text = f"{text[: year.start()]} {text[year.end() :]}"
        base_query = _replace_words(query, " ".join(remaining_text.split()))
        years = sorted({*base_query.values.get("annee", ()), year.group()})
        target_query = replace(base_query, values={**base_query.values, "annee": tuple(years)})
        yield SuggestionLink(_("année %(year)s", year=year.group()), urls.cases(target_query))


def _counted_link(search_label: str, target_query: CaseQuery, count: int) -> SuggestionLink:
    label = search_title.with_count(search_label, count)
    return SuggestionLink(typeset(label), urls.cases(target_query))
