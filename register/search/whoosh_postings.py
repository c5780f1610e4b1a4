"""How words stand in a Whoosh index: its fields, and a codec that keeps a word's postings together.

Whoosh keeps postings in pickled blocks, a value for each document, and hands them out one by one.
Here a posting is an occurrence, and all of a word's in a segment are two arrays side by side:
documents, and where in them. They are read, compared and counted by the array, ten times faster,
and carry a checksum. All of it hangs on what Whoosh offers for that: field types, a codec
(``whoosh.codec.base``), and the writer's ``pool``.

A value is twice a position, plus one in a strong field: so the parity tells what weighs more, and
neighbours in one field are two apart.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from whoosh import columns, fields, formats, versionstring
from whoosh.codec.whoosh3 import W3Codec

from register.search.engine_interface import IndexNotReady

# Whoever changes what this package writes changes this too: an index of another layout is not read.
LAYOUT = f"1 whoosh-{versionstring()} {sys.byteorder}-endian"

NUMBER, WORDS, FORMS = "number", "words", "forms"
NUMBER_CODE = "Q"
STRONG = 1
STEP = 2

# Type codes of the two arrays, how many occurrences, and the CRC-32 of what follows.
_HEAD = struct.Struct("<ccII")
ENTRY = struct.Struct("<QII")
_PARITY = bytes(low & STRONG for low in range(256))
_SIZES = ((1 << 8, "B"), (1 << 16, "H"), (1 << 32, "I"))

Runs = Iterable[Sequence[str]]
# A term, how often it is there, its weight and its value, as Whoosh takes them.
Posting = tuple[bytes, int, float, int]


class Damaged(IndexNotReady):
    """Bytes of the index are not what was written."""


def encoded(token: str) -> bytes:
    """A token as a term. Nothing that a reader can type is refused here."""
    return token.encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Run:
    """All occurrences of a term in a segment, by document, then by value."""

    documents: array[int]
    values: array[int]

    def __len__(self) -> int:
        return len(self.documents)

    def everywhere(self) -> set[int]:
        """The documents that have the term."""
        return set(self.documents)

    def strong(self) -> set[int]:
        """The documents that have it in a strong field."""
        size = self.values.itemsize
        low = 0 if sys.byteorder == "little" else size - 1
        flags = self.values.tobytes()[low::size].translate(_PARITY)
        return set(compress(self.documents, flags)) if STRONG in flags else set()

    def places(self) -> array[int]:
        """One number for each occurrence: the document above, the value in the lower 32 bits."""
        high, low = (1, 0) if sys.byteorder == "little" else (0, 1)
        pairs = array("I", bytes(8 * len(self)))
        pairs[high::2] = array("I", self.documents)
        pairs[low::2] = array("I", self.values)
        return array("Q", pairs.tobytes())

    def to_bytes(self) -> bytes:
        """As it is kept on disk."""
        halves = _narrow(self.documents), _narrow(self.values)
        body = b"".join(half.tobytes() for half in halves)
        codes = (half.typecode.encode() for half in halves)
        return _HEAD.pack(*codes, len(self), zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Run:
        """As it was kept.

        :raises Damaged: it is not.
        """
        first, second, count, checksum = _HEAD.unpack_from(data)
        body = memoryview(data)[_HEAD.size :]
        if zlib.crc32(body) != checksum:
            raise Damaged
        documents, values = array(first.decode()), array(second.decode())
        middle = count * documents.itemsize
        documents.frombytes(body[:middle])
        values.frombytes(body[middle:])
        if not len(documents) == len(values) == count:
            raise Damaged
        return cls(documents, values)


def _narrow(numbers: array[int]) -> array[int]:
    most = max(numbers)
    return array(next(code for limit, code in _SIZES if most < limit), numbers)


class Term(NamedTuple):
    """What the dictionary of terms says of one: where its run is, and its first document."""

    offset: int
    length: int
    first: int

    def to_bytes(self) -> bytes:
        """As Whoosh's writer puts it into the dictionary."""
        return ENTRY.pack(*self)


# --- fields -----------------------------------------------------------------------------------


class _Field(fields.FieldType):  # type: ignore[misc] # Whoosh has no types
    """A field whose terms come ready-made: nothing is analysed, scored or stored."""

    def __init__(self, column: Any = None) -> None:
        super().__init__(formats.Existence(), analyzer=None, sortable=column)

    def to_bytes(self, value: Any) -> bytes:
        """A term; it may be one already."""
        return value if isinstance(value, bytes) else encoded(value)


class _Number(_Field):
    """The number of a case: what a document is removed by, and a column that names it."""

    def __init__(self) -> None:
        super().__init__(columns.NumericColumn(NUMBER_CODE))

    def index(self, value: int, **_options: Any) -> Iterator[Posting]:
        """The only term of the field."""
        yield str(value).encode(), 1, 1.0, 0

    def to_column_value(self, value: int) -> int:
        """As it is."""
        return value


class _Words(_Field):
    """Strong and weak runs of tokens; a place is left free after each, so no phrase spans two."""

    def index(self, value: tuple[Runs, Runs], **_options: Any) -> Iterator[Posting]:
        """Each token with its place."""
        place = 0
        for runs, flag in zip(value, (STRONG, 0), strict=True):
            for run in runs:
                for token in run:
                    yield encoded(token), 1, 1.0, place + flag
                    place += STEP
                place += STEP


class _Forms(_Field):
    """The words of a case as they are written: all, and those of strong fields."""

    def index(
        self, value: tuple[frozenset[str], frozenset[str]], **_options: Any
    ) -> Iterator[Posting]:
        """Each form once."""
        forms, strong = value
        for form in forms:
            yield encoded(form), 1, 1.0, STRONG if form in strong else 0


SCHEMA = fields.Schema(**{NUMBER: _Number(), WORDS: _Words(), FORMS: _Forms()})


# --- the codec --------------------------------------------------------------------------------


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's own, but for postings.

    It keeps no lengths of fields: they serve scores, and cost a look at the folder for each
    posting that is written.
    """

    length_stats = False

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _RunWriter:
        """What writes the postings of a field."""
        return _RunWriter(dbfile)


class _RunWriter:
    """Writes a term's run where Whoosh would write its blocks."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._run = _run()

    def start_postings(self, _format: Any, _info: Any) -> None:
        """A new term; what is known of it is told when it is finished."""

    def add_posting(self, documents: Any, _weight: float, values: Any, _length: int) -> None:
        """All postings of the term at once, as :class:`Pool` hands them out."""
        self._run = Run(documents, values)

    def finish_postings(self) -> Term:
        data = self._run.to_bytes()
        entry = Term(self._file.tell(), len(data), self._run.documents[0])
        self._file.write(data)
        return entry


def _run() -> Run:
    return Run(array("I"), array("I"))


def _terms() -> defaultdict[bytes, Run]:
    return defaultdict(_run)


class Pool:
    """Postings of a segment that is being written, in place of the pool that sorts them one by one.

    They come in the order of the documents, so that only the terms need sorting, at the end.
    """

    def __init__(self) -> None:
        self._fields: defaultdict[str, defaultdict[bytes, Run]] = defaultdict(_terms)
        self.size = 0

    def add(self, item: tuple[str, bytes, int, float, int]) -> None:
        """One posting, as Whoosh's writer hands them over."""
        field, term, document, _weight, value = item
        run = self._fields[field][term]
        run.documents.append(document)
        run.values.append(value)
        self.size += 1

    def extend(
        self, field: str, term: bytes, documents: Iterable[int], values: Iterable[int]
    ) -> None:
        """Many postings of a term, of documents after those that it has here already."""
        run = self._fields[field][term]
        run.documents.extend(documents)
        run.values.extend(values)

    def iter_postings(self) -> Iterator[tuple[str, bytes, array[int], float, array[int]]]:
        """Term by term, each with its whole run."""
        for field in sorted(self._fields):
            terms = self._fields[field]
            for term in sorted(terms):
                run = terms[term]
                if run:
                    yield field, term, run.documents, 1.0, run.values

    def cleanup(self) -> None:
        """Let go of everything."""
        self._fields.clear()
