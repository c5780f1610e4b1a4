"""The newest lines about accounts: one's own, or everybody's for an administrator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import members_journal
from register.cases.core_tables import ENTRY
from register.cases.members_journal import Line
from register.journal import Act, Ledger

SIGN_INS = (Act.SIGNED_IN, Act.SESSIONS_ENDED, Act.BROWSERS_FORGOTTEN)
# What others do to an account, or what happens to it.
CHANGES = (
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
# Lines of one act that are looked through for those about one account.
_LOOKED_AT = 100


def recent(session: Session, viewer: Member, since: datetime, limit: int) -> Sequence[Line]:
    """Lines since a moment, newest first, for an active member."""
    if not viewer.is_active:
        return []
    rows = sorted(_rows(session, viewer, since, limit), key=lambda row: row.seq, reverse=True)
    return members_journal.told(session, rows[:limit])


def _rows(session: Session, viewer: Member, since: datetime, limit: int) -> Iterator[Any]:
    if viewer.is_administrator:
        for act in (*SIGN_INS, *CHANGES, *OWN_CHANGES):
            yield from _newest(session, act, since, limit)
        return
    mine = ENTRY.c.member_id == viewer.id
    for act in (*SIGN_INS, *OWN_CHANGES):
        yield from _newest(session, act, since, limit, mine)
    for act in (*CHANGES, Act.SESSIONS_ENDED):
        for row in _newest(
            session, act, since, _LOOKED_AT, ENTRY.c.member_id.is_distinct_from(viewer.id)
        ):
            if json.loads(row.private_json).get("member") == viewer.id:
                yield row


def _newest(
    session: Session, act: Act, since: datetime, limit: int, *such: ColumnElement[bool]
) -> Iterator[Any]:
    lines = (
        select(*ENTRY.columns)
        .where(ENTRY.c.ledger == Ledger.DESK.value, ENTRY.c.act == act, ENTRY.c.at >= since, *such)
        .order_by(ENTRY.c.at.desc(), ENTRY.c.seq.desc())
        .limit(limit)
    )
    yield from session.execute(lines)
