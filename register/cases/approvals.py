"""Which approvals count: those of members who vouch for others, on drafts that lost no report.

A draft loses its approvals when the author of a report behind it takes the report back; they are
given anew once a member has saved a version that does without it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from register.accounts import vouching as second_persons
from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import revisions
from register.cases.checklist import asks_second
from register.cases.models import Approval, Incident, Revision
from register.cases.vocabulary import Book
from register.journal import Act

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


def needed_before(session: Session, case: Incident, book: Book) -> bool:
    """Whether a case needed a second person when it was published, or needs one as it reads now.

    Where the text of its publication is destroyed, an approval that was given for it says so.
    """
    if case.number is None:
        return False
    if case.single_review or asks_second(contents.of(case), book):
        return True
    first = session.execute(
        select(Revision.id, Revision.content).where(
            Revision.incident_id == case.id, Revision.act == Act.PUBLISHED.value
        )
    ).first()
    if first is not None and first.content is not None:
        return asks_second(revisions.read(json.loads(first.content)), book)
    given = select(Approval.id).where(
        Approval.incident_id == case.id, Approval.purpose == "publish"
    )
    return session.scalar(given.limit(1)) is not None
