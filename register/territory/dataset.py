"""The committed data set of the territory: its files, which ``tools.territory_data`` derives.

``manifest.toml`` beside the files holds their sources, licences, counts and sums.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import tomllib
from collections import namedtuple
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
MANIFEST = "manifest.toml"
FILES = ("communes.csv.gz", "epci.csv", "departements.csv", "regions.csv", "carte.json")
# Towns abroad: what a search says of them is no text of the register, and is not sealed with it.
ABROAD = "etranger.csv.gz"

# Types of rows of the communes: of today, gone without a successor, and a name of before.
PRESENT, RETIRED, FORMER = "commune-actuelle", "commune-disparue", "commune-ancienne"


def read_manifest(source: Path = DATA) -> Mapping[str, Any]:
    """The manifest of a data set: ``source`` (packages), ``counts`` and, by file, ``sha256``."""
    return tomllib.loads((source / MANIFEST).read_text("utf-8"))


@cache
def version(source: Path = DATA) -> str:
    """Twelve hexadecimal digits that change when any file of the data set does."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(hashlib.sha256((source / name).read_bytes()).digest())
    return digest.hexdigest()[:12]


def read_rows(name: str, source: Path = DATA) -> Iterator[Any]:
    """The rows of one CSV table, as named tuples of text; absent is ``""``."""
    unpack = gzip.open if name.endswith(".gz") else open
    with unpack(source / name, "rt", encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        row_class: Any = namedtuple("row_class", tuple(next(rows)))  # type: ignore[misc] # a file's
        yield from map(row_class._make, rows)
