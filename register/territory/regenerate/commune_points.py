"""Gives every commune a point, and says how good the point is.

In order: a place that GeoNames files under the commune's code (``geonames``); the mean of such
points among the communes that share a postal code (``code_postal``, median error about 4 km); the
mean of the arrondissement, or of the overseas collectivity that has none (``arrondissement``). A
delegated commune takes its parent's real point (``parent``). No point at all stays empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import NamedTuple

from register.territory.regenerate.sources import Record, Spot
from register.text.fold import fold_name

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


class Located(NamedTuple):
    """A point in degrees, written as it will be in the file, and its precision."""

    lat: str
    lon: str
    precision: str


NOWHERE = Located("", "", "")
Pair = tuple[float, float]


def locate(records: list[Record], spots: list[Spot]) -> dict[tuple[str, str], Located]:
    """Points of all records, by (code, type): the code alone is not unique."""
    communes = [record for record in records if record["type"] == PRESENT]
    exact = _exact(communes, spots)
    by_postal = _means(exact, {c["code"]: c.get("codesPostaux", []) for c in communes})
    by_district = _means(exact, {c["code"]: [_district(c)] for c in communes})
    found: dict[tuple[str, str], Located] = {}
    for commune in communes:
        found[commune["code"], PRESENT] = _best(commune, exact, by_postal, by_district)
    for record in records:
        if record["type"] != PRESENT:
            found[record["code"], record["type"]] = _inherited(record, exact, by_district)
    return found


def parent_of(record: Record) -> str:
    """The present commune of a delegated, associated or municipal district record."""
    code: str = record.get("chefLieu") or record["commune"]
    return code


def _best(
    commune: Record,
    exact: Mapping[str, Pair],
    by_postal: Mapping[str, list[Pair]],
    by_district: Mapping[str, list[Pair]],
) -> Located:
    code = commune["code"]
    if code in exact:
        return _written(exact[code], 4, "geonames")
    shared = [pair for post in commune.get("codesPostaux", []) for pair in by_postal[post]]
    if shared:
        return _written(_mean(shared), 3, "code_postal")
    return _of_district(commune, by_district)


def _inherited(
    record: Record, exact: Mapping[str, Pair], by_district: Mapping[str, list[Pair]]
) -> Located:
    # An approximate parent says nothing about where in it the old commune lies.
    if (parent := parent_of(record)) in exact:
        return _written(exact[parent], 4, "parent")
    return _of_district(record, by_district)


def _of_district(record: Record, by_district: Mapping[str, list[Pair]]) -> Located:
    pairs = by_district[_district(record)]
    return _written(_mean(pairs), 3, "arrondissement") if pairs else NOWHERE


def _district(record: Record) -> str:
    code: str = record.get("arrondissement") or record["departement"]
    return code


def _exact(communes: list[Record], spots: list[Spot]) -> dict[str, Pair]:
    """The commune's own place: the one that bears its name, else its most populous."""
    candidates = _candidates(communes, spots)
    exact: dict[str, Pair] = {}
    for commune in communes:
        found = candidates[commune["code"]]
        if found:
            name = fold_name(commune["nom"])
            best = max(found, key=lambda spot: (fold_name(spot.name) == name, spot.population))
            exact[commune["code"]] = (best.lat, best.lon)
    return exact


def _candidates(communes: list[Record], spots: list[Spot]) -> defaultdict[str, list[Spot]]:
    owner = _owners(communes)
    alone = _lone_communes(communes)
    named = {(c["departement"], fold_name(c["nom"])): c["code"] for c in communes}
    candidates: defaultdict[str, list[Spot]] = defaultdict(list)
    for spot in spots:
        department = COLLECTIVITIES.get(spot.country, "")
        # GeoNames writes the INSEE code in level 4 in metropolitan France, in level 2 or 1
        # overseas, and nowhere in Polynesia, where only the name is left.
        codes = (spot.codes[3], spot.codes[1], spot.codes[0]) if department else spot.codes[3:]
        code = next((owner[code] for code in codes if code in owner), None)
        code = code or alone.get(department) or named.get((department, fold_name(spot.name)))
        if code:
            candidates[code].append(spot)
    return candidates


def _owners(communes: list[Record]) -> dict[str, str]:
    owner = {old: c["code"] for c in communes for old in c.get("anciensCodes", [])}
    return owner | {c["code"]: c["code"] for c in communes}


def _lone_communes(communes: list[Record]) -> dict[str, str]:
    """Collectivities that are one commune: whatever lies there lies in it."""
    by_department: defaultdict[str, list[str]] = defaultdict(list)
    for commune in communes:
        by_department[commune["departement"]].append(commune["code"])
    overseas = set(COLLECTIVITIES.values())
    return {d: codes[0] for d, codes in by_department.items() if d in overseas and len(codes) == 1}


def _means(
    exact: Mapping[str, Pair], groups: Mapping[str, Iterable[str]]
) -> defaultdict[str, list[Pair]]:
    members: defaultdict[str, list[Pair]] = defaultdict(list)
    for code, pair in exact.items():
        for group in groups[code]:
            members[group].append(pair)
    return members


def _mean(pairs: list[Pair]) -> Pair:
    return (fmean(lat for lat, _ in pairs), fmean(lon for _, lon in pairs))


def _written(pair: Pair, digits: int, precision: str) -> Located:
    # A mean is written with fewer digits, so that nobody takes it for a real point.
    return Located(f"{pair[0]:.{digits}f}", f"{pair[1]:.{digits}f}", precision)
