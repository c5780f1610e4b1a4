"""CSV files: the reader of import files, and the writer of tables safe for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from register.cases.validation import ContentFault
from register.errors import Invalid

FILE_LIMIT = 200 * 1024 * 1024
CELL_LIMIT = 20_000
STANDARD_INPUT = Path("-")
# First characters of a cell that a spreadsheet evaluates as a formula.
_FORMULA = ("=", "+", "-", "@", "\t")
# With the full-width signs, which some spreadsheets accept. A spreadsheet may drop quotes and
# spaces before the sign.
_FORMULA_START = re.compile(r"""((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@＝＋－＠])""")
# Some spreadsheets drop these before they look for a sign.
_IGNORED_STARTS = ("\t", "\r", "\n")
ESCAPE_MARK = "'"
# Excel assumes another encoding in a file without it.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MIMETYPE = "text/csv"
# A French Excel separates by semicolons and by default saves in Windows-1252.
_DELIMITERS = (",", ";", "\t")
# The accented letters of French in UTF-8.
_ACCENT_IN_UTF8 = re.compile(rb"\xc3[\x80-\xbf]")


@dataclass(frozen=True)
class ImportRow:
    """Row of an import file: its number (the header is 1), its cells, and its first fault.

    The field of the fault is a column.
    """

    number: int
    cells: dict[str, str]
    fault: ContentFault | None = None

    @property
    def id(self) -> str:
        """External id, or an empty string."""
        return self.cells.get("id", "")[:80]


def read_file(path: Path) -> bytes:
    """The bytes of an import file; ``-`` is the standard input.

    :raises Invalid: it is missing or too large.
    """
    try:
        with sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb") as file:
            file_bytes = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Invalid("import_file_missing", path=str(path), cause=error.strerror) from error
    if len(file_bytes) > FILE_LIMIT:
        raise Invalid("import_file_size", limit=FILE_LIMIT // 1024 // 1024)
    return file_bytes


def parse_rows(
    file_bytes: bytes, columns: Sequence[str], optional_columns: Sequence[str] = ()
) -> list[ImportRow]:
    """All rows of a file, including faulty ones; rows with empty cells only are left out.

    A file is read to its end before anything is written, so that an invalid byte in the last line
    does not leave half an import. Cells are separated by commas, semicolons or tabs.

    :param file_bytes: UTF-8 or Windows-1252.
    :param columns: the columns of the file, in any order.
    :param optional_columns: columns that a file may lack; their empty cells are left out.
    :raises Invalid: the whole file is unreadable: empty, in another encoding, truncated within
        quotes, or with other columns.
    """
    if not file_bytes.strip():
        raise Invalid("import_file_empty")
    csv_text = _decode(file_bytes)
    header = csv_text.partition("\n")[0].replace('"', "").strip()
    delimiter = max(_DELIMITERS, key=lambda sign: len(set(columns) & set(header.split(sign))))
    # A huge cell makes one row faulty, not the whole file.
    csv.field_size_limit(FILE_LIMIT)
    cell_rows = csv.reader(io.StringIO(csv_text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(_parsed_rows(cell_rows, columns, optional_columns))
    except csv.Error as error:
        raise Invalid("import_file_cut", line=cell_rows.line_num) from error


def _decode(file_bytes: bytes) -> str:
    try:
        return file_bytes.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Almost any bytes are Windows-1252, those of a damaged UTF-8 file too.
        if not _ACCENT_IN_UTF8.search(file_bytes):
            with suppress(UnicodeDecodeError):
                return file_bytes.decode("cp1252")
        line = file_bytes.count(b"\n", 0, error.start) + 1
        raise Invalid("import_file_encoding", line=line) from error


def _parsed_rows(
    cell_rows: Iterator[list[str]], columns: Sequence[str], optional_columns: Sequence[str]
) -> Iterator[ImportRow]:
    header = _without_empty_end(next(cell_rows))
    for name in header:
        if name not in (*columns, *optional_columns):
            raise Invalid("import_column_unknown", column=name[:60])
    for name in (*columns, *filter(header.count, optional_columns)):
        if header.count(name) != 1:
            key = "import_column_missing" if name not in header else "import_column_twice"
            raise Invalid(key, column=name)
    for number, raw_cells in enumerate(cell_rows, start=2):
        cells_before_end = _without_empty_end(raw_cells)
        if cells_before_end:
            width = max(len(header), len(cells_before_end))
            raw_cells = raw_cells[:width]
            named_cells = zip(header, map(str.strip, raw_cells), strict=False)
            cells = {name: cell for name, cell in named_cells if cell or name in columns}
            yield ImportRow(number, cells, _row_fault(header, raw_cells, cells))


def _without_empty_end(cells: list[str]) -> list[str]:
    """The cells up to the last filled one: a spreadsheet adds empty ones."""
    filled = [position for position, cell in enumerate(cells, start=1) if cell.strip()]
    return cells[: filled[-1]] if filled else []


def _row_fault(
    header: Sequence[str], raw_cells: Sequence[str], cells: Mapping[str, str]
) -> ContentFault | None:
    """First fault of a row, before its content is known."""
    if len(raw_cells) != len(header):
        column = header[min(len(raw_cells), len(header) - 1)]
        return ContentFault(column, "row_width", {"found": len(raw_cells), "wanted": len(header)})
    for name, cell in cells.items():
        if len(cell) > CELL_LIMIT:
            return ContentFault(name, "too_long", {"limit": CELL_LIMIT})
        if any(ord(char) < 32 and char not in "\n\t" for char in cell.replace("\r\n", "\n")):
            return ContentFault(name, "control_character")
        if cell.startswith(_FORMULA):
            return ContentFault(name, "formula", {"value": cell[:20]})
    if "id" in header and not 0 < len(cells["id"]) <= 80:
        return ContentFault("id", "missing")
    return None


def escape_cell(cell: object) -> str:
    """Text of a cell that no spreadsheet evaluates; None is an empty text."""
    cell_text = "" if cell is None else str(cell)
    cell_text = _FORMULA_START.sub(rf"\1{ESCAPE_MARK}", cell_text)
    return ESCAPE_MARK + cell_text if cell_text.startswith(_IGNORED_STARTS) else cell_text


def encode_table(header: Sequence[str], table_rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a table as UTF-8 with a byte order mark, line by line.

    All cells are quoted, so that no separator in a cell can split it.
    """
    yield BYTE_ORDER_MARK + _encode_row(header)
    yield from map(_encode_row, table_rows)


def _encode_row(cells: Sequence[object]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow(map(escape_cell, cells))
    # "replace", because an error at a lone surrogate would truncate the file.
    return buffer.getvalue().encode("utf-8", "replace")
