"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. What is read to the letter is in
:mod:`register.territory.readings`; only where that reads nothing, names that begin as typed
are looked at, after them names with one typing error, and last the places that a phrase names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from heapq import nlargest, nsmallest

from register.territory import fuzzy
from register.territory.gazetteer import Gazetteer
from register.territory.name_normalisation import MAX_TYPED_LENGTH, NameCandidate, name_candidates
from register.territory.place_extraction import extract_places
from register.territory.readings import (
    PlaceReading,
    PlaceResolution,
    SortWeight,
    distinct_readings,
    match_exactly,
    rank_readings,
    readings_of_name,
    sort_weight,
)

PHRASE_MATCH = "dans_la_phrase"
CODE_MATCHES = frozenset({"code_insee", "code_postal", "ancien_code", "departement_code"})


def resolve(
    gazetteer: Gazetteer, typed: str, case_counts: Mapping[str, int] | None = None
) -> PlaceResolution:
    """Every reading of ``typed``, the most exact first, then those with most published cases.

    ``case_counts``: number of published cases by present commune code. Readings that are equal so
    far are in the order of population, then of codes; those of a phrase are in the order of
    :func:`register.territory.place_extraction.extract_places`.
    """
    counts, typed = case_counts or {}, typed[:MAX_TYPED_LENGTH]
    candidates = list(name_candidates(typed))
    # From the letter to the guess; the first that reads anything has said all.
    for candidate in candidates:
        if readings := fuzzy.match_exactly_or_longer(gazetteer, candidate, counts):
            return PlaceResolution(rank_readings(gazetteer, readings, counts))
    for candidate in candidates:
        if readings := fuzzy.match_beginning(gazetteer, candidate):
            return PlaceResolution(rank_readings(gazetteer, readings, counts))
    for candidate in candidates:
        if readings := fuzzy.match_typo(gazetteer, candidate):
            ranked = rank_readings(gazetteer, readings, counts)
            if len(ranked) > 1:
                # A choice also offers what was written well: "gagny la ville" is nearly
                # Magny-la-Ville and Pagny-la-Ville.
                ranked = (*_readings_in_phrase(gazetteer, typed, counts), *ranked)
            return PlaceResolution(ranked)
    phrase_readings = tuple(_readings_in_phrase(gazetteer, typed, counts))
    if phrase_readings or not candidates:
        return PlaceResolution(phrase_readings)
    # The last statement is the barest: "mairie de" belongs to no name.
    return PlaceResolution((), fuzzy.nearest_names(gazetteer, candidates[-1], counts))


def _readings_in_phrase(
    gazetteer: Gazetteer, typed: str, case_counts: Mapping[str, int]
) -> Iterator[PlaceReading]:
    """The places among other words, each once."""
    yielded = set()
    for extracted in extract_places(gazetteer, typed, case_counts):
        # Other words of its own: "Gagny 75" and "Paris 21e" contradict themselves.
        other_words = extracted.remaining_text
        if not any(word.isalpha() and len(word) > 1 for word in other_words.split()):
            continue
        if extracted.resolution.readings[0].why in CODE_MATCHES and any(
            match_exactly(gazetteer, candidate) for candidate in name_candidates(other_words)
        ):
            continue
        for reading in extracted.resolution.readings:
            if (reading.kind, reading.code) not in yielded:
                yielded.add((reading.kind, reading.code))
                yield replace(reading, why=PHRASE_MATCH)


def suggest_places(
    gazetteer: Gazetteer, typed: str, case_counts: Mapping[str, int] | None = None, limit: int = 8
) -> tuple[PlaceReading, ...]:
    """What the text is to the letter, then names that begin with it, then those with a later word.

    In each group names of today come before former ones, and among these published cases
    (``case_counts``, by commune code) count first, then people.
    """
    counts = case_counts or {}
    suggestions: dict[tuple[str, str], PlaceReading] = {}
    for candidate in name_candidates(typed[:MAX_TYPED_LENGTH]):
        exact_readings = rank_readings(gazetteer, match_exactly(gazetteer, candidate), counts)
        for reading in (*exact_readings, *_completions(gazetteer, candidate, counts, limit)):
            suggestions.setdefault((reading.kind, reading.code), reading)
        if suggestions:
            break
    # Paris is a commune and a département, and offered once.
    distinct = set(distinct_readings(gazetteer, suggestions.values()))
    return tuple(reading for reading in suggestions.values() if reading in distinct)[:limit]


def _completions(
    gazetteer: Gazetteer, candidate: NameCandidate, case_counts: Mapping[str, int], limit: int
) -> Iterator[PlaceReading]:
    def sort_key(reading: PlaceReading) -> tuple[bool, SortWeight]:
        return reading.why == "ancienne_commune", sort_weight(gazetteer, reading, case_counts)

    def case_count(name: str) -> int:
        places = gazetteer.communes_by_name.get(name, ())
        return max((case_counts.get(place.code, 0) for place in places), default=0)

    # Some may be offered already, or be a smaller name of the same ground.
    max_names = 2 * limit
    for names in gazetteer.name_index.names_with_word_prefix(" ".join(candidate.words)):
        # Those that can be among the first: thousands begin with "s", too many to read each.
        with_cases = nlargest(max_names, names, key=case_count) if case_counts else []
        readings = (
            reading
            for name in dict.fromkeys(names[:max_names] + with_cases)
            for reading in readings_of_name(gazetteer, name)
            if reading.kind in candidate.kinds
        )
        yield from nsmallest(max_names, readings, key=sort_key)
