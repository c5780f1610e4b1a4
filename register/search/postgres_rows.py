"""The rows of the index: documents, in how many of them each form is, and the cursor.

Names without a schema are those of the index that is being written (``postgres_tables.enter`` and
``begin``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, text

from register.search.engine import Cursor, Document
from register.search.postgres_lexemes import Lexicon, begun, form_of, text_of
from register.search.postgres_tables import SHAPE

# Documents copied at once; each makes ten kilobytes.
_CHUNK = 200

_IS_OURS = text("SELECT count(*) FROM search.cursor WHERE shape = :shape").bindparams(shape=SHAPE)
_COPIED = (
    "INSERT INTO document SELECT number, lexemes FROM search.document"
    " WHERE number <> ALL (:numbers) ORDER BY number",
    "INSERT INTO spoken SELECT number, strong, weak FROM search.spoken"
    " WHERE number <> ALL (:numbers) ORDER BY number",
)
_PLACED = text(
    "INSERT INTO cursor (seq, digest, made_with, shape, cases, begun)"
    " VALUES (:seq, :digest, :made_with, :shape, :cases, :begun)"
)
_MOVED = text(
    "UPDATE cursor SET seq = :seq, digest = :digest, made_with = :made_with,"
    " cases = cases + :cases, made = gen_random_uuid()"
)
_CHANGED = text(
    "INSERT INTO form (form, cases) VALUES (:form, :cases)"
    " ON CONFLICT (form) DO UPDATE SET cases = form.cases + excluded.cases"
)


@dataclass
class Tally:
    """How many cases an index has, or has more, and how many of them have each form."""

    cases: int = 0
    forms: Counter[str] = field(default_factory=Counter)

    def add(self, lexemes: Iterable[str]) -> None:
        """One document more."""
        self.cases += 1
        self.forms.update(form for one in lexemes if (form := form_of(one)) is not None)

    def take(self, lexemes: Iterable[str]) -> None:
        """One document less."""
        self.cases -= 1
        self.forms.subtract(form for one in lexemes if (form := form_of(one)) is not None)


def is_ours(connection: Connection) -> bool:
    """Whether there is an index, and one of this code."""
    there = connection.scalar(text("SELECT to_regclass('search.cursor')"))
    return there is not None and connection.scalar(_IS_OURS) == 1


def lexicon(connection: Connection) -> Lexicon:
    """The lexicon of the index in use."""
    return Lexicon(frozenset(connection.scalars(text("SELECT token FROM search.common"))))


def load(
    connection: Connection, documents: Iterable[Document], lexicon: Lexicon, tally: Tally
) -> None:
    """Write new documents, some at a time."""
    rest = iter(documents)
    while chunk := list(islice(rest, _CHUNK)):
        written = [(one.number, lexicon.lexemes(one)) for one in chunk]
        rows = ((number, "\n".join(told)) for number, told in written)
        _copy(connection, "COPY document (number, lexemes) FROM STDIN", rows)
        texts = ((one.number, text_of(one.strong), text_of(one.weak)) for one in chunk)
        _copy(connection, "COPY spoken (number, strong, weak) FROM STDIN", texts)
        for _, told in written:
            tally.add(told)


def load_all(connection: Connection, documents: Iterable[Document], tally: Tally) -> Lexicon:
    """Write the documents of a new index; the first of them tell which tokens are common."""
    rest = iter(documents)
    sample, lexicon = begun(rest)
    load(connection, chain(sample, rest), lexicon, tally)
    return lexicon


def remove(connection: Connection, numbers: Sequence[int], tally: Tally) -> None:
    """Delete some documents of the index in use, where it has them."""
    told = {"numbers": list(numbers)}
    deleted = text("DELETE FROM document WHERE number = ANY (:numbers) RETURNING lexemes")
    for removed in connection.scalars(deleted, told).all():
        tally.take(removed.split("\n"))
    connection.execute(text("DELETE FROM spoken WHERE number = ANY (:numbers)"), told)


def copy(connection: Connection, numbers: Sequence[int], tally: Tally) -> int:
    """Write to a new index what the one in use has, without some documents and any trace of them.

    The forms are only counted: a row that is changed leaves its former words in the file.

    :returns: how many cases there were when the common tokens were told.
    """
    told = {"numbers": list(numbers)}
    for statement in _COPIED:
        connection.execute(text(statement), told)
    tally.cases, begun = connection.execute(text("SELECT cases, begun FROM search.cursor")).one()
    for form, cases in connection.execute(text("SELECT form, cases FROM search.form")):
        tally.forms[form] = cases
    left_out = text("SELECT lexemes FROM search.document WHERE number = ANY (:numbers)")
    for removed in connection.scalars(left_out, told).all():
        tally.take(removed.split("\n"))
    return int(begun)


def settle(
    connection: Connection, cursor: Cursor, lexicon: Lexicon, tally: Tally, begun: int
) -> None:
    """Write what a new index has besides documents."""
    forms = ((form, cases) for form, cases in sorted(tally.forms.items()) if cases > 0)
    _copy(connection, "COPY form (form, cases) FROM STDIN", forms)
    tokens = ((token,) for token in sorted(lexicon.common))
    _copy(connection, "COPY common (token) FROM STDIN", tokens)
    told = {**asdict(cursor), "shape": SHAPE, "cases": tally.cases, "begun": begun}
    connection.execute(_PLACED, told)


def move(connection: Connection, cursor: Cursor, tally: Tally) -> None:
    """Change the forms of the index in use by what was counted, and move its cursor."""
    changed = [{"form": form, "cases": by} for form, by in sorted(tally.forms.items()) if by]
    if changed:
        connection.execute(_CHANGED, changed)
        connection.execute(
            text("DELETE FROM form WHERE cases <= 0 AND form = ANY (:forms)"),
            {"forms": [one["form"] for one in changed]},
        )
    connection.execute(_MOVED, {**asdict(cursor), "cases": tally.cases})


def _copy(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copying:
        for row in rows:
            copying.write_row(row)
