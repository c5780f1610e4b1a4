"""Completions of a place that is being typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import nlargest, nsmallest

from register.territory.exact_matchers import match_exactly, readings_of_name
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import (
    PlaceReading,
    SortWeight,
    distinct_readings,
    rank_readings,
    sort_weight,
)
from register.territory.name_normalisation import MAX_TYPED_LENGTH, NameCandidate, name_candidates


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
