"""Difference between two texts, word by word, in bounded time.

Equal paragraphs are removed first, then equal words. Between words that occur once on both sides
(Bram Cohen's "patience" alignment), the rest is compared by Myers' greedy algorithm ("An O(ND)
difference algorithm", 1986) within a budget; a passage beyond the budget is shown as wholly removed
and added.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

PieceKind = Literal["same", "gone", "new"]

# Words compared in all, which takes about half a second; and differing words in one passage.
_BUDGET = 1_000_000
_MAX_DISTANCE = 500
# Two changes separated by no more than this are easier to read as one.
_SHORT_GAP = re.compile(r"[^\w\n]{1,3}")

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
# An apostrophe is a token: "l’élu" and "d’élu" share a word. A run of one sign is one token.
_WORDS = re.compile(r"\w+|[^\S\n]+|\n|([^\w\s])\1*")

AlignedStretch = tuple[bool, Sequence[str], Sequence[str]]
# First and last (excluded) position in the old text, then in the new one.
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class DiffPiece:
    """A run of text that is unchanged, removed or added."""

    kind: PieceKind
    text: str


@dataclass(frozen=True)
class TextDiff:
    """The pieces of both texts in order; ``coarse`` when the budget was exceeded."""

    pieces: tuple[DiffPiece, ...]
    coarse: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return all(piece.kind == "same" for piece in self.pieces)


@dataclass(frozen=True)
class _EqualRun:
    """``length`` equal tokens from ``old`` in one text and ``new`` in the other."""

    old: int
    new: int
    length: int


def diff_texts(before: str, after: str) -> TextDiff:
    """The pieces that are unchanged, removed and added between two texts."""
    budget = _Budget(_BUDGET)
    old_lines, new_lines = _LINES.findall(before), _LINES.findall(after)
    pieces: list[DiffPiece] = []
    for same, old, new in _align(old_lines, new_lines, budget):
        if same:
            pieces.append(DiffPiece("same", "".join(old)))
        else:
            pieces += _diff_words("".join(old), "".join(new), budget)
    return TextDiff(tuple(_merge_pieces(pieces)), budget.coarse)


def _diff_words(before: str, after: str, budget: _Budget) -> Iterator[DiffPiece]:
    old_words, new_words = _tokenize(before), _tokenize(after)
    for same, old, new in _align(old_words, new_words, budget):
        if same:
            yield DiffPiece("same", "".join(old))
        else:
            yield DiffPiece("gone", "".join(old))
            yield DiffPiece("new", "".join(new))


def _tokenize(text: str) -> list[str]:
    return [match.group() for match in _WORDS.finditer(text)]


def _align(old: Sequence[str], new: Sequence[str], budget: _Budget) -> Iterator[AlignedStretch]:
    """The equal and the different stretches, in order."""
    at_old = at_new = 0
    for run in [*_equal_runs(old, new, budget), _EqualRun(len(old), len(new), 0)]:
        if run.old > at_old or run.new > at_new:
            yield False, old[at_old : run.old], new[at_new : run.new]
        at_old, at_new = run.old + run.length, run.new + run.length
        if run.length:
            yield True, old[run.old : at_old], new[run.new : at_new]


class _Budget:
    """Remaining comparisons, so that no text delays a page for seconds."""

    def __init__(self, remaining: int) -> None:
        self.remaining = remaining
        self.coarse = False

    def spend(self, steps: int) -> bool:
        """Spend some steps; whether the budget covered them."""
        self.remaining -= steps
        if self.remaining < 0:
            self.coarse = True
        return self.remaining >= 0


def _equal_runs(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[_EqualRun]:
    """The equal runs of two sequences, in order."""
    runs: list[_EqualRun] = []
    windows: list[Window] = [(0, len(old), 0, len(new))]
    while windows:
        window, head, tail = _trim_window(old, new, windows.pop())
        runs += [run for run in (head, tail) if run.length]
        first, last, start, end = window
        if first == last or start == end:
            continue
        if not budget.spend(last - first + end - start):
            continue
        unique_old = _unique_positions(old, first, last)
        unique_new = _unique_positions(new, start, end)
        anchors = _longest_rising(
            [(at, unique_new[word]) for word, at in unique_old.items() if word in unique_new]
        )
        if anchors:
            windows += _split_window(window, anchors)
        else:
            runs += _myers(old, new, window, budget)
    return sorted(runs, key=lambda run: (run.old, run.new))


def _trim_window(
    old: Sequence[str], new: Sequence[str], window: Window
) -> tuple[Window, _EqualRun, _EqualRun]:
    """A window without its equal head and tail, and these two."""
    first, last, start, end = window
    head = 0
    while first + head < last and start + head < end and old[first + head] == new[start + head]:
        head += 1
    head_run = _EqualRun(first, start, head)
    first, start = first + head, start + head
    tail = 0
    while (
        first < last - tail and start < end - tail and old[last - tail - 1] == new[end - tail - 1]
    ):
        tail += 1
    last, end = last - tail, end - tail
    return (first, last, start, end), head_run, _EqualRun(last, end, tail)


def _split_window(window: Window, anchors: list[tuple[int, int]]) -> list[Window]:
    """The window cut at its anchors; each part but the first begins with one."""
    first, last, start, end = window
    cuts = [(first, start), *anchors, (last, end)]
    return [
        (old_start, old_end, new_start, new_end)
        for (old_start, new_start), (old_end, new_end) in pairwise(cuts)
        if old_start < old_end or new_start < new_end
    ]


def _unique_positions(tokens: Sequence[str], first: int, last: int) -> dict[str, int]:
    """The positions of tokens that occur once between two positions."""
    counts = Counter(tokens[first:last])
    return {tokens[at]: at for at in range(first, last) if counts[tokens[at]] == 1}


def _longest_rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of pairs whose second number rises too (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    previous: list[int] = []
    for pair_index, (_old_position, new_position) in enumerate(pairs):
        pile = bisect_left(tops, new_position)
        tops[pile : pile + 1] = [new_position]
        piles[pile : pile + 1] = [pair_index]
        previous.append(piles[pile - 1] if pile else -1)
    series = []
    pair_index = piles[-1] if piles else -1
    while pair_index >= 0:
        series.append(pairs[pair_index])
        pair_index = previous[pair_index]
    return series[::-1]


def _myers(
    old: Sequence[str], new: Sequence[str], window: Window, budget: _Budget
) -> list[_EqualRun]:
    """The equal runs of a window; none when it needs more than the budget."""
    first, last, start, end = window
    old_size, new_size = last - first, end - start
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for distance in range(min(_MAX_DISTANCE, old_size + new_size) + 1):
        if not budget.spend(distance + 1):
            return []
        trace.append(dict(reached))
        for diagonal in range(-distance, distance + 1, 2):
            down = diagonal == -distance or (
                diagonal != distance and reached[diagonal - 1] < reached[diagonal + 1]
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            snake_start = x
            while (
                x < old_size
                and x - diagonal < new_size
                and old[first + x] == new[start + x - diagonal]
            ):
                x += 1
            budget.remaining -= x - snake_start
            reached[diagonal] = x
            if x >= old_size and x - diagonal >= new_size:
                return _backtrack(trace, old_size, new_size, first, start)
    budget.coarse = True
    return []


def _backtrack(
    trace: list[dict[int, int]], x: int, y: int, first: int, start: int
) -> list[_EqualRun]:
    runs = []
    for distance in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[distance], x - y
        down = diagonal == -distance or (
            diagonal != distance and reached[diagonal - 1] < reached[diagonal + 1]
        )
        previous_diagonal = diagonal + 1 if down else diagonal - 1
        before_x = reached[previous_diagonal] if distance else 0
        landing_x = (before_x if down else before_x + 1) if distance else 0
        if x > landing_x:
            runs.append(_EqualRun(first + landing_x, start + landing_x - diagonal, x - landing_x))
        x, y = before_x, before_x - previous_diagonal
    return runs


def _merge_pieces(pieces: list[DiffPiece]) -> Iterator[DiffPiece]:
    """Adjacent pieces of one kind joined; removed pieces come before added ones."""
    gone: list[str] = []
    new: list[str] = []
    same: list[str] = []

    def flush_changes() -> Iterator[DiffPiece]:
        for kind, texts in (("gone", gone), ("new", new)):
            if "".join(texts):
                yield DiffPiece(kind, "".join(texts))  # type: ignore[arg-type]
            texts.clear()

    for index, piece in enumerate(pieces):
        has_change_after = any(next_piece.kind != "same" for next_piece in pieces[index + 1 :][:1])
        if piece.kind != "same":
            if same:
                yield DiffPiece("same", "".join(same))
                same.clear()
            (gone if piece.kind == "gone" else new).append(piece.text)
        elif (gone or new) and has_change_after and _SHORT_GAP.fullmatch(piece.text):
            gone.append(piece.text)
            new.append(piece.text)
        elif piece.text:
            yield from flush_changes()
            same.append(piece.text)
    yield from flush_changes()
    if same:
        yield DiffPiece("same", "".join(same))
