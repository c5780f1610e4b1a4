"""Valid approvals: given by members who may vouch, on cases without a withdrawn report.

When the author of a report withdraws it, the approvals of its draft become void. They can be given
again once a member has saved a version that does not rest on the report.
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
from register.cases.case_content import parse_content
from register.cases.checklist import content_needs_second
from register.cases.models import Approval, Incident, Revision
from register.cases.vocabulary import Vocabulary
from register.journal import Act

# An alias, because the enclosing statement may use the table of cases itself.
_APPROVED_CASE = aliased(Incident)


def valid_approvals(at: datetime | ColumnElement[datetime], *columns: Any) -> Select[Any]:
    """A statement on the valid approvals.

    Approvals of members who may not vouch at that time are left out: they were disabled since, or
    the credentials of their account changed.

    :param at: the time, or the expression for it.
    """
    return (
        select(*columns)
        .select_from(Approval)
        .join(Member, Member.id == Approval.given_by)
        .join(_APPROVED_CASE, _APPROVED_CASE.id == Approval.incident_id)
        .where(second_persons.vouches_clause(at), _APPROVED_CASE.report_withdrawn.is_(False))
    )


def needed_before(session: Session, case: Incident, vocabulary: Vocabulary) -> bool:
    """Whether a case needed a second person when it was published, or needs one now.

    Once the text of its publication is destroyed, an approval to publish is the evidence.
    """
    if case.number is None:
        return False
    if case.single_review or content_needs_second(contents.content_of(case), vocabulary):
        return True
    publication = session.execute(
        select(Revision.id, Revision.content).where(
            Revision.incident_id == case.id, Revision.act == Act.PUBLISHED.value
        )
    ).first()
    if publication is not None and publication.content is not None:
        return content_needs_second(parse_content(json.loads(publication.content)), vocabulary)
    approvals_stmt = select(Approval.id).where(
        Approval.incident_id == case.id, Approval.purpose == "publish"
    )
    return session.scalar(approvals_stmt.limit(1)) is not None
