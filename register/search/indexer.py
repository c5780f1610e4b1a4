"""Brings an index to where the public ledger stands, or makes it anew when it cannot be followed.

The ledger only says which cases changed; their documents are made of what is public now, so that
following twice, or from an older line, does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy import Engine as Database
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.cases.data_version import DataVersion, read_data_version
from register.cases.models import CaseState
from register.journal import Act, Ledger
from register.search import analyzer, document
from register.search.engine import (
    Cursor,
    Document,
    IndexNotReady,
    Progress,
    SearchEngine,
    SearchQuery,
)
from register.search.leader_election import Lease

CASES_PER_READ = 200  # cases read at once
LINES_PER_COMMIT = 1_000  # followed in one commit
SAMPLE_SIZE = 1_000  # cases from all over the register that are read first when an index is made
# From here on an index is made anew: that many public lines, and that part of all there are.
REBUILD_LINES, REBUILD_SHARE = 3_000, 4
# What destroys words for good; a withdrawn case may come back.
SCRUBBING_ACTS = frozenset({Act.ERASED, Act.REDACTED})


@dataclass(frozen=True)
class _LedgerLines:
    """Some public lines: the cases they changed, whether words were destroyed, the last one."""

    numbers: frozenset[int]
    scrub: bool
    cursor: Cursor


def catch_up(
    database: Database,
    index: SearchEngine,
    progress: Progress | None = None,
    *,
    force_rebuild: bool = False,
) -> bool:
    """Follow the public ledger to its head; whether there was anything to do.

    The caller is the elected follower.

    :param progress: told of a making anew: how many cases of how many.
    :param force_rebuild: whatever the index says of itself, make it anew.
    """
    with Session(database) as session:
        current = read_data_version(session)
        cursor = index.cursor()
        is_sound = not force_rebuild and cursor is not None and index.intact(deep=False)
        if not is_sound or cursor is None or not _can_follow(session, cursor, current):
            session.rollback()
            _rebuild_index(database, index, current, progress)
            return True
    if cursor.seq == current.head.seq:
        return False
    if _is_far(cursor, current):
        _rebuild_index(database, index, current, progress)
        return True
    for lines in _read_lines(database, cursor):
        _apply_lines(database, index, lines)
    return True


def made_with(current: DataVersion) -> str:
    """What documents are made of, besides the cases: the analysis, vocabularies, territory."""
    return f"{ANALYSIS} {_digest(current.vocabulary, current.territory)}"


def is_readable(cursor: Cursor) -> bool:
    """Whether the tokens of an index are those that this program makes of a search."""
    return cursor.made_with.split(" ")[0] == ANALYSIS


def _digest(*parts: object) -> str:
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:16]


# The stemmer's rules change with its releases.
ANALYSIS = _digest(analyzer.VERSION, document.VERSION, version("snowballstemmer"))


def is_on_chain(session: Session, cursor: Cursor) -> bool:
    """Whether the cursor's line is one of this ledger: after a restore it may be another's."""
    if cursor.seq == 0:
        return True
    line_digest: bytes | None = session.scalar(
        select(JOURNAL_ENTRY.c.digest).where(
            JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value, JOURNAL_ENTRY.c.seq == cursor.seq
        )
    )
    return line_digest is not None and line_digest.hex() == cursor.digest


def lines_behind(session: Session, cursor: Cursor) -> int:
    """How many public lines the index has not followed yet."""
    return max(0, read_data_version(session).head.seq - cursor.seq)


def _is_far(cursor: Cursor, current: DataVersion) -> bool:
    """Whether so much has happened, as by an import, that an index is sooner made than changed."""
    lines = current.head.seq - cursor.seq
    return lines > REBUILD_LINES and lines * REBUILD_SHARE > current.head.seq


def _can_follow(session: Session, cursor: Cursor, current: DataVersion) -> bool:
    return cursor.made_with == made_with(current) and is_on_chain(session, cursor)


def _rebuild_index(
    database: Database, index: SearchEngine, current: DataVersion, progress: Progress | None
) -> None:
    # Read before the cases: what happens meanwhile is followed afterwards, once too often.
    cursor = Cursor(current.head.seq, current.head.digest, made_with(current))
    with Session(database) as session:
        public = select(func.count()).select_from(CASE).where(CASE.c.state == CaseState.PUBLISHED)
        total = session.scalar(public) or 0
    index.rebuild(cursor, _all_documents(database), total, progress or _ignore_progress)


def _all_documents(database: Database) -> Iterator[Document]:
    """The documents of all public cases; each chunk is read by a session of its own.

    A transaction as long as the whole would hold back the log that an erasure has to empty.
    """
    with Session(database) as session:
        public = select(CASE.c.number).where(CASE.c.state == CaseState.PUBLISHED)
        numbers = spread_sample_first([number for number in session.scalars(public) if number])
    for start in range(0, len(numbers), CASES_PER_READ):
        with Session(database) as session:
            yield from _documents(session, numbers[start : start + CASES_PER_READ])


def spread_sample_first(numbers: Sequence[int]) -> list[int]:
    """The numbers with some from all over first: an engine learns from these what is common.

    The oldest cases of a register may be of a few words each, those of later years long.
    """
    ordered = sorted(numbers)
    step = max(1, len(ordered) // SAMPLE_SIZE)
    sample = ordered[::step][:SAMPLE_SIZE]
    sampled = set(sample)
    return [*sample, *(number for number in ordered if number not in sampled)]


def _documents(session: Session, numbers: Sequence[int]) -> list[Document]:
    return document.documents(session, numbers, vocabulary.current_vocabulary(session))


def _read_lines(database: Database, cursor: Cursor) -> Iterator[_LedgerLines]:
    """The public lines after the cursor, a thousand at a time."""
    while True:
        with Session(database) as session:
            entry_rows = session.execute(
                select(
                    JOURNAL_ENTRY.c.seq,
                    JOURNAL_ENTRY.c.act,
                    JOURNAL_ENTRY.c.case_number,
                    JOURNAL_ENTRY.c.digest,
                )
                .where(
                    JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value, JOURNAL_ENTRY.c.seq > cursor.seq
                )
                .order_by(JOURNAL_ENTRY.c.seq)
                .limit(LINES_PER_COMMIT)
            ).all()
        if not entry_rows:
            return
        cursor = Cursor(entry_rows[-1].seq, entry_rows[-1].digest.hex(), cursor.made_with)
        yield _LedgerLines(
            numbers=frozenset(
                entry_row.case_number
                for entry_row in entry_rows
                if entry_row.case_number is not None
            ),
            scrub=any(entry_row.act in SCRUBBING_ACTS for entry_row in entry_rows),
            cursor=cursor,
        )


def _apply_lines(database: Database, index: SearchEngine, lines: _LedgerLines) -> None:
    changed: list[Document] = []
    numbers = sorted(lines.numbers)
    for start in range(0, len(numbers), CASES_PER_READ):
        with Session(database) as session:
            changed += _documents(session, numbers[start : start + CASES_PER_READ])
    removed = lines.numbers - {doc.number for doc in changed}
    index.write(lines.cursor, changed, sorted(removed), scrub=lines.scrub)


def _ignore_progress(_done: int, _total: int) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class IndexStatus:
    """What was found.

    ``cursor``: None without an index that can be read. ``cases``: how many it holds.
    ``intact``: every byte is as the follower wrote it. ``on_this_ledger``: it follows this ledger, and not
    that of before a restore. ``is_current_version``: it was made by this version. ``lines_behind``: public lines
    that it has not followed. ``has_follower``: somebody holds the lease.
    """

    engine: str
    cursor: Cursor | None
    cases: int = 0
    intact: bool = False
    on_this_ledger: bool = False
    is_current_version: bool = False
    lines_behind: int = 0
    has_follower: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether pages may search in it; what it lacks they judge from the database."""
        readable = self.cursor is not None and is_readable(self.cursor)
        return readable and self.intact and self.on_this_ledger


def read_index_status(database: Database, index: SearchEngine, lease: Lease) -> IndexStatus:
    """Look at an index, without changing anything.

    :raises SQLAlchemyError: the database does not answer.
    :raises OSError: the lease's files cannot be read.
    """
    has_follower = lease.is_held()
    with Session(database) as session:
        try:
            matches = index.find(session, SearchQuery())
        except IndexNotReady:
            return IndexStatus(index.name, None, has_follower=has_follower)
        cursor = matches.cursor
        return IndexStatus(
            index.name,
            cursor,
            cases=len(matches.strength),
            intact=index.intact(deep=True),
            on_this_ledger=is_on_chain(session, cursor),
            is_current_version=cursor.made_with == made_with(read_data_version(session)),
            lines_behind=lines_behind(session, cursor),
            has_follower=has_follower,
        )
