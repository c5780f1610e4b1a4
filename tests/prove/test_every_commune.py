"""Every commune by every name and code, and how long any text takes to be read."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable, Mapping
from itertools import chain
from statistics import median

import commune_spellings
import pytest

from register.territory.gazetteer import Gazetteer, gazetteer
from register.territory.place_extraction import extract_places
from register.territory.places import territory
from register.territory.resolve import resolve, suggest_places

pytestmark = pytest.mark.prove

SEED = 93_032
TYPICAL_LIMIT = 1.0  # milliseconds, median
WORST_LIMIT = 20.0  # milliseconds
SUGGESTION_LIMIT = 3.0  # milliseconds, median of suggestions


@pytest.fixture(scope="module")
def france() -> Gazetteer:
    """The gazetteer of the committed data."""
    return gazetteer()


@pytest.mark.parametrize("spelling", commune_spellings.SPELLINGS)
def test_every_commune_is_found_by_its_name(france: Gazetteer, spelling: str) -> None:
    spell = commune_spellings.SPELLINGS[spelling]
    faults = [
        commune_spellings.name_fault(france, spell(row["nom"]), row["nom"])
        for row in commune_spellings.communes()
    ]
    print(f"{spelling}: {len(faults) - sum(map(bool, faults))} of {len(faults)}")
    assert [fault for fault in faults if fault] == []


def test_every_commune_is_found_by_its_codes(france: Gazetteer) -> None:
    owners = commune_spellings.owners()
    codes = {*owners.code, *owners.postal, *owners.other_code, *owners.retired}
    faults = [
        commune_spellings.code_fault(france, code, commune_spellings.communes_of_code(code))
        for code in sorted(codes)
    ]
    print(f"codes: {len(faults) - sum(map(bool, faults))} of {len(faults)}")
    assert [fault for fault in faults if fault] == []
    # The five lists cover each other's gaps: none of them is what the others were made of.
    assert owners.postal.keys() - owners.code.keys()
    assert owners.retired.keys() - owners.other_code.keys()


def test_every_former_commune_and_arrondissement_is_found_by_its_name(france: Gazetteer) -> None:
    faults = [
        commune_spellings.name_fault(france, row["nom"], row["nom"])
        for row in commune_spellings.smaller_communes()
    ]
    print(f"former names: {len(faults) - sum(map(bool, faults))} of {len(faults)}")
    assert [fault for fault in faults if fault] == []


def test_every_commune_is_found_by_its_name_and_where_it_is(france: Gazetteer) -> None:
    faults = []
    for row in commune_spellings.communes():
        place = france.communes[row["code"]]
        departement = france.departements[place.departement_code]
        for typed in (
            f"{place.name} ({departement.code})",
            f"{departement.code} {place.name}",
            f"{place.name}, {departement.name}",
        ):
            codes = {reading.code for reading in resolve(france, typed).readings}
            faults.append("" if place.code in codes else f"{typed!r}: {sorted(codes)}")
    print(f"names with their département: {len(faults) - sum(map(bool, faults))} of {len(faults)}")
    assert [fault for fault in faults if fault] == []


def test_a_name_with_one_typing_error_is_offered(france: Gazetteer) -> None:
    """A letter less, more, other or in another place, in a name that has five letters or more."""
    chance = random.Random(SEED)
    rows = [row for row in commune_spellings.communes() if len(row["nom"]) >= 5]
    faults, other_name_count = [], 0
    for row in chance.sample(rows, 3_000):
        typed = _misspelt(row["nom"], chance)
        resolution = resolve(france, typed)
        # A slip can make another name, or its beginning; then that is what is read.
        if resolution.readings:
            other_name_count += 1
        elif row["code"] not in {reading.code for reading in resolution.near_readings}:
            faults.append(f"{row['nom']!r} as {typed!r}")
    print(f"slips: {3_000 - len(faults)} of 3000 read, {other_name_count} of them as another name")
    assert len(faults) <= 30, faults


def _misspelt(name: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(name) - 1)
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    before, after = name[:place], name[place:]
    return chance.choice(
        (
            before + after[1:],
            before + letter + after,
            before + letter + after[1:],
            before + after[1::-1] + after[2:],
        )
    )


# --- speed -------------------------------------------------------------------------------------

Read = Callable[[Gazetteer, str, Mapping[str, int]], object]
SLOW_TEXTS = (
    "x" * 10_000,
    " " * 10_000,
    "(93)" * 2_500,
    "é" * 200,
    "e" + "\u0301" * 199,
    "\ufdfa" * 200,
    "\u202e\u200fgagny\0" * 30,
    "\ud800" * 200,
    "9" * 200,
    "93 " * 70,
    "y " * 100,
    "i " * 100,
    "de la " * 40,
    "le " * 70,
    "saint " * 40,
    "93 saint denis " * 14,
    "paris xviii " * 16,
    "paris 18e " * 20,
    "saint denis la reunion " * 9,
    "93200 93300 saint denys 93400",
    "le",
    "la",
    "l",
    "d",
    "saint",
    "sainte",
    "notre dame",
    "zzaint deniz 93 reunion",
    "quelquechoze isere 38",
    "mairie de la mairie de la mairie",
    "ville de la ville",
    '"' * 200,
    "-a " * 66,
    "a*" * 100,
    "saint germain de tzllevende la lande vaumont 50",
    "aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "1er " * 50,
)


# Published cases in one commune out of twenty, as in a register of some thousands.
CASES = {
    row["code"]: 1 + number % 5 for number, row in enumerate(commune_spellings.communes()[::20])
}


@pytest.mark.parametrize(
    "read", [resolve, extract_places, suggest_places], ids=lambda read: read.__name__
)
def test_every_text_is_read_within_the_limit(france: Gazetteer, read: Read) -> None:
    chance = random.Random(SEED)
    names = [row["nom"] for row in chance.sample(commune_spellings.communes(), 60)]
    mixed = [" ".join(chance.sample(names, 12)) for _ in range(40)]
    slips = [_misspelt(name, chance) + " 93" for name in names if len(name) > 4]
    slowest = max(
        (_milliseconds(read, france, text), text[:40]) for text in (*SLOW_TEXTS, *mixed, *slips)
    )
    print(f"{read.__name__}: slowest {slowest[0]:.2f} ms, {slowest[1]!r}")
    assert slowest[0] <= WORST_LIMIT


def test_typical_texts_are_read_within_a_millisecond(france: Gazetteer) -> None:
    chance = random.Random(SEED)
    rows = chance.sample(commune_spellings.communes(), 300)
    typed = [*(row["nom"] for row in rows), *(row["code"] for row in rows)]
    slips = [_misspelt(row["nom"], chance) for row in rows if len(row["nom"]) > 4]
    phrases = [f"filmer le conseil municipal de {row['nom']}" for row in rows]
    beginnings = [row["nom"][: chance.randrange(2, 6)] for row in rows]
    figures = {
        "resolve": median(_milliseconds(resolve, france, text) for text in chain(typed, slips)),
        "resolve, a slip": median(_milliseconds(resolve, france, text) for text in slips),
        "placed": median(_milliseconds(extract_places, france, text) for text in phrases),
        "suggest": median(_milliseconds(suggest_places, france, text) for text in beginnings),
    }
    print(", ".join(f"{name} {milliseconds:.3f} ms" for name, milliseconds in figures.items()))
    assert figures["resolve"] < TYPICAL_LIMIT
    assert figures["placed"] < TYPICAL_LIMIT
    assert figures["suggest"] < SUGGESTION_LIMIT


def _milliseconds(read: Read, france: Gazetteer, text: str) -> float:
    """Milliseconds of computing, the best of five: the machine does other things meanwhile."""
    best = float("inf")
    for _ in range(5):
        started = time.thread_time()
        read(france, text, CASES)
        best = min(best, time.thread_time() - started)
    return best * 1000


def test_the_territory_is_small_and_read_at_once() -> None:
    started = time.thread_time()
    gazetteers = [Gazetteer(territory.__wrapped__())]
    seconds = time.thread_time() - started
    gazetteers.clear()
    tracemalloc.start()
    gazetteers.append(Gazetteer(territory.__wrapped__()))
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    print(f"territory and gazetteer: {seconds:.2f} s to read, {size:.1f} MB")
    assert seconds < 1
    assert size < 30
