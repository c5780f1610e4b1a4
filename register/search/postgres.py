"""PostgreSQL search engine: ``tsvector`` columns of the register's own tokens and forms.

Its schema ``search`` is in the cases' database and read on the page's connection, so that index,
cases and ledger are of one moment. Tokens and forms, of all fields and of the strong ones, have
columns of their own. What no ``tsvector`` holds exactly is left to the reference matcher.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from register.db import write_engine
from register.postgresql import autocommit_engine
from register.search import reference_matcher
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    SearchQuery,
)
from register.search.postgres_lexemes import EVERY, FORMS, TOKENS, tsqueries, tsvector

COLUMNS = TOKENS, FORMS, "strong_tokens", "strong_forms"
FORMS_LIMIT = 6_000  # of 40 letters at most: those of a long document keep within the limit
CHUNK_SIZE = 200  # documents of one COPY
# Writers take turns. The server rolls back the transaction of one that stands still, in a COPY too.
_TAKE_TURN = text(
    "SELECT set_config('lock_timeout', '10s', true), set_config('statement_timeout', '0', true),"
    " set_config('idle_in_transaction_session_timeout', '20s', true),"
    " pg_advisory_xact_lock(1482, 1)"
)
_NOT_READY = {"42P01": "absent", "55P03": "busy"}  # SQLSTATE: undefined_table, lock_not_available

_FORMER = "search_former_"  # begins the names of schemas that were replaced
# Names without a schema: search_path says which index is meant.
_TABLES = {
    "document": f"number integer PRIMARY KEY, {' tsvector, '.join(COLUMNS)} tsvector",
    "long_document": "number integer PRIMARY KEY, content text NOT NULL",
    "form": 'form text COLLATE "C" PRIMARY KEY, cases integer NOT NULL',
    # ``made`` is another one after each commit.
    "cursor": "seq bigint NOT NULL, digest text NOT NULL, made_with text NOT NULL,"
    " shape text NOT NULL, cases integer NOT NULL, made uuid NOT NULL DEFAULT gen_random_uuid()",
}
_SETTINGS = (
    # Stored apart from the rows, all of which a common word reads; for phrases, not compressed.
    "ALTER TABLE document SET (toast_tuple_target = 128)",
    *(f"ALTER TABLE document ALTER {column} SET STORAGE EXTERNAL" for column in COLUMNS),
    # ANALYZE keeps no sample of these: it would outlast an erasure in the server's catalogue.
    *(f"ALTER TABLE document ALTER {column} SET STATISTICS 0" for column in COLUMNS),
    "ALTER TABLE long_document ALTER content SET STATISTICS 0",
    "ALTER TABLE form ALTER form SET STATISTICS 0",
)
# With "fastupdate", the newest lexemes would be in a list that each search reads to its end.
# On two columns, because tokens and forms of a search are then looked up together, rarest first.
_INDEXES = tuple(
    f"CREATE INDEX document_{name} ON document USING gin ({columns}) WITH (fastupdate = off)"
    for name, columns in (("words", "tokens, forms"), ("strong", "strong_tokens, strong_forms"))
)
# What an index has to be for this code to read it. The number changes with the lexemes.
SHAPE = hashlib.sha256(repr((4, _TABLES, _SETTINGS, _INDEXES)).encode()).hexdigest()[:16]

_OF_SHAPE = f"FROM search.cursor WHERE shape = '{SHAPE}'"
_MADE = f"SELECT made {_OF_SHAPE}"
_IS_SOUND = (
    "SELECT num_nulls(to_regclass('search.document_words'), to_regclass('search.document_strong'))"
    f" = 0 {_OF_SHAPE}"
)
# The rows are compared with the cursor, and the index with the rows. PostgreSQL checks its pages.
_IS_WHOLE = """SELECT cases = (SELECT count(*) FROM search.document) AND cases =
    (SELECT count(*) FROM search.document WHERE tokens @@ '*'::tsquery)
    AND cases >= (SELECT count(*) FROM search.long_document) AND 0 <= (SELECT count(*)
    FROM search.form) FROM search.cursor"""
_PLACE_CURSOR = text(
    "INSERT INTO cursor (seq, digest, made_with, shape, cases)"
    " SELECT :seq, :digest, :made_with, :shape, count(*) FROM document"
).bindparams(shape=SHAPE)
_COUNT_FORMS = """INSERT INTO form SELECT substr(word, 2), {sign} ndoc
    FROM ts_stat('SELECT forms FROM document {where}') WHERE starts_with(word, '.')
    ON CONFLICT (form) DO UPDATE SET cases = form.cases + excluded.cases"""
_REMOVE = """WITH long AS (DELETE FROM long_document WHERE number = ANY (:numbers))
    DELETE FROM document WHERE number = ANY (:numbers)"""
# The planner takes a tsvector for read in no time. Undone with the savepoint of the search.
_BY_INDEX = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),"
    " set_config('enable_indexonlyscan', 'off', true), set_config('jit', 'off', true)"
)
_ANSWER = "SELECT seq, digest, made_with, ARRAY(SELECT content FROM search.long_document)"
_NUMBERS = "ARRAY(SELECT number FROM search.document WHERE {})"


class Postgres:
    """An index of public cases in the schema ``search`` of their own database."""

    name = "postgresql"

    def __init__(self, database: Database) -> None:
        self._write_engine, self._lookups = write_engine(database), autocommit_engine(database)
        self._forms: tuple[uuid.UUID | None, Sequence[str]] = None, ()
        driver: Any = database.dialect.dbapi
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error)

    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        """All matching cases, as of the page's transaction, which may go on after an error."""
        queries: list[str] = []

        def matches(clauses: Mapping[str, str], fields: str = "") -> str:
            queries.extend(clauses.values())
            return " OR ".join(f"{fields}{column} @@ %s::tsquery" for column in clauses)

        required = list(map(tsqueries, search_query.required_parts))
        excluded = list(map(tsqueries, search_query.excluded_parts))
        conditions = [f"({matches(clauses)})" for clauses in required if len(clauses) > 1]
        for column in TOKENS, FORMS:
            terms = [clauses[column] for clauses in required if [*clauses] == [column]] or [EVERY]
            terms += [f"!{clauses[column]}" for clauses in excluded if column in clauses]
            if terms != [EVERY]:
                conditions.append(matches({column: " & ".join(terms)}))
        conditions = [" AND ".join(conditions) or matches({TOKENS: EVERY})]
        conditions += [matches(clauses, "strong_") for clauses in required]
        arrays = ", ".join(map(_NUMBERS.format, conditions))
        stmt = f"{_ANSWER}, {arrays} {_OF_SHAPE}"
        with _reading(session):
            row = session.connection().exec_driver_sql(stmt, tuple(queries)).first()
        if row is None:  # a page that began before a new index sees no cursor of it
            raise IndexNotReady("absent")
        *cursor, contents, numbers = row[:5]
        strength = dict.fromkeys(numbers, 0)
        for number in filter(strength.__contains__, chain(*row[5:])):
            strength[number] += 1
        for document in (Document(*json.loads(content)) for content in contents):
            strength.pop(document.number, None)
            if (score := reference_matcher.strength(search_query, document)) is not None:
                strength[document.number] = score
        return IndexMatches(Cursor(*cursor), strength)

    def forms(self, session: Session) -> Sequence[str]:
        """Every form in the index, sorted; read again only after a commit."""
        cached = self._forms
        with _reading(session):
            made = session.scalar(text(_MADE))
            if made is None:
                raise IndexNotReady("absent")
            if cached[0] != made:
                stmt = text("SELECT ARRAY(SELECT form FROM search.form ORDER BY form)")
                self._forms = cached = made, session.scalar(stmt) or []
        return cached[1]

    def stamp(self) -> str:
        """Another text after each commit, by one statement. Empty without a usable index."""
        row = self._look_up(_MADE)
        return str(row[0]) if row else ""

    def cursor(self) -> Cursor | None:
        """Where the index stands; None when there is no usable one."""
        row = self._look_up(f"SELECT seq, digest, made_with {_OF_SHAPE}")
        return Cursor(*row) if row else None

    def intact(self, *, deep: bool) -> bool:
        """Whether the index has all its tables and, if ``deep``, all its rows."""
        self._sweep()  # what a replaced index left may hold words that are erased
        checks = (_IS_SOUND, _IS_WHOLE)[: 1 + deep]
        return all((row := self._look_up(check)) and row[0] for check in checks)

    def close(self) -> None:
        """Close the connections that are not the pages'."""
        self._lookups.dispose()

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove some cases and move the cursor, in one commit.

        :param scrub: copy everything to new tables and drop the former ones. Deleted rows stay in
            PostgreSQL's files until others need the place, lexemes in a GIN index for ever.
        :raises IndexNotReady: no usable index, one that is ahead, or another writer is at work.
        """
        documents = list(documents)
        numbers = [*(document.number for document in documents), *gone]
        changed = f"WHERE number = ANY (''{{{','.join(map(str, numbers))}}}'')"
        with self._writing() as connection:
            connection.exec_driver_sql("SET LOCAL search_path TO search")
            # A writer that is behind the index changes nothing.
            former = text(f"DELETE {_OF_SHAPE} AND seq <= :seq")
            if connection.execute(former, {"seq": cursor.seq}).rowcount != 1:
                raise IndexNotReady("absent or ahead")
            connection.exec_driver_sql(_COUNT_FORMS.format(sign="-", where=changed))
            connection.execute(text(_REMOVE), {"numbers": numbers})
            _load(connection, iter(documents))
            connection.exec_driver_sql(_COUNT_FORMS.format(sign="", where=changed))
            connection.exec_driver_sql("DELETE FROM form WHERE cases <= 0")
            connection.execute(_PLACE_CURSOR, asdict(cursor))
            if scrub:
                _create_tables(connection)
                for table in _TABLES:
                    rows = f"SELECT * FROM search.{table}"  # noqa: S608 # our own names
                    connection.exec_driver_sql(f"INSERT INTO {table} {rows}")
                _put_in_use(connection)

    def rebuild(self, cursor: Cursor, documents: Iterable[Document]) -> None:
        """Make the index anew beside the one in use; errors are those of :meth:`write`."""
        with self._writing() as connection:
            _create_tables(connection)
            _load(connection, iter(documents))
            connection.exec_driver_sql(_COUNT_FORMS.format(sign="", where=""))
            connection.execute(_PLACE_CURSOR, asdict(cursor))
            _put_in_use(connection)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._write_engine.begin() as connection:
                connection.execute(_TAKE_TURN)
                yield connection
        except DBAPIError as error:
            if reason := _NOT_READY.get(getattr(error.orig, "sqlstate", None) or ""):
                raise IndexNotReady(reason) from None
            raise
        self._sweep()

    def _sweep(self) -> None:
        """Drop the indexes that were replaced; one that is still read stays for the next time."""
        names = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)")
        with suppress(SQLAlchemyError), self._write_engine.connect() as connection:
            for name in connection.scalars(names, {"prefix": _FORMER}).all():
                connection.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
                connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
                connection.commit()

    def _look_up(self, statement: str) -> Any:
        """The only row of an answer, if any. By the driver: the page cache waits for it."""
        with suppress(*self._errors):
            connection = self._lookups.raw_connection()
            try:
                lookup = connection.cursor()
                lookup.execute(statement)
                return lookup.fetchone()
            except self._errors:
                # The server may have been restarted; the next call gets a new connection.
                connection.invalidate()
            finally:
                connection.close()
        return None


@contextmanager
def _reading(session: Session) -> Iterator[None]:
    """Any error inside means that there is no usable index, and the transaction may go on."""
    try:
        with session.begin_nested() as savepoint:
            session.execute(_BY_INDEX)
            yield
            savepoint.rollback()
    except SQLAlchemyError as error:
        raise IndexNotReady(type(error).__name__) from None  # its text may quote the search


def _create_tables(connection: Connection) -> None:
    """Have this transaction write a new index, empty and without its indexes yet."""
    tables = (f"CREATE TABLE {table} ({columns})" for table, columns in _TABLES.items())
    schema = "CREATE SCHEMA search_next", "SET LOCAL search_path TO search_next"
    for statement in (*schema, *tables, *_SETTINGS):
        connection.exec_driver_sql(statement)


def _put_in_use(connection: Connection) -> None:
    """Index what was written; at commit it is the index in use. Renaming waits for no reader."""
    for index in _INDEXES:
        connection.exec_driver_sql(index)
    if connection.scalar(text("SELECT to_regnamespace('search')")):
        connection.exec_driver_sql(f"ALTER SCHEMA search RENAME TO {_FORMER}{uuid.uuid4().hex}")
    connection.exec_driver_sql("ALTER SCHEMA search_next RENAME TO search")


def _load(connection: Connection, documents: Iterator[Document]) -> None:
    while chunk := list(islice(documents, CHUNK_SIZE)):
        rows, long_rows = [], []
        for document in chunk:
            tokens = *document.strong, *document.weak
            forms = *document.strong_forms, *document.weak_forms
            vectors = [
                tsvector(tokens),
                tsvector(forms, paired=True),
                tsvector(document.strong),
                tsvector(document.strong_forms, paired=True),
            ]
            if None in vectors:
                long_rows.append((document.number, json.dumps(list(vars(document).values()))))
                vectors = [
                    EVERY,
                    tsvector([sorted(set(chain(*forms)))[:FORMS_LIMIT]]),
                    EVERY,
                    EVERY,
                ]
            rows.append((document.number, *vectors))
        connection.exec_driver_sql("SET LOCAL statement_timeout = '20s'")
        _copy(connection, "document", rows)
        _copy(connection, "long_document", long_rows)
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _copy(connection: Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
