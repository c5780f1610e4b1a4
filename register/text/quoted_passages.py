"""Passages of texts that another text repeats word for word.

Words are compared folded: case, accents, apostrophes and punctuation do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from register.text.normalisation import fold

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
