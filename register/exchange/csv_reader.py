"""Reading an import file as a table: what makes the whole file unreadable is found first.

The file is read to its end before anything is written, so that a byte that is no UTF-8 in the
last line leaves nothing half done.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from register.errors import Invalid

COLUMNS = (
    "id",
    "titre",
    "date",
    "date_fin",
    "precision_publique",
    "pays",
    "commune",
    "departement",
    "lieu",
    "communes_liees",
    "niveau",
    "acteur",
    "acteur_texte",
    "cible",
    "media",
    "types",
    "resume",
    "demarches",
    "procedure",
    "juridiction",
    "issue",
    "date_issue",
    "montant",
    "source_url",
    "source_type",
    "preuve",
    "en_appel",
    "invitation",
    "note",
)
FILE_LIMIT = 200 * 1024 * 1024
CELL_LIMIT = 20_000
# What a spreadsheet would run instead of showing.
_FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True)
class Line:
    """One row: its number in the file (the header is 1), its cells, and what is wrong with it."""

    number: int
    cells: dict[str, str]
    fault: tuple[str, str, dict[str, object]] | None = None  # column, key, values

    @property
    def id(self) -> str:
        """The external id; empty when the row has none."""
        return self.cells.get("id", "")[:80]


def read(path: Path) -> list[Line]:
    """Every row of the file, faulty ones included.

    :raises Invalid: the file as a whole cannot be read: missing, too big, empty, not UTF-8, cut
        off within quotes, or with other columns.
    """
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise Invalid("import_file_size", limit=FILE_LIMIT // 1024 // 1024)
        data = path.read_bytes()
    except OSError as error:
        raise Invalid("import_file_missing", path=str(path), cause=error.strerror) from error
    if not data.strip():
        raise Invalid("import_file_empty")
    return list(_lines(_text(data)))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Invalid("import_file_encoding", line=line) from error


def _lines(text: str) -> Iterator[Line]:
    # A huge cell is one faulty row, not a reason to give the file up.
    csv.field_size_limit(FILE_LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows)
        _check_header(header)
        for number, row in enumerate(rows, start=2):
            if row:
                yield _line(number, header, row)
    except csv.Error as error:
        raise Invalid("import_file_cut", line=rows.line_num) from error


def _check_header(header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise Invalid("import_column_unknown", column=name[:60])
    for name in COLUMNS:
        if header.count(name) != 1:
            key = "import_column_missing" if name not in header else "import_column_twice"
            raise Invalid(key, column=name)


def _line(number: int, header: list[str], row: list[str]) -> Line:
    cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
    if len(row) != len(header):
        at = header[min(len(row), len(header) - 1)]
        return Line(number, cells, (at, "row_width", {"found": len(row), "wanted": len(header)}))
    for name, cell in cells.items():
        if len(cell) > CELL_LIMIT:
            return Line(number, cells, (name, "too_long", {"limit": CELL_LIMIT}))
        if any(ord(letter) < 32 and letter not in "\n\t" for letter in cell.replace("\r\n", "\n")):
            return Line(number, cells, (name, "control_character", {}))
        if cell.startswith(_FORMULA):
            return Line(number, cells, (name, "formula", {"value": cell[:20]}))
    if not cells["id"] or len(cells["id"]) > 80:
        return Line(number, cells, ("id", "missing", {}))
    return Line(number, cells)
