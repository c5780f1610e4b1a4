"""Places whose name is not quite what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from register.territory.codes import is_departement_code
from register.territory.exact_matchers import (
    AreaHint,
    narrow_to_areas,
    readings_of_name,
    split_off_areas,
)
from register.territory.gazetteer import MIN_FUZZY_LENGTH, Gazetteer
from register.territory.interpretations import (
    PlaceReading,
    SortWeight,
    alias_reading,
    departement_reading,
    distinct_readings,
    sort_weight,
)
from register.territory.name_normalisation import (
    ALL_KINDS,
    ARTICLES,
    COMMUNE,
    NameCandidate,
    Words,
    parse_arrondissement,
)

MISTYPED, BEGUN, ENDED = "orthographe_proche", "debut_du_nom", "fin_du_nom"
# So many places can be offered for a choice; "Saint" begins the names of thousands.
MAX_CHOICES = 30
MAX_NEAR = 6
# Errors, whether it is a former name, and what orders the rest.
FuzzyRank = tuple[int, bool, SortWeight]
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
    return readings + list(_mistyped_arrondissement(gazetteer, candidate.words))


def nearest_names(
    gazetteer: Gazetteer, candidate: NameCandidate, case_counts: Mapping[str, int]
) -> tuple[PlaceReading, ...]:
    """Names that are close to what was typed, the closest first.

    The very name somewhere else ("Gagny 75") comes before any other name. A code that nothing has
    ("75000") is close to the département that its first digits say.
    """
    if departements := _departements_of_code(gazetteer, candidate):
        return departements
    ranked: dict[tuple[str, str], tuple[FuzzyRank, PlaceReading]] = {}
    for distance, reading in _nearby_readings(gazetteer, candidate):
        rank = (
            distance,
            reading.alias_name is not None,
            sort_weight(gazetteer, reading, case_counts),
        )
        key = (reading.kind, reading.code)
        if key not in ranked or rank < ranked[key][0]:
            ranked[key] = (rank, reading)
    best = sorted(ranked.values(), key=lambda ranked_reading: ranked_reading[0])
    return tuple(distinct_readings(gazetteer, [reading for _rank, reading in best]))[:MAX_NEAR]


def _departements_of_code(
    gazetteer: Gazetteer, candidate: NameCandidate
) -> tuple[PlaceReading, ...]:
    """The départements of a code; Corsica was 20 until 1976, and is for the post."""
    code = candidate.words[0] if len(candidate.words) == 1 else ""
    if code != "20" and not _FIVE_DIGITS.fullmatch(code):
        return ()
    prefix = code[:3] if code[:2] in ("97", "98") else code[:2]
    codes = ("2A", "2B") if prefix == "20" else (prefix,)
    departements = (
        gazetteer.departements.get(departement_code)
        for departement_code in codes
        if is_departement_code(departement_code)
    )
    return tuple(departement_reading(place, "departement_code") for place in departements if place)


def _nearby_readings(
    gazetteer: Gazetteer, candidate: NameCandidate
) -> Iterator[tuple[int, PlaceReading]]:
    for words, areas in _name_and_areas(gazetteer, candidate.words):
        typed = " ".join(words)
        if areas:
            for reading in readings_of_name(gazetteer, typed):
                if reading.kind in candidate.kinds:
                    yield 0, reading
        for name in names_beginning_with(gazetteer, words):
            for reading in _readings_in_areas(gazetteer, candidate, name, areas, BEGUN):
                yield 1, reading
        for name in _names_ending_with(gazetteer, typed):
            for reading in _readings_in_areas(gazetteer, candidate, name, areas, ENDED):
                yield 1, reading
        for name, errors in _similar_names(
            gazetteer, typed, min(_MAX_DISTANCE, (len(typed) + 1) // 3)
        ):
            for reading in _readings_in_areas(gazetteer, candidate, name, areas, MISTYPED):
                yield errors + 1, reading


def _name_and_areas(
    gazetteer: Gazetteer, words: Words
) -> Iterator[tuple[Words, tuple[AreaHint, ...]]]:
    yield words, ()
    yield from split_off_areas(gazetteer, words)


def names_beginning_with(gazetteer: Gazetteer, words: Words) -> list[str]:
    """Names that begin with these words and go on, an article before them aside."""
    typed = " ".join(words)
    articles = ("", *(f"{article} " for article in sorted(ARTICLES)))
    names_starting_with = gazetteer.name_index.names_starting_with
    matches = [name for article in articles for name in names_starting_with(f"{article}{typed} ")]
    return matches[:_MAX_CANDIDATES]


def _names_ending_with(gazetteer: Gazetteer, typed: str) -> list[str]:
    """Names of which these are the last words: Évry-Courcouronnes for "Courcouronnes"."""
    candidates = (
        gazetteer.name_index.names_with_word_prefix(typed)[1]
        if len(typed) >= MIN_FUZZY_LENGTH
        else []
    )
    return [name for name in candidates if name.endswith(f" {typed}")][:_MAX_CANDIDATES]


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


def _mistyped_arrondissement(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    """ "Marseile 3e"."""
    city_and_number = parse_arrondissement(words)
    if city_and_number is None:
        return
    for name, _errors in _similar_names(gazetteer, " ".join(city_and_number[0]), 1):
        for alias in gazetteer.arrondissements_by_number.get(city_and_number[1], ()):
            if gazetteer.communes[alias.current_code].folded == name:
                yield replace(alias_reading(gazetteer, alias), why=MISTYPED)


# A town so many times as large as the namesake is as likely to be meant, and a village never is.
_SIZE_RATIO = 10
_TOWN_POPULATION = 10_000
_PRESENT_NAME_KINDS = frozenset({"nom", "departement_nom", "region_nom"})
_NAME_KINDS = _PRESENT_NAME_KINDS | {"ancienne_commune"}


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
    if not readings or any(reading.why not in _NAME_KINDS for reading in readings):
        return []
    present = [reading for reading in readings if reading.why in _PRESENT_NAME_KINDS]
    if any(_case_count(reading, case_counts) for reading in present):
        return []
    min_population = max((_population(gazetteer, reading) for reading in present), default=None)
    longer_readings = [
        replace(reading, why=BEGUN)
        for reading in _readings_beginning_with(gazetteer, words)
        if reading.kind in kinds
        and (min_population is None or _is_likely(gazetteer, reading, case_counts, min_population))
    ]
    return (
        longer_readings if len(distinct_readings(gazetteer, longer_readings)) <= MAX_CHOICES else []
    )


def _readings_beginning_with(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    for name in names_beginning_with(gazetteer, words):
        yield from readings_of_name(gazetteer, name)


def _is_likely(
    gazetteer: Gazetteer, reading: PlaceReading, case_counts: Mapping[str, int], min_population: int
) -> bool:
    population = _population(gazetteer, reading)
    if reading.kind != COMMUNE or population < min_population:
        return False
    if _case_count(reading, case_counts):
        return True
    return reading.why == "nom" and population >= max(
        _TOWN_POPULATION, _SIZE_RATIO * min_population
    )


def _case_count(reading: PlaceReading, case_counts: Mapping[str, int]) -> int:
    return case_counts.get(reading.code, 0) if reading.kind == COMMUNE else 0


def _population(gazetteer: Gazetteer, reading: PlaceReading) -> int:
    return -sort_weight(gazetteer, reading, {})[1]
