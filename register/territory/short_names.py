"""Names that people cut short, where what is left is the name of a smaller place as well.

Évry is a village of the Yonne, and what people call Évry-Courcouronnes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from register.territory.exact_matchers import readings_of_name
from register.territory.fuzzy import BEGUN, MAX_CHOICES, names_beginning_with
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import PlaceReading, distinct_readings, sort_weight
from register.territory.name_normalisation import ALL_KINDS, COMMUNE, Words

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
