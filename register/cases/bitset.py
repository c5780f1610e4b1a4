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

Cases: TypeAlias = "int | array[int]"

_NO, _YES = ord("0"), ord("1")
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


def of(numbers: Collection[int]) -> int:
    """The set of some case numbers."""
    if not numbers:
        return 0
    top = max(numbers)
    # Base 2 is read in linear time, and is far quicker than setting bit after bit.
    digits = bytearray([_NO]) * (top + 1)
    for number in numbers:
        digits[top - number] = _YES
    return int(digits, 2)


def flags(bits: int, top: int) -> bytes:
    """One byte for each number from 0 to ``top``: 1 for those in the set, else 0."""
    return f"{bits:0{top + 1}b}".encode().translate(_FLAGS)[::-1]


def numbers(cases: Cases) -> list[int]:
    """The case numbers of a set, in order."""
    if not isinstance(cases, int):
        return list(cases)
    told = flags(cases, cases.bit_length())
    return list(compress(range(len(told)), told))


def packed(found: Iterable[int], top: int) -> Cases:
    """Some case numbers in the form that takes less room.

    :param top: the highest number of any case.
    """
    known = set(found)
    # Four bytes for each case, or one bit for each number up to the highest.
    return array("I", sorted(known)) if len(known) * 32 < top else of(known)


def whole(cases: Cases) -> int:
    """A set as a whole number, whichever form it is kept in."""
    return cases if isinstance(cases, int) else of(cases)


def count(cases: Cases, chosen: int, told: bytes) -> int:
    """How many cases of a set are chosen.

    :param told: the :func:`flags` of ``chosen``, up to the highest number of any case.
    """
    if isinstance(cases, int):
        return (cases & chosen).bit_count()
    return sum(map(told.__getitem__, cases))


def less(cases: Cases, gone: set[int], rest: int) -> Cases:
    """A set without some cases.

    :param rest: every number but those of ``gone``.
    """
    if isinstance(cases, int):
        return cases & rest
    return (
        cases if gone.isdisjoint(cases) else array("I", [one for one in cases if one not in gone])
    )


def more(cases: Cases, found: Iterable[int], top: int) -> Cases:
    """A set and some more cases; what has become many takes the other form."""
    if isinstance(cases, int):
        return cases | of(list(found))
    return packed([*cases, *found], top)
