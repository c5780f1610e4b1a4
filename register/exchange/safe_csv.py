"""Tables that a spreadsheet may open: CSV whose cells are shown and never run.

A sign that begins a formula gets an apostrophe before it (OWASP, "CSV Injection"): a title is
written by people, and whoever opens the file would run it. This holds at the start of a cell and
after a semicolon, a tab or a line break within it: a French Excel splits this file at semicolons,
where our quotes end no cell, and what follows one then begins a cell of its own. Reading refuses
such cells, see ``table.py``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

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
