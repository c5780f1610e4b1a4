"""Newest journal lines about accounts: the viewer's own, or all for an administrator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import members_journal
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.members_journal import MembersJournalLine
from register.journal import Act, Ledger

SIGN_INS = (Act.SIGNED_IN, Act.SESSIONS_ENDED, Act.BROWSERS_FORGOTTEN)
# Acts of others on an account, and failed sign-ins.
ACCOUNT_CHANGES = (
    Act.SIGN_INS_FAILED,
    Act.MEMBER_ADDED,
    Act.MEMBER_CONFIRMED,
    Act.MEMBER_RESET,
    Act.MEMBER_ROLE,
    Act.MEMBER_FACTOR_RESET,
    Act.MEMBER_DISABLED,
    Act.MEMBER_ENABLED,
)
OWN_CHANGES = (Act.MEMBER_PASSWORD, Act.MEMBER_FACTOR)
_SCAN_LIMIT = 100  # newest lines of one act that are scanned for those of one account


def recent_account_lines(
    session: Session, viewer: Member, since: datetime, limit: int
) -> Sequence[MembersJournalLine]:
    """Lines since a time, newest first; empty unless the viewer is an active member."""
    if not viewer.is_active:
        return []
    line_rows = sorted(
        _account_rows(session, viewer, since, limit),
        key=lambda line_row: line_row.seq,
        reverse=True,
    )
    return members_journal.make_lines(session, line_rows[:limit])


def _account_rows(session: Session, viewer: Member, since: datetime, limit: int) -> Iterator[Any]:
    if viewer.is_administrator:
        for act in (*SIGN_INS, *ACCOUNT_CHANGES, *OWN_CHANGES):
            yield from _newest_rows(session, act, since, limit)
        return
    by_viewer = JOURNAL_ENTRY.c.member_id == viewer.id
    for act in (*SIGN_INS, *OWN_CHANGES):
        yield from _newest_rows(session, act, since, limit, by_viewer)
    for act in (*ACCOUNT_CHANGES, Act.SESSIONS_ENDED):
        for line_row in _newest_rows(
            session, act, since, _SCAN_LIMIT, JOURNAL_ENTRY.c.member_id.is_distinct_from(viewer.id)
        ):
            if json.loads(line_row.private_json).get("member") == viewer.id:
                yield line_row


def _newest_rows(
    session: Session, act: Act, since: datetime, limit: int, *conditions: ColumnElement[bool]
) -> Iterator[Any]:
    stmt = (
        select(*JOURNAL_ENTRY.columns)
        .where(
            JOURNAL_ENTRY.c.ledger == Ledger.DESK.value,
            JOURNAL_ENTRY.c.act == act,
            JOURNAL_ENTRY.c.at >= since,
            *conditions,
        )
        .order_by(JOURNAL_ENTRY.c.at.desc(), JOURNAL_ENTRY.c.seq.desc())
        .limit(limit)
    )
    yield from session.execute(stmt)
