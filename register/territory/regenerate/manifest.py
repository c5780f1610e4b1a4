"""Writes ``manifest.toml``: where the data comes from, under which licence, and its sums."""

from __future__ import annotations

import hashlib
from pathlib import Path

from register.territory.dataset import FILES, MANIFEST
from register.territory.regenerate.sources import DIVISION, GEONAMES, MAPSHAPER, OUTLINES

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
