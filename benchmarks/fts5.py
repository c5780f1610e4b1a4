"""What SQLite's own full-text search does with the same words: the measure of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from register.search.engine_interface import CODE, Document

# The twenty best and how many there are: what a page of a search shows.
_BEST = "SELECT rowid FROM cases WHERE cases MATCH ? ORDER BY rank LIMIT 20"
_COUNT = "SELECT count(*) FROM cases WHERE cases MATCH ?"


class Fts5:
    """A table of token streams in a file of its own; read as FTS5 ranks, by BM25."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute("CREATE VIRTUAL TABLE cases USING fts5(strong, weak)")

    def fill(self, documents: Iterable[Document]) -> None:
        """Hold the stems of these documents, title, outlets and place apart from the rest."""
        with self._connection as transaction:
            transaction.executemany(
                "INSERT INTO cases (rowid, strong, weak) VALUES (?, ?, ?)",
                (
                    (document.number, _stream(document.strong), _stream(document.weak))
                    for document in documents
                ),
            )
            # Its best shape, as after a night without changes.
            transaction.execute("INSERT INTO cases (cases) VALUES ('optimize')")

    def count(self, match: str) -> int:
        """Read the twenty best and count all; how many there are."""
        self._connection.execute(_BEST, (match,)).fetchall()
        return int(self._connection.execute(_COUNT, (match,)).fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _stream(fields: Iterable[Sequence[str]]) -> str:
    tokens = (token for field in fields for token in field)
    # FTS5 would read a code as words.
    return " ".join(token for token in tokens if not token.startswith(CODE))
