"""Suggestions beside search results: a place or a year among the words, a corrected spelling.

They are links only: the search runs as typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases import facets, uncoded_places
from register.cases.filters import CaseQuery
from register.cases.web.public.search_request import TextSearch, search_engine
from register.db import db
from register.search import service
from register.search.service import Reach
from register.territory.name_normalisation import split_words as mentioned
from register.territory.place_extraction import ExtractedPlace, extract_places
from register.territory.web import place_choice
from register.territory.web.place_choice import PlaceChoice
from register.text.normalisation import fold
from register.web import urls
from register.web.l10n import count_words
from register.web.languages import language
from register.web.request_context import commune_case_counts, current_vocabulary, gazetteer, head

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


@dataclass(frozen=True)
class SuggestionLink:
    """The label and the address of a link."""

    label: str
    address: str


@dataclass(frozen=True)
class SearchSuggestions:
    """Links for one search.

    ``narrower``: the same search at a place or in a year. ``place_pages``: the page of the place
    that the words name, when the search has nothing else; with other words or filters the place is
    in ``narrower``, because its page would drop them. ``filter_labels``: labels of vocabularies
    with these words, for readers of English. ``spelling``: the search with corrected words.
    """

    narrower: Sequence[SuggestionLink] = ()
    place_pages: Sequence[SuggestionLink] = ()
    filter_labels: Sequence[SuggestionLink] = ()
    spelling: SuggestionLink | None = None


def suggest_searches(query: CaseQuery, text_search: TextSearch | None) -> SearchSuggestions:
    """The suggestions for a search; none without words."""
    if text_search is None:
        return SearchSuggestions()
    mentions = extract_places(gazetteer(), text_search.text, commune_case_counts())
    alone = not replace_words(query, "").values
    page_mentions = [mention for mention in mentions if alone and not mention.remaining_text]
    narrowing_links = [
        link
        for mention in mentions
        if mention not in page_mentions
        for link in _narrowing_links(query, mention)
    ]
    return SearchSuggestions(
        narrower=[
            *narrowing_links,
            *_uncoded_place_links(query, text_search.text),
            *_year_links(query),
        ],
        filter_labels=list(_filter_label_links(query, text_search.text, mentions)),
        place_pages=[link for mention in page_mentions for link in _place_page_links(mention)],
        spelling=_spelling_link(query, text_search),
    )


def replace_words(query: CaseQuery, new_words: str) -> CaseQuery:
    """The first page of the same search with other words, or with none."""
    other_filters = {
        name: filter_values for name, filter_values in query.values.items() if name != "q"
    }
    order = "" if query.order == query.usual_order else query.order
    return replace(
        query,
        values={**other_filters, "q": (new_words,)} if new_words else other_filters,
        order=order,
        page=1,
    )


def place_label(place: PlaceChoice) -> str:
    """The name of a place among others, with its kind for a département or a région."""
    if place.reading.kind in ("departement", "region"):
        return f"{place.kind_label} {place.qualified_name}"
    return place.qualified_name


def matching_labels(query: CaseQuery, typed_text: str) -> Iterator[tuple[str, CaseQuery, int]]:
    """Labels that contain every word of a text, each with its search and its number of cases.

    :param query: the search without these words.
    """
    if current_vocabulary().language == "fr":
        return
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
            count = facets.count_matches(
                db.session(), narrowed_query, current_vocabulary(), head(), None
            )
            if count:
                yield word.label, narrowed_query, count


def _narrowing_links(query: CaseQuery, place: ExtractedPlace) -> Iterator[SuggestionLink]:
    """The search at each place that the words may mean, without these words."""
    base_query = replace_words(query, place.remaining_text)
    for choice in _likeliest_readings(place):
        target_query = place_choice.query_at_place(base_query, choice.reading)
        # The search may already be limited to this place.
        if target_query.values != base_query.values:
            yield SuggestionLink(place_label(choice), urls.cases(target_query))
    if label := _other_readings_label(place):
        yield SuggestionLink(label, urls.cases(base_query, lieu=place.matched_text))


def _place_page_links(place: ExtractedPlace) -> Iterator[SuggestionLink]:
    for choice in _likeliest_readings(place):
        yield SuggestionLink(place_label(choice), choice.address)
    if label := _other_readings_label(place):
        yield SuggestionLink(label, f"/communes?{urlencode({'q': place.matched_text})}")


def _likeliest_readings(place: ExtractedPlace) -> list[PlaceChoice]:
    """The first readings, those with published cases first."""
    choices = place_choice.choices_for(place.resolution.readings, place_choice.place_url)
    return sorted(choices, key=lambda choice: not choice.case_count)[:_MAX_READINGS]


def _other_readings_label(place: ExtractedPlace) -> str:
    hidden_count = len(place.resolution.readings) - _MAX_READINGS
    return _("autres lieux de ce nom (%(count)s)", count=hidden_count) if hidden_count > 0 else ""


def _uncoded_place_links(query: CaseQuery, text: str) -> Iterator[SuggestionLink]:
    """Searches at places with exactly these words as label and without a code of the territory."""
    if any(not word.folded for word in mentioned(text)):
        return
    uncoded = uncoded_places.match_places(
        uncoded_places.load_place_labels(db.session(), head()), text, language=language()
    )
    base_query = replace_words(query, "")
    for uncoded_place in [place for place in uncoded if place.is_prefix_match][:_MAX_READINGS]:
        place = place_choice.uncoded_choice(uncoded_place, place_choice.place_url)
        target_query = place_choice.query_at_place(base_query, place.reading)
        if target_query.values != base_query.values:
            yield SuggestionLink(place_label(place), urls.cases(target_query))


def _filter_label_links(
    query: CaseQuery, text: str, mentions: Sequence[ExtractedPlace]
) -> Iterator[SuggestionLink]:
    """Types, families and outcomes with these words, at the place that is among the words."""
    base_query = replace_words(query, "")
    searches = [(base_query, text)]
    for mention in mentions:
        likeliest = _likeliest_readings(mention)[:1] if mention.remaining_text else []
        searches += [
            (place_choice.query_at_place(base_query, choice.reading), mention.remaining_text)
            for choice in likeliest
        ]
    label_matches = [
        choice
        for search, search_words in searches
        for choice in matching_labels(search, search_words)
    ]
    for label, target_query, count in label_matches[:_MAX_LABELS]:
        cases = ngettext("%(count)s cas", "%(count)s cas", count, count=count_words(count))
        yield SuggestionLink(f"{label} ({cases})", urls.cases(target_query))


def _year_links(query: CaseQuery) -> Iterator[SuggestionLink]:
    """The same search in each year that is an unquoted word of it."""
    text = query.words
    quoted = [quotation.span() for quotation in _QUOTED.finditer(text)]
    for year in _YEAR.finditer(text):
        if any(start < year.start() < end for start, end in quoted):
            continue
        remaining_text = f"{text[: year.start()]} {text[year.end() :]}"
        base_query = replace_words(query, " ".join(remaining_text.split()))
        years = sorted({*base_query.values.get("annee", ()), year.group()})
        target_query = replace(base_query, values={**base_query.values, "annee": tuple(years)})
        yield SuggestionLink(_("année %(year)s", year=year.group()), urls.cases(target_query))


def _spelling_link(query: CaseQuery, text_search: TextSearch) -> SuggestionLink | None:
    if len(text_search.strength) > _FEW_CASES or text_search.matches.reach is Reach.TITLES_ONLY:
        return None
    spelling_text = service.suggest_spelling(
        db.session(), search_engine(), text_search.text, current_vocabulary(), head()
    )
    if spelling_text is None:
        return None
    return SuggestionLink(spelling_text, urls.cases(replace_words(query, spelling_text)))


def _stems(text: str) -> set[str]:
    tokens = _WORD.findall(fold(text))
    return {
        word[:_STEM_LENGTH]
        for word in tokens
        if len(word) >= _MIN_LENGTH and word not in _STOP_WORDS
    }
