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
_FORMULA = re.compile(r"""((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@＝＋－＠])""")
# Some readers drop these before they look for a sign.
_DROPPED = ("\t", "\r", "\n")
MARK = "'"
# Excel takes a file without it for one of another encoding.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MIMETYPE = "text/csv"


def guarded(cell: object) -> str:
    """A cell as a text that no spreadsheet runs; nothing is an empty text."""
    text = "" if cell is None else str(cell)
    text = _FORMULA.sub(rf"\1{MARK}", text)
    return MARK + text if text.startswith(_DROPPED) else text


def encoded(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """A whole table as UTF-8, chunk by chunk: a byte order mark, the header, the rows.

    Every cell stands in quotes, so that none can end before its end.
    """
    yield BYTE_ORDER_MARK + _lines([header])
    for row in rows:
        yield _lines([row])


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    # A lone surrogate cannot be kept anywhere; should one come by, it must not cut the file short.
    return text.getvalue().encode("utf-8", "replace")
