"""Which drafts raise a risk flag: found in their texts, and remembered by their revisions.

Flags take a third of a millisecond for each text. A page that looked for them in five thousand
drafts would take seconds, and a page that did not would leave out the drafts that a telephone
number sends to a second reader. So each revision is read once in the life of a process, a few at
each page, the newest first: a desk with some dozens of drafts is known whole at the first page, a
desk after an import of thousands little by little, and how many are still unread is told. Only
numbers of revisions are kept, no text.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select, func, or_, select
from sqlalchemy.orm import Session

from register.cases import revisions
from register.cases.checklist import flags
from register.cases.core_tables import CASE, REVISION
from register.cases.models import State

# Texts that one page reads: some twenty milliseconds.
READ_EACH = 60
# Beyond this many flagged revisions, most are of drafts that are none any more.
KEPT = 20_000


@dataclass(frozen=True)
class Flagged:
    """The current revisions of drafts that raise a flag, and how many drafts are still unread."""

    revisions: Collection[int]
    unread: int


@dataclass
class _Memo:
    """What is known of one database: every draft's revision from ``low`` to ``high`` was read."""

    low: int = 0
    high: int = 0
    found: set[int] = field(default_factory=set)
    reading: Lock = field(default_factory=Lock)


_memos: WeakKeyDictionary[Engine, _Memo] = WeakKeyDictionary()
_DRAFTS = CASE.c.state == State.DRAFT


def flagged(session: Session) -> Flagged:
    """The drafts that raise a flag, as far as they have been read."""
    memo = _memos.setdefault(session.get_bind().engine, _Memo())
    with memo.reading:
        if len(memo.found) > KEPT:
            memo.low = memo.high = 0
            memo.found.clear()
        left = READ_EACH
        if memo.high:
            left -= _read(session, memo, _newer(memo).limit(left))
        if left:
            _read(session, memo, _older(memo).limit(left))
        unread = or_(CASE.c.revision_id > memo.high, CASE.c.revision_id < memo.low)
        told = select(func.count()).select_from(CASE).where(_DRAFTS, unread)
        return Flagged(frozenset(memo.found), session.scalar(told) or 0)


def forget() -> None:
    """Read everything again; for measures of a page that nobody has asked for before."""
    _memos.clear()


_TEXTS = select(REVISION.c.id, REVISION.c.content).join(CASE, CASE.c.revision_id == REVISION.c.id)


def _newer(memo: _Memo) -> Select[Any]:
    # From the oldest of them on, so that what was read stays one stretch.
    newer = _TEXTS.where(_DRAFTS, CASE.c.revision_id > memo.high)
    return newer.order_by(CASE.c.revision_id)


def _older(memo: _Memo) -> Select[Any]:
    asked = _TEXTS.where(_DRAFTS).order_by(CASE.c.revision_id.desc())
    return asked.where(CASE.c.revision_id < memo.low) if memo.high else asked


def _read(session: Session, memo: _Memo, asked: Select[Any]) -> int:
    rows = session.execute(asked).all()
    for revision, content in rows:
        if content and flags(revisions.read(json.loads(content))):
            memo.found.add(revision)
        memo.low = min(memo.low or revision, revision)
        memo.high = max(memo.high, revision)
    return len(rows)
