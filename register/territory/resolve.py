"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. What is read to the letter is in
:mod:`register.territory.exact_matchers`; only where that reads nothing, names that begin as typed are
looked at, after them names with one typing error, and last the places that a phrase names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from register.territory import exact_matchers, fuzzy
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import (
    EXACTNESS,
    INEXACT,
    PlaceReading,
    PlaceResolution,
    rank_readings,
)
from register.territory.name_normalisation import MAX_TYPED_LENGTH, NameCandidate, name_candidates
from register.territory.place_extraction import ExtractedPlace, extract_places
from register.territory.short_names import longer_names

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

    ``case_counts``: number of published cases by present commune code. Readings that are equal so far
    are in the order of population, then of codes; those of a phrase are in the order of
    :func:`register.territory.place_extraction.extract_places`.
    """
    counts = case_counts or {}
    candidates = list(name_candidates(typed[:MAX_TYPED_LENGTH]))
    for resolve_step in RESOLVE_STEPS:
        for candidate in candidates:
            if readings := resolve_step(gazetteer, candidate, counts):
                ranked = rank_readings(gazetteer, readings, counts)
                if resolve_step is _match_typo and len(ranked) > 1:
                    # Whoever has to choose finds what they wrote well too: "gagny la ville" is
                    # nearly Magny-la-Ville and Pagny-la-Ville.
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
