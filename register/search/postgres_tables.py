"""The index in PostgreSQL: its tables, and the lexemes that a document has in them.

``document`` is narrow (its lexemes are stored apart), since a common word visits all of it;
``spoken`` holds the tokens in their order, for phrases; ``form`` tells how many cases have a form;
``common`` has the tokens whose runs are lexemes; ``cursor`` is one row. A new index is made in a
schema under another name and takes the place of the former by two renamings, which wait for nobody
and hold nobody up.

A document is a set of lexemes, without positions. Each begins with a mark that says where it
stands. Of the tokens that stand in one document in ten, each two and three that follow one
another are a lexeme too: a phrase of such words is what would otherwise have to be looked for in
the texts of half the register. Others are looked for in the texts of the few cases that have their
words.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from register.search.engine_interface import Document, QueryAlternative, QueryPart
from register.search.literal_terms import unique_forms

# Whoever changes what this module writes changes this too: indexes are then made anew.
VERSION = 1
# Documents that tell which tokens are common. A register that has fewer needs no runs.
SAMPLE = 1_000
_SHARE = 10
LONGEST_RUN = 3
# Every document has the one, none the other.
EVERY = "*"
_NOBODY = "-"
# A tsvector addresses its lexemes within one mebibyte, and array_to_tsvector() does not look
# whether they fit. A case of this size has about 300,000 characters of text; what goes beyond, the
# last of its weak fields, is not found.
BYTES_LIMIT = 1_000_000

# What PostgreSQL's texts cannot hold, what stands between tokens in ours, and the escape itself. No
# analysis lets any of it through; a letter so written keeps its place, for beginnings.
_UNFIT = re.compile(r"[\0\x1a\s\ud800-\udfff]")
_FITTED = re.compile("\x1a([0-9a-f]{4})")


@dataclass(frozen=True)
class Place:
    """Where in a case a part is looked for: the marks of its tokens and of its forms."""

    token: str
    form: str


ANYWHERE = Place(".", "=")
STRONG = Place("^", "~")


@dataclass(frozen=True)
class Lexicon:
    """How the documents of one index are written, and so how they are asked.

    ``common``: the tokens whose runs are lexemes, as :func:`fit` writes them; for asking, those
    among the tokens asked for are enough. A space joins the tokens of a run, and a new line ends
    each lexeme in the table.
    """

    common: frozenset[str] = frozenset()

    def lexemes(self, document: Document) -> list[str]:
        """The lexemes of a document, each once."""
        found: dict[str, None] = {}
        left = BYTES_LIMIT
        for lexeme in self._written(document):
            if lexeme in found:
                continue
            left -= len(lexeme.encode())
            if left < 0:
                break
            found[lexeme] = None
        return list(found)

    def query(self, ways: Iterable[QueryAlternative], place: Place) -> str:
        """The text of a tsquery that a case answers when it answers one of the ways.

        Of one that :meth:`is_spoken` it says no more than that its words are there. Without a way
        it is answered by nothing.
        """
        told = [self._told(way, place) for way in ways] or [quoted(_NOBODY)]
        return f"({' | '.join(dict.fromkeys(told))})"

    def is_spoken(self, way: QueryAlternative) -> bool:
        """Whether a way has to be looked for in the texts."""
        if way.prefix or not way.is_phrase or len(way.tokens) == 1:
            return False
        return len(way.tokens) > LONGEST_RUN or not self.common.issuperset(map(fit, way.tokens))

    def has_spoken(self, part: QueryPart) -> bool:
        """Whether the index alone does not know who answers a part."""
        return any(self.is_spoken(way) for way in part.alternatives)

    def _written(self, document: Document) -> Iterator[str]:
        yield EVERY
        strong_forms = unique_forms(document.strong_forms)
        every_form = strong_forms | unique_forms(document.weak_forms)
        yield from self._marked(document.strong, STRONG.token)
        for place, forms in ((STRONG, strong_forms), (ANYWHERE, every_form)):
            yield from (place.form + fit(form) for form in sorted(forms))
        yield from self._marked((*document.strong, *document.weak), ANYWHERE.token)

    def _marked(self, fields: Iterable[Sequence[str]], mark: str) -> Iterator[str]:
        for field in fields:
            tokens = [fit(token) for token in field]
            yield from (mark + token for token in tokens)
            yield from (mark + " ".join(run) for run in self._runs(tokens))

    def _runs(self, tokens: Sequence[str]) -> list[tuple[str, ...]]:
        return [
            tuple(tokens[start : start + size])
            for size in range(2, LONGEST_RUN + 1)
            for start in range(len(tokens) - size + 1)
            if self.common.issuperset(tokens[start : start + size])
        ]

    def _told(self, way: QueryAlternative, place: Place) -> str:
        tokens = [fit(token) for token in way.tokens]
        if way.prefix:
            return quoted(place.form + tokens[0]) + ":*"
        runs: list[tuple[str, ...]] = [(token,) for token in tokens]
        if way.is_phrase:
            runs += self._runs(tokens)
        # A longer run says whatever those within it say.
        within = {part for run in runs for part in (run[1:], run[:-1])}
        told = (place.token + " ".join(run) for run in dict.fromkeys(runs) if run not in within)
        return f"({' & '.join(map(quoted, told))})"


def begun(documents: Iterator[Document]) -> tuple[list[Document], Lexicon]:
    """The first documents of an index, and the lexicon that they tell; none is needed for few."""
    sample = list(islice(documents, SAMPLE))
    if len(sample) < SAMPLE:
        return sample, Lexicon()
    counted: Counter[str] = Counter()
    for one in sample:
        counted.update({token for field in (*one.strong, *one.weak) for token in field})
    least = len(sample) // _SHARE
    return sample, Lexicon(frozenset(fit(one) for one, count in counted.items() if count >= least))


def fit(token: str) -> str:
    """A token or form as the server can hold it; :func:`original` undoes it."""
    return _UNFIT.sub(lambda found: f"\x1a{ord(found[0]):04x}", token)


def original(fitted: str) -> str:
    """A token or form as it was."""
    return _FITTED.sub(lambda found: chr(int(found[1], 16)), fitted)


def form_of(lexeme: str) -> str | None:
    """The form that a lexeme stands for, as the server holds it, if it is one of the whole case."""
    return lexeme[1:] if lexeme[0] == ANYWHERE.form else None


def text_of(fields: Iterable[Sequence[str]]) -> str:
    """Some fields as one text in which a phrase can be looked for; see :func:`spoken`."""
    return "\n".join(spoken(field) for field in fields)


def spoken(tokens: Iterable[str]) -> str:
    """Tokens that follow one another, as they stand in a :func:`text_of` and only there."""
    return f" {' '.join(map(fit, tokens))} "


def quoted(lexeme: str) -> str:
    """A lexeme as it is written in a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


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
    "\n".join((str(VERSION), *_TABLES, *_INDEX, *_FUNCTIONS)).encode()
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
