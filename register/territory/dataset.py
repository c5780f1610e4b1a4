"""The committed data files of the territory: where they are, what they say, which version.

``manifest.toml`` beside them holds their sources, licences, counts and sums; the files are derived
by ``python -m register.territory.regenerate``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
MANIFEST = "manifest.toml"
FILES = ("communes.csv.gz", "epci.csv", "departements.csv", "regions.csv", "departements.geo.json")

CsvRow = dict[str, str]


@dataclass(frozen=True, slots=True)
class DataSource:
    """One package the data comes from; ``attribution`` is a sentence for readers."""

    package: str
    version: str
    licence: str
    licence_url: str
    attribution: str
    attribution_en: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the data set declares of itself; ``sha256`` is by file name, in hexadecimal."""

    sources: tuple[DataSource, ...]
    counts: Mapping[str, int]
    sha256: Mapping[str, str]


@cache
def read_manifest(source: Path = DATA) -> Manifest:
    """The manifest of a data set."""
    parsed = tomllib.loads((source / MANIFEST).read_text("utf-8"))
    sources = tuple(DataSource(**fields) for fields in parsed["source"])
    return Manifest(sources, parsed["counts"], parsed["sha256"])


def version(source: Path = DATA) -> str:
    """Twelve hexadecimal digits that change when any file of the data set does."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(hashlib.sha256((source / name).read_bytes()).digest())
    return digest.hexdigest()[:12]


def read_table(name: str, source: Path = DATA) -> list[CsvRow]:
    """The rows of one CSV table, compressed or not; every value is text, absent is ``""``."""
    content = (source / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
