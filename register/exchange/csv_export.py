"""CSV files for spreadsheets, in which no cell is evaluated as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

# With the full-width signs, which some spreadsheets accept. A spreadsheet may drop quotes and
# spaces before the sign.
_FORMULA_START = re.compile(r"""((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@＝＋－＠])""")
# Some spreadsheets drop these before they look for a sign.
_IGNORED_STARTS = ("\t", "\r", "\n")
ESCAPE_MARK = "'"
# Excel assumes another encoding in a file without it.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MIMETYPE = "text/csv"


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
