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
from register.cases.checklist import risk_flags
from register.cases.core_tables import CASE, REVISION
from register.cases.models import CaseState

# Texts that one page reads: some twenty milliseconds.
READ_LIMIT = 60
# Beyond this many flagged revisions, most are of drafts that are none any more.
FLAGGED_LIMIT = 20_000


@dataclass(frozen=True)
class FlaggedDrafts:
    """The current revisions of drafts that raise a flag, and how many drafts are still unread."""

    revision_ids: Collection[int]
    unread: int


@dataclass
class _ReadProgress:
    """What is known of one database: every draft's revision from ``low`` to ``high`` was read."""

    low: int = 0
    high: int = 0
    flagged: set[int] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)


_progress_by_engine: WeakKeyDictionary[Engine, _ReadProgress] = WeakKeyDictionary()
_IS_DRAFT = CASE.c.state == CaseState.DRAFT


def find_flagged_drafts(session: Session) -> FlaggedDrafts:
    """The drafts that raise a flag, as far as they have been read."""
    progress = _progress_by_engine.setdefault(session.get_bind().engine, _ReadProgress())
    with progress.lock:
        if len(progress.flagged) > FLAGGED_LIMIT:
            progress.low = progress.high = 0
            progress.flagged.clear()
        budget = READ_LIMIT
        if progress.high:
            budget -= _read_texts(session, progress, _newer_texts(progress).limit(budget))
        if budget:
            _read_texts(session, progress, _older_texts(progress).limit(budget))
        is_unread = or_(CASE.c.revision_id > progress.high, CASE.c.revision_id < progress.low)
        unread_stmt = select(func.count()).select_from(CASE).where(_IS_DRAFT, is_unread)
        return FlaggedDrafts(frozenset(progress.flagged), session.scalar(unread_stmt) or 0)


def forget_read_revisions() -> None:
    """Read everything again; for measures of a page that nobody has asked for before."""
    _progress_by_engine.clear()


_TEXTS = select(REVISION.c.id, REVISION.c.content).join(CASE, CASE.c.revision_id == REVISION.c.id)


def _newer_texts(progress: _ReadProgress) -> Select[Any]:
    # From the oldest of them on, so that what was read stays one stretch.
    stmt = _TEXTS.where(_IS_DRAFT, CASE.c.revision_id > progress.high)
    return stmt.order_by(CASE.c.revision_id)


def _older_texts(progress: _ReadProgress) -> Select[Any]:
    stmt = _TEXTS.where(_IS_DRAFT).order_by(CASE.c.revision_id.desc())
    return stmt.where(CASE.c.revision_id < progress.low) if progress.high else stmt


def _read_texts(session: Session, progress: _ReadProgress, stmt: Select[Any]) -> int:
    text_rows = session.execute(stmt).all()
    for revision_id, content in text_rows:
        if content and risk_flags(revisions.parse_content(json.loads(content))):
            progress.flagged.add(revision_id)
        progress.low = min(progress.low or revision_id, revision_id)
        progress.high = max(progress.high, revision_id)
    return len(text_rows)
