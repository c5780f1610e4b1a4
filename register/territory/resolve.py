"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. What is read to the letter is in
:mod:`register.territory.exact_matchers`; only where that reads nothing, names that begin as typed
are looked at, after them names with one typing error, and last the places that a phrase names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from heapq import nlargest, nsmallest

from register.territory import exact_matchers, fuzzy
from register.territory.exact_matchers import match_exactly, readings_of_name
from register.territory.fuzzy import longer_names
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import (
    EXACTNESS,
    INEXACT,
    PlaceReading,
    PlaceResolution,
    SortWeight,
    distinct_readings,
    rank_readings,
    sort_weight,
)
from register.territory.name_normalisation import MAX_TYPED_LENGTH, NameCandidate, name_candidates
from register.territory.place_extraction import ExtractedPlace, extract_places

__all__ = [
    "EXACTNESS",
    "INEXACT",
    "MAX_TYPED_LENGTH",
    "RESOLVE_STEPS",
    "PlaceReading",
    "PlaceResolution",
    "resolve",
]

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
    counts = case_counts or {}
    candidates = list(name_candidates(typed[:MAX_TYPED_LENGTH]))
    for resolve_step in RESOLVE_STEPS:
        for candidate in candidates:
            if readings := resolve_step(gazetteer, candidate, counts):
                ranked = rank_readings(gazetteer, readings, counts)
                if resolve_step is _match_typo and len(ranked) > 1:
                    # A choice also offers what was written well: "gagny la ville" is nearly
                    # Magny-la-Ville and Pagny-la-Ville.
                    ranked = (
                        *_readings_in_phrase(gazetteer, typed[:MAX_TYPED_LENGTH], counts),
                        *ranked,
                    )
                return PlaceResolution(ranked)
    if ranked := tuple(_readings_in_phrase(gazetteer, typed[:MAX_TYPED_LENGTH], counts)):
        return PlaceResolution(ranked)
    # The last statement is the barest: "mairie de" belongs to no name.
    return PlaceResolution(
        (), fuzzy.nearest_names(gazetteer, candidates[-1], counts) if candidates else ()
    )


def _match_exactly(
    gazetteer: Gazetteer, candidate: NameCandidate, case_counts: Mapping[str, int]
) -> list[PlaceReading]:
    """What the words are, and what they are short for."""
    readings = exact_matchers.match_exactly(gazetteer, candidate)
    return readings + longer_names(
        gazetteer, candidate.words, readings, case_counts, candidate.kinds
    )


def _match_beginning(
    gazetteer: Gazetteer, candidate: NameCandidate, _case_counts: Mapping[str, int]
) -> list[PlaceReading]:
    return fuzzy.match_beginning(gazetteer, candidate)


def _match_typo(
    gazetteer: Gazetteer, candidate: NameCandidate, _case_counts: Mapping[str, int]
) -> list[PlaceReading]:
    return fuzzy.match_typo(gazetteer, candidate)


def _readings_in_phrase(
    gazetteer: Gazetteer, typed: str, case_counts: Mapping[str, int]
) -> Iterator[PlaceReading]:
    """The places among other words, each once."""
    yielded = set()
    for extracted in extract_places(gazetteer, typed, case_counts):
        for reading in (
            extracted.resolution.readings if _has_other_words(gazetteer, extracted) else ()
        ):
            if (reading.kind, reading.code) not in yielded:
                yielded.add((reading.kind, reading.code))
                yield replace(reading, why=PHRASE_MATCH)


def _has_other_words(gazetteer: Gazetteer, extracted: ExtractedPlace) -> bool:
    """Whether the rest has words of its own: "Gagny 75" and "Paris 21e" contradict themselves."""
    if not any(word.isalpha() and len(word) > 1 for word in extracted.remaining_text.split()):
        return False
    by_number = extracted.resolution.readings[0].why in CODE_MATCHES
    return not (
        by_number
        and any(
            exact_matchers.match_exactly(gazetteer, candidate)
            for candidate in name_candidates(extracted.remaining_text)
        )
    )


ResolveStep = Callable[[Gazetteer, NameCandidate, Mapping[str, int]], list[PlaceReading]]
# From the letter to the guess; the first that reads anything has said all.
RESOLVE_STEPS: tuple[ResolveStep, ...] = (_match_exactly, _match_beginning, _match_typo)


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
    distinct_keys = {
        (reading.kind, reading.code)
        for reading in distinct_readings(gazetteer, suggestions.values())
    }
    return tuple(reading for key, reading in suggestions.items() if key in distinct_keys)[:limit]


def _completions(
    gazetteer: Gazetteer, candidate: NameCandidate, case_counts: Mapping[str, int], limit: int
) -> Iterator[PlaceReading]:
    def sort_key(reading: PlaceReading) -> tuple[bool, SortWeight]:
        return reading.why == "ancienne_commune", sort_weight(gazetteer, reading, case_counts)

    # Some may be offered already, or be a smaller name of the same ground.
    max_names = 2 * limit
    for names in gazetteer.name_index.names_with_word_prefix(" ".join(candidate.words)):
        readings = (
            reading
            for name in _likely_names(gazetteer, names, case_counts, max_names)
            for reading in readings_of_name(gazetteer, name)
            if reading.kind in candidate.kinds
        )
        yield from nsmallest(max_names, readings, key=sort_key)


def _likely_names(
    gazetteer: Gazetteer, names: list[str], case_counts: Mapping[str, int], max_names: int
) -> list[str]:
    """The names that can be among the first: thousands begin with "s", too many to read each."""

    def case_count(name: str) -> int:
        return max(
            (case_counts.get(place.code, 0) for place in gazetteer.communes_by_name.get(name, ())),
            default=0,
        )

    with_cases = nlargest(max_names, names, key=case_count) if case_counts else []
    return list(dict.fromkeys(names[:max_names] + with_cases))
