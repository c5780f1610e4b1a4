"""Small made-up data sets, written in the format of the committed one."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

from register.territory.places import Commune, territory
from register.territory.readings import PlaceReading, PlaceResolution

COMMUNE_COLUMNS = [
    *("code", "nom", "type", "parent", "departement", "region", "codes_postaux", "population"),
    *("lat", "lon", "precision", "carte", "epci", "anciens_codes"),
]

SMALL = {
    "epci": "code,nom,type,membres\n200000001,CC des Essais,CC,\n",
    "departements": "code,nom,region,disparu\n77,Seine-et-Marne,11,\n988,Nouvelle-Calédonie,,\n",
    "regions": "code,nom,disparu\n11,Île-de-France,\n",
}


def row(code: str, nom: str, kind: str = "commune-actuelle", **cells: str) -> dict[str, str]:
    """One line of communes.csv, every other cell sensibly filled."""
    defaults = {"departement": code[:2], "region": "11", "population": "10"}
    point = {"lat": "48.5", "lon": "2.5", "precision": "geonames"}
    return {"code": code, "nom": nom, "type": kind, **defaults, **point, **cells}


def write(folder: Path, *communes: dict[str, str], **tables: str) -> Path:
    """Write a data set into a new folder; ``tables`` replaces the text of small tables."""
    folder.mkdir()
    text = io.StringIO()
    lines = csv.DictWriter(text, COMMUNE_COLUMNS, restval="", lineterminator="\n")
    lines.writeheader()
    lines.writerows(communes)
    (folder / "communes.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    for table, content in (SMALL | tables).items():
        (folder / f"{table}.csv").write_text(content, "utf-8")
    return folder


def sole_reading(resolution: PlaceResolution) -> PlaceReading | None:
    """The reading, when nobody has to choose."""
    return resolution.sole_reading


def communes_of_departement(code: str) -> list[Commune]:
    """The present communes of a département, in the order of names, accents aside."""
    present = (place for place in territory().communes.values() if not place.retired)
    communes = [place for place in present if place.departement_code == code]
    return sorted(communes, key=lambda place: (place.folded, place.code))
