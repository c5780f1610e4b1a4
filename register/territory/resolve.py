"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. Where nothing is read to the letter, names that begin
as typed are looked at, then the places that a phrase names. Names with a typing error are only
offered: a corrected spelling is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import nlargest, nsmallest

from register.territory import name_normalisation as names
from register.territory.exact_matchers import (
    BEGUN,
    MAX_CANDIDATES,
    MAX_CHOICES,
    AreaCodes,
    match_exactly,
    match_exactly_or_longer,
    names_beginning_with,
    narrow_to_areas,
    split_off_areas,
)
from register.territory.gazetteer import Gazetteer
from register.territory.place_extraction import extract_places
from register.territory.place_queries import departement_prefix
from register.territory.readings import (
    PRESENT_NAMES,
    CaseCounts,
    PlaceReading,
    PlaceResolution,
    SortWeight,
    alias_reading,
    area_reading,
    distinct_readings,
    primary_readings,
    rank_readings,
    readings_of_name,
    sort_weight,
)

PHRASE_MATCH, MISTYPED = "dans_la_phrase", "orthographe_proche"
ENDED = "fin_du_nom"
CODE_MATCHES = frozenset({"code_insee", "code_postal", "ancien_code", "departement_code"})
MAX_NEAR = 6
_MAX_DISTANCE = 3
_MIN_ENDING_LENGTH = 4
_FIVE_DIGITS = re.compile(r"[0-9]{5}")


def resolve(
    gazetteer: Gazetteer, typed: str, case_counts: CaseCounts | None = None
) -> PlaceResolution:
    """Every reading of ``typed``, the most exact first, then those with most published cases.

    ``case_counts``: number of published cases by present commune code. Readings that are equal so
    far are in the order of population, then of codes; those of a phrase are in the order of
    :func:`register.territory.place_extraction.extract_places`.
    """
    counts, typed = case_counts or {}, typed[: names.MAX_TYPED_LENGTH]
    candidates = list(names.name_candidates(typed))
    for match in (match_exactly_or_longer, _match_beginning):
        for candidate in candidates:
            if readings := match(gazetteer, candidate, counts):
                return PlaceResolution(rank_readings(gazetteer, readings, counts))
    typos = (_match_typo(gazetteer, candidate) for candidate in candidates)
    near = rank_readings(gazetteer, next(filter(None, typos), ()), counts)
    # "gagny la ville" names Gagny, and is nearly Magny-la-Ville.
    in_phrase = tuple(_readings_in_phrase(gazetteer, typed, counts, codes=not near))
    if candidates and not near and not in_phrase:
        # The last statement is the barest: "mairie de" belongs to no name.
        near = _nearest_names(gazetteer, candidates[-1], counts)
    return PlaceResolution(in_phrase, near)


def _readings_in_phrase(
    gazetteer: Gazetteer, typed: str, case_counts: CaseCounts, *, codes: bool
) -> Iterator[PlaceReading]:
    """The places among other words, each once; by their codes only if ``codes``."""
    yielded = set()
    for extracted in extract_places(gazetteer, typed, case_counts):
        # Other words of its own: "Gagny 75" and "Paris 21e" contradict themselves.
        other_words = extracted.remaining_text
        if not any(word.isalpha() and len(word) > 1 for word in other_words.split()):
            continue
        is_code = extracted.resolution.readings[0].why in CODE_MATCHES
        if is_code and (
            not codes
            or any(match_exactly(gazetteer, c) for c in names.name_candidates(other_words))
        ):
            continue
        for reading in extracted.resolution.readings:
            if (reading.kind, reading.code) not in yielded:
                yielded.add((reading.kind, reading.code))
                yield replace(reading, why=PHRASE_MATCH)


# --- other names ----------------------------------------------------------------------------------


def _match_beginning(
    gazetteer: Gazetteer, candidate: names.NameCandidate, _case_counts: CaseCounts
) -> list[PlaceReading]:
    """What has the words as the beginning of its name, "Levallois"; none when too many have."""
    readings = [
        reading
        for words, areas in _name_and_areas(gazetteer, candidate.words)
        if len(spellings := names_beginning_with(gazetteer, words)) < MAX_CANDIDATES
        for reading in _readings_in_areas(gazetteer, candidate, spellings, areas, BEGUN)
    ]
    return readings if len(distinct_readings(gazetteer, readings)) <= MAX_CHOICES else []


def _match_typo(gazetteer: Gazetteer, candidate: names.NameCandidate) -> list[PlaceReading]:
    """What has a name one typing error away; none when the words begin a name as they are."""
    readings = [
        reading
        for words, areas in _name_and_areas(gazetteer, candidate.words)
        if not names_beginning_with(gazetteer, words)
        for name, _errors in gazetteer.name_index.similar_names(" ".join(words), 1)
        for reading in _readings_in_areas(gazetteer, candidate, (name,), areas, MISTYPED)
    ]
    if city_and_number := names.parse_arrondissement(candidate.words):
        # "Marseile 3e".
        city, number = city_and_number
        similar_names = dict(gazetteer.name_index.similar_names(" ".join(city), 1))
        readings += [
            replace(alias_reading(gazetteer, arrondissements[number]), why=MISTYPED)
            for code, arrondissements in gazetteer.arrondissements.items()
            if number in arrondissements and gazetteer.communes[code].folded in similar_names
        ]
    return readings


def _nearest_names(
    gazetteer: Gazetteer, candidate: names.NameCandidate, case_counts: CaseCounts
) -> tuple[PlaceReading, ...]:
    """Names that are close to what was typed, the closest first.

    The very name somewhere else ("Gagny 75") comes before any other name. A code that nothing has
    ("75000") is close to the département that its first digits say.
    """
    code = candidate.words[0] if len(candidate.words) == 1 else ""
    if code == "20" or _FIVE_DIGITS.fullmatch(code):
        # Corsica was 20 until 1976, and is for the post.
        prefix = departement_prefix(code)
        codes = ("2A", "2B") if prefix == "20" else (prefix,)
        areas = [key for key in codes if key in gazetteer.departements]
        if areas:
            return tuple(
                area_reading(gazetteer, names.DEPARTEMENT, area, "departement_code")
                for area in areas
            )

    def rank(distance: int, reading: PlaceReading) -> tuple[int, bool, SortWeight]:
        is_former_name = reading.alias_name is not None
        return distance, is_former_name, sort_weight(gazetteer, reading, case_counts)

    nearby = sorted(_nearby_readings(gazetteer, candidate), key=lambda pair: rank(*pair))
    nearest: dict[tuple[str, str], PlaceReading] = {}
    for _distance, reading in nearby:
        nearest.setdefault((reading.kind, reading.code), reading)
    return tuple(distinct_readings(gazetteer, nearest.values()))[:MAX_NEAR]


def _nearby_readings(
    gazetteer: Gazetteer, candidate: names.NameCandidate
) -> Iterator[tuple[int, PlaceReading]]:
    for words, areas in _name_and_areas(gazetteer, candidate.words):
        typed = " ".join(words)
        if areas:
            for reading in readings_of_name(gazetteer, typed):
                if reading.kind in candidate.kinds:
                    yield 0, reading
        # Évry-Courcouronnes for "Courcouronnes".
        name_index = gazetteer.name_index
        later_words = map(
            name_index.names.__getitem__, name_index.positions_of_word_prefix(typed)[1]
        )
        ending = [
            name
            for name in later_words
            if len(typed) >= _MIN_ENDING_LENGTH and name.endswith(f" {typed}")
        ]
        max_distance = min(_MAX_DISTANCE, (len(typed) + 1) // 3)
        for spellings, distance, match_kind in (
            (names_beginning_with(gazetteer, words), 1, BEGUN),
            (ending[:MAX_CANDIDATES], 1, ENDED),
            *(
                ([name], errors + 1, MISTYPED)
                for name, errors in name_index.similar_names(typed, max_distance)
            ),
        ):
            for reading in _readings_in_areas(gazetteer, candidate, spellings, areas, match_kind):
                yield distance, reading


def _name_and_areas(
    gazetteer: Gazetteer, words: names.Words
) -> Iterator[tuple[names.Words, tuple[AreaCodes, ...]]]:
    yield words, ()
    yield from split_off_areas(gazetteer, words)


def _readings_in_areas(
    gazetteer: Gazetteer,
    candidate: names.NameCandidate,
    spellings: Iterable[str],
    areas: tuple[AreaCodes, ...],
    match_kind: str,
) -> Iterator[PlaceReading]:
    for name in spellings:
        narrowed = (
            narrow_to_areas(gazetteer, reading, areas)
            for reading in readings_of_name(gazetteer, name)
            if reading.kind in candidate.kinds
        )
        for reading in primary_readings(filter(None, narrowed)):
            yield replace(reading, why=match_kind)


# --- completions ----------------------------------------------------------------------------------


def suggest_places(
    gazetteer: Gazetteer, typed: str, case_counts: CaseCounts | None = None, limit: int = 8
) -> tuple[PlaceReading, ...]:
    """What the text is to the letter, then names that begin with it, then those with a later word.

    In each group names of today come before former ones, and among these published cases
    (``case_counts``, by commune code) count first, then people.
    """
    counts = case_counts or {}
    suggestions: dict[tuple[str, str], PlaceReading] = {}
    for candidate in names.name_candidates(typed[: names.MAX_TYPED_LENGTH]):
        exact_readings = rank_readings(gazetteer, match_exactly(gazetteer, candidate), counts)
        for reading in (*exact_readings, *_completions(gazetteer, candidate, counts, limit)):
            suggestions.setdefault((reading.kind, reading.code), reading)
        if suggestions:
            break
    # Paris is a commune and a département, and offered once.
    distinct = set(distinct_readings(gazetteer, suggestions.values()))
    return tuple(reading for reading in suggestions.values() if reading in distinct)[:limit]


def _completions(
    gazetteer: Gazetteer, candidate: names.NameCandidate, case_counts: CaseCounts, limit: int
) -> Iterator[PlaceReading]:
    def sort_key(reading: PlaceReading) -> tuple[bool, SortWeight]:
        is_present = reading.why in PRESENT_NAMES
        return not is_present, sort_weight(gazetteer, reading, case_counts)

    def case_count(position: int) -> int:
        codes = gazetteer.commune_codes[position].split()
        return max((case_counts.get(code, 0) for code in codes), default=0)

    # Some may be offered already, or be a smaller name of the same ground.
    max_names = 2 * limit
    name_index = gazetteer.name_index
    for positions in name_index.positions_of_word_prefix(" ".join(candidate.words)):
        # Those that can be among the first: thousands begin with "s", too many to read each.
        with_cases = nlargest(max_names, positions, key=case_count) if case_counts else []
        readings = (
            reading
            for position in dict.fromkeys(positions[:max_names] + with_cases)
            for reading in readings_of_name(gazetteer, name_index.names[position])
            if reading.kind in candidate.kinds
        )
        yield from nsmallest(max_names, readings, key=sort_key)
