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
from register.cases.core_tables import CASE, ENTRY
from register.cases.data_version import Standing, standing
from register.cases.models import State
from register.journal import Act, Ledger
from register.search import analyzer, document
from register.search.engine import Engine, Progress
from register.search.query_model import Cursor, Document

CHUNK = 200  # cases read at once
LINES = 1_000  # followed in one commit
FIRST = 1_000  # cases from all over the register that are read first when an index is made
# From here on an index is made anew: that many public lines, and that part of all there are.
MANY, SHARE = 3_000, 4
# What destroys words for good; a withdrawn case may come back.
SCRUBBING = frozenset({Act.ERASED, Act.REDACTED})


@dataclass(frozen=True)
class _Lines:
    """Some public lines: the cases they changed, whether words were destroyed, the last one."""

    numbers: frozenset[int]
    scrub: bool
    cursor: Cursor


def catch_up(
    database: Database, index: Engine, progress: Progress | None = None, *, anew: bool = False
) -> bool:
    """Follow the public ledger to its head; whether there was anything to do.

    The caller is the elected follower.

    :param progress: told of a making anew: how many cases of how many.
    :param anew: whatever the index says of itself, make it anew.
    """
    with Session(database) as session:
        where = standing(session)
        cursor = index.cursor()
        sound = not anew and cursor is not None and index.intact(deep=False)
        if not sound or cursor is None or not _can_follow(session, cursor, where):
            session.rollback()
            _anew(database, index, where, progress)
            return True
    if cursor.seq == where.head.seq:
        return False
    if _is_far(cursor, where):
        _anew(database, index, where, progress)
        return True
    for lines in _lines(database, cursor):
        _follow(database, index, lines)
    return True


def made_with(where: Standing) -> str:
    """What documents are made of, besides the cases: the analysis, vocabularies, territory."""
    return f"{ANALYSIS} {_digest(where.vocabulary, where.territory)}"


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
    found: bytes | None = session.scalar(
        select(ENTRY.c.digest).where(
            ENTRY.c.ledger == Ledger.PUBLIC.value, ENTRY.c.seq == cursor.seq
        )
    )
    return found is not None and found.hex() == cursor.digest


def behind(session: Session, cursor: Cursor) -> int:
    """How many public lines the index has not followed yet."""
    return max(0, standing(session).head.seq - cursor.seq)


def _is_far(cursor: Cursor, where: Standing) -> bool:
    """Whether so much has happened, as by an import, that an index is sooner made than changed."""
    lines = where.head.seq - cursor.seq
    return lines > MANY and lines * SHARE > where.head.seq


def _can_follow(session: Session, cursor: Cursor, where: Standing) -> bool:
    return cursor.made_with == made_with(where) and is_on_chain(session, cursor)


def _anew(database: Database, index: Engine, where: Standing, progress: Progress | None) -> None:
    # Read before the cases: what happens meanwhile is followed afterwards, once too often.
    cursor = Cursor(where.head.seq, where.head.digest, made_with(where))
    with Session(database) as session:
        public = select(func.count()).select_from(CASE).where(CASE.c.state == State.PUBLISHED)
        total = session.scalar(public) or 0
    index.rebuild(cursor, _all(database), total, progress or _quiet)


def _all(database: Database) -> Iterator[Document]:
    """The documents of all public cases; each chunk is read by a session of its own.

    A transaction as long as the whole would hold back the log that an erasure has to empty.
    """
    with Session(database) as session:
        public = select(CASE.c.number).where(CASE.c.state == State.PUBLISHED)
        numbers = spread([number for number in session.scalars(public) if number])
    for start in range(0, len(numbers), CHUNK):
        with Session(database) as session:
            yield from _documents(session, numbers[start : start + CHUNK])


def spread(numbers: Sequence[int]) -> list[int]:
    """The numbers with some from all over first: an engine learns from these what is common.

    The oldest cases of a register may be of a few words each, those of later years long.
    """
    ordered = sorted(numbers)
    step = max(1, len(ordered) // FIRST)
    first = ordered[::step][:FIRST]
    told = set(first)
    return [*first, *(number for number in ordered if number not in told)]


def _documents(session: Session, numbers: Sequence[int]) -> list[Document]:
    return document.documents(session, numbers, vocabulary.book(session))


def _lines(database: Database, cursor: Cursor) -> Iterator[_Lines]:
    """The public lines after the cursor, a thousand at a time."""
    while True:
        with Session(database) as session:
            rows = session.execute(
                select(ENTRY.c.seq, ENTRY.c.act, ENTRY.c.case_number, ENTRY.c.digest)
                .where(ENTRY.c.ledger == Ledger.PUBLIC.value, ENTRY.c.seq > cursor.seq)
                .order_by(ENTRY.c.seq)
                .limit(LINES)
            ).all()
        if not rows:
            return
        cursor = Cursor(rows[-1].seq, rows[-1].digest.hex(), cursor.made_with)
        yield _Lines(
            numbers=frozenset(row.case_number for row in rows if row.case_number is not None),
            scrub=any(row.act in SCRUBBING for row in rows),
            cursor=cursor,
        )


def _follow(database: Database, index: Engine, lines: _Lines) -> None:
    found: list[Document] = []
    numbers = sorted(lines.numbers)
    for start in range(0, len(numbers), CHUNK):
        with Session(database) as session:
            found += _documents(session, numbers[start : start + CHUNK])
    gone = lines.numbers - {one.number for one in found}
    index.write(lines.cursor, found, sorted(gone), scrub=lines.scrub)


def _quiet(_done: int, _total: int) -> None:
    """Nobody is told."""
