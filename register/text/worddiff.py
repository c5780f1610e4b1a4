"""What changed between two texts, word by word, in a bounded time whatever the texts are.

Paragraphs that stayed are set aside first, then words. Between words that occur once on both
sides (Bram Cohen's "patience" alignment) the rest is compared by Myers' greedy algorithm ("An
O(ND) difference algorithm", 1986) for as long as its budget lasts; a passage that it does not
last for is shown as taken out and put in whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["same", "gone", "new"]

# Words compared in all, about half a second's worth; and differing words in one passage.
_BUDGET = 1_000_000
_APART = 500
# Two changes with no more than this between them are easier to read as one.
_JOINT = re.compile(r"[^\w\n]{1,3}")

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
# An apostrophe stands apart: "l’élu" and "d’élu" share a word. Runs of signs stay together.
_WORDS = re.compile(r"\w+|[^\S\n]+|\n|([^\w\s])\1*")


@dataclass(frozen=True)
class Piece:
    """A run of text that stayed, is gone, or is new."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Difference:
    """The pieces of both texts in their order; ``coarse`` when some passage is shown whole."""

    pieces: tuple[Piece, ...]
    coarse: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return all(piece.kind == "same" for piece in self.pieces)


@dataclass(frozen=True)
class _Run:
    """``length`` equal tokens from ``old`` in one text and ``new`` in the other."""

    old: int
    new: int
    length: int


def differences(before: str, after: str) -> Difference:
    """Both texts cut into what stayed, what is gone and what is new."""
    budget = _Budget(_BUDGET)
    old_lines, new_lines = _LINES.findall(before), _LINES.findall(after)
    pieces: list[Piece] = []
    for same, old, new in _aligned(old_lines, new_lines, budget):
        if same:
            pieces.append(Piece("same", "".join(old)))
        else:
            pieces += _by_words("".join(old), "".join(new), budget)
    return Difference(tuple(_joined(pieces)), budget.coarse)


def _by_words(before: str, after: str, budget: _Budget) -> Iterator[Piece]:
    old_words, new_words = _tokens(before), _tokens(after)
    for same, old, new in _aligned(old_words, new_words, budget):
        if same:
            yield Piece("same", "".join(old))
        else:
            yield Piece("gone", "".join(old))
            yield Piece("new", "".join(new))


def _tokens(text: str) -> list[str]:
    return [found.group() for found in _WORDS.finditer(text)]


Stretch = tuple[bool, Sequence[str], Sequence[str]]


def _aligned(old: Sequence[str], new: Sequence[str], budget: _Budget) -> Iterator[Stretch]:
    """Stretches that are the same and stretches that are not, in turn."""
    at_old = at_new = 0
    for run in [*_runs(old, new, budget), _Run(len(old), len(new), 0)]:
        if run.old > at_old or run.new > at_new:
            yield False, old[at_old : run.old], new[at_new : run.new]
        at_old, at_new = run.old + run.length, run.new + run.length
        if run.length:
            yield True, old[run.old : at_old], new[run.new : at_new]


class _Budget:
    """How much may still be compared, so that no text holds a page for seconds."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.coarse = False

    def spend(self, steps: int) -> bool:
        """Whether there was as much left."""
        self.left -= steps
        if self.left < 0:
            self.coarse = True
        return self.left >= 0


Window = tuple[int, int, int, int]


def _runs(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[_Run]:
    """The equal runs of two sequences, in order."""
    found: list[_Run] = []
    windows: list[Window] = [(0, len(old), 0, len(new))]
    while windows:
        window, head, tail = _trimmed(old, new, windows.pop())
        found += [run for run in (head, tail) if run.length]
        first, last, start, end = window
        if first == last or start == end:
            continue
        if not budget.spend(last - first + end - start):
            continue
        anchors = _anchors(old, new, window)
        if anchors:
            windows += _between(window, anchors)
        else:
            found += _myers(old, new, window, budget)
    return sorted(found, key=lambda run: (run.old, run.new))


def _trimmed(old: Sequence[str], new: Sequence[str], window: Window) -> tuple[Window, _Run, _Run]:
    """A window without what is equal at its head and at its tail."""
    first, last, start, end = window
    head = 0
    while first + head < last and start + head < end and old[first + head] == new[start + head]:
        head += 1
    began = _Run(first, start, head)
    first, start = first + head, start + head
    tail = 0
    while (
        first < last - tail and start < end - tail and old[last - tail - 1] == new[end - tail - 1]
    ):
        tail += 1
    last, end = last - tail, end - tail
    return (first, last, start, end), began, _Run(last, end, tail)


def _between(window: Window, anchors: list[tuple[int, int]]) -> list[Window]:
    """The window cut at its anchors; each but the first part begins with one."""
    first, last, start, end = window
    cuts = [(first, start), *anchors, (last, end)]
    return [(a, b, c, d) for (a, c), (b, d) in pairwise(cuts) if a < b or c < d]


def _anchors(old: Sequence[str], new: Sequence[str], window: Window) -> list[tuple[int, int]]:
    """The longest rising series of words that occur once on each side of a window."""
    first, last, start, end = window
    once_old = _once(old, first, last)
    once_new = _once(new, start, end)
    pairs = [(at, once_new[word]) for word, at in once_old.items() if word in once_new]
    return _rising(pairs)


def _once(tokens: Sequence[str], first: int, last: int) -> dict[str, int]:
    counts = Counter(tokens[first:last])
    return {tokens[at]: at for at in range(first, last) if counts[tokens[at]] == 1}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence in which the second number rises too (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, (_at, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        tops[pile : pile + 1] = [place]
        piles[pile : pile + 1] = [index]
        before.append(piles[pile - 1] if pile else -1)
    series = []
    index = piles[-1] if piles else -1
    while index >= 0:
        series.append(pairs[index])
        index = before[index]
    return series[::-1]


def _myers(old: Sequence[str], new: Sequence[str], window: Window, budget: _Budget) -> list[_Run]:
    """The equal runs of a window; none when it differs by more than the budget allows."""
    first, last, start, end = window
    size, wide = last - first, end - start
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for apart in range(min(_APART, size + wide) + 1):
        if not budget.spend(apart + 1):
            return []
        trace.append(dict(reached))
        for diagonal in range(-apart, apart + 1, 2):
            down = diagonal == -apart or (
                diagonal != apart and reached[diagonal - 1] < reached[diagonal + 1]
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            begun = x
            while x < size and x - diagonal < wide and old[first + x] == new[start + x - diagonal]:
                x += 1
            budget.left -= x - begun
            reached[diagonal] = x
            if x >= size and x - diagonal >= wide:
                return _walked_back(trace, size, wide, first, start)
    budget.coarse = True
    return []


def _walked_back(trace: list[dict[int, int]], x: int, y: int, first: int, start: int) -> list[_Run]:
    runs = []
    for apart in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[apart], x - y
        down = diagonal == -apart or (
            diagonal != apart and reached[diagonal - 1] < reached[diagonal + 1]
        )
        came = diagonal + 1 if down else diagonal - 1
        before_x = reached[came] if apart else 0
        landed = (before_x if down else before_x + 1) if apart else 0
        if x > landed:
            runs.append(_Run(first + landed, start + landed - diagonal, x - landed))
        x, y = before_x, before_x - came
    return runs


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind as one; what is gone comes before what is new."""
    gone: list[str] = []
    new: list[str] = []
    same: list[str] = []

    def changed() -> Iterator[Piece]:
        for kind, texts in (("gone", gone), ("new", new)):
            if "".join(texts):
                yield Piece(kind, "".join(texts))  # type: ignore[arg-type]
            texts.clear()

    for index, piece in enumerate(pieces):
        if piece.kind != "same":
            if same:
                yield Piece("same", "".join(same))
                same.clear()
            (gone if piece.kind == "gone" else new).append(piece.text)
        elif (gone or new) and _is_joint(piece, pieces[index + 1 : index + 2]):
            gone.append(piece.text)
            new.append(piece.text)
        elif piece.text:
            yield from changed()
            same.append(piece.text)
    yield from changed()
    if same:
        yield Piece("same", "".join(same))


def _is_joint(piece: Piece, following: list[Piece]) -> bool:
    return any(after.kind != "same" for after in following) and bool(_JOINT.fullmatch(piece.text))
