"""Names that people cut short, where what is left is the name of a smaller place as well.

Évry is a village of the Yonne, and what people call Évry-Courcouronnes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from register.territory.exact_matchers import bearing
from register.territory.fuzzy import BEGUN, CHOICE, beginning
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import Reading, apart, weight
from register.territory.name_normalisation import COMMUNE, EVERY, Words

# A town so many times as large as the namesake is as likely to be meant, and a village never is.
_TIMES = 10
_TOWN = 10_000
_PRESENT = frozenset({"nom", "departement_nom", "region_nom"})
_NAMES = _PRESENT | {"ancienne_commune"}


def longer(
    gazetteer: Gazetteer,
    words: Words,
    found: Sequence[Reading],
    known: Mapping[str, int],
    kinds: frozenset[str] = EVERY,
) -> list[Reading]:
    """What else a name may be the beginning of; none when too much is, or a namesake has a case.

    An old name leaves room for all: Boulogne was a commune of Vendée. A present one leaves it for
    towns that are much larger, and for places as large that have published cases.

    :param found: what bears the name as it was typed.
    :param known: number of published cases by present commune code.
    """
    if not found or any(reading.why not in _NAMES for reading in found):
        return []
    present = [reading for reading in found if reading.why in _PRESENT]
    if any(_cases(reading, known) for reading in present):
        return []
    least = max((_people(gazetteer, reading) for reading in present), default=None)
    more = [
        replace(reading, why=BEGUN)
        for reading in _begun(gazetteer, words)
        if reading.kind in kinds and (least is None or _is_likely(gazetteer, reading, known, least))
    ]
    return more if len(apart(gazetteer, more)) <= CHOICE else []


def _begun(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    for name in beginning(gazetteer, words):
        yield from bearing(gazetteer, name)


def _is_likely(
    gazetteer: Gazetteer, reading: Reading, known: Mapping[str, int], least: int
) -> bool:
    people = _people(gazetteer, reading)
    if reading.kind != COMMUNE or people < least:
        return False
    if _cases(reading, known):
        return True
    return reading.why == "nom" and people >= max(_TOWN, _TIMES * least)


def _cases(reading: Reading, known: Mapping[str, int]) -> int:
    return known.get(reading.code, 0) if reading.kind == COMMUNE else 0


def _people(gazetteer: Gazetteer, reading: Reading) -> int:
    return -weight(gazetteer, reading, {})[1]
