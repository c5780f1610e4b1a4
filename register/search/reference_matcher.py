"""Reference matcher: whether one document matches a query, and which parts of a text do.

Tests compare the engines with it. The service uses it for cases that have changed since the last
update of the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from register.search import analyzer
from register.search.engine_interface import Document, QueryAlternative, QueryPart, SearchQuery

Fields = Sequence[Sequence[str]]


def strength(search_query: SearchQuery, document: Document) -> int | None:
    """Number of required parts that the strong fields match; None without a match."""
    everywhere = (*document.strong, *document.weak)
    if not all(
        _part_matches(part, everywhere, document.forms) for part in search_query.required_parts
    ):
        return None
    if any(_part_matches(part, everywhere, document.forms) for part in search_query.excluded_parts):
        return None
    return sum(
        _part_matches(part, document.strong, document.strong_forms)
        for part in search_query.required_parts
    )


def _part_matches(part: QueryPart, fields: Fields, forms: Iterable[str]) -> bool:
    return any(
        _alternative_matches(alternative, fields, forms) for alternative in part.alternatives
    )


def _alternative_matches(
    alternative: QueryAlternative, fields: Fields, forms: Iterable[str]
) -> bool:
    if alternative.prefix:
        return any(form.startswith(alternative.tokens[0]) for form in forms)
    if alternative.is_phrase:
        return any(_has_run(alternative.tokens, field) for field in fields)
    all_tokens = {token for field in fields for token in field}
    return all_tokens.issuperset(alternative.tokens)


def _has_run(tokens: Sequence[str], field: Sequence[str]) -> bool:
    """Whether the tokens are adjacent in the field, in their order."""
    size = len(tokens)
    if size == 1:
        return tokens[0] in field
    run = tuple(tokens)
    return any(tuple(field[start : start + size]) == run for start in range(len(field) - size + 1))


# --- highlighting ---------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class _TextWord:
    """Word of a text: its span, its folded form and its token."""

    start: int
    end: int
    form: str
    token: str


def highlighted_pieces(search_query: SearchQuery, text: str) -> list[tuple[str, bool]]:
    """Text in consecutive pieces, with True for those that match the search."""
    words = [
        _TextWord(word.start(), word.end(), form, analyzer.token_of(form))
        for word in _WORD.finditer(text)
        for form in analyzer.forms(word.group())
    ]
    spans = _merge_spans(
        sorted(
            span
            for part in search_query.required_parts
            for alternative in part.alternatives
            for span in _alternative_spans(alternative, words)
        )
    )
    pieces, end = [], 0
    for start, stop in spans:
        if start > end:
            pieces.append((text[end:start], False))
        pieces.append((text[start:stop], True))
        end = stop
    if end < len(text):
        pieces.append((text[end:], False))
    return pieces


def _alternative_spans(
    alternative: QueryAlternative, words: Sequence[_TextWord]
) -> Iterator[tuple[int, int]]:
    if alternative.prefix:
        yield from (
            (word.start, word.end) for word in words if word.form.startswith(alternative.tokens[0])
        )
    elif not alternative.is_phrase:
        yield from ((word.start, word.end) for word in words if word.token in alternative.tokens)
    else:
        size = len(alternative.tokens)
        for first in range(len(words) - size + 1):
            run = words[first : first + size]
            if tuple(word.token for word in run) == alternative.tokens:
                yield run[0].start, run[-1].end


def _merge_spans(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sorted spans, with adjacent and overlapping ones merged."""
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current and start <= current[1]:
            current = current[0], max(current[1], end)
        else:
            if current:
                yield current
            current = start, end
    if current:
        yield current
