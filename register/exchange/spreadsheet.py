"""Tables that a spreadsheet may open: CSV whose cells are shown and never run.

A cell that begins like a formula gets an apostrophe before it (OWASP, "CSV Injection"): a title
is written by people, and whoever opens the file would run it. Reading refuses such cells, see
``table.py``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

# Also their full-width forms, which some spreadsheets take for the same, and the line feed.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "'"
# Excel takes a file without it for one of another encoding.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MIMETYPE = "text/csv"


def guarded(cell: object) -> str:
    """A cell as a text that no spreadsheet runs; nothing is an empty text."""
    text = "" if cell is None else str(cell)
    return MARK + text if text.startswith(_FORMULA) else text


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
