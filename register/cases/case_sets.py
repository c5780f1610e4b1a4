"""Sets of case numbers, and the axes and orders of the facet index that are made of them.

A set is an integer: bit n stands for case n. Nothing is modified once it is made: an update makes a
copy that shares what did not change.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, ItemsView, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import chain, compress, islice
from operator import or_
from typing import TypeAlias

# Code → numbers of the cases that have it, as they are read from the database.
NumbersByCode: TypeAlias = Mapping[str, "array[int]"]

_DIGIT_0, _DIGIT_1 = ord("0"), ord("1")
_DIGIT_TO_FLAG = bytes.maketrans(b"01", b"\x00\x01")


def from_numbers(numbers: Collection[int]) -> int:
    """Set of some case numbers."""
    if not numbers:
        return 0
    max_number = max(numbers)
    # Parsing base 2 takes linear time and is far quicker than setting bits one by one.
    digits = bytearray([_DIGIT_0]) * (max_number + 1)
    for number in numbers:
        digits[max_number - number] = _DIGIT_1
    return int(digits, 2)


def to_flags(cases: int, length: int) -> bytes:
    """Byte for each number below ``length``: 1 if it is in the set, else 0."""
    return f"{cases:0{length}b}".encode().translate(_DIGIT_TO_FLAG)[::-1]


def to_numbers(cases: int) -> list[int]:
    """Case numbers of a set, in ascending order."""
    flags = to_flags(cases, cases.bit_length())
    return list(compress(range(len(flags)), flags))


# A damaged index may propose any number, and a set is as long as its highest one.
NUMBER_LIMIT = 10_000_000


class Strengths(Mapping[int, int]):
    """Number of a case → strength of its match, as a set of cases for each strength."""

    def __init__(self, strengths: Mapping[int, int]) -> None:
        numbers: defaultdict[int, list[int]] = defaultdict(list)
        for number, strength in strengths.items():
            if 0 < number <= NUMBER_LIMIT:
                numbers[strength].append(number)
        # The strongest first.
        self.sets = {
            strength: from_numbers(numbers[strength]) for strength in sorted(numbers)[::-1]
        }
        self.cases = reduce(or_, self.sets.values(), 0)

    def __getitem__(self, number: int) -> int:
        for strength, cases in self.sets.items():
            if number >= 0 and cases >> number & 1:
                return strength
        raise KeyError(number)

    def __iter__(self) -> Iterator[int]:
        return iter(to_numbers(self.cases))

    def __len__(self) -> int:
        return self.cases.bit_count()

    def items(self) -> ItemsView[int, int]:
        """Numbers with their strengths, in linear time: a lookup costs as much as a set is long."""
        sets = self.sets.items()
        strengths = {number: strength for strength, cases in sets for number in to_numbers(cases)}
        return strengths.items()


@dataclass(frozen=True)
class NarrowAxis:
    """Axis of few codes: the set of cases of each. Each code has at least one case."""

    sets: Mapping[str, int] = field(default_factory=dict)

    def updated(self, changed: Set[int], having: NumbersByCode, _length: int) -> NarrowAxis:
        """Axis after the codes of some cases changed; the same object if none did.

        :param having: the codes that these cases have now.
        """
        changed_cases, sets = from_numbers(changed), dict(self.sets)
        former_codes = [code for code, cases in sets.items() if cases & changed_cases]
        for code in {*former_codes, *having}:
            cases = sets.pop(code, 0) & ~changed_cases | from_numbers(having.get(code, ()))
            if cases:
                sets[code] = cases
        return self if sets == self.sets else NarrowAxis(sets)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Code → number of cases."""
        return {code: cases.bit_count() for code, cases in self.sets.items()}

    @cached_property
    def members(self) -> int:
        """Set of the cases that have any code."""
        return self.union(self.sets)

    def union(self, codes: Iterable[str]) -> int:
        """Set of the cases that have any of some codes."""
        cases = 0
        for code in codes:
            cases |= self.sets.get(code, 0)
        return cases

    def count(self, cases: int) -> dict[str, int]:
        """Code → number of cases of a set that have it, without zeros."""
        counts = ((code, (having & cases).bit_count()) for code, having in self.sets.items())
        return {code: count for code, count in counts if count}


@dataclass(frozen=True)
class WideAxis:
    """Axis of thousands of codes, most of a few cases.

    ``numbers``: code → the cases that have it, at least one, in ascending order. ``codes``: at each
    number of a case its codes. ``members``: set of the cases that have any code.
    """

    numbers: NumbersByCode = field(default_factory=dict)
    codes: Sequence[tuple[str, ...]] = ()
    members: int = 0

    def updated(self, changed: Set[int], having: NumbersByCode, length: int) -> WideAxis:
        """As :meth:`NarrowAxis.updated`; all numbers are below ``length``."""
        numbers, codes = dict(self.numbers), [*self.codes, *[()] * (length - len(self.codes))]
        former_codes = {code for number in changed for code in codes[number]}
        for number in changed:
            codes[number] = ()
        for code in former_codes | having.keys():
            others = [number for number in numbers.pop(code, ()) if number not in changed]
            if remaining := sorted([*others, *having.get(code, ())]):
                numbers[code] = array("I", remaining)
            # Shared: most cases of a code have no other one of the axis.
            sole_code = (code,)
            for number in having.get(code, ()):
                codes[number] = codes[number] + sole_code if codes[number] else sole_code
        if length == len(self.codes) and numbers == self.numbers:
            return self
        members = self.members & ~from_numbers(changed)
        return WideAxis(numbers, codes, members | from_numbers({*chain(*having.values())}))

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Code → number of cases."""
        return {code: len(numbers) for code, numbers in self.numbers.items()}

    def union(self, codes: Iterable[str]) -> int:
        """Set of the cases that have any of some codes."""
        numbers = array("I")
        for code in codes:
            numbers += self.numbers.get(code, array("I"))
        return from_numbers(numbers)

    def count(self, cases: int) -> Mapping[str, int]:
        """Code → number of cases of a set that have it, without zeros."""
        if cases & self.members == self.members:
            return self.counts
        return Counter(chain.from_iterable(map(self.codes.__getitem__, to_numbers(cases))))


Axis: TypeAlias = NarrowAxis | WideAxis

# With fewer cases than one in so many, sorting them is quicker than going through the order.
_SPARSE = 16


@dataclass(frozen=True)
class SortOrder:
    """Order of the public cases by a key, then by number.

    ``keys``: the key at each case's number; other positions are meaningless. ``numbers``: the
    lowest key first.
    """

    keys: array[int] = field(default_factory=lambda: array("q"))
    numbers: array[int] = field(default_factory=lambda: array("I"))

    def updated(self, changed: Set[int], keys: Mapping[int, int], length: int) -> SortOrder:
        """Order after some cases changed; ``keys``: those of them that are public now."""
        new_keys = self.keys + array("q", bytes(8 * (length - len(self.keys))))
        numbers = self.numbers[:]
        if not numbers:
            for number, key in keys.items():
                new_keys[number] = key
            return SortOrder(new_keys, array("I", sorted(sorted(keys), key=keys.__getitem__)))

        def sort_key(number: int) -> tuple[int, int]:
            return new_keys[number], number

        def find_place(number: int) -> int:
            return bisect_left(numbers, sort_key(number), key=sort_key)

        for number in changed:
            place = find_place(number)
            if numbers[place : place + 1] == array("I", [number]):
                del numbers[place]
        for number, key in keys.items():
            new_keys[number] = key
            numbers.insert(find_place(number), number)
        return SortOrder(new_keys, numbers)

    def page(self, cases: int, skipped: int, size: int) -> list[int]:
        """Numbers of one page of a set of public cases, the highest key first."""
        count = cases.bit_count()
        if count == len(self.numbers):
            end = max(0, count - skipped)
            return self.numbers[max(0, end - size) : end].tolist()[::-1]
        if count * _SPARSE < len(self.numbers):
            # The sort is stable: of one key, the higher number stays first.
            numbers = to_numbers(cases)[::-1]
            numbers.sort(key=self.keys.__getitem__, reverse=True)
            return numbers[skipped : skipped + size]
        flags = to_flags(cases, len(self.keys))
        in_set = map(flags.__getitem__, reversed(self.numbers))
        return list(islice(compress(reversed(self.numbers), in_set), skipped, skipped + size))
