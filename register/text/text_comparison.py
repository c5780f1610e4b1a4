"""Comparison of texts: their difference, and the passages of one that another repeats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, get_args

from rapidfuzz.distance import LCSseq

from register.text.normalisation import fold

PieceKind = Literal["same", "gone", "new", "skipped"]
# Names of fields → their texts.
FieldTexts = Mapping[str, str]

# Pairs of tokens compared in all. rapidfuzz compares 64 at once, and needs an eighth of a byte of
# memory for each.
_BUDGET = 400_000_000
# Two changes separated by no more than this are easier to read as one.
_SHORT_GAP = re.compile(r"[^\w\n]{1,3}")

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
# An apostrophe is a token: "l’élu" and "d’élu" share a word. A run of one sign is one token.
_WORDS = re.compile(r"\w+|[^\S\n]+|\n|([^\w\s])\1*")


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
    def excerpt(self) -> TextDiff:
        """The changes with the words around them, without long unchanged text."""
        last = len(self.pieces) - 1
        pieces: list[DiffPiece] = []
        for index, piece in enumerate(self.pieces):
            if piece.kind == "same":
                pieces += _shorten(piece.text, after_change=index > 0, before_change=index < last)
            else:
                pieces.append(piece)
        return TextDiff(tuple(pieces), self.coarse)


# Characters of unchanged text before and after a change; cut between words, and rather between
# lines, because the name of a field stands at the start of its line.
_CONTEXT = 120
_CUT_AFTER = re.compile(r"\n|(?<=.{120})\s")
_SHORT_OMISSION = 40


def _shorten(text: str, *, after_change: bool, before_change: bool) -> Iterator[DiffPiece]:
    """Unchanged text next to changes, with a mark for what is left out."""
    end, start = 0, len(text)
    if after_change:
        cut = _CUT_AFTER.search(text, 1)
        end = cut.start() if cut else len(text)
    if before_change:
        limit = max(0, len(text) - _CONTEXT)
        line_start = text.rfind("\n", max(0, limit - _CONTEXT), limit) + 1
        start = line_start or text.rfind(" ", 0, limit) + 1
    if start - end <= _SHORT_OMISSION:
        yield DiffPiece("same", text)
        return
    yield DiffPiece("same", text[:end])
    yield DiffPiece("skipped", "")
    yield DiffPiece("same", text[start:])


def diff_texts(before: str, after: str) -> TextDiff:
    """The pieces that are unchanged, removed and added between two texts."""
    comparison = _Comparison()
    pieces = [piece for piece in comparison.compare_lines(before, after) if piece.text]
    return TextDiff(tuple(_merge_pieces(pieces)), comparison.is_coarse)


class _Comparison:
    """Comparison of two texts within a budget, so that no text delays a page for seconds."""

    def __init__(self) -> None:
        self._budget = _BUDGET
        self.is_coarse = False

    def compare_lines(self, before: str, after: str) -> Iterator[DiffPiece]:
        """Equal lines, and between them the pieces of words."""
        for is_same, old, new in self._align(_LINES, before, after):
            if is_same:
                yield DiffPiece("same", new)
                continue
            for is_same_word, old_words, new_words in self._align(_WORDS, old, new):
                if is_same_word:
                    yield DiffPiece("same", new_words)
                else:
                    yield DiffPiece("gone", old_words)
                    yield DiffPiece("new", new_words)

    def _align(
        self, token: re.Pattern[str], before: str, after: str
    ) -> Iterator[tuple[bool, str, str]]:
        """The equal and the different stretches, in order; one when the budget is exceeded."""
        old = [match.group() for match in token.finditer(before)]
        new = [match.group() for match in token.finditer(after)]
        self._budget -= len(old) * len(new)
        if self._budget < 0:
            self.is_coarse = True
            yield before == after, before, after
            return
        old_end = new_end = 0
        for block in LCSseq.opcodes(old, new).as_matching_blocks():
            yield False, "".join(old[old_end : block.a]), "".join(new[new_end : block.b])
            old_end, new_end = block.a + block.size, block.b + block.size
            equal = "".join(new[block.b : new_end])
            yield True, equal, equal


def _merge_pieces(pieces: list[DiffPiece]) -> Iterator[DiffPiece]:
    """Adjacent pieces of one kind joined; removed pieces come before added ones.

    Short equal pieces between two changes count as changed.
    """
    bridged = []
    for index, piece in enumerate(pieces):
        neighbours = (*pieces[max(0, index - 1) : index], *pieces[index + 1 : index + 2])
        is_between_changes = [near.kind == "same" for near in neighbours] == [False, False]
        if piece.kind == "same" and is_between_changes and _SHORT_GAP.fullmatch(piece.text):
            bridged += [DiffPiece("gone", piece.text), DiffPiece("new", piece.text)]
        else:
            bridged.append(piece)
    for _is_same, adjacent in groupby(bridged, key=lambda piece: piece.kind == "same"):
        run = list(adjacent)
        for kind in get_args(PieceKind):
            joined = "".join(piece.text for piece in run if piece.kind == kind)
            if joined:
                yield DiffPiece(kind, joined)


@dataclass(frozen=True)
class FieldChange:
    """A field that differs between two versions, with their difference by word."""

    name: str
    difference: TextDiff


def field_changes(before: FieldTexts, after: FieldTexts) -> list[FieldChange]:
    """The fields that differ between two versions."""
    return [
        FieldChange(name, diff_texts(before[name], after[name]))
        for name in before
        if before[name] != after[name]
    ]


# Consecutive words that two authors do not write by chance.
RUN_LENGTH = 6

_WORD = re.compile(r"[^\W_]+")


def is_distinctive(text: str) -> bool:
    """Whether a text is long enough that nobody else would write the same."""
    return len(_WORD.findall(fold(text))) >= RUN_LENGTH


class Passages:
    """The passages of some texts, to be searched for in others.

    A run of :data:`RUN_LENGTH` words counts anywhere. A shorter text ("le maire de Gagny") is also
    written by people who never read it, so it counts only alone: as a whole text, or between two
    punctuation marks.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs: set[tuple[str, ...]] = set()
        self._short_texts: set[tuple[str, ...]] = set()
        for text in texts:
            words = tuple(_WORD.findall(fold(text)))
            if len(words) >= RUN_LENGTH:
                self._runs.update(_word_runs(words))
            elif words:
                self._short_texts.add(words)

    def occur_in(self, text: str) -> bool:
        """Whether a text repeats one of the passages."""
        folded = fold(text)
        matches = list(_WORD.finditer(folded))
        words = [match[0] for match in matches]
        if self._runs and any(run in self._runs for run in _word_runs(words)):
            return True
        if not self._short_texts:
            return False
        # A part begins after punctuation.
        starts = {0, len(words)} | {
            index
            for index, (before, after) in enumerate(pairwise(matches), 1)
            if folded[before.end() : after.start()].strip()
        }
        return any(
            index + len(short_text) in starts
            and tuple(words[index : index + len(short_text)]) == short_text
            for short_text in self._short_texts
            for index in starts
        )


def _word_runs(words: list[str] | tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return (
        tuple(words[index : index + RUN_LENGTH]) for index in range(len(words) - RUN_LENGTH + 1)
    )
