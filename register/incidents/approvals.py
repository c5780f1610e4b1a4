"""Which approvals count: those of members who vouch for others, on drafts that lost no report.

A draft loses its approvals when the author of a report behind it takes the report back; they are
given anew once a member has saved a version that does without it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from register.incidents.models import Approval, Incident
from register.members import vouching as second_persons
from register.members.models import Member

# A statement that this one stands in may name the case's table itself.
_CASE = aliased(Incident)


def vouching(at: datetime | ColumnElement[datetime], *columns: Any) -> Select[Any]:
    """A question about the approvals that count.

    Not those of members who vouch for nobody at a moment: they were disabled since, or their
    account got a new way in.
    """
    return (
        select(*columns)
        .select_from(Approval)
        .join(Member, Member.id == Approval.given_by)
        .join(_CASE, _CASE.id == Approval.incident_id)
        .where(second_persons.clause(at), _CASE.report_withdrawn.is_(False))
    )
