"""What a search means for a segment: sets of documents, put together part by part."""

from __future__ import annotations

from itertools import chain

from register.search.engine import QueryAlternative, QueryPart, SearchQuery
from register.search.whoosh_postings import STEP, STRONG, Run
from register.search.whoosh_segment import Leaf

# Occurrences whose runs are remembered while one search is answered: 8 bytes each.
_REMEMBERED = 4_000_000

Documents = set[int]


def answers(leaf: Leaf, asked: SearchQuery) -> dict[int, int]:
    """The cases of a segment that answer: by their numbers, with their strength."""
    sheet = _Sheet(leaf)
    found, strong = sheet.wanted(asked.required_parts)
    for part in asked.excluded_parts:
        if not found:
            break
        found = found - sheet.part(part)[0]
    found = found - leaf.deleted
    strength = dict.fromkeys(found, 0)
    for doc in chain.from_iterable(one & found for one in strong):
        strength[doc] += 1
    numbers = leaf.numbers
    return {numbers[doc]: value for doc, value in strength.items()}


class _Sheet:
    """One search on one segment; what was read for one part serves the others."""

    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf
        self._runs: dict[str, Run | None] = {}
        self._size = 0

    def wanted(self, parts: tuple[QueryPart, ...]) -> tuple[Documents, list[Documents]]:
        """The documents that answer all parts; for each part, those whose strong fields do."""
        if not parts:
            return set(range(len(self._leaf.numbers))), []
        found: Documents | None = None
        strong = []
        for part in parts:
            here, there = self.part(part)
            found = here if found is None else found & here
            strong.append(there)
            if not found:
                return set(), []
        return found or set(), strong

    def part(self, part: QueryPart) -> tuple[Documents, Documents]:
        """The documents that answer a part by any of its ways, and those that do strongly."""
        found = [self._way(way) for way in part.alternatives]
        if len(found) == 1:
            return found[0]
        return set().union(*(one for one, _ in found)), set().union(*(one for _, one in found))

    def _way(self, way: QueryAlternative) -> tuple[Documents, Documents]:
        if way.prefix:
            return _any(list(self._leaf.beginnings(way.tokens[0])))
        runs = []
        for token in way.tokens:
            run = self._word(token)
            if run is None:
                return set(), set()
            runs.append(run)
        return _phrase(runs) if way.is_phrase and len(runs) > 1 else _all(runs)

    def _word(self, token: str) -> Run | None:
        if token in self._runs:
            return self._runs[token]
        run = self._leaf.word(token)
        self._size += len(run) if run else 0
        if self._size > _REMEMBERED:
            self._runs.clear()
            self._size = len(run) if run else 0
        self._runs[token] = run
        return run


def _any(runs: list[Run]) -> tuple[Documents, Documents]:
    """The documents of at least one run."""
    return (
        set().union(*(run.documents for run in runs)),
        set().union(*(run.strong() for run in runs)),
    )


def _all(runs: list[Run]) -> tuple[Documents, Documents]:
    """The documents of every run."""
    return (
        set.intersection(*(run.everywhere() for run in runs)),
        set.intersection(*(run.strong() for run in runs)),
    )


def _phrase(runs: list[Run]) -> tuple[Documents, Documents]:
    """The documents where the runs follow one another, from the rarest on.

    Each occurrence is moved on to where the last word would be; where all meet is the phrase.
    """
    last = len(runs) - 1
    (place, rarest), *others = sorted(enumerate(runs), key=lambda one: len(one[1]))
    ends = {key + STEP * (last - place) for key in rarest.places()}
    for place, run in others:
        ahead = STEP * (last - place)
        ends.intersection_update([key + ahead for key in run.places()])
        if not ends:
            break
    return {end >> 32 for end in ends}, {end >> 32 for end in ends if end & STRONG}
