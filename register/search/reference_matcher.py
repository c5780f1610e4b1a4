"""Reference matcher: whether one document matches a query, and which parts of a text do.

Tests compare the engines with it. The service uses it for cases that have changed since the last
update of the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from register.search import analyzer
from register.search.engine_interface import Document, QueryAlternative, QueryPart, SearchQuery

Fields = Sequence[Sequence[str]]


def strength(search_query: SearchQuery, document: Document) -> int | None:
    """Number of required parts that the strong fields match; None without a match."""
    everywhere = (*document.strong, *document.weak)
    forms = (*document.strong_forms, *document.weak_forms)
    if not all(_part_matches(part, everywhere, forms) for part in search_query.required_parts):
        return None
    if any(_part_matches(part, everywhere, forms) for part in search_query.excluded_parts):
        return None
    return sum(
        _part_matches(part, document.strong, document.strong_forms)
        for part in search_query.required_parts
    )


def _part_matches(part: QueryPart, fields: Fields, forms: Fields) -> bool:
    return any(
        _alternative_matches(
            alternative, forms if alternative.literal or alternative.prefix else fields
        )
        for alternative in part.alternatives
    )


def _alternative_matches(alternative: QueryAlternative, fields: Fields) -> bool:
    if alternative.prefix:
        return any(word.startswith(alternative.tokens[0]) for field in fields for word in field)
    if alternative.is_phrase:
        return any(_has_run(alternative.tokens, field) for field in fields)
    return {token for field in fields for token in field}.issuperset(alternative.tokens)


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
    tokens = alternative.tokens
    if alternative.prefix:
        yield from ((word.start, word.end) for word in words if word.form.startswith(tokens[0]))
        return
    text_tokens = [word.form if alternative.literal else word.token for word in words]
    size = len(tokens) if alternative.is_phrase else 1
    for first in range(len(words) - size + 1):
        run = tuple(text_tokens[first : first + size])
        if run == tokens or (not alternative.is_phrase and run[0] in tokens):
            yield words[first].start, words[first + size - 1].end


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
