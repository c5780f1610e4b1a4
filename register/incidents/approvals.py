"""Which approvals count: none of a member disabled since, and none of a draft that lost a report.

A draft loses its approvals when the author of a report behind it takes the report back; they are
given anew once a member has saved a version that does without it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from register.incidents.models import Approval, Incident
from register.members.models import Member

# A statement that this one stands in may name the case's table itself.
_CASE = aliased(Incident)


def vouching(*columns: Any) -> Select[Any]:
    """A question about the approvals that count."""
    return (
        select(*columns)
        .select_from(Approval)
        .join(Member, Member.id == Approval.given_by)
        .join(_CASE, _CASE.id == Approval.incident_id)
        .where(Member.disabled_at.is_(None), _CASE.report_withdrawn.is_(False))
    )
