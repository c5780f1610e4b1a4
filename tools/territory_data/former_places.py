"""Codes and names that an earlier data set has and a new one lost: they are carried forward.

So the committed files lead from every code and name that any release had to a commune, and no
register has to remember an earlier data set: a code that vanished leads to what its commune became,
or to that commune itself, *retired*, as long as no data set names a successor.
"""

from __future__ import annotations

from collections.abc import Mapping

from register.territory.dataset import FORMER, PRESENT, RETIRED
from register.text.normalisation import fold_name
from tools.territory_data.sources import CsvRow

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
    former_names: dict[str, CsvRow] = {}
    # The name of a commune is rather kept than that of a part with the same code.
    for row in sorted(former, key=lambda row: row["type"] in (PRESENT, RETIRED)):
        if (row["code"], fold_name(row["nom"])) not in names:
            parent = codes[row["code"]]
            former_names[row["code"]] = row | _EMPTY | {"type": FORMER, "parent": parent}
    for code in sorted(
        former_codes.keys() - new_codes.keys() - communes.keys() - former_names.keys()
    ):
        commune = communes[codes[code]]
        commune["anciens_codes"] = f"{commune['anciens_codes']} {code}".strip()
    rows = [*communes.values(), *aliases, *former_names.values()]
    return sorted(rows, key=lambda row: row["code"])


def _carry_areas(former: list[CsvRow], new: list[CsvRow]) -> list[CsvRow]:
    """Départements or régions, with those that only the former data set has, as retired."""
    codes = {row["code"] for row in new}
    gone = [row | {"disparu": "1"} for row in former if row["code"] not in codes]
    return [row | {"disparu": ""} for row in new] + gone
