"""The engine of the grown installation: PostgreSQL's own index, in the database of the cases.

A page asks it on its own connection, so that index, cases and ledger are of one moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Engine as Database
from sqlalchemy import Row, TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.db import write_engine
from register.postgresql import autocommit_engine
from register.search import postgres_rows as finding
from register.search import postgres_rows as rows
from register.search import postgres_tables as tables
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    Progress,
    SearchQuery,
    report_progress,
)
from register.search.literal_terms import with_literal_runs, with_literal_tokens
from register.search.postgres_rows import Tally
from register.search.postgres_tables import EVERY, SAMPLE, SHAPE, original, quoted

# How long an index that was replaced is waited for while pages still read it, in seconds. One
# that a dump reads for an hour is dropped when the follower next looks.
_PATIENCE = 1.0
_HASTE = 0.1

_MADE = text("SELECT made FROM search.cursor WHERE shape = :shape").bindparams(shape=SHAPE)
_CURSOR = text("SELECT seq, digest, made_with FROM search.cursor WHERE shape = :shape").bindparams(
    shape=SHAPE
)
_FORMS = text("SELECT ARRAY(SELECT form FROM search.form)")
# What is not there and what somebody emptied is seen at once. So is a register that has outgrown
# its index: which tokens are common is told when one is made, and they are others once it is four
# times as large.
_SOUND = text(
    """
    SELECT EXISTS (SELECT FROM search.document) = (cases > 0)
        AND EXISTS (SELECT FROM search.spoken) = (cases > 0)
        AND cases <= 4 * begun + :few
        AND num_nulls(
            to_regclass('search.form'),
            to_regclass('search.common'),
            to_regclass('search.document_lexemes'),
            to_regprocedure('search.numbers(tsquery)'),
            to_regprocedure('search.saying(tsquery, text[], boolean)')
        ) = 0
    FROM search.cursor WHERE shape = :shape
    """
).bindparams(shape=SHAPE, few=2 * SAMPLE)
# Each row is compared with the sum that was stored with it, and the index with the rows.
_WHOLLY_SOUND = text(
    """
    SELECT cases = ALL (ARRAY[
        (SELECT count(*) FROM search.document WHERE sum = hashtextextended(lexemes, 0)),
        (SELECT count(*) FROM search.spoken WHERE sum = hashtextextended(strong || weak, 0)),
        (SELECT count(*) FROM search.document JOIN search.spoken USING (number)),
        cardinality(search.numbers(CAST(:every AS tsquery)))
    ])
    FROM search.cursor WHERE shape = :shape
    """
).bindparams(shape=SHAPE, every=quoted(EVERY))


class Postgres:
    """An index of public cases in the schema ``search`` of their own database."""

    name = "postgresql"

    def __init__(self, database: Database) -> None:
        self._database = write_engine(database)
        self._apart = autocommit_engine(database)
        self._forms: tuple[UUID, list[str]] | None = None
        driver: Any = database.dialect.dbapi
        self._absent: type[Exception] = driver.ProgrammingError
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error)
        self._stamp = str(
            _MADE.compile(dialect=database.dialect, compile_kwargs={"literal_binds": True})
        )

    # --- for everybody -------------------------------------------------------------------------

    def find(self, session: Session, asked: SearchQuery) -> IndexMatches:
        """Every case that answers, at the moment of the page's session.

        :raises Unready: no usable index; the session may go on.
        """
        with _reading(session):
            found = finding.find(session, with_literal_tokens(asked))
        if found is None:
            raise IndexNotReady("absent")
        return found

    def forms(self, session: Session) -> Sequence[str]:
        """Every form in the index, sorted; read again only when the index has moved.

        :raises Unready: no usable index; the session may go on.
        """
        known = self._forms
        with _reading(session):
            made = session.scalar(_MADE)
            if made is not None and (known is None or known[0] != made):
                self._forms = known = made, sorted(map(original, session.scalar(_FORMS) or []))
        if made is None or known is None:
            raise IndexNotReady("absent")
        return known[1]

    def stamp(self) -> str:
        """Another text after each commit, by one statement. Empty without a usable index."""
        try:
            connection = self._apart.raw_connection()
        except self._errors:
            return ""
        try:
            cursor = connection.cursor()
            cursor.execute(self._stamp)
            found = cursor.fetchall()
            cursor.close()
        except self._absent:
            return ""
        except self._errors:
            # The server may have been started anew; the next who asks gets a new connection.
            connection.invalidate()
            return ""
        finally:
            connection.close()
        return str(found[0][0]) if found else ""

    def cursor(self) -> Cursor | None:
        """Where the index stands; None when there is no usable one."""
        row = self._asked(_CURSOR)
        return Cursor(row.seq, row.digest, row.made_with) if row else None

    def intact(self, *, deep: bool) -> bool:
        """Whether the index is as its writer left it; ``deep`` reads every row of it.

        What a replaced index left behind is dropped: it may hold words that are erased.
        """
        with suppress(SQLAlchemyError):
            tables.sweep(self._database, _HASTE)
        sound = self._asked(_SOUND)
        if not (sound and sound[0]):
            return False
        wholly = self._asked(_WHOLLY_SOUND) if deep else sound
        return bool(wholly and wholly[0])

    def close(self) -> None:
        """Let go of the connections that are not the pages'."""
        self._apart.dispose()
        self._forms = None

    # --- for the follower ----------------------------------------------------------------------

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove some cases and move the cursor, in one commit.

        :param scrub: write everything else once more and drop the former tables. Deleted rows
            stay in PostgreSQL's files until others need the place, lexemes in a GIN index for ever.
        :raises Unready: no usable index.
        :raises SQLAlchemyError: it cannot be written; it is as it was before.
        """
        given = {one.number: with_literal_runs(one) for one in documents}
        numbers = [*{*given, *gone}]
        tally = Tally()
        with self._database.begin() as connection:
            tables.lock(connection)
            if not rows.is_ours(connection):
                raise IndexNotReady("absent")
            lexicon = rows.lexicon(connection)
            if scrub:
                tables.begin(connection)
                begun = rows.copy(connection, numbers, tally)
                rows.load(connection, given.values(), lexicon, tally)
                rows.settle(connection, cursor, lexicon, tally, begun)
                tables.finish(connection)
            else:
                tables.enter(connection)
                rows.remove(connection, numbers, tally)
                rows.load(connection, given.values(), lexicon, tally)
                rows.move(connection, cursor, tally)
        tables.sweep(self._database, _PATIENCE)

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        """Make the index anew beside the one in use, then put it in its place.

        :raises SQLAlchemyError: it cannot be written; it is as it was before.
        """
        with self._database.begin() as connection:
            tables.lock(connection)
            tables.begin(connection)
            tally = Tally()
            lexicon = rows.load_all(
                connection,
                map(with_literal_runs, report_progress(documents, total, progress)),
                tally,
            )
            rows.settle(connection, cursor, lexicon, tally, tally.cases)
            tables.finish(connection)
        tables.sweep(self._database, _PATIENCE)

    def _asked(self, statement: TextClause) -> Row[Any] | None:
        """The only row of an answer, on a connection of our own; None when there is none."""
        try:
            with self._apart.connect() as connection:
                return connection.execute(statement).first()
        except SQLAlchemyError:
            return None


@contextmanager
def _reading(session: Session) -> Iterator[None]:
    """Whatever goes wrong inside says that there is no usable index, and the session may go on.

    Not what it was: an error's text may quote the words that were asked.
    """
    try:
        with session.begin_nested():
            yield
    except SQLAlchemyError as error:
        raise IndexNotReady(type(error).__name__) from None
