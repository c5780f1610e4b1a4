"""Whose approvals count: those of members who still vouch for others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from register.incidents.models import Approval
from register.members import vouching as second_persons
from register.members.models import Member


def vouching(at: datetime | ColumnElement[datetime], *columns: Any) -> Select[Any]:
    """A question about approvals, but for those of members who vouch for nobody at a moment.

    They were disabled since, or their account got a new way in.
    """
    return (
        select(*columns)
        .select_from(Approval)
        .join(Member, Member.id == Approval.given_by)
        .where(second_persons.clause(at))
    )
