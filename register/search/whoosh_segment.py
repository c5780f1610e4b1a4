"""A segment of a Whoosh index: its postings, what a search finds in it, and when it is merged."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, compress
from typing import Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filetables import OrderedHashReader

from register.search.engine_interface import QueryAlternative, QueryPart, SearchQuery
from register.search.whoosh_files import Shelf
from register.search.whoosh_postings import (
    ENTRY,
    FORMS,
    NUMBER,
    NUMBER_CODE,
    STEP,
    STRONG,
    WORDS,
    Damaged,
    Pool,
    Run,
    Term,
    encoded,
)

# A segment has at most this many documents: written again, it takes the follower a few seconds, and
# it is in memory while it is written, sixty megabytes about.
LARGEST = 10_000

# The dictionary of terms is a file of Whoosh's ``OrderedHashWriter``: for each term the lengths of
# key and value, the key (number of the field, term), the value (:class:`Term`).
_FIELD = struct.Struct("!H")
_LENGTHS = struct.Struct("!ii")
# A segment without a term of a field does not number it.
_NO_FIELD = _FIELD.pack(0xFFFF)
_CHUNK = 1 << 16


class Leaf:
    """A segment as it was committed. Threads share it: nothing here has a place that moves."""

    def __init__(self, shelf: Shelf, segment: Any) -> None:
        files = segment.open_compound_file(shelf)
        self._terms = OrderedHashReader.open(files, segment.make_filename(W3Codec.TERMS_EXT))
        self._runs = files.open_file(segment.make_filename(W3Codec.POSTS_EXT))
        self._fields = {
            name: _FIELD.pack(number) for name, number in self._terms.extras["fieldmap"].items()
        }
        self.deleted = frozenset(segment.deleted_docs())
        self.numbers = _numbers(files, segment)

    def run(self, field: str, term: bytes) -> Run | None:
        """All postings of a term, those of removed documents too."""
        found = self._terms.get(self._key(field, term))
        return None if found is None else self._at(Term(*ENTRY.unpack(found)))

    def word(self, token: str) -> Run | None:
        """Where a token stands."""
        return self.run(WORDS, encoded(token))

    def beginnings(self, prefix: str) -> Iterator[Run]:
        """The postings of each form that begins so."""
        return (self._at(entry) for _, entry in self._entries(self._key(FORMS, encoded(prefix))))

    def document_of(self, number: int) -> int | None:
        """The document of a case, unless it was removed."""
        run = self.run(NUMBER, str(number).encode())
        if run is None:
            return None
        return next((doc for doc in run.documents if doc not in self.deleted), None)

    def forms(self) -> Iterator[str]:
        """The forms that a document still has: a word of removed documents alone is not told."""
        for key, entry in self._entries(self._key(FORMS, b"")):
            if entry.first not in self.deleted or not self.deleted.issuperset(
                self._at(entry).documents
            ):
                yield key[_FIELD.size :].decode("utf-8", "surrogatepass")

    def _key(self, field: str, term: bytes) -> bytes:
        return self._fields.get(field, _NO_FIELD) + term

    def _at(self, entry: Term) -> Run:
        return Run.from_bytes(self._runs.get(entry.offset, entry.length))

    def _entries(self, start: bytes) -> Iterator[tuple[bytes, Term]]:
        """The terms whose keys begin so, in their order, read many at a time."""
        place, end = self._terms.closest_key_pos(start), self._terms.endofdata
        size = _CHUNK
        while place is not None and place < end:
            chunk = self._terms.dbfile.get(place, min(size, end - place))
            found, read = _parsed(chunk)
            for key, entry in found:
                if not key.startswith(start):
                    return
                yield key, entry
            if not read and len(chunk) < size:
                raise Damaged
            place += read
            size = _CHUNK if read else 2 * size

    # --- what Whoosh's writer asks of a reader whose segment it takes over -----------------------

    def indexed_field_names(self) -> list[str]:
        return list(self._fields)

    def has_deletions(self) -> bool:
        return bool(self.deleted)

    def has_column(self, name: str) -> bool:
        return name == NUMBER

    def column_reader(self, _name: str, _column: Any) -> array[int]:
        return self.numbers

    def iter_docs(self) -> Iterator[tuple[int, dict[str, Any]]]:
        return ((doc, {}) for doc in range(len(self.numbers)) if doc not in self.deleted)

    def doc_field_length(self, _document: int, _field: str) -> int:
        return 0

    def iter_postings(self) -> Iterator[Any]:
        """None: the writer would take them one by one; :meth:`pour` gives them by the run."""
        return iter(())

    def pour(self, pool: Pool, base: int) -> None:
        """Give a writer the postings of what was not removed.

        :param base: the number that the first document has there; the others follow.
        """
        kept = bytes(doc not in self.deleted for doc in range(len(self.numbers)))
        moved = [base + before for before in accumulate(kept, initial=0)]
        for field, start in self._fields.items():
            for key, entry in self._entries(start):
                run = self._at(entry)
                flags = [kept[doc] for doc in run.documents]
                documents = map(moved.__getitem__, compress(run.documents, flags))
                pool.extend(field, key[_FIELD.size :], documents, compress(run.values, flags))


def _numbers(files: Any, segment: Any) -> array[int]:
    """The case of each document."""
    name = W3Codec.column_filename(segment, NUMBER)
    numbers: array[int] = files.open_file(name).get_array(0, NUMBER_CODE, segment.doc_count_all())
    if files.file_length(name) != len(numbers) * numbers.itemsize:
        raise Damaged
    return numbers


def _parsed(chunk: bytes) -> tuple[list[tuple[bytes, Term]], int]:
    """The whole entries at the beginning of a piece of the dictionary, and where they end."""
    found = []
    at = 0
    while at + _LENGTHS.size <= len(chunk):
        keyed, valued = _LENGTHS.unpack_from(chunk, at)
        middle = at + _LENGTHS.size + keyed
        if keyed < _FIELD.size or valued != ENTRY.size:
            raise Damaged
        if middle + valued > len(chunk):
            break
        key = chunk[at + _LENGTHS.size : middle]
        found.append((key, Term(*ENTRY.unpack_from(chunk, middle))))
        at = middle + valued
    return found, at


def merge(writer: Any, segments: Sequence[Any], chosen: Sequence[Any]) -> list[Any]:
    """Write what is left of some segments into the one that is being written; the others stay."""
    for segment in chosen:
        # A segment without a document would have no columns, and is nothing.
        if segment.doc_count():
            leaf, base = Leaf(writer.storage, segment), writer.doc_count()
            writer.add_reader(leaf)
            leaf.pour(writer.pool, base)
    return [segment for segment in segments if segment not in chosen]


def scrubbed(writer: Any, segments: Sequence[Any]) -> list[Any]:
    """A merge policy: no segment is left that holds a word of a removed document."""
    return merge(writer, segments, [one for one in segments if one.has_deletions()])


def tidied(writer: Any, segments: Sequence[Any]) -> list[Any]:
    """A merge policy: few segments, and none that is mostly removed documents.

    The smallest are taken as long as each is no larger than those before it together, so that a
    document is written again only when the segment it is in has doubled.
    """
    hollow = [one for one in segments if 2 * one.deleted_count() > one.doc_count_all()]
    rest = sorted((one for one in segments if one not in hollow), key=_live)
    total = writer.doc_count() + sum(map(_live, hollow))
    small = []
    for one in rest:
        if _live(one) > total or total + _live(one) > LARGEST:
            break
        small.append(one)
        total += _live(one)
    return merge(writer, segments, [*hollow, *small])


def _live(segment: Any) -> int:
    return int(segment.doc_count())


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
