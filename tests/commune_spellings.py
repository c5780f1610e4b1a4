"""Every commune by its usual names and codes, and the communes that share each of them.

All of it is read from the committed files, without the code under test.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from register.territory.dataset import FORMER, PRESENT
from register.territory.gazetteer import Gazetteer
from register.territory.resolve import resolve
from register.text.normalisation import fold_name
from tools.territory_data.sources import CsvRow, read_table

_SAINTS = {"Saint": "St", "Sainte": "Ste", "Saints": "Sts", "Saintes": "Stes"}


def _without_accents(name: str) -> str:
    plain = name.replace("œ", "oe").replace("Œ", "Oe").replace("æ", "ae").replace("Æ", "Ae")
    letters = unicodedata.normalize("NFD", plain)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _saints(name: str) -> str:
    words = name.split("-")
    return "-".join(" ".join(_SAINTS.get(word, word) for word in part.split(" ")) for part in words)


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "no accents": _without_accents,
    "no hyphens": lambda name: name.replace("-", " "),
    "capitals": str.upper,
    "curly apostrophe": lambda name: name.replace("'", "\u2019"),
    "St and Ste": _saints,
}


@dataclass
class Owners:
    """Present commune codes by folded name, postal code and INSEE code.

    ``other_named`` and ``other_code`` are of delegated and associated communes and of
    arrondissements; ``formerly_named`` has names since 1943 that no commune of today has;
    ``retired`` has former codes without a name.
    """

    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    other_named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    formerly_named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    postal: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    code: dict[str, str] = field(default_factory=dict)
    other_code: dict[str, str] = field(default_factory=dict)
    retired: dict[str, str] = field(default_factory=dict)


@cache
def communes() -> list[CsvRow]:
    """The present communes of the files."""
    return [row for row in read_table("communes.csv.gz") if row["type"] == PRESENT]


@cache
def smaller_communes() -> list[CsvRow]:
    """Delegated and associated communes and arrondissements."""
    return [row for row in read_table("communes.csv.gz") if row["type"] != PRESENT]


@cache
def owners() -> Owners:
    """The communes of each name and code."""
    index = Owners()
    for row in communes():
        code = row["code"]
        index.code[code] = code
        index.named[fold_name(row["nom"])].add(code)
        for postal in row["codes_postaux"].split():
            index.postal[postal].add(code)
        index.retired |= dict.fromkeys(row["anciens_codes"].split(), code)
    areas = {
        fold_name(row["nom"])
        for name in ("departements.csv", "regions.csv")
        for row in read_table(name)
    }
    for row in smaller_communes():
        folded = fold_name(row["nom"])
        if row["type"] != FORMER:
            index.other_named[folded].add(row["parent"])
        elif folded not in index.named and folded not in areas:
            index.formerly_named[folded].add(row["parent"])
        index.other_code[row["code"]] = row["parent"]
    return index


def communes_of_name(name: str) -> set[str]:
    """All communes that bear a name or bore it."""
    folded, index = fold_name(name), owners()
    tables = (index.named, index.other_named, index.formerly_named)
    return {code for table in tables for code in table.get(folded, ())}


def communes_of_code(code: str) -> set[str]:
    """All communes that a string of five characters can mean."""
    index = owners()
    with_postal_code = index.postal.get(code, set())
    insee = index.code.get(code) or index.other_code.get(code)
    if insee is None and not with_postal_code:
        # A present postal code has priority over a former code.
        insee = index.retired.get(code)
    return with_postal_code | ({insee} if insee else set())


def code_fault(gazetteer: Gazetteer, typed: str, expected: set[str]) -> str:
    """What is wrong with the communes among the readings of a text; empty when nothing is."""
    codes = {
        reading.code for reading in resolve(gazetteer, typed).readings if reading.kind == "commune"
    }
    return "" if codes == expected else f"{typed!r}: {sorted(codes)}, expected {sorted(expected)}"


def name_fault(gazetteer: Gazetteer, typed: str, name: str) -> str:
    """The same for a name: all that bear or bore it, then some whose name is longer than that."""
    readings = [
        reading for reading in resolve(gazetteer, typed).readings if reading.kind == "commune"
    ]
    expected = communes_of_name(name)
    longer = [reading for reading in readings if reading.why == "debut_du_nom"]
    exact = {reading.code for reading in readings[: len(readings) - len(longer)]}
    unexpected = {
        reading.code
        for reading in readings
        if reading.code not in expected
        and not _goes_on(fold_name(reading.alias_name or reading.name), fold_name(name))
    }
    if expected <= exact and not unexpected and longer == readings[len(readings) - len(longer) :]:
        return ""
    codes = [reading.code for reading in readings]
    return f"{typed!r}: {codes}, expected {sorted(expected)} first, {sorted(unexpected)} never"


def _goes_on(longer: str, name: str) -> bool:
    """Whether a name begins with another, an article aside, or is it with one."""
    articles = ("", "le ", "la ", "les ", "l ")
    return any(f"{longer} ".startswith(f"{article}{name} ") for article in articles)
