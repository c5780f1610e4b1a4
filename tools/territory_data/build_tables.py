"""The data files: tables of communes, EPCI, départements and régions, and outlines for a map."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from register.territory.dataset import FORMER, PRESENT
from register.territory.map_ground import DrawingPoint
from register.text.normalisation import fold_name
from tools.territory_data.boundaries import OUTLINES_FILE
from tools.territory_data.former_places import add_names, carry_forward
from tools.territory_data.map_geometry import draw_commune, ground
from tools.territory_data.sources import (
    MAPSHAPER,
    OUTLINES,
    CsvRow,
    Division,
    JsonRecord,
    PopulatedPlace,
    read_table,
)

# The overseas collectivities, and the code that INSEE gives to what GeoNames calls a country.
COLLECTIVITIES = {
    "PM": "975",
    "YT": "976",
    "BL": "977",
    "MF": "978",
    "TF": "984",
    "WF": "986",
    "PF": "987",
    "NC": "988",
}
OVERSEAS_ZONE = "com"


class LocatedPoint(NamedTuple):
    """A point in degrees, written as it will be in the file, and its precision."""

    lat: str
    lon: str
    precision: str


LatLon = tuple[float, float]


def locate_communes(
    records: list[JsonRecord], spots: list[PopulatedPlace]
) -> dict[tuple[str, str], LocatedPoint]:
    """Points of all records, by (code, type): the code alone is not unique."""
    communes = [record for record in records if record["type"] == PRESENT]
    exact_points = _exact_points(communes, spots)
    by_postal = _group_points(
        exact_points, {c["code"]: c.get("codesPostaux", []) for c in communes}
    )
    by_district = _group_points(exact_points, {c["code"]: [_district_code(c)] for c in communes})
    points: dict[tuple[str, str], LocatedPoint] = {}
    for record in sorted(records, key=lambda record: record["type"] != PRESENT):
        if is_present := record["type"] == PRESENT:
            postal_codes = record.get("codesPostaux", [])
            near_points = [point for code in postal_codes for point in by_postal[code]]
        else:
            # An approximate parent says nothing about where in it the old commune lies.
            near_points = []
        district_points = by_district[_district_code(record)]
        if exact_point := exact_points.get(record["code"] if is_present else parent_code(record)):
            point = _format_point(exact_point, 4, "geonames" if is_present else "parent")
        elif near_points:
            point = _format_point(_mean_point(near_points), 3, "code_postal")
        elif district_points:
            point = _format_point(_mean_point(district_points), 3, "arrondissement")
        else:
            point = LocatedPoint("", "", "")
        points[record["code"], record["type"]] = point
    return points


def parent_code(record: JsonRecord) -> str:
    """The present commune of a delegated, associated or municipal district record."""
    code: str = record.get("chefLieu") or record["commune"]
    return code


def _district_code(record: JsonRecord) -> str:
    code: str = record.get("arrondissement") or record["departement"]
    return code


def _exact_points(communes: list[JsonRecord], spots: list[PopulatedPlace]) -> dict[str, LatLon]:
    """The commune's own place: the one that bears its name, else its most populous."""
    candidates = _candidates(communes, spots)
    exact: dict[str, LatLon] = {}
    for commune in communes:
        spots_of_commune = candidates[commune["code"]]
        if spots_of_commune:
            name = fold_name(commune["nom"])
            best = max(
                spots_of_commune, key=lambda spot: (fold_name(spot.name) == name, spot.population)
            )
            exact[commune["code"]] = (best.lat, best.lon)
    return exact


def _candidates(
    communes: list[JsonRecord], spots: list[PopulatedPlace]
) -> defaultdict[str, list[PopulatedPlace]]:
    owners = {old: c["code"] for c in communes for old in c.get("anciensCodes", [])}
    owners |= {c["code"]: c["code"] for c in communes}
    # Collectivities that are one commune: whatever lies there lies in it.
    commune_counts = Counter(c["departement"] for c in communes)
    lone_communes = {
        c["departement"]: c["code"]
        for c in communes
        if commune_counts[c["departement"]] == 1 and c["departement"] in COLLECTIVITIES.values()
    }
    code_by_name = {(c["departement"], fold_name(c["nom"])): c["code"] for c in communes}
    candidates: defaultdict[str, list[PopulatedPlace]] = defaultdict(list)
    for spot in spots:
        departement = COLLECTIVITIES.get(spot.country, "")
        # GeoNames writes the INSEE code in level 4 in metropolitan France, in level 2 or 1
        # overseas, and nowhere in Polynesia, where only the name is left.
        codes = (spot.codes[3], spot.codes[1], spot.codes[0]) if departement else spot.codes[3:]
        code = (
            next((owners[code] for code in codes if code in owners), None)
            or lone_communes.get(departement)
            or code_by_name.get((departement, fold_name(spot.name)))
        )
        if code:
            candidates[code].append(spot)
    return candidates


def _group_points(
    exact: Mapping[str, LatLon], groups: Mapping[str, Iterable[str]]
) -> defaultdict[str, list[LatLon]]:
    members: defaultdict[str, list[LatLon]] = defaultdict(list)
    for code, pair in exact.items():
        for group in groups[code]:
            members[group].append(pair)
    return members


def _mean_point(pairs: list[LatLon]) -> LatLon:
    return (fmean(lat for lat, _ in pairs), fmean(lon for _, lon in pairs))


def _format_point(pair: LatLon, digits: int, precision: str) -> LocatedPoint:
    # A mean is written with fewer digits, so that nobody takes it for a real point.
    return LocatedPoint(f"{pair[0]:.{digits}f}", f"{pair[1]:.{digits}f}", precision)


def write(
    division: Division,
    spots: list[PopulatedPlace],
    out: Path,
    names: Iterable[tuple[str, str]] = (),
) -> dict[str, int]:
    """Write the four tables into ``out``; what was counted, by name.

    What the tables that are there have and the new ones lost is carried forward.

    :param names: codes with names that their communes had.
    """
    points = locate_communes(division.communes, spots)
    epci_of_commune = {
        member["code"]: epci["code"] for epci in division.epci for member in epci["membres"]
    }
    tables = {
        "communes.csv.gz": [
            _commune_cells(record, points[record["code"], record["type"]], epci_of_commune)
            for record in sorted(division.communes, key=itemgetter("code"))
        ],
        "epci.csv": [
            {
                "code": group["code"],
                "nom": group["nom"],
                "type": group["type"],
                # The table of communes has one intercommunalité for each.
                "membres": " ".join(
                    member["code"] for member in group["membres"] if group in division.ept
                ),
            }
            for group in [*division.epci, *division.ept]
        ],
        # The source repeats an overseas collectivity as a région of its own, which it is not.
        "departements.csv": [
            {
                "code": land["code"],
                "nom": land["nom"],
                "region": "" if land["zone"] == OVERSEAS_ZONE else land["region"],
            }
            for land in division.departements
        ],
        "regions.csv": [
            {"code": region["code"], "nom": region["nom"]}
            for region in division.regions
            if region["zone"] != OVERSEAS_ZONE
        ],
    }
    former = {name: read_table(name, out) for name in tables if (out / name).exists()}
    complete = carry_forward(former, tables)
    complete["communes.csv.gz"] = add_names(complete["communes.csv.gz"], names)
    write_tables(complete, out)
    kinds = Counter(record["type"] for record in division.communes)
    precisions = Counter(point.precision for (_, kind), point in points.items() if kind == PRESENT)
    return {
        "communes": kinds[PRESENT],
        "communes_deleguees": kinds["commune-deleguee"],
        "communes_associees": kinds["commune-associee"],
        "arrondissements_municipaux": kinds["arrondissement-municipal"],
        "anciens_noms": sum(row["type"] == FORMER for row in complete["communes.csv.gz"]),
        "lignes": len(complete["communes.csv.gz"]),
        "points_exacts": precisions["geonames"],
        "points_absents": precisions[""],
        "intercommunalites": len(division.epci) + len(division.ept),
        "departements": len(division.departements),
        "regions": len(tables["regions.csv"]),
    }


def write_tables(tables: Mapping[str, list[CsvRow]], out: Path) -> None:
    """Write tables by their file names, compressed or not."""
    for name, table in tables.items():
        content = _csv_bytes(table)
        # No name and no date in the header: the same rows are always the same bytes.
        is_compressed = name.endswith(".gz")
        (out / name).write_bytes(gzip.compress(content, 9, mtime=0) if is_compressed else content)


def _commune_cells(
    record: JsonRecord, point: LocatedPoint, epci_of_commune: Mapping[str, str]
) -> dict[str, str]:
    is_present = record["type"] == PRESENT
    return {
        "code": record["code"],
        "nom": record["nom"],
        "type": record["type"],
        "parent": "" if is_present else parent_code(record),
        "departement": record["departement"],
        "region": record["region"],
        "codes_postaux": " ".join(record.get("codesPostaux", [])),
        "population": str(record.get("population", "")),
        **point._asdict(),
        "carte": " ".join(f"{x} {y}" for x, y in _map_points(record, point)),
        "epci": epci_of_commune.get(record["code"], "") if is_present else "",
        "anciens_codes": " ".join(record.get("anciensCodes", [])),
    }


def _map_points(record: JsonRecord, point: LocatedPoint) -> list[DrawingPoint]:
    if record["type"] != PRESENT or not point.lat:
        return []
    return draw_commune(record["departement"], float(point.lat), float(point.lon))


def _csv_bytes(table: list[dict[str, str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return buffer.getvalue().encode("utf-8")


# Natural Earth knows the overseas départements by the letters of ISO 3166-2.
_OVERSEAS_CODES = {"GP": "971", "MQ": "972", "GF": "973", "RE": "974", "YT": "976"}
# For a map a few hundred pixels wide.
_SIMPLIFY_OPTIONS = ["-simplify", "12%", "keep-shapes", "-clean"]


def write_outlines(modules: Path, departements: list[JsonRecord]) -> int:
    """Write the simplified outlines of the départements beside this; how many there are."""
    departement_codes = {record["code"] for record in departements}
    states = json.loads((modules / OUTLINES / "data" / "states" / "admin1.json").read_text("utf-8"))
    features = []
    for state in states["features"]:
        country, _, iso_suffix = state["properties"]["iso_3166_2"].partition("-")
        code = _OVERSEAS_CODES.get(iso_suffix, iso_suffix)
        # Only the code is kept: the names of this source are misspelt here and there.
        if country == "FR" and code in departement_codes:
            properties = {"code": code}
            features.append(
                {"type": "Feature", "geometry": state["geometry"], "properties": properties}
            )
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.geojson"
        raw.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        program = modules / MAPSHAPER / "bin" / "mapshaper"
        command = ["node", str(program), str(raw), *_SIMPLIFY_OPTIONS, "-o", str(OUTLINES_FILE)]
        subprocess.run([*command, "precision=0.001", "force"], check=True, capture_output=True)
    return len(features)


def write_map(out: Path) -> None:
    """Write the ground of the map into ``out``."""
    (out / "carte.json").write_text(json.dumps(ground(), indent=0) + "\n", "utf-8")
