"""Codes and names that an earlier data set has and a new one lost, and names since 1943.

They are carried forward, so that the committed files lead from every code and name that any release
had to a commune, and no register has to remember an earlier data set: a code that vanished leads to
what its commune became, or to that commune itself, *retired*, as long as no data set names a
successor.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from register.territory.dataset import FORMER, PRESENT, RETIRED
from register.text.normalisation import fold_name
from tools.territory_data.sources import CsvRow

# The source of the names since 1943, and its commit.
NAMES_SOURCE = {"comhisto": "81a48fa"}
NAMES_FILE = Path(__file__).with_name("names_since_1943.csv")
_EMPTY = {"codes_postaux": "", "epci": "", "anciens_codes": ""}


def carry_forward(
    former: Mapping[str, list[CsvRow]], new: Mapping[str, list[CsvRow]]
) -> dict[str, list[CsvRow]]:
    """The tables of a new data set, by file name, with what only the former ones have."""
    complete = dict(new)
    communes = "communes.csv.gz"
    complete[communes] = _carry_communes(former.get(communes, []), new[communes])
    for areas in ("departements.csv", "regions.csv"):
        complete[areas] = _carry_areas(former.get(areas, []), new[areas])
    return complete


def read_names() -> Iterator[tuple[str, str]]:
    """The code and name of each commune that had another name since 1943; see the file's head."""
    with NAMES_FILE.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(line for line in lines if not line.startswith("#"))
        next(rows)
        yield from ((code, name) for code, name in rows)


def add_names(rows: list[CsvRow], names: Iterable[tuple[str, str]]) -> list[CsvRow]:
    """The rows of communes, with those of names that the present division has no more.

    A name that leads to the same commune already is left out.
    """
    codes = _current_codes(rows)
    communes = {row["code"]: row for row in rows if row["type"] in (PRESENT, RETIRED)}
    known = {(codes[row["code"]], fold_name(row["nom"])) for row in rows}
    known |= {(row["parent"], fold_name(row["nom"])) for row in rows if row["parent"]}
    added = []
    for code, name in names:
        parent = codes.get(code, "")
        if parent and (parent, fold_name(name)) not in known:
            known.add((parent, fold_name(name)))
            place = {cell: communes[parent][cell] for cell in ("departement", "region")}
            cells = {"code": code, "nom": name, "type": FORMER, "parent": parent}
            added.append(dict.fromkeys(communes[parent], "") | place | cells)
    return sorted([*rows, *added], key=lambda row: row["code"])


def _current_codes(rows: list[CsvRow]) -> dict[str, str]:
    """Each code and the commune it leads to, as :func:`register.territory.places.territory`."""
    communes = [row for row in rows if row["type"] in (PRESENT, RETIRED)]
    codes = {code: row["code"] for row in communes for code in row["anciens_codes"].split()}
    codes |= {row["code"]: row["parent"] for row in rows if row["parent"]}
    return codes | {row["code"]: row["code"] for row in communes}


def _carry_communes(former: list[CsvRow], new: list[CsvRow]) -> list[CsvRow]:
    """The rows of a new data set, with what only the former one has, in the order of codes."""
    former_codes, new_codes = _current_codes(former), _current_codes(new)
    # A code that the new data set does not mention follows the commune it led to; when that one
    # vanished without a successor, it still leads to it, retired.
    codes = {
        code: new_codes.get(current, current) for code, current in former_codes.items()
    } | new_codes
    communes = {row["code"]: dict(row) for row in new if row["type"] == PRESENT}
    for row in former:
        code = row["code"]
        if row["type"] in (PRESENT, RETIRED) and codes[code] == code and code not in communes:
            communes[code] = row | _EMPTY | {"type": RETIRED, "epci": row["epci"]}
    aliases = [row for row in new if row["type"] != PRESENT]
    names = {(row["code"], fold_name(row["nom"])) for row in [*communes.values(), *aliases]}
    former_names: dict[tuple[str, str], CsvRow] = {}
    for row in former:
        key = row["code"], fold_name(row["nom"])
        if key not in names:
            parent = codes[row["code"]]
            former_names[key] = row | _EMPTY | {"type": FORMER, "parent": parent}
    named_codes = {code for code, _name in former_names}
    for code in sorted(former_codes.keys() - new_codes.keys() - communes.keys() - named_codes):
        commune = communes[codes[code]]
        commune["anciens_codes"] = f"{commune['anciens_codes']} {code}".strip()
    rows = [*communes.values(), *aliases, *former_names.values()]
    return sorted(rows, key=lambda row: row["code"])


def _carry_areas(former: list[CsvRow], new: list[CsvRow]) -> list[CsvRow]:
    """Départements or régions, with those that only the former data set has, as retired."""
    codes = {row["code"] for row in new}
    gone = [row | {"disparu": "1"} for row in former if row["code"] not in codes]
    return [row | {"disparu": ""} for row in new] + gone
