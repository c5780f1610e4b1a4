"""Writes the tables: communes, EPCI, départements and régions."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from register.territory.regenerate.sources import Division, JsonRecord, PopulatedPlace
from register.text.normalisation import fold_name

PRESENT = "commune-actuelle"

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


class LocatedPoint(NamedTuple):
    """A point in degrees, written as it will be in the file, and its precision."""

    lat: str
    lon: str
    precision: str


NO_POINT = LocatedPoint("", "", "")
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
    for commune in communes:
        points[commune["code"], PRESENT] = _best_point(
            commune, exact_points, by_postal, by_district
        )
    for record in records:
        if record["type"] != PRESENT:
            points[record["code"], record["type"]] = _inherited_point(
                record, exact_points, by_district
            )
    return points


def parent_code(record: JsonRecord) -> str:
    """The present commune of a delegated, associated or municipal district record."""
    code: str = record.get("chefLieu") or record["commune"]
    return code


def _best_point(
    commune: JsonRecord,
    exact: Mapping[str, LatLon],
    by_postal: Mapping[str, list[LatLon]],
    by_district: Mapping[str, list[LatLon]],
) -> LocatedPoint:
    code = commune["code"]
    if code in exact:
        return _format_point(exact[code], 4, "geonames")
    postal_points = [
        point for postal_code in commune.get("codesPostaux", []) for point in by_postal[postal_code]
    ]
    if postal_points:
        return _format_point(_mean_point(postal_points), 3, "code_postal")
    return _district_point(commune, by_district)


def _inherited_point(
    record: JsonRecord, exact: Mapping[str, LatLon], by_district: Mapping[str, list[LatLon]]
) -> LocatedPoint:
    # An approximate parent says nothing about where in it the old commune lies.
    if (parent := parent_code(record)) in exact:
        return _format_point(exact[parent], 4, "parent")
    return _district_point(record, by_district)


def _district_point(record: JsonRecord, by_district: Mapping[str, list[LatLon]]) -> LocatedPoint:
    pairs = by_district[_district_code(record)]
    return _format_point(_mean_point(pairs), 3, "arrondissement") if pairs else NO_POINT


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
    owners = _owners(communes)
    lone_communes = _lone_communes(communes)
    code_by_name = {(c["departement"], fold_name(c["nom"])): c["code"] for c in communes}
    candidates: defaultdict[str, list[PopulatedPlace]] = defaultdict(list)
    for spot in spots:
        departement = COLLECTIVITIES.get(spot.country, "")
        # GeoNames writes the INSEE code in level 4 in metropolitan France, in level 2 or 1
        # overseas, and nowhere in Polynesia, where only the name is left.
        codes = (spot.codes[3], spot.codes[1], spot.codes[0]) if departement else spot.codes[3:]
        code = next((owners[code] for code in codes if code in owners), None)
        code = (
            code
            or lone_communes.get(departement)
            or code_by_name.get((departement, fold_name(spot.name)))
        )
        if code:
            candidates[code].append(spot)
    return candidates


def _owners(communes: list[JsonRecord]) -> dict[str, str]:
    owner = {old: c["code"] for c in communes for old in c.get("anciensCodes", [])}
    return owner | {c["code"]: c["code"] for c in communes}


def _lone_communes(communes: list[JsonRecord]) -> dict[str, str]:
    """Collectivities that are one commune: whatever lies there lies in it."""
    by_department: defaultdict[str, list[str]] = defaultdict(list)
    for commune in communes:
        by_department[commune["departement"]].append(commune["code"])
    overseas = set(COLLECTIVITIES.values())
    return {d: codes[0] for d, codes in by_department.items() if d in overseas and len(codes) == 1}


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
