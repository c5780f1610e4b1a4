"""Writes the tables: communes, EPCI, départements and régions."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path

from register.territory.regenerate.commune_points import (
    PRESENT,
    LocatedPoint,
    locate_communes,
    parent_code,
)
from register.territory.regenerate.sources import Division, JsonRecord, PopulatedPlace

COMMUNE_COLUMNS = [
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
OVERSEAS_ZONE = "com"


def write(division: Division, spots: list[PopulatedPlace], out: Path) -> dict[str, int]:
    """Write the four tables into ``out``; what was counted, by name."""
    points = locate_communes(division.communes, spots)
    epci_of_commune = {
        member["code"]: epci["code"] for epci in division.epci for member in epci["membres"]
    }
    commune_cells = [
        _commune_cells(record, points, epci_of_commune)
        for record in sorted(division.communes, key=itemgetter("code"))
    ]
    # No name and no date in the header: the same rows are always the same bytes.
    (out / "communes.csv.gz").write_bytes(
        gzip.compress(_csv_bytes(COMMUNE_COLUMNS, commune_cells), 9, mtime=0)
    )
    regions = [region for region in division.regions if region["zone"] != OVERSEAS_ZONE]
    (out / "epci.csv").write_bytes(
        _csv_bytes(
            ["code", "nom", "type"],
            (
                [epci_record["code"], epci_record["nom"], epci_record["type"]]
                for epci_record in division.epci
            ),
        )
    )
    (out / "departements.csv").write_bytes(
        _csv_bytes(
            ["code", "nom", "region"],
            (_departement_cells(departement) for departement in division.departements),
        )
    )
    (out / "regions.csv").write_bytes(
        _csv_bytes(["code", "nom"], ([region["code"], region["nom"]] for region in regions))
    )
    return _counts(division, len(regions), points)


def _commune_cells(
    record: JsonRecord, points: dict[tuple[str, str], LocatedPoint], epci_of_commune: dict[str, str]
) -> list[str]:
    is_present = record["type"] == PRESENT
    return [
        record["code"],
        record["nom"],
        record["type"],
        "" if is_present else parent_code(record),
        record["departement"],
        record["region"],
        " ".join(record.get("codesPostaux", [])),
        str(record.get("population", "")),
        *points[record["code"], record["type"]],
        epci_of_commune.get(record["code"], "") if is_present else "",
        " ".join(record.get("anciensCodes", [])),
    ]


def _departement_cells(record: JsonRecord) -> list[str]:
    # The source repeats an overseas collectivity as a région of its own, which it is not.
    region = "" if record["zone"] == OVERSEAS_ZONE else record["region"]
    return [record["code"], record["nom"], region]


def _csv_bytes(header: list[str], cells: Iterable[list[str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(cells)
    return buffer.getvalue().encode("utf-8")


def _counts(
    division: Division, regions: int, points: dict[tuple[str, str], LocatedPoint]
) -> dict[str, int]:
    kinds = Counter(record["type"] for record in division.communes)
    precisions = Counter(point.precision for (_, kind), point in points.items() if kind == PRESENT)
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
