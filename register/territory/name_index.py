"""Every folded name of the territory, found by its beginning or by its likeness."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA

from register.territory.name_normalisation import SMALL_WORDS

MIN_FUZZY_LENGTH = 4
# A mark in the index is the number of a name and, in its last bits, where in it a word begins.
_OFFSET_BITS = 8
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1
# Sorts after every character that a folded name holds.
_MAX_CHARACTER = "\U0010ffff"


class NameIndex:
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
            number << _OFFSET_BITS | start
            for number, name in enumerate(self._names)
            for start in _word_starts(name)
        )
        self._marks = array("I", sorted(marks, key=self._suffix_at))
        self.max_length = max(self._by_length, default=0)
        self.max_words = max((name.count(" ") + 1 for name in self._names), default=0)

    def similar_names(self, name: str, distance: int) -> list[tuple[str, int]]:
        """Names at most so many typing errors away, with their number, the likest first.

        An error is a letter too many, too few or another, or two that changed places
        (optimal string alignment). Names of less than :data:`MIN_FUZZY_LENGTH` letters are like nothing:
        with one error they are any of a hundred others.
        """
        matches = []
        shortest = max(MIN_FUZZY_LENGTH, len(name) - distance)
        for length in range(shortest, len(name) + distance + 1):
            similar = process.extract(
                name,
                self._by_length.get(length, ()),
                scorer=OSA.distance,
                score_cutoff=distance,
                limit=None,
            )
            matches += [(match, int(errors)) for match, errors, _index in similar]
        return sorted(matches, key=lambda name_and_errors: name_and_errors[1])

    def names_starting_with(self, prefix: str) -> list[str]:
        """Names that begin with ``prefix``."""
        return self.names_with_word_prefix(prefix)[0]

    def names_with_word_prefix(self, prefix: str) -> tuple[list[str], list[str]]:
        """Names that begin with ``prefix``, and names of which a later word does."""
        first = bisect_left(self._marks, prefix, key=self._suffix_at)
        last = bisect_left(self._marks, prefix + _MAX_CHARACTER, lo=first, key=self._suffix_at)
        marks = self._marks[first:last]
        starting = sorted(mark >> _OFFSET_BITS for mark in marks if not mark & _OFFSET_MASK)
        containing = {mark >> _OFFSET_BITS for mark in marks if mark & _OFFSET_MASK}
        return self._names_at(starting), self._names_at(sorted(containing.difference(starting)))

    def _names_at(self, numbers: Iterable[int]) -> list[str]:
        return [self._names[number] for number in numbers]

    def _suffix_at(self, mark: int) -> str:
        return self._names[mark >> _OFFSET_BITS][mark & _OFFSET_MASK :]


def _word_starts(name: str) -> Iterator[int]:
    yield 0
    start = name.find(" ") + 1
    while 0 < start <= _OFFSET_MASK:
        end = name.find(" ", start)
        if name[start : end if end > 0 else None] not in SMALL_WORDS:
            yield start
        start = end + 1
