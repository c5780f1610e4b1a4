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
class ImportRow:
    """One row: its number in the file (the header is 1), its cells, and what is wrong with it."""

    number: int
    cells: dict[str, str]
    fault: tuple[str, str, dict[str, object]] | None = None  # column, key, values

    @property
    def id(self) -> str:
        """The external id; empty when the row has none."""
        return self.cells.get("id", "")[:80]


def read_rows(path: Path) -> list[ImportRow]:
    """Every row of the file, faulty ones included.

    :raises Invalid: the file as a whole cannot be read: missing, too big, empty, not UTF-8, cut
        off within quotes, or with other columns.
    """
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise Invalid("import_file_size", limit=FILE_LIMIT // 1024 // 1024)
        file_bytes = path.read_bytes()
    except OSError as error:
        raise Invalid("import_file_missing", path=str(path), cause=error.strerror) from error
    if not file_bytes.strip():
        raise Invalid("import_file_empty")
    return list(_parse_rows(_decode(file_bytes)))


def _decode(file_bytes: bytes) -> str:
    try:
        return file_bytes.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file_bytes.count(b"\n", 0, error.start) + 1
        raise Invalid("import_file_encoding", line=line) from error


def _parse_rows(csv_text: str) -> Iterator[ImportRow]:
    # A huge cell is one faulty row, not a reason to give the file up.
    csv.field_size_limit(FILE_LIMIT)
    cell_rows = csv.reader(io.StringIO(csv_text, newline=""), strict=True)
    try:
        header = next(cell_rows)
        _check_header(header)
        for number, raw_cells in enumerate(cell_rows, start=2):
            if raw_cells:
                yield _parse_row(number, header, raw_cells)
    except csv.Error as error:
        raise Invalid("import_file_cut", line=cell_rows.line_num) from error


def _check_header(header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise Invalid("import_column_unknown", column=name[:60])
    for name in COLUMNS:
        if header.count(name) != 1:
            key = "import_column_missing" if name not in header else "import_column_twice"
            raise Invalid(key, column=name)


def _parse_row(number: int, header: list[str], raw_cells: list[str]) -> ImportRow:
    cells = dict(zip(header, (cell.strip() for cell in raw_cells), strict=False))
    if len(raw_cells) != len(header):
        column = header[min(len(raw_cells), len(header) - 1)]
        return ImportRow(
            number, cells, (column, "row_width", {"found": len(raw_cells), "wanted": len(header)})
        )
    for name, cell in cells.items():
        if len(cell) > CELL_LIMIT:
            return ImportRow(number, cells, (name, "too_long", {"limit": CELL_LIMIT}))
        if any(
            ord(character) < 32 and character not in "\n\t"
            for character in cell.replace("\r\n", "\n")
        ):
            return ImportRow(number, cells, (name, "control_character", {}))
        if cell.startswith(_FORMULA):
            return ImportRow(number, cells, (name, "formula", {"value": cell[:20]}))
    if not cells["id"] or len(cells["id"]) > 80:
        return ImportRow(number, cells, ("id", "missing", {}))
    return ImportRow(number, cells)
