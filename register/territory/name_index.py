"""Every folded name of the territory, found by its beginning or by its likeness."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA

from register.territory.name_normalisation import SMALL_WORDS

SHORTEST = 4
# A mark in the index is the number of a name and, in its last bits, where in it a word begins.
_BITS = 8
_MASK = (1 << _BITS) - 1
# Sorts after every character that a folded name holds.
_LAST = "\U0010ffff"


class Spellings:
    """The names, each once; nothing here knows what they name."""

    def __init__(self, names: Iterable[str]) -> None:
        """Index the names by length, and by each word but small ones such as "sur" and "la".

        :param names: the most likely first; lists of them keep this order.
        """
        self._names = tuple(names)
        lengths: defaultdict[int, list[str]] = defaultdict(list)
        for name in self._names:
            lengths[len(name)].append(name)
        self._by_length = dict(lengths)
        marks = (
            number << _BITS | start
            for number, name in enumerate(self._names)
            for start in _starts(name)
        )
        self._marks = array("I", sorted(marks, key=self._from))
        self.longest = max(self._by_length, default=0)
        self.most_words = max((name.count(" ") + 1 for name in self._names), default=0)

    def like(self, name: str, distance: int) -> list[tuple[str, int]]:
        """Names at most so many typing errors away, with their number, the likest first.

        An error is a letter too many, too few or another, or two that changed places
        (optimal string alignment). Names of less than :data:`SHORTEST` letters are like nothing:
        with one error they are any of a hundred others.
        """
        found = []
        shortest = max(SHORTEST, len(name) - distance)
        for length in range(shortest, len(name) + distance + 1):
            near = process.extract(
                name,
                self._by_length.get(length, ()),
                scorer=OSA.distance,
                score_cutoff=distance,
                limit=None,
            )
            found += [(like, int(errors)) for like, errors, _place in near]
        return sorted(found, key=lambda pair: pair[1])

    def beginning(self, text: str) -> list[str]:
        """Names that begin with ``text``."""
        return self.holding(text)[0]

    def holding(self, text: str) -> tuple[list[str], list[str]]:
        """Names that begin with ``text``, and names of which a later word does."""
        first = bisect_left(self._marks, text, key=self._from)
        last = bisect_left(self._marks, text + _LAST, lo=first, key=self._from)
        marks = self._marks[first:last]
        begun = sorted(mark >> _BITS for mark in marks if not mark & _MASK)
        later = {mark >> _BITS for mark in marks if mark & _MASK}
        return self._spelled(begun), self._spelled(sorted(later.difference(begun)))

    def _spelled(self, numbers: Iterable[int]) -> list[str]:
        return [self._names[number] for number in numbers]

    def _from(self, mark: int) -> str:
        return self._names[mark >> _BITS][mark & _MASK :]


def _starts(name: str) -> Iterator[int]:
    yield 0
    start = name.find(" ") + 1
    while 0 < start <= _MASK:
        end = name.find(" ", start)
        if name[start : end if end > 0 else None] not in SMALL_WORDS:
            yield start
        start = end + 1
