"""Writes the tables: communes, EPCI, départements and régions."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path

from register.territory.regenerate.commune_points import PRESENT, Located, locate, parent_of
from register.territory.regenerate.sources import Division, Record, Spot

COMMUNES = [
    "code",
    "nom",
    "type",
    "parent",
    "departement",
    "region",
    "codes_postaux",
    "population",
    "lat",
    "lon",
    "precision",
    "epci",
    "anciens_codes",
]
OVERSEAS = "com"


def write(division: Division, spots: list[Spot], out: Path) -> dict[str, int]:
    """Write the four tables into ``out``; what was counted, by name."""
    points = locate(division.communes, spots)
    members = {m["code"]: epci["code"] for epci in division.epci for m in epci["membres"]}
    rows = [
        _commune(record, points, members)
        for record in sorted(division.communes, key=itemgetter("code"))
    ]
    # No name and no date in the header: the same rows are always the same bytes.
    (out / "communes.csv.gz").write_bytes(gzip.compress(_table(COMMUNES, rows), 9, mtime=0))
    regions = [r for r in division.regions if r["zone"] != OVERSEAS]
    (out / "epci.csv").write_bytes(
        _table(["code", "nom", "type"], ([e["code"], e["nom"], e["type"]] for e in division.epci))
    )
    (out / "departements.csv").write_bytes(
        _table(["code", "nom", "region"], (_departement(d) for d in division.departements))
    )
    (out / "regions.csv").write_bytes(
        _table(["code", "nom"], ([r["code"], r["nom"]] for r in regions))
    )
    return _counts(division, len(regions), points)


def _commune(
    record: Record, points: dict[tuple[str, str], Located], members: dict[str, str]
) -> list[str]:
    present = record["type"] == PRESENT
    return [
        record["code"],
        record["nom"],
        record["type"],
        "" if present else parent_of(record),
        record["departement"],
        record["region"],
        " ".join(record.get("codesPostaux", [])),
        str(record.get("population", "")),
        *points[record["code"], record["type"]],
        members.get(record["code"], "") if present else "",
        " ".join(record.get("anciensCodes", [])),
    ]


def _departement(record: Record) -> list[str]:
    # The source repeats an overseas collectivity as a région of its own, which it is not.
    region = "" if record["zone"] == OVERSEAS else record["region"]
    return [record["code"], record["nom"], region]


def _table(header: list[str], rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _counts(
    division: Division, regions: int, points: dict[tuple[str, str], Located]
) -> dict[str, int]:
    kinds = Counter(record["type"] for record in division.communes)
    precisions = Counter(p.precision for (_, kind), p in points.items() if kind == PRESENT)
    return {
        "communes": kinds[PRESENT],
        "communes_deleguees": kinds["commune-deleguee"],
        "communes_associees": kinds["commune-associee"],
        "arrondissements_municipaux": kinds["arrondissement-municipal"],
        "lignes": len(division.communes),
        "points_exacts": precisions["geonames"],
        "points_absents": precisions[""],
        "intercommunalites": len(division.epci),
        "departements": len(division.departements),
        "regions": regions,
    }
