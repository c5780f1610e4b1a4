"""Lexemes of the PostgreSQL search engine: the words of a document, and the parts of a query."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from register.search.engine_interface import QueryPart

TOKENS, FORMS = "tokens", "forms"
# A lexeme of each column, and one of none. A dot begins the words, a plus the pairs of forms.
EVERY, NONE = "'*'", "'-'"
# Limits of a tsvector (PostgreSQL's manual, 12.11), without an error: it drops occurrences beyond
# the second, and puts all tokens beyond the first at the same place.
POSITIONS_LIMIT, OCCURRENCES_LIMIT = 16_383, 256
BYTES_LIMIT = 1_000_000  # of its text, which is never shorter than what the server stores
# Lexemes of pairs. With two hundred in a case, one that has the words of a phrase, but not the
# phrase, has the lexeme of its pair in one of twenty times, and is not read in the others.
PAIRS = 4_096


def tsvector(fields: Iterable[Sequence[str]], *, paired: bool = False) -> str | None:
    """The tsvector of fields; None when it cannot hold them exactly.

    :param paired: with the pairs of adjacent words, which a phrase looks up.
    """
    places: dict[str, list[str]] = {}
    pairs: set[str] = set()
    position = 0
    for field in fields:
        if paired:
            pairs.update(_pairs(field))
        position += 1  # no phrase goes over the end of a field
        for word in field:
            position += 1
            places.setdefault(word, []).append(str(position))
    occurrences = max(map(len, places.values()), default=0)
    words = (f"{_lexeme(word)}:{','.join(at)}" for word, at in places.items())
    content = " ".join([EVERY, *pairs, *words])
    fits = position <= POSITIONS_LIMIT and occurrences <= OCCURRENCES_LIMIT
    return content if fits and len(content.encode()) <= BYTES_LIMIT else None


def _lexeme(word: str) -> str:
    """A token or a form as it is written in a tsvector and in a tsquery."""
    return "'." + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _pairs(words: Sequence[str]) -> list[str]:
    """Lexemes without positions of adjacent words, which others with the same checksum share."""
    sums = [zlib.crc32(word.encode()) for word in words]
    pairs = {(3 * first + second) % PAIRS for first, second in pairwise(sums)}
    return [f"'+{pair:x}'" for pair in pairs]


def tsqueries(part: QueryPart) -> Mapping[str, str]:
    """Columns → tsqueries; a case matches the part if it matches one of them."""
    alternatives: dict[str, list[str]] = {}
    for alternative in part.alternatives:
        operator = " <-> " if alternative.is_phrase else " & "
        clause = operator.join(map(_lexeme, alternative.tokens)) + ":*" * alternative.prefix
        column = FORMS if alternative.literal or alternative.prefix else TOKENS
        if alternative.is_phrase and column == FORMS:
            clause = " & ".join([clause, *_pairs(alternative.tokens)])
        alternatives.setdefault(column, []).append(f"({clause})")
    queries = {column: f"({' | '.join(each)})" for column, each in alternatives.items()}
    return queries or {TOKENS: NONE}
