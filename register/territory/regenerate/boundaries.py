"""Writes the outlines of the départements, simplified for a map a few hundred pixels wide."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from register.territory.regenerate.sources import MAPSHAPER, OUTLINES, JsonRecord

FILE_NAME = "departements.geo.json"

# Natural Earth knows the overseas départements by the letters of ISO 3166-2.
OVERSEAS_CODES = {"GP": "971", "MQ": "972", "GF": "973", "RE": "974", "YT": "976"}

SIMPLIFY_OPTIONS = ["-simplify", "12%", "keep-shapes", "-clean"]


def write(modules: Path, departements: list[JsonRecord], out: Path) -> int:
    """Write the simplified outlines into ``out``; how many there are."""
    departement_codes = {record["code"] for record in departements}
    features = list(_features(modules, departement_codes))
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.geojson"
        raw.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        program = modules / MAPSHAPER / "bin" / "mapshaper"
        command = ["node", str(program), str(raw), *SIMPLIFY_OPTIONS, "-o", str(out / FILE_NAME)]
        subprocess.run([*command, "precision=0.001", "force"], check=True, capture_output=True)
    return len(features)


def _features(modules: Path, departement_codes: set[str]) -> list[dict[str, Any]]:
    states = json.loads((modules / OUTLINES / "data" / "states" / "admin1.json").read_text("utf-8"))
    features = []
    for state in states["features"]:
        country, _, iso_suffix = state["properties"]["iso_3166_2"].partition("-")
        code = OVERSEAS_CODES.get(iso_suffix, iso_suffix)
        # Only the code is kept: the names of this source are misspelt here and there.
        if country == "FR" and code in departement_codes:
            properties = {"code": code}
            features.append(
                {"type": "Feature", "geometry": state["geometry"], "properties": properties}
            )
    return features
