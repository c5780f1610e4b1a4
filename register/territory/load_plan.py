"""Turns the data files into rows, and says what becomes of what they no longer mention.

Pure: it reads files and plain rows, and never a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from register.territory import dataset
from register.text.fold import fold_name

ColumnValues = dict[str, Any]

PRESENT = "commune-actuelle"
ALIAS_KINDS = {
    "commune-deleguee": "deleguee",
    "commune-associee": "associee",
    "arrondissement-municipal": "arrondissement",
}
FORMER = "ancienne"


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Rows for each table, as column values."""

    regions: list[ColumnValues]
    departements: list[ColumnValues]
    intercommunalites: list[ColumnValues]
    communes: list[ColumnValues]
    postals: list[ColumnValues]
    aliases: list[ColumnValues]
    codes: dict[str, str]


def read_plan(source: Path) -> LoadPlan:
    """The rows that a data set asks for, by itself."""
    regions = [_name_columns(row) for row in dataset.read_table("regions.csv", source)]
    region_codes = {row["code"] for row in regions}
    commune_rows = dataset.read_table("communes.csv.gz", source)
    communes = [row for row in commune_rows if row["type"] == PRESENT]
    aliases = [row for row in commune_rows if row["type"] != PRESENT]
    return LoadPlan(
        regions=regions,
        departements=[
            _name_columns(row) | {"region_code": row["region"] or None}
            for row in dataset.read_table("departements.csv", source)
        ],
        intercommunalites=[
            {"code": row["code"], "name": row["nom"], "kind": row["type"]}
            for row in dataset.read_table("epci.csv", source)
        ],
        communes=[_commune_columns(row, region_codes) for row in communes],
        postals=[
            {"postal": postal_code, "commune_code": row["code"]}
            for row in communes
            for postal_code in dict.fromkeys(row["codes_postaux"].split())
        ],
        aliases=[_alias_columns(row) for row in aliases],
        codes=_current_codes(communes, aliases),
    )


def _name_columns(row: dataset.CsvRow) -> ColumnValues:
    return {
        "code": row["code"],
        "name": row["nom"],
        "folded": fold_name(row["nom"]),
        "retired": False,
    }


def _point_columns(row: dataset.CsvRow) -> ColumnValues:
    return {
        "population": int(row["population"]) if row["population"] else None,
        "lat": float(row["lat"]) if row["lat"] else None,
        "lon": float(row["lon"]) if row["lon"] else None,
        "precision": row["precision"],
    }


def _commune_columns(row: dataset.CsvRow, region_codes: set[str]) -> ColumnValues:
    return (
        _name_columns(row)
        | _point_columns(row)
        | {
            "departement_code": row["departement"],
            # The source gives an overseas collectivity its own code as a région.
            "region_code": row["region"] if row["region"] in region_codes else None,
            "intercommunalite_code": row["epci"] or None,
        }
    )


def _alias_columns(row: dataset.CsvRow) -> ColumnValues:
    return _point_columns(row) | {
        "code": row["code"],
        "kind": ALIAS_KINDS[row["type"]],
        "name": row["nom"],
        "folded": fold_name(row["nom"]),
        "current_code": row["parent"],
    }


def _current_codes(communes: list[dataset.CsvRow], aliases: list[dataset.CsvRow]) -> dict[str, str]:
    """Each known code and the present commune it leads to.

    What is said last wins: a former code gives way to the present division (two delegated
    communes changed parents since), and everything to a present commune, whether its code is also
    its delegated commune's, was reused, or came back when a merger was undone.
    """
    codes = {
        former_code: row["code"] for row in communes for former_code in row["anciens_codes"].split()
    }
    codes |= {row["code"]: row["parent"] for row in aliases}
    return codes | {row["code"]: row["code"] for row in communes}


def follow_codes(previous_codes: Mapping[str, str], new_codes: Mapping[str, str]) -> dict[str, str]:
    """``new_codes``, completed with every code known before: no code ever leads nowhere.

    A code that the new data set does not mention follows the commune it led to; when that one
    vanished without a successor, it still leads to it, retired.
    """
    return {
        code: new_codes.get(current_code, current_code)
        for code, current_code in previous_codes.items()
    } | dict(new_codes)


def former_names(
    previous_rows: Iterable[ColumnValues],
    plan: LoadPlan,
    codes: Mapping[str, str],
    retired: set[str],
) -> list[ColumnValues]:
    """Former names that the new data set no longer gives, as aliases of kind ``ancienne``.

    ``previous_rows``: rows of communes and aliases that the tables held, the communes last. A retired
    commune bears its own name and needs no alias.
    """
    current_names = {(row["code"], row["folded"]) for row in (*plan.communes, *plan.aliases)}
    former_aliases: dict[str, ColumnValues] = {}
    for row in previous_rows:
        if (row["code"], row["folded"]) not in current_names and row["code"] not in retired:
            former_aliases[row["code"]] = {
                column: row[column] for column in _FORMER_NAME_COLUMNS
            } | {
                "kind": FORMER,
                "current_code": codes[row["code"]],
            }
    return list(former_aliases.values())


_FORMER_NAME_COLUMNS = ("code", "name", "folded", "population", "lat", "lon", "precision")
