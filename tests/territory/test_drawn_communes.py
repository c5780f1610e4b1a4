"""Two thousand random communes are found by each spelling of their name and by their codes.

``make prove`` tests all of them (``tests/prove/test_every_commune.py``).
"""

from __future__ import annotations

import random

import commune_spellings
import pytest

from register.territory.gazetteer import Gazetteer
from tools.territory_data.sources import CsvRow

SEED = 20_260_101
SAMPLE_SIZE = 2_000


@pytest.fixture(scope="module")
def sample() -> list[CsvRow]:
    """Random communes, the same in each run."""
    return random.Random(SEED).sample(commune_spellings.communes(), SAMPLE_SIZE)


@pytest.mark.parametrize("spelling", commune_spellings.SPELLINGS)
def test_a_commune_is_found_by_its_name(
    gazetteer: Gazetteer, sample: list[CsvRow], spelling: str
) -> None:
    spell = commune_spellings.SPELLINGS[spelling]
    faults = [
        commune_spellings.name_fault(gazetteer, spell(row["nom"]), row["nom"]) for row in sample
    ]
    assert [fault for fault in faults if fault] == []


def test_a_commune_is_found_by_its_codes(gazetteer: Gazetteer, sample: list[CsvRow]) -> None:
    codes = {code for row in sample for code in (row["code"], *row["codes_postaux"].split())}
    faults = [
        commune_spellings.code_fault(gazetteer, code, commune_spellings.communes_of_code(code))
        for code in sorted(codes)
    ]
    assert [fault for fault in faults if fault] == []


def test_a_former_commune_is_found_by_its_name(gazetteer: Gazetteer) -> None:
    sample = random.Random(SEED).sample(commune_spellings.smaller_communes(), 300)
    faults = [commune_spellings.name_fault(gazetteer, row["nom"], row["nom"]) for row in sample]
    assert [fault for fault in faults if fault] == []


def test_the_spellings_differ_where_they_should() -> None:
    assert [spell("L'Île-Saint-Œ") for spell in commune_spellings.SPELLINGS.values()] == [
        "L'Ile-Saint-Oe",
        "L'Île Saint Œ",
        "L'ÎLE-SAINT-Œ",
        "L\u2019Île-Saint-Œ",
        "L'Île-St-Œ",
    ]
