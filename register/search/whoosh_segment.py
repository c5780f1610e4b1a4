"""Segment of a Whoosh index: its fields, the documents that match a query, its merging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from whoosh import fields, formats
from whoosh.codec.base import Segment
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.reading import IndexReader, SegmentReader, TermNotFound

from register.search.engine_interface import Document, QueryPart, SearchQuery

WRITER_MEGABYTES = 128  # postings in memory, before the writer sorts them on the disk
SEGMENT_LIMIT = 1_000  # documents; an erasure rewrites the whole segment of the case
_POSITION_BITS = 24  # of an occurrence; the document is above

Documents = set[int]  # document numbers of a segment; those of cases are in its column
Postings = Generator[tuple[bytes, int, float | int, bytes], Any, None]


# --- fields -------------------------------------------------------------------------------------


def _encode(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")


class _Words(fields.FieldType):
    """Field of word runs with positions; a gap after each run keeps phrases within one."""

    format: Any = formats.Positions()

    def __init__(self) -> None:
        """Leave the other attributes at their defaults: the words come ready-made."""

    def index(self, value: Iterable[Sequence[str]], **_options: Any) -> Postings:
        positions: defaultdict[str, list[int]] = defaultdict(list)
        start = 0
        for run in value:
            for position, word in enumerate(run, start):
                positions[word].append(position)
            start += len(run) + 1
        for word, word_positions in positions.items():
            yield _encode(word), 1, 1.0, self.format.encode(word_positions)


SCHEMA = fields.Schema(
    number=fields.NUMERIC(bits=64, signed=False, shift_step=0, unique=True, sortable=True),
    strong=_Words(),
    weak=_Words(),
    strong_forms=_Words(),
    weak_forms=_Words(),
)


class Codec(W3Codec):
    """Whoosh's codec without field lengths, which only scores need."""

    length_stats = False


# --- search in a segment ------------------------------------------------------------------------


def search_segment(reader: IndexReader, query: SearchQuery) -> dict[int, int]:
    """Matching documents of a segment with their strength."""
    matching: Documents | None = None
    strong_documents = []
    for part in query.required_parts:
        everywhere, strong = _part_documents(reader, part)
        matching = everywhere if matching is None else matching & everywhere
        if not matching:
            return {}
        strong_documents.append(strong)
    if matching is None:
        matching = set(reader.all_doc_ids())
    for part in query.excluded_parts:
        matching = matching - _part_documents(reader, part)[0]
    strength = dict.fromkeys(matching, 0)
    for document in chain.from_iterable(strong & matching for strong in strong_documents):
        strength[document] += 1
    return strength


def _part_documents(reader: IndexReader, part: QueryPart) -> tuple[Documents, Documents]:
    """Documents that match a part, and those that match it in strong fields."""
    everywhere: Documents = set()
    strong: Documents = set()
    for alternative in part.alternatives:
        suffix = "_forms" if alternative.literal or alternative.prefix else ""
        strong_field, weak_field = f"strong{suffix}", f"weak{suffix}"
        words = [_encode(word) for word in alternative.tokens]
        if alternative.prefix:
            in_strong = _prefix_documents(reader, strong_field, words[0])
            in_weak = _prefix_documents(reader, weak_field, words[0])
        elif alternative.is_phrase and len(words) > 1:
            in_strong = _phrase_documents(reader, strong_field, words)
            in_weak = _phrase_documents(reader, weak_field, words)
        else:
            by_word = [_term_documents(reader, strong_field, word) for word in words]
            in_strong = set.intersection(*by_word)
            # Some of the words may be in strong fields, and the others in weak ones.
            in_weak = set.intersection(
                *(
                    documents | _term_documents(reader, weak_field, word)
                    for word, documents in zip(words, by_word, strict=True)
                )
            )
        strong |= in_strong
        everywhere |= in_strong | in_weak
    return everywhere, strong


def _prefix_documents(reader: IndexReader, field: str, prefix: bytes) -> Documents:
    forms = list(reader.expand_prefix(field, prefix))
    return set().union(*(_term_documents(reader, field, form) for form in forms))


def _term_documents(reader: IndexReader, field: str, term: bytes) -> Documents:
    try:
        term_info = reader.term_info(field, term)
    except TermNotFound:
        return set()
    if term_info.doc_frequency() > 2:
        return set(reader.postings(field, term).all_ids())
    # The first and the last document are all that there are: no posting is read.
    ends = {term_info.min_id(), term_info.max_id()}
    return {id for id in ends if id is not None and not reader.is_deleted(id)}


def _phrase_documents(reader: IndexReader, field: str, tokens: Sequence[bytes]) -> Documents:
    """Documents in which the tokens are adjacent, read from the rarest token on.

    Each occurrence is moved to where the last token would be; a phrase is where all meet.
    """
    if any((field, token) not in reader for token in tokens):
        return set()
    ends: set[int] = set()
    documents: Documents | None = None
    for place, token in sorted(
        enumerate(tokens), key=lambda pair: reader.doc_frequency(field, pair[1])
    ):
        remaining = len(tokens) - 1 - place
        occurrences = {
            (document << _POSITION_BITS) + position + remaining
            for document, value in reader.postings(field, token).all_items()
            if documents is None or document in documents
            for position in _Words.format.decode_positions(value)
        }
        ends = occurrences if documents is None else ends & occurrences
        documents = {end >> _POSITION_BITS for end in ends}
        if not documents:
            break
    return documents or set()


@dataclass
class MergePolicy:
    """Segments that a commit rewrites: small ones, hollow ones, and those of scrubbed cases.

    Small ones have no more documents than the new segment so far, so that a document is rewritten
    only when its segment has doubled. What exceeds the limit remains for another commit.
    """

    scrubbed: Collection[int]
    is_complete: bool = False

    def __call__(self, writer: Any, segments: Sequence[Segment]) -> list[Segment]:
        size, unchanged = writer.doc_count(), []
        self.is_complete = True
        for segment in sorted(segments, key=lambda segment: int(segment.doc_count())):
            count, is_stale = segment.doc_count(), self._is_stale(writer, segment)
            if not (is_stale or count <= size) or (size and size + count > SEGMENT_LIMIT):
                unchanged.append(segment)
                self.is_complete &= not is_stale
            elif count:
                with closing(SegmentReader(writer.storage, SCHEMA, segment)) as reader:
                    writer.add_reader(reader)
                size += count
        return unchanged

    def _is_stale(self, writer: Any, segment: Segment) -> bool:
        if not self.scrubbed or not segment.has_deletions():
            return bool(segment.deleted_count() > segment.doc_count())
        numbers = map(SCHEMA["number"].to_bytes, self.scrubbed)
        with closing(SegmentReader(writer.storage, SCHEMA, segment)) as reader:
            return any(("number", number) in reader for number in numbers)


def segment_readers(reader: Any) -> dict[str, Any]:
    """Reader of each segment with documents, by the id of the segment."""
    leaves = (leaf for leaf, _offset in reader.leaf_readers())
    return {leaf.segment().segment_id(): leaf for leaf in leaves if leaf.doc_count_all()}


def close_readers(readers: list[Any]) -> None:
    """Close readers that no search has, and forget them.

    A finalizer calls it too. A method ``__del__`` would come too late: garbage collection may find
    the open files first, and warn.
    """
    while readers:
        readers.pop().close()


def live_forms(reader: Any) -> Iterator[str]:
    """Forms of the documents that are not deleted."""
    for field in ("strong_forms", "weak_forms"):
        for term, term_info in reader.iter_field(field):
            if not reader.is_deleted(term_info.min_id()) or _term_documents(reader, field, term):
                yield term.decode("utf-8", "surrogatepass")


# --- writing ------------------------------------------------------------------------------------


def open_storage(folder: Path) -> FileStorage:
    # A memory map would copy the whole index at each opening.
    return FileStorage(str(folder), supports_mmap=False)


@contextmanager
def open_writer(
    index: FileIndex, merge_policy: Callable[[Any, Sequence[Segment]], Sequence[Segment]]
) -> Iterator[Any]:
    writer = index.writer(codec=Codec(), limitmb=WRITER_MEGABYTES)  # type: ignore[no-untyped-call]
    try:
        yield writer
    except BaseException:
        with suppress(Exception):
            writer.cancel()
        raise
    writer.commit(mergetype=merge_policy)


def add_documents(writer: Any, documents: Iterable[Document]) -> None:
    for document in documents:
        writer.add_document(**vars(document))


def write_segments(index: FileIndex, documents: Iterator[Document]) -> None:
    """Add documents in segments up to the limit, each in a commit."""
    while first := next(documents, None):
        with open_writer(index, lambda _writer, segments: segments) as writer:
            add_documents(writer, chain([first], islice(documents, SEGMENT_LIMIT - 1)))
