"""Indexer: update of an index from the public ledger, or its rebuild, and the index status.

The ledger only names the changed cases; their documents are made of the present content, so that
an update from an older line, or a repeated one, is harmless.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy import Engine as Database
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.cases.data_version import DataVersion, read_data_version
from register.cases.models import CaseState
from register.journal import Act, Ledger
from register.search import analyzer, document
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexNotReady,
    SearchEngine,
    SearchQuery,
)
from register.territory import dataset

Progress = Callable[[int, int], None]

CASES_PER_READ = 200
LINES_PER_COMMIT = 1_000
# An index is rebuilt when it is this many lines behind, and more than one in this many of all.
REBUILD_LINES, REBUILD_SHARE = 3_000, 4
# Acts that destroy words for good; a withdrawn case may be restored.
SCRUBBING_ACTS = frozenset({Act.ERASED, Act.REDACTED})


def catch_up(
    database: Database,
    index: SearchEngine,
    progress: Progress | None = None,
    *,
    force_rebuild: bool = False,
) -> bool:
    """Update the index to the head of the public ledger, as the worker that has the lock.

    :param progress: called during a rebuild with the cases done and the total.
    :param force_rebuild: rebuild the index in any case.
    :return: whether there was anything to do.
    """
    with Session(database) as session:
        current = read_data_version(session)
        cursor = None if force_rebuild else _usable_cursor(session, index, current)
    if cursor is None or _is_far_behind(cursor, current):
        _rebuild_index(database, index, current, progress)
        return True
    if cursor.seq == current.head.seq:
        return False
    _update_index(database, index, cursor)
    return True


def _usable_cursor(session: Session, index: SearchEngine, current: DataVersion) -> Cursor | None:
    """Where an index stands that can be updated; None for one that has to be rebuilt."""
    cursor = index.cursor()
    if cursor is None or not index.intact(deep=False):
        return None
    is_usable = cursor.made_with == made_with(current) and is_on_chain(session, cursor)
    return cursor if is_usable else None


def _is_far_behind(cursor: Cursor, current: DataVersion) -> bool:
    """Whether a rebuild is quicker than the update, as after an import."""
    lines_behind = current.head.seq - cursor.seq
    return lines_behind > REBUILD_LINES and lines_behind * REBUILD_SHARE > current.head.seq


def made_with(current: DataVersion) -> str:
    """Version of documents: analysis, vocabularies and territory."""
    return f"{ANALYSIS} {_digest(current.vocabulary, dataset.version())}"


def is_readable(cursor: Cursor) -> bool:
    """Whether this version of the analysis made the tokens of an index."""
    return cursor.made_with.split(" ")[0] == ANALYSIS


def _digest(*parts: object) -> str:
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:16]


# The stemmer's rules change with its releases.
ANALYSIS = _digest(
    analyzer.VERSION, analyzer.STEM_EXCEPTIONS, document.VERSION, version("snowballstemmer")
)


def is_on_chain(session: Session, cursor: Cursor) -> bool:
    """Whether this ledger contains the cursor's line; after a restore it may not."""
    if cursor.seq == 0:
        return True
    line_digest: bytes | None = session.scalar(
        select(JOURNAL_ENTRY.c.digest).where(
            JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value, JOURNAL_ENTRY.c.seq == cursor.seq
        )
    )
    return line_digest is not None and line_digest.hex() == cursor.digest


def _rebuild_index(
    database: Database, index: SearchEngine, current: DataVersion, progress: Progress | None
) -> None:
    # ``current`` was read before the cases, so later changes are applied again by the next update.
    cursor = Cursor(current.head.seq, current.head.digest, made_with(current))
    with Session(database) as session:
        public = select(CASE.c.number).where(CASE.c.state == CaseState.PUBLISHED)
        numbers = sorted(number for number in session.scalars(public) if number)
    documents = _documents(database, numbers)
    index.rebuild(cursor, _report_progress(documents, len(numbers), progress))


def _report_progress(
    documents: Iterable[Document], total: int, progress: Progress | None
) -> Iterator[Document]:
    """Yield the documents, and call ``progress`` after each."""
    for done, case_document in enumerate(documents, start=1):
        yield case_document
        if progress:
            progress(done, max(done, total))


def _documents(database: Database, numbers: Sequence[int]) -> Iterator[Document]:
    """Documents of the public cases among some numbers, each chunk from a session of its own.

    One transaction over all of them would delay the truncation of the log after an erasure.
    """
    for start in range(0, len(numbers), CASES_PER_READ):
        with Session(database) as session:
            current = vocabulary.current_vocabulary(session)
            yield from document.documents(session, numbers[start : start + CASES_PER_READ], current)


def _update_index(database: Database, index: SearchEngine, cursor: Cursor) -> None:
    """Apply the public lines after the cursor, each chunk in a commit."""
    columns = [JOURNAL_ENTRY.c[name] for name in ("seq", "act", "case_number", "digest")]
    lines = select(*columns).where(JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value)
    while True:
        with Session(database) as session:
            entry_rows = session.execute(
                lines.where(JOURNAL_ENTRY.c.seq > cursor.seq)
                .order_by(JOURNAL_ENTRY.c.seq)
                .limit(LINES_PER_COMMIT)
            ).all()
        if not entry_rows:
            return
        last = entry_rows[-1]
        cursor = Cursor(last.seq, last.digest.hex(), cursor.made_with)
        numbers = {row.case_number for row in entry_rows if row.case_number is not None}
        changed = list(_documents(database, sorted(numbers)))
        removed = numbers - {changed_document.number for changed_document in changed}
        scrub = any(entry_row.act in SCRUBBING_ACTS for entry_row in entry_rows)
        index.write(cursor, changed, sorted(removed), scrub=scrub)


@dataclass(frozen=True)
class IndexStatus:
    """State of an index.

    ``cursor``: None without a readable index. ``cases``: number of indexed cases. ``intact``: no
    byte is damaged. ``on_this_ledger``: it follows this ledger, not one before a restore.
    ``is_current_version``: this version made its documents. ``lines_behind``: public lines after
    its cursor.
    """

    engine: str
    cursor: Cursor | None
    cases: int = 0
    intact: bool = False
    on_this_ledger: bool = False
    is_current_version: bool = False
    lines_behind: int = 0

    @property
    def is_usable(self) -> bool:
        """Whether pages can use it; they match the cases of the missing lines themselves."""
        readable = self.cursor is not None and is_readable(self.cursor)
        return readable and self.intact and self.on_this_ledger


def read_index_status(database: Database, index: SearchEngine) -> IndexStatus:
    """Status of an index.

    :raises SQLAlchemyError: the database does not answer.
    """
    with Session(database) as session:
        try:
            matches = index.find(session, SearchQuery())
        except IndexNotReady:
            return IndexStatus(index.name, None)
        cursor, current = matches.cursor, read_data_version(session)
        return IndexStatus(
            index.name,
            cursor,
            cases=len(matches.strength),
            intact=index.intact(deep=True),
            on_this_ledger=is_on_chain(session, cursor),
            is_current_version=cursor.made_with == made_with(current),
            lines_behind=max(0, current.head.seq - cursor.seq),
        )
