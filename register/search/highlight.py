"""Which words of a title or summary answer a search, so that a list can mark them.

Only these two: a list that quoted the account would publish it a second time (see ``queries``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from register.search import analyzer
from register.search.query_model import Asked, Way

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class _Spoken:
    """A word of a text: where it stands, how it is spelt, what it is searched by."""

    start: int
    end: int
    form: str
    token: str


def marked(asked: Asked, text: str) -> list[tuple[str, bool]]:
    """The text in pieces, in order; True for those that the search asked for."""
    spans = _joined(sorted(_spans(asked, list(_spoken(text)))))
    pieces, end = [], 0
    for start, stop in spans:
        if start > end:
            pieces.append((text[end:start], False))
        pieces.append((text[start:stop], True))
        end = stop
    if end < len(text):
        pieces.append((text[end:], False))
    return pieces


def says(asked: Asked, text: str) -> bool:
    """Whether any of what was asked stands in the text."""
    return any(True for _ in _spans(asked, list(_spoken(text))))


def _spoken(text: str) -> Iterator[_Spoken]:
    for word in _WORD.finditer(text):
        for form in analyzer.forms(word.group()):
            yield _Spoken(word.start(), word.end(), form, analyzer.token_of(form))


def _spans(asked: Asked, spoken: Sequence[_Spoken]) -> Iterator[tuple[int, int]]:
    for part in asked.wanted:
        for way in part.ways:
            yield from _of(way, spoken)


def _of(way: Way, spoken: Sequence[_Spoken]) -> Iterator[tuple[int, int]]:
    if way.prefix:
        yield from ((one.start, one.end) for one in spoken if one.form.startswith(way.tokens[0]))
    elif not way.together:
        yield from ((one.start, one.end) for one in spoken if one.token in way.tokens)
    else:
        size = len(way.tokens)
        for first in range(len(spoken) - size + 1):
            run = spoken[first : first + size]
            if tuple(one.token for one in run) == way.tokens:
                yield run[0].start, run[-1].end


def _joined(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that touch or overlap made one."""
    here: tuple[int, int] | None = None
    for start, end in spans:
        if here and start <= here[1]:
            here = here[0], max(here[1], end)
        else:
            if here:
                yield here
            here = start, end
    if here:
        yield here
