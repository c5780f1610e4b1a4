"""Sets of cases as whole numbers: bit *n* is set when case *n* is in the set.

Case numbers are given one after the other and never again, so that a hundred thousand cases are a
number of 12 kB: two sets meet in microseconds. A set of few cases is a sorted array instead, which
takes less room: of media there are thousands.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable
from itertools import compress
from typing import TypeAlias

CaseSet: TypeAlias = "int | array[int]"

_DIGIT_0, _DIGIT_1 = ord("0"), ord("1")
_DIGIT_TO_FLAG = bytes.maketrans(b"01", b"\x00\x01")


def from_numbers(numbers: Collection[int]) -> int:
    """The set of some case numbers."""
    if not numbers:
        return 0
    max_number = max(numbers)
    # Base 2 is read in linear time, and is far quicker than setting bit after bit.
    digits = bytearray([_DIGIT_0]) * (max_number + 1)
    for number in numbers:
        digits[max_number - number] = _DIGIT_1
    return int(digits, 2)


def to_flags(bits: int, max_number: int) -> bytes:
    """One byte for each number from 0 to ``max_number``: 1 for those in the set, else 0."""
    return f"{bits:0{max_number + 1}b}".encode().translate(_DIGIT_TO_FLAG)[::-1]


def to_numbers(case_set: CaseSet) -> list[int]:
    """The case numbers of a set, in order."""
    if not isinstance(case_set, int):
        return list(case_set)
    flags = to_flags(case_set, case_set.bit_length())
    return list(compress(range(len(flags)), flags))


def compact(numbers: Iterable[int], max_number: int) -> CaseSet:
    """Some case numbers in the form that takes less room.

    :param max_number: the highest number of any case.
    """
    unique_numbers = set(numbers)
    # Four bytes for each case, or one bit for each number up to the highest.
    return (
        array("I", sorted(unique_numbers))
        if len(unique_numbers) * 32 < max_number
        else from_numbers(unique_numbers)
    )


def as_int(case_set: CaseSet) -> int:
    """A set as a whole number, whichever form it is kept in."""
    return case_set if isinstance(case_set, int) else from_numbers(case_set)


def count_selected(case_set: CaseSet, selection: int, flags: bytes) -> int:
    """How many cases of a set are chosen.

    :param flags: the :func:`to_flags` of ``selection``, up to the highest number of any case.
    """
    if isinstance(case_set, int):
        return (case_set & selection).bit_count()
    return sum(map(flags.__getitem__, case_set))


def remove(case_set: CaseSet, removed: set[int], remaining_mask: int) -> CaseSet:
    """A set without some cases.

    :param remaining_mask: every number but those of ``removed``.
    """
    if isinstance(case_set, int):
        return case_set & remaining_mask
    return (
        case_set
        if removed.isdisjoint(case_set)
        else array("I", [number for number in case_set if number not in removed])
    )


def add(case_set: CaseSet, numbers: Iterable[int], max_number: int) -> CaseSet:
    """A set and some more cases; what has become many takes the other form."""
    if isinstance(case_set, int):
        return case_set | from_numbers(list(numbers))
    return compact([*case_set, *numbers], max_number)
