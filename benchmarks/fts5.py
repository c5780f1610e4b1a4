"""What SQLite's own full-text search does with the same words: the measure of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from register.search.engine_interface import CODE, Document

_MATCHES = "SELECT rowid FROM cases WHERE cases MATCH ?"


class Fts5:
    """Table of token streams in a file of its own, asked what our engines are asked."""

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

    def find(self, parts: Sequence[str]) -> dict[int, int]:
        """All matching cases with their strength: the number of parts in the strong column."""
        strength = dict.fromkeys(self._numbers(" ".join(parts)), 0)
        for part in parts:
            for number in self._numbers(f"strong : {part}"):
                if number in strength:
                    strength[number] += 1
        return strength

    def _numbers(self, match: str) -> list[int]:
        return [number for (number,) in self._connection.execute(_MATCHES, (match,))]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _stream(fields: Iterable[Sequence[str]]) -> str:
    tokens = (token for field in fields for token in field)
    # FTS5 would read a code as words.
    return " ".join(token for token in tokens if not token.startswith(CODE))
