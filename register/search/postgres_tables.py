"""The index in PostgreSQL: a schema of its own, which is thrown away and made anew.

``document`` is narrow (its lexemes are stored apart), since a common word visits all of it;
``spoken`` holds the tokens in their order, for phrases; ``form`` tells how many cases have a form;
``common`` has the tokens whose runs are lexemes; ``cursor`` is one row. A new index is made under
another name and takes the place of the former by two renamings, which wait for nobody and hold
nobody up.
"""

from __future__ import annotations

import hashlib
import uuid
from contextlib import suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from register.search import postgres_lexemes

SCHEMA = "search"
_NEXT = "search_next"  # seen by nobody: it is renamed by the transaction that makes it
_FORMER = "search_former_"

# Without names of schemas: search_path says which index is meant.
_TABLES = (
    # A row without its lexemes is some fifty bytes: all rows of a hundred thousand cases fit into
    # the server's memory as it is by default.
    """
    CREATE TABLE document (
        number integer PRIMARY KEY,
        lexemes text COLLATE "C" NOT NULL,
        sum bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(lexemes, 0)) STORED
    ) WITH (toast_tuple_target = 128)
    """,
    # Within its row and not compressed: thousands of them are read for one phrase.
    """
    CREATE TABLE spoken (
        number integer PRIMARY KEY,
        strong text COLLATE "C" NOT NULL,
        weak text COLLATE "C" NOT NULL,
        sum bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(strong || weak, 0)) STORED
    ) WITH (toast_tuple_target = 8160)
    """,
    "ALTER TABLE spoken ALTER strong SET STORAGE EXTERNAL, ALTER weak SET STORAGE EXTERNAL",
    'CREATE TABLE form (form text COLLATE "C" PRIMARY KEY, cases integer NOT NULL)',
    # ANALYZE would keep words in a table of the server's own, where nobody erases them.
    "ALTER TABLE document ALTER lexemes SET STATISTICS 0",
    "ALTER TABLE spoken ALTER strong SET STATISTICS 0, ALTER weak SET STATISTICS 0",
    "ALTER TABLE form ALTER form SET STATISTICS 0",
    'CREATE TABLE common (token text COLLATE "C" PRIMARY KEY)',
    "ALTER TABLE common ALTER token SET STATISTICS 0",
    # ``made`` is another one after each commit; ``begun``: cases when the common tokens were told.
    """
    CREATE TABLE cursor (
        seq bigint NOT NULL,
        digest text NOT NULL,
        made_with text NOT NULL,
        shape text NOT NULL,
        cases integer NOT NULL,
        begun integer NOT NULL,
        made uuid NOT NULL DEFAULT gen_random_uuid()
    )
    """,
)
_INDEX = (
    # With "fastupdate", what is written last would stand in a list that every search reads to its
    # end. One writer, off the readers' way, has the time to put it where it belongs.
    """
    CREATE INDEX document_lexemes ON document
    USING gin (array_to_tsvector(string_to_array(lexemes, E'\\n'))) WITH (fastupdate = off)
    """,
    "ALTER INDEX document_lexemes ALTER COLUMN 1 SET STATISTICS 0",
)
# Functions, because only they can take a way of reading away from the planner for one statement
# of a page's transaction: it believes that lexemes are read in no time, and would rather read
# those of every case than the index when a word is common.
_FUNCTIONS = (
    """
    CREATE FUNCTION search.numbers(asked tsquery) RETURNS integer[] LANGUAGE sql STABLE
    SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off
    AS $$
        SELECT coalesce(array_agg(number), '{}') FROM search.document
        WHERE array_to_tsvector(string_to_array(lexemes, E'\\n')) @@ asked
    $$
    """,
    """
    CREATE FUNCTION search.saying(asked tsquery, phrases text[], in_strong boolean)
    RETURNS integer[] LANGUAGE sql STABLE SET enable_seqscan = off SET jit = off
    AS $$
        SELECT coalesce(array_agg(number), '{}')
        FROM unnest(search.numbers(asked)) AS number JOIN search.spoken USING (number)
        WHERE EXISTS (
            SELECT FROM unnest(phrases) AS phrase
            WHERE strpos(strong, phrase) > 0 OR (NOT in_strong AND strpos(weak, phrase) > 0)
        )
    $$
    """,
    "COMMENT ON SCHEMA search IS 'Derived from the public cases: may be dropped at any moment.'",
)
# What an index has to be for this code to read it.
SHAPE = hashlib.sha256(
    "\n".join((str(postgres_lexemes.VERSION), *_TABLES, *_INDEX, *_FUNCTIONS)).encode()
).hexdigest()[:16]

# Two writers at once could only be an operator's mistake; the second waits. The first number is
# the register's own, so that no other program in the database takes the same.
_LOCK = text("SELECT pg_advisory_xact_lock(1482, 1)")


def lock(connection: Connection) -> None:
    """Let nobody else write the index until this transaction ends."""
    connection.execute(_LOCK)


def enter(connection: Connection) -> None:
    """Have this transaction write the index in use."""
    connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))


def begin(connection: Connection) -> None:
    """Have this transaction write a new index, empty and not indexed yet."""
    connection.execute(text(f"CREATE SCHEMA {_NEXT}"))
    connection.execute(text(f"SET LOCAL search_path TO {_NEXT}"))
    for statement in _TABLES:
        connection.execute(text(statement))


def finish(connection: Connection) -> None:
    """Index what was written since :func:`begin`; at commit it is the index in use.

    A page that began before sees tables without rows, and so no cursor: it has no index.
    """
    for statement in _INDEX:
        connection.execute(text(statement))
    if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": SCHEMA}):
        former = _FORMER + uuid.uuid4().hex
        connection.execute(text(f"ALTER SCHEMA {SCHEMA} RENAME TO {former}"))
    connection.execute(text(f"ALTER SCHEMA {_NEXT} RENAME TO {SCHEMA}"))
    for statement in _FUNCTIONS:
        connection.execute(text(statement))


def sweep(engine: Engine, patience: float) -> None:
    """Drop the indexes that were replaced; one that is still being read stays for the next time.

    :param patience: how long to wait for those who read it, in seconds.
    """
    named = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :name)")
    with engine.connect() as connection:
        names = connection.scalars(named, {"name": _FORMER}).all()
    for name in names:
        with suppress(DBAPIError), engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = {int(patience * 1000)}"))
            connection.execute(text(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))
