"""Queries of merged cases: which case stays, and the lines of those that were parted again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, IS_PUBLIC, IS_PUBLIC_LINE, JOURNAL_ENTRY
from register.cases.models import CaseState
from register.journal import Act

_CHAIN_LIMIT = 100  # a damaged register could have cases that are merged in a circle


@dataclass(frozen=True)
class Merger:
    """When a case was joined to another one, and which case stays.

    ``into``: the number of the other case; ``remaining``: that of the last one, when cases were
    merged in turn, and ``is_remaining_public``: whether it can be read. ``is_readable``: whether
    the versions of the merged case can be: it was not withdrawn, nor any case that it leads to.
    """

    at: datetime
    into: int
    remaining: int
    is_remaining_public: bool
    is_readable: bool


_CASE_STMT = select(CASE.c.state, CASE.c.merged_into, CASE.c.restriction).where(
    CASE.c.number == bindparam("number")
)
_MERGED_AT_STMT = (
    select(JOURNAL_ENTRY.c.at)
    .where(
        IS_PUBLIC_LINE,
        JOURNAL_ENTRY.c.act == Act.MERGED,
        JOURNAL_ENTRY.c.case_number == bindparam("number"),
    )
    .order_by(JOURNAL_ENTRY.c.seq.desc())
    .limit(1)
)
_PARTED_LINES_STMT = (
    select(JOURNAL_ENTRY.c.seq, JOURNAL_ENTRY.c.private_json)
    .join(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
    .where(IS_PUBLIC_LINE, IS_PUBLIC, JOURNAL_ENTRY.c.act.in_((Act.MERGED, Act.PARTED)))
)


def load_merger(session: Session, number: int, into: int, restriction: str) -> Merger:
    """The merger of a merged case.

    :param restriction: the reason of its withdrawal, before or after the merge; else empty.
    """
    remaining, is_withdrawn = into, bool(restriction)
    for _rank in range(_CHAIN_LIMIT):
        case = session.execute(_CASE_STMT, {"number": remaining}).one()
        if case.state != CaseState.MERGED:
            break
        remaining, is_withdrawn = case.merged_into, is_withdrawn or bool(case.restriction)
    is_remaining_public = case.state == CaseState.PUBLISHED
    return Merger(
        at=session.execute(_MERGED_AT_STMT, {"number": number}).one().at,
        into=into,
        remaining=remaining,
        is_remaining_public=is_remaining_public,
        is_readable=is_remaining_public and not is_withdrawn,
    )


def list_parted_lines(session: Session, number: int) -> list[int]:
    """The lines by which cases that are public now were joined to a case and parted from it."""
    return [
        line.seq
        for line in session.execute(_PARTED_LINES_STMT)
        if json.loads(line.private_json)["into"] == number
    ]
