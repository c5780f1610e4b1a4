"""Reference matcher: whether one document matches a query, and which parts of a text do.

Tests compare the engines with it. The service uses it for cases that have changed since the last
update of the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

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


# Cached: a page of results has a thousand words, most of them the same on each page.
@lru_cache(maxsize=10_000)
def _word_forms(word: str) -> list[str]:
    return analyzer.forms(word)


def highlighted_pieces(search_query: SearchQuery, text: str) -> list[tuple[str, bool]]:
    """Text in consecutive pieces, with True for those that match the search."""
    words = [
        _TextWord(word.start(), word.end(), form, analyzer.token_of(form))
        for word in _WORD.finditer(text)
        for form in _word_forms(word.group())
    ]
    marks = bytearray(len(text))
    for part in search_query.required_parts:
        for alternative in part.alternatives:
            for start, end in _alternative_spans(alternative, words):
                marks[start:end] = b"\1" * (end - start)
    if text and not any(marks):
        return [(text, False)]
    return [
        ("".join(character for character, _mark in characters), bool(mark))
        for mark, characters in groupby(zip(text, marks, strict=True), key=itemgetter(1))
    ]


_SENTENCE_END = re.compile(r"(?<=[.!?…])[\s\u202f]+(?=\S)")
_EXCERPT_LIMIT = 240  # characters of a shown sentence, half of them before its match


def find_sentence(search_query: SearchQuery, texts: Iterable[str]) -> str:
    """First sentence of some texts that matches a part of the search, shortened around its match.

    Empty if none does: the case matches by its labels, its codes or its place.
    """
    alternatives = [each for part in search_query.required_parts for each in part.alternatives]
    beginnings = tuple(each.tokens[0] for each in alternatives)
    for sentence in (sentence for text in texts for sentence in _SENTENCE_END.split(text)):
        forms = analyzer.forms(sentence)
        # Most sentences have no word to mark, and finding the marks takes longer.
        if any(word.startswith(beginnings) for word in (*forms, *map(analyzer.token_of, forms))):
            (before, is_match), *following = highlighted_pieces(search_query, sentence)
            if is_match or following:
                position = 0 if is_match else len(before) - _EXCERPT_LIMIT // 2
                start = sentence.find(" ", position) + 1 if position > 0 else 0
                excerpt = sentence[start : start + _EXCERPT_LIMIT]
                if len(excerpt) < len(sentence) - start:
                    excerpt = f"{excerpt.rpartition(' ')[0]} …"
                return f"… {excerpt}" if start else excerpt
    return ""


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
