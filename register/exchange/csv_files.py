"""Reading an import file as a table: what makes the whole file unreadable is found first.

The file is read to its end before anything is written, so that a byte that is no UTF-8 in the
last line leaves nothing half done.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
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


# Also the full-width forms, which some spreadsheets take for the same. Quotes and spaces between
# the start and the sign may be dropped by a reader.
_FORMULA_START = re.compile(r"""((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@＝＋－＠])""")
# Some readers drop these before they look for a sign.
_IGNORED_STARTS = ("\t", "\r", "\n")
ESCAPE_MARK = "'"
# Excel takes a file without it for one of another encoding.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MIMETYPE = "text/csv"


def escape_cell(cell: object) -> str:
    """A cell as a text that no spreadsheet runs; nothing is an empty text."""
    cell_text = "" if cell is None else str(cell)
    cell_text = _FORMULA_START.sub(rf"\1{ESCAPE_MARK}", cell_text)
    return ESCAPE_MARK + cell_text if cell_text.startswith(_IGNORED_STARTS) else cell_text


def encode_table(header: Sequence[str], table_rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """A whole table as UTF-8, chunk by chunk: a byte order mark, the header, the rows.

    Every cell stands in quotes, so that none can end before its end.
    """
    yield BYTE_ORDER_MARK + _encode_rows([header])
    for table_row in table_rows:
        yield _encode_rows([table_row])


def _encode_rows(table_rows: Iterable[Sequence[object]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([escape_cell(cell) for cell in table_row] for table_row in table_rows)
    # A lone surrogate cannot be kept anywhere; should one come by, it must not cut the file short.
    return buffer.getvalue().encode("utf-8", "replace")
