"""PostgreSQL search engine: a ``tsvector`` of the register's own tokens for each public case.

Its schema ``search`` is in the cases' database and read on the page's connection, so that index,
cases and ledger are of one moment. A lexeme is a token or a form behind a mark that says where in
the case it is. A case that a ``tsvector`` cannot hold exactly is stored as a document too, which
the reference matcher matches.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
    Progress,
    QueryAlternative,
    QueryPart,
    SearchQuery,
    report_progress,
)

TOKEN, FORM = ".", "="  # marks before lexemes
EVERY, NONE = "'*'", "'-'"  # a lexeme of each document, and one of none
# Limits of a tsvector (PostgreSQL's manual, 12.11), without an error: it drops occurrences beyond
# the second, and puts all tokens beyond the first at the same place.
POSITIONS_LIMIT, OCCURRENCES_LIMIT = 16_383, 256
BYTES_LIMIT = 1_000_000  # of its text, which is never shorter than what the server stores
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
    "document": "number integer PRIMARY KEY, words tsvector NOT NULL, strong tsvector NOT NULL",
    "long_document": "number integer PRIMARY KEY, content text NOT NULL",
    "form": 'form text COLLATE "C" PRIMARY KEY, cases integer NOT NULL',
    # ``made`` is another one after each commit.
    "cursor": "seq bigint NOT NULL, digest text NOT NULL, made_with text NOT NULL,"
    " shape text NOT NULL, cases integer NOT NULL, made uuid NOT NULL DEFAULT gen_random_uuid()",
}
_SETTINGS = (
    # Stored apart from the rows, all of which a common word reads; for phrases, not compressed.
    "ALTER TABLE document SET (toast_tuple_target = 128)",
    "ALTER TABLE document ALTER words SET STORAGE EXTERNAL",
    # ANALYZE keeps no sample of these: it would outlast an erasure in the server's catalogue.
    "ALTER TABLE document ALTER words SET STATISTICS 0, ALTER strong SET STATISTICS 0",
    "ALTER TABLE long_document ALTER content SET STATISTICS 0",
    "ALTER TABLE form ALTER form SET STATISTICS 0",
)
# With "fastupdate", the newest lexemes would be in a list that each search reads to its end.
_INDEXES = (
    "CREATE INDEX document_words ON document USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX document_strong ON document USING gin (strong) WITH (fastupdate = off)",
)
# What an index has to be for this code to read it. The number changes with the lexemes.
SHAPE = hashlib.sha256(repr((2, _TABLES, _SETTINGS, _INDEXES)).encode()).hexdigest()[:16]

_OF_SHAPE = f"FROM search.cursor WHERE shape = '{SHAPE}'"
_MADE = f"SELECT made {_OF_SHAPE}"
_IS_SOUND = (
    "SELECT num_nulls(to_regclass('search.document_words'), to_regclass('search.document_strong'))"
    f" = 0 {_OF_SHAPE}"
)
# The rows are compared with the cursor, and the index with the rows. PostgreSQL checks its pages.
_IS_WHOLE = """SELECT cases = (SELECT count(*) FROM search.document) AND cases =
    (SELECT count(*) FROM search.document WHERE words @@ '*'::tsquery)
    AND cases >= (SELECT count(*) FROM search.long_document) AND 0 <= (SELECT count(*)
    FROM search.form) FROM search.cursor"""
_PLACE_CURSOR = text(
    "INSERT INTO cursor (seq, digest, made_with, shape, cases)"
    " SELECT :seq, :digest, :made_with, :shape, count(*) FROM document"
).bindparams(shape=SHAPE)
_COUNT_FORMS = """INSERT INTO form SELECT substr(lexeme, 2), {sign}count(*)
    FROM document, unnest(words) WHERE number = ANY (:numbers) AND starts_with(lexeme, '=')
    GROUP BY lexeme ON CONFLICT (form) DO UPDATE SET cases = form.cases + excluded.cases"""
_REMOVE = """WITH long AS (DELETE FROM long_document WHERE number = ANY (:numbers))
    DELETE FROM document WHERE number = ANY (:numbers)"""
# The planner thinks that a tsvector is read in no time, and would read those of all cases for a
# common word. Undone with the savepoint of the search.
_BY_INDEX = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),"
    " set_config('enable_indexonlyscan', 'off', true), set_config('jit', 'off', true)"
)
_MATCHES = "ARRAY(SELECT number FROM search.document WHERE {} @@ CAST(:query{} AS tsquery))"


class Postgres:
    """An index of public cases in the schema ``search`` of their own database."""

    name = "postgresql"

    def __init__(self, database: Database) -> None:
        self._write_engine, self._lookups = write_engine(database), autocommit_engine(database)
        self._forms: tuple[uuid.UUID, Sequence[str]] | None = None
        driver: Any = database.dialect.dbapi
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error)

    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        """All matching cases, as of the page's transaction, which may go on after an error."""
        strong = [_clause(part) for part in search_query.required_parts]
        excluded = [f"!{_clause(part)}" for part in search_query.excluded_parts]
        queries = [" & ".join([*(strong or [EVERY]), *excluded]), *strong]
        columns = "words", *["strong"] * len(strong)
        arrays = ", ".join(_MATCHES.format(column, i) for i, column in enumerate(columns))
        documents = "ARRAY(SELECT content FROM search.long_document)"
        stmt = text(f"SELECT seq, digest, made_with, {documents}, {arrays} {_OF_SHAPE}")
        parameters = {f"query{place}": query for place, query in enumerate(queries)}
        with _reading(session):
            row = session.execute(stmt, parameters).first()
        if row is None:  # a page that began before a new index sees no cursor of it
            raise IndexNotReady("absent")
        *cursor, contents, numbers = row[:5]
        strength = dict.fromkeys(numbers, 0)
        for number in filter(strength.__contains__, chain(*row[5:])):
            strength[number] += 1
        for document in (Document(*json.loads(content)) for content in contents):
            strength.pop(document.number, None)
            score = reference_matcher.strength(search_query, document)
            if score is not None:
                strength[document.number] = score
        return IndexMatches(Cursor(*cursor), strength)

    def forms(self, session: Session) -> Sequence[str]:
        """Every form in the index, sorted; read again only after a commit."""
        cached = self._forms
        with _reading(session):
            made = session.scalar(text(_MADE))
            if made is not None and (cached is None or cached[0] != made):
                stmt = text("SELECT ARRAY(SELECT form FROM search.form ORDER BY form)")
                self._forms = cached = made, session.scalar(stmt) or []
        if made is None or cached is None:
            raise IndexNotReady("absent")
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
        added = [document.number for document in documents]
        with self._writing() as connection:
            connection.exec_driver_sql("SET LOCAL search_path TO search")
            # A writer that is behind the index changes nothing.
            former = text(f"DELETE {_OF_SHAPE} AND seq <= :seq")
            if connection.execute(former, {"seq": cursor.seq}).rowcount != 1:
                raise IndexNotReady("absent or ahead")
            for statement in (_COUNT_FORMS.format(sign="-"), _REMOVE):
                connection.execute(text(statement), {"numbers": [*added, *gone]})
            _load(connection, documents)
            connection.execute(text(_COUNT_FORMS.format(sign="")), {"numbers": added})
            connection.exec_driver_sql("DELETE FROM form WHERE cases <= 0")
            connection.execute(_PLACE_CURSOR, asdict(cursor))
            if scrub:
                _create_tables(connection)
                for table in _TABLES:
                    rows = f"SELECT * FROM search.{table}"  # noqa: S608 # our own names
                    connection.exec_driver_sql(f"INSERT INTO {table} {rows}")
                _put_in_use(connection)

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        """Make the index anew beside the one in use; errors are those of :meth:`write`."""
        with self._writing() as connection:
            _create_tables(connection)
            forms = _load(connection, report_progress(documents, total, progress))
            _copy(connection, "form", sorted(forms.items()))
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


def _load(connection: Connection, documents: Iterable[Document]) -> Counter[str]:
    """Write documents; the number of cases of each form."""
    documents, forms = iter(documents), Counter[str]()
    while chunk := list(islice(documents, CHUNK_SIZE)):
        rows, long_rows = [], []
        for document in chunk:
            form_fields = (*document.strong_forms, *document.weak_forms)
            forms.update(document_forms := set(chain(*form_fields)))
            words = _vector((*document.strong, *document.weak), form_fields)
            strong = _vector(document.strong, document.strong_forms)
            if words is None or strong is None:
                long_rows.append((document.number, json.dumps(list(vars(document).values()))))
                words = _vector((), [sorted(document_forms)[:FORMS_LIMIT]])
            rows.append((document.number, words, strong or ""))
        connection.exec_driver_sql("SET LOCAL statement_timeout = '20s'")
        _copy(connection, "document", rows)
        _copy(connection, "long_document", long_rows)
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    return forms


def _copy(connection: Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _vector(fields: Iterable[Sequence[str]], form_fields: Iterable[Sequence[str]]) -> str | None:
    """The tsvector of fields, as tokens and as forms; None when it cannot hold them exactly."""
    places: dict[str, list[str]] = {}
    is_long = False
    for mark, marked_fields in ((TOKEN, fields), (FORM, form_fields)):
        position = 0
        for field in marked_fields:
            position += 1  # no phrase goes over the end of a field
            for lexeme in _lexemes(mark, field):
                position += 1
                places.setdefault(lexeme, []).append(str(position))
        is_long = is_long or position > POSITIONS_LIMIT
    has_dropped = max(map(len, places.values()), default=0) > OCCURRENCES_LIMIT
    vector = " ".join([EVERY, *(f"{lexeme}:{','.join(at)}" for lexeme, at in places.items())])
    return None if is_long or has_dropped or len(vector.encode()) > BYTES_LIMIT else vector


def _lexemes(mark: str, tokens: Iterable[str]) -> Iterator[str]:
    """Tokens or forms behind their mark, as they are written in a tsvector and in a tsquery."""
    for token in tokens:
        lexeme = (mark + token).replace("\\", "\\\\").replace("'", "''")
        yield f"'{lexeme}'"


def _clause(part: QueryPart) -> str:
    """The tsquery that a case, or its strong fields, match if they match a part."""

    def clause(alternative: QueryAlternative) -> str:
        mark = FORM if alternative.literal or alternative.prefix else TOKEN
        lexemes = list(_lexemes(mark, alternative.tokens))
        if alternative.prefix:
            return f"{lexemes[0]}:*"
        return f"({(' <-> ' if alternative.is_phrase else ' & ').join(lexemes)})"

    return f"({' | '.join(dict.fromkeys(map(clause, part.alternatives))) or NONE})"
