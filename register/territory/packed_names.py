"""Names and codes packed in a few blocks of memory, and unpacked when they are looked up.

As objects they take ten times the memory, and that once for each process: counting the references
to an object writes into memory that was shared.
"""

from __future__ import annotations

import marshal
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeVar

V = TypeVar("V")


def _digest(name: str) -> int:
    # No packed name has a lone surrogate; a typed one may.
    return zlib.crc32(name.encode(errors="replace"))


class PackedNames:
    """Names in the order in which they are given."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._text, self._starts = bytearray(), array("I", [0])
        for name in names:
            self.append(name)

    def append(self, name: str) -> None:
        """Add a name at the end."""
        self._text += name.encode()
        self._starts.append(len(self._text))

    def __getitem__(self, position: int) -> str:
        return self._text[self._starts[position] : self._starts[position + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        text = bytes(self._text)
        return (text[start:end].decode() for start, end in pairwise(self._starts))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def find(self, name: str) -> int:
        """The position of a name among names in ascending order.

        :raises KeyError: no such name.
        """
        position = bisect_left(self, name)
        if position == len(self) or self[position] != name:
            raise KeyError(name)
        return position


class PackedRows:
    """Rows of numbers and texts in the order in which they are added."""

    def __init__(self) -> None:
        self._packed, self._starts = bytearray(), array("I", [0])

    def append(self, row: tuple[Any, ...]) -> None:
        """Add a row at the end."""
        self._packed += marshal.dumps(row)
        self._starts.append(len(self._packed))

    def __getitem__(self, position: int) -> Any:
        packed = self._packed[self._starts[position] : self._starts[position + 1]]
        return marshal.loads(packed)  # noqa: S302 # this process has packed it

    def __len__(self) -> int:
        return len(self._starts) - 1


class PackedMapping(Mapping[str, tuple[V, ...]]):
    """Names and, for each, one or several values, which have numbers.

    :param numbers: names, each with the number of one of its values, which keep their order.
    :param value: the value with a number.
    """

    def __init__(self, numbers: Iterable[tuple[str, int]], value: Callable[[int], V]) -> None:
        every_key: list[tuple[int, str]] = []
        every_number = array("I")
        for name, number in numbers:
            every_key.append((_digest(name), name))
            every_number.append(number)
        self._names, self._value, last_name = PackedNames(), value, ""
        # Of each name, in ascending order: numbers are compared without unpacking names.
        self._digests = array("I")
        self._starts, self._numbers = array("I"), array("I")
        for at in sorted(range(len(every_key)), key=every_key.__getitem__):
            digest, name = every_key[at]
            if name != last_name or not self._starts:
                self._names.append(last_name := name)
                self._digests.append(digest)
                self._starts.append(len(self._numbers))
            self._numbers.append(every_number[at])
        self._starts.append(len(self._numbers))

    def __getitem__(self, name: str) -> tuple[V, ...]:
        digest = _digest(name)
        position = bisect_left(self._digests, digest)
        while position < len(self._digests) and self._digests[position] == digest:
            if self._names[position] == name:
                first, last = self._starts[position : position + 2]
                return tuple(map(self._value, self._numbers[first:last]))
            position += 1
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
