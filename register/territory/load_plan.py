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

Values = dict[str, Any]

PRESENT = "commune-actuelle"
KINDS = {
    "commune-deleguee": "deleguee",
    "commune-associee": "associee",
    "arrondissement-municipal": "arrondissement",
}
FORMER = "ancienne"


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows for each table, as column values."""

    regions: list[Values]
    departements: list[Values]
    intercommunalites: list[Values]
    communes: list[Values]
    postals: list[Values]
    aliases: list[Values]
    codes: dict[str, str]


def read(source: Path) -> Plan:
    """The rows that a data set asks for, by itself."""
    regions = [_named(row) for row in dataset.rows("regions.csv", source)]
    known_regions = {row["code"] for row in regions}
    records = dataset.rows("communes.csv.gz", source)
    communes = [row for row in records if row["type"] == PRESENT]
    aliases = [row for row in records if row["type"] != PRESENT]
    return Plan(
        regions=regions,
        departements=[
            _named(row) | {"region_code": row["region"] or None}
            for row in dataset.rows("departements.csv", source)
        ],
        intercommunalites=[
            {"code": row["code"], "name": row["nom"], "kind": row["type"]}
            for row in dataset.rows("epci.csv", source)
        ],
        communes=[_commune(row, known_regions) for row in communes],
        postals=[
            {"postal": postal, "commune_code": row["code"]}
            for row in communes
            for postal in dict.fromkeys(row["codes_postaux"].split())
        ],
        aliases=[_alias(row) for row in aliases],
        codes=_codes(communes, aliases),
    )


def _named(row: dataset.Row) -> Values:
    return {
        "code": row["code"],
        "name": row["nom"],
        "folded": fold_name(row["nom"]),
        "retired": False,
    }


def _point(row: dataset.Row) -> Values:
    return {
        "population": int(row["population"]) if row["population"] else None,
        "lat": float(row["lat"]) if row["lat"] else None,
        "lon": float(row["lon"]) if row["lon"] else None,
        "precision": row["precision"],
    }


def _commune(row: dataset.Row, regions: set[str]) -> Values:
    return (
        _named(row)
        | _point(row)
        | {
            "departement_code": row["departement"],
            # The source gives an overseas collectivity its own code as a région.
            "region_code": row["region"] if row["region"] in regions else None,
            "intercommunalite_code": row["epci"] or None,
        }
    )


def _alias(row: dataset.Row) -> Values:
    return _point(row) | {
        "code": row["code"],
        "kind": KINDS[row["type"]],
        "name": row["nom"],
        "folded": fold_name(row["nom"]),
        "current_code": row["parent"],
    }


def _codes(communes: list[dataset.Row], aliases: list[dataset.Row]) -> dict[str, str]:
    """Each known code and the present commune it leads to.

    What is said last wins: a former code gives way to the present division (two delegated
    communes changed parents since), and everything to a present commune, whether its code is also
    its delegated commune's, was reused, or came back when a merger was undone.
    """
    codes = {old: row["code"] for row in communes for old in row["anciens_codes"].split()}
    codes |= {row["code"]: row["parent"] for row in aliases}
    return codes | {row["code"]: row["code"] for row in communes}


def follow(before: Mapping[str, str], codes: Mapping[str, str]) -> dict[str, str]:
    """``codes``, completed with every code known before: no code ever leads nowhere.

    A code that the new data set does not mention follows the commune it led to; when that one
    vanished without a successor, it still leads to it, retired.
    """
    return {old: codes.get(current, current) for old, current in before.items()} | dict(codes)


def kept_names(
    before: Iterable[Values], plan: Plan, codes: Mapping[str, str], retired: set[str]
) -> list[Values]:
    """Former names that the new data set no longer gives, as aliases of kind ``ancienne``.

    ``before``: rows of communes and aliases that the tables held, the communes last. A retired
    commune bears its own name and needs no alias.
    """
    given = {(row["code"], row["folded"]) for row in (*plan.communes, *plan.aliases)}
    kept: dict[str, Values] = {}
    for row in before:
        if (row["code"], row["folded"]) not in given and row["code"] not in retired:
            kept[row["code"]] = {name: row[name] for name in _KEPT} | {
                "kind": FORMER,
                "current_code": codes[row["code"]],
            }
    return list(kept.values())


_KEPT = ("code", "name", "folded", "population", "lat", "lon", "precision")
