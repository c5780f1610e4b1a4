"""Places whose name is not quite what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from register.territory.gazetteer import MIN_FUZZY_LENGTH, AreaHint, Gazetteer
from register.territory.name_normalisation import (
    ALL_KINDS,
    ARTICLES,
    COMMUNE,
    NameCandidate,
    Words,
    parse_arrondissement,
)
from register.territory.place_queries import departement_prefix
from register.territory.readings import (
    PlaceReading,
    SortWeight,
    alias_reading,
    departement_reading,
    distinct_readings,
    match_exactly,
    narrow_to_areas,
    readings_of_name,
    sort_weight,
    split_off_areas,
)

MISTYPED, BEGUN, ENDED = "orthographe_proche", "debut_du_nom", "fin_du_nom"
# So many places can be offered for a choice; "Saint" begins the names of thousands.
MAX_CHOICES = 30
MAX_NEAR = 6
# Names with the same beginning that are looked at, those of most people first.
_MAX_CANDIDATES = 400
_MAX_DISTANCE = 3
_FIVE_DIGITS = re.compile(r"[0-9]{5}")


def match_beginning(gazetteer: Gazetteer, candidate: NameCandidate) -> list[PlaceReading]:
    """What has the words as the beginning of its name, "Levallois"; none when too many have."""
    readings = [
        reading
        for words, areas in _name_and_areas(gazetteer, candidate.words)
        if len(names := names_beginning_with(gazetteer, words)) < _MAX_CANDIDATES
        for name in names
        for reading in _readings_in_areas(gazetteer, candidate, name, areas, BEGUN)
    ]
    return readings if len(distinct_readings(gazetteer, readings)) <= MAX_CHOICES else []


def match_typo(gazetteer: Gazetteer, candidate: NameCandidate) -> list[PlaceReading]:
    """What has a name one typing error away; none when the words begin a name as they are."""
    readings = [
        reading
        for words, areas in _name_and_areas(gazetteer, candidate.words)
        if not names_beginning_with(gazetteer, words)
        for name, _errors in _similar_names(gazetteer, " ".join(words), 1)
        for reading in _readings_in_areas(gazetteer, candidate, name, areas, MISTYPED)
    ]
    if city_and_number := parse_arrondissement(candidate.words):
        # "Marseile 3e".
        city, number = city_and_number
        for name, _errors in _similar_names(gazetteer, " ".join(city), 1):
            readings += [
                replace(alias_reading(gazetteer, alias), why=MISTYPED)
                for alias in gazetteer.arrondissements_by_number.get(number, ())
                if gazetteer.communes[alias.current_code].folded == name
            ]
    return readings


def nearest_names(
    gazetteer: Gazetteer, candidate: NameCandidate, case_counts: Mapping[str, int]
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
        areas = [gazetteer.departements[key] for key in codes if key in gazetteer.departements]
        if areas:
            return tuple(departement_reading(area, "departement_code") for area in areas)

    def rank(distance: int, reading: PlaceReading) -> tuple[int, bool, SortWeight]:
        is_former_name = reading.alias_name is not None
        return distance, is_former_name, sort_weight(gazetteer, reading, case_counts)

    nearby = sorted(_nearby_readings(gazetteer, candidate), key=lambda pair: rank(*pair))
    nearest: dict[tuple[str, str], PlaceReading] = {}
    for _distance, reading in nearby:
        nearest.setdefault((reading.kind, reading.code), reading)
    return tuple(distinct_readings(gazetteer, nearest.values()))[:MAX_NEAR]


def _nearby_readings(
    gazetteer: Gazetteer, candidate: NameCandidate
) -> Iterator[tuple[int, PlaceReading]]:
    for words, areas in _name_and_areas(gazetteer, candidate.words):
        typed = " ".join(words)
        if areas:
            for reading in readings_of_name(gazetteer, typed):
                if reading.kind in candidate.kinds:
                    yield 0, reading
        # Évry-Courcouronnes for "Courcouronnes".
        later_words = (
            gazetteer.name_index.names_with_word_prefix(typed)[1]
            if len(typed) >= MIN_FUZZY_LENGTH
            else []
        )
        ending = [name for name in later_words if name.endswith(f" {typed}")][:_MAX_CANDIDATES]
        max_distance = min(_MAX_DISTANCE, (len(typed) + 1) // 3)
        for name, distance, match_kind in (
            *((name, 1, BEGUN) for name in names_beginning_with(gazetteer, words)),
            *((name, 1, ENDED) for name in ending),
            *(
                (name, errors + 1, MISTYPED)
                for name, errors in _similar_names(gazetteer, typed, max_distance)
            ),
        ):
            for reading in _readings_in_areas(gazetteer, candidate, name, areas, match_kind):
                yield distance, reading


def _name_and_areas(
    gazetteer: Gazetteer, words: Words
) -> Iterator[tuple[Words, tuple[AreaHint, ...]]]:
    yield words, ()
    yield from split_off_areas(gazetteer, words)


def names_beginning_with(gazetteer: Gazetteer, words: Words) -> list[str]:
    """Names that begin with these words and go on, an article before them aside."""
    typed = " ".join(words)
    matches = []
    for article in ("", *(f"{article} " for article in sorted(ARTICLES))):
        matches += gazetteer.name_index.names_with_word_prefix(f"{article}{typed} ")[0]
    return matches[:_MAX_CANDIDATES]


def _similar_names(gazetteer: Gazetteer, typed: str, distance: int) -> list[tuple[str, int]]:
    if not MIN_FUZZY_LENGTH <= len(typed) <= gazetteer.name_index.max_length + distance:
        return []
    return gazetteer.name_index.similar_names(typed, distance)


def _readings_in_areas(
    gazetteer: Gazetteer,
    candidate: NameCandidate,
    name: str,
    areas: tuple[AreaHint, ...],
    match_kind: str,
) -> Iterator[PlaceReading]:
    for reading in readings_of_name(gazetteer, name):
        narrowed = narrow_to_areas(gazetteer, reading, areas)
        if narrowed and narrowed.kind in candidate.kinds:
            yield replace(narrowed, why=match_kind)


def match_exactly_or_longer(
    gazetteer: Gazetteer, candidate: NameCandidate, case_counts: Mapping[str, int]
) -> list[PlaceReading]:
    """What the words are to the letter, and what they are short for."""
    readings = match_exactly(gazetteer, candidate)
    return readings + longer_names(
        gazetteer, candidate.words, readings, case_counts, candidate.kinds
    )


# A town so many times as large as the namesake is as likely to be meant, and a village never is.
_SIZE_RATIO = 10
_TOWN_POPULATION = 10_000
_PRESENT_NAME_KINDS = frozenset({"nom", "departement_nom", "region_nom"})


def longer_names(
    gazetteer: Gazetteer,
    words: Words,
    readings: Sequence[PlaceReading],
    case_counts: Mapping[str, int],
    kinds: frozenset[str] = ALL_KINDS,
) -> list[PlaceReading]:
    """What else a name may be the beginning of; none when too much is, or a namesake has a case.

    An old name leaves room for all: Boulogne was a commune of Vendée. A present one leaves it for
    towns that are much larger, and for places as large that have published cases.

    :param readings: what bears the name as it was typed.
    :param case_counts: number of published cases by present commune code.
    """
    if {reading.why for reading in readings} - _PRESENT_NAME_KINDS - {"ancienne_commune"}:
        return []
    weights = [
        sort_weight(gazetteer, reading, case_counts)
        for reading in readings
        if reading.why in _PRESENT_NAME_KINDS
    ]
    if not readings or any(cases for cases, _fewer_people, _code in weights):
        return []
    min_population = max((-fewer_people for _cases, fewer_people, _code in weights), default=None)

    def is_likely(reading: PlaceReading) -> bool:
        if min_population is None:
            return True
        cases, fewer_people, _code = sort_weight(gazetteer, reading, case_counts)
        if reading.kind != COMMUNE or -fewer_people < min_population:
            return False
        town_population = max(_TOWN_POPULATION, _SIZE_RATIO * min_population)
        return cases < 0 or (reading.why == "nom" and -fewer_people >= town_population)

    likely = [
        replace(reading, why=BEGUN)
        for name in names_beginning_with(gazetteer, words)
        for reading in readings_of_name(gazetteer, name)
        if reading.kind in kinds and is_likely(reading)
    ]
    return likely if len(distinct_readings(gazetteer, likely)) <= MAX_CHOICES else []
