"""A whole search as one statement on PostgreSQL, and what comes back as numbers with strengths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, any_, cast, column, func, select, table
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import Session

from register.search.engine import Cursor, IndexMatches, QueryPart, SearchQuery
from register.search.postgres_lexemes import (
    ANYWHERE,
    EVERY,
    STRONG,
    Lexicon,
    Place,
    fit,
    quoted,
    spoken,
)
from register.search.postgres_tables import SCHEMA, SHAPE

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
