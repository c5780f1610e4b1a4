"""The rows of the index in PostgreSQL, and a whole search in them as one statement.

They are documents, in how many of them each form is, and the cursor. Names without a schema are
those of the index that is being written (``postgres_tables.enter`` and ``begin``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Text, any_, cast, column, func, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import Session

from register.search.engine_interface import Cursor, Document, IndexMatches, QueryPart, SearchQuery
from register.search.postgres_tables import (
    ANYWHERE,
    EVERY,
    SCHEMA,
    SHAPE,
    STRONG,
    Lexicon,
    Place,
    begun,
    fit,
    form_of,
    quoted,
    spoken,
    text_of,
)

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


CURSOR = table(
    "cursor", column("seq"), column("digest"), column("made_with"), column("shape"), schema=SCHEMA
)
# Parts that are asked for each among those who answer the others.
_FEW = 6
COMMON = table("common", column("token"), schema=SCHEMA)


@dataclass(frozen=True)
class _Leaf:
    """One thing asked of the server: the cases of a tsquery, or those of them that say a phrase."""

    query: str
    phrases: tuple[str, ...] = ()
    strong: bool = False

    @property
    def column(self) -> Any:
        """It as a column of the statement, an array of case numbers."""
        asked = cast(self.query, TSQUERY)
        if not self.phrases:
            return func.search.numbers(asked)
        return func.search.saying(asked, cast(list(self.phrases), ARRAY(Text)), self.strong)


_Told = Mapping[_Leaf, Sequence[int]]


def find(session: Session, asked: SearchQuery) -> IndexMatches | None:
    """Every case that answers; None when no index of this code is there.

    What is near is asked first: the cases that answer, and a few more where phrases are to be
    looked for in the texts. Each part is then asked for among these alone, with its strong fields
    or with its phrases.
    """
    search = _Search(asked, _lexicon(session, asked))
    leaves = list(dict.fromkeys(search.leaves))
    # A cursor that this transaction does not see is of an index that replaced the one it saw.
    statement = select(
        CURSOR.c.seq, CURSOR.c.digest, CURSOR.c.made_with, *(leaf.column for leaf in leaves)
    ).where(CURSOR.c.shape == SHAPE)
    row = session.execute(statement).first()
    if row is None:
        return None
    seq, digest, made_with, *arrays = row
    strength = search.strength(dict(zip(leaves, arrays, strict=True)))
    return IndexMatches(Cursor(seq, digest, made_with), strength)


def _lexicon(session: Session, asked: SearchQuery) -> Lexicon:
    """Which of the tokens of the phrases asked for are common in this index."""
    tokens = {
        fit(token)
        for part in asked.parts
        for way in part.alternatives
        if way.is_phrase and len(way.tokens) > 1
        for token in way.tokens
    }
    if not tokens:
        return Lexicon()
    common = select(COMMON.c.token).where(COMMON.c.token == any_(cast(list(tokens), ARRAY(Text))))
    return Lexicon(frozenset(session.scalars(common)))


class _Search:
    """What a search asks of the server, and what the answers mean."""

    def __init__(self, asked: SearchQuery, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        unsure = {part for part in asked.parts if lexicon.has_spoken(part)}
        self._clauses: dict[QueryPart | None, str] = {}
        for part in asked.parts:
            clause = lexicon.query(part.alternatives, ANYWHERE)
            if not part.excluded:
                self._clauses[part] = clause
            elif part not in unsure:
                self._clauses[part] = f"!{clause}"
        if not asked.required_parts:
            self._clauses[None] = quoted(EVERY)
        self._near = _Leaf(" & ".join(self._clauses.values()))
        self._strong = [self._leaves(part, STRONG) for part in asked.required_parts]
        self._within = [
            self._leaves(part, ANYWHERE) for part in asked.required_parts if part in unsure
        ]
        self._without = [
            self._leaves(part, ANYWHERE) for part in asked.excluded_parts if part in unsure
        ]

    @property
    def leaves(self) -> list[_Leaf]:
        """Everything to ask."""
        groups = (*self._strong, *self._within, *self._without)
        return [self._near, *(leaf for leaves in groups for leaf in leaves)]

    def strength(self, told: _Told) -> dict[int, int]:
        """Of each case that answers, how many wanted parts its strong fields answer."""
        numbers: Iterable[int] = told[self._near]
        for leaves in self._within:
            numbers = _joined(told, leaves).intersection(numbers)
        for leaves in self._without:
            numbers = set(numbers) - _joined(told, leaves)
        strength = dict.fromkeys(numbers, 0)
        for leaves in self._strong:
            for number in _joined(told, leaves):
                if number in strength:
                    strength[number] += 1
        return strength

    def _leaves(self, part: QueryPart, place: Place) -> list[_Leaf]:
        """Who answers a part in one place, of those who answer the others: any leaf's cases."""
        phrases = [way for way in part.alternatives if self._lexicon.is_spoken(way)]
        others = [way for way in part.alternatives if way not in phrases]
        found = []
        if others:
            clause = self._lexicon.query(others, place)
            # Among many parts, the restriction to the others costs more than it spares.
            alone = len(self._clauses) > _FEW
            found.append(_Leaf(clause if alone else self._among(part, clause)))
        if phrases:
            texts = tuple(spoken(way.tokens) for way in phrases)
            among = self._among(part, self._lexicon.query(phrases, place))
            found.append(_Leaf(among, texts, strong=place is STRONG))
        return found

    def _among(self, part: QueryPart, clause: str) -> str:
        # Whoever answers the clause of a part in one place answers the part's own.
        others = (told for other, told in self._clauses.items() if other != part)
        return " & ".join((*others, clause))


def _joined(told: _Told, leaves: Sequence[_Leaf]) -> set[int]:
    return set().union(*(told[leaf] for leaf in leaves))
