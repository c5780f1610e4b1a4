"""Whose approvals count: a member disabled since no longer vouches for anything."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from register.incidents.models import Approval
from register.members.models import Member


def vouching(*columns: Any) -> Select[Any]:
    """A question about approvals, but for those of members who were disabled since."""
    return (
        select(*columns)
        .select_from(Approval)
        .join(Member, Member.id == Approval.given_by)
        .where(Member.disabled_at.is_(None))
    )
