"""What members were shown of reports: one line for each day, member and report."""

from __future__ import annotations

from collections.abc import Collection

from register.accounts.acts import acting
from register.cases.models import Incident
from register.journal import Act, Pen
from register.reports.acts._steps import load
from register.reports.case_reports import keeps_any
from register.reports.history import viewed


def view(pen: Pen, keys: Collection[str], *, by: int) -> None:
    """Note that a member was shown what was sent in some reports.

    :raises NotFound: ``no_such_report``.
    """
    member = acting(pen, by)
    for key in _new(pen, Act.REPORT_VIEWED, member.id, keys):
        load(pen, key)
        pen.record(Act.REPORT_VIEWED, by=member.id, details={"report": key})


def view_contact(pen: Pen, key: str, *, by: int) -> None:
    """Note that a member was shown the contact left with a report.

    :raises NotFound: ``no_such_report``.
    """
    member = acting(pen, by)
    load(pen, key)
    for new in _new(pen, Act.REPORT_CONTACT_VIEWED, member.id, [key]):
        pen.record(Act.REPORT_CONTACT_VIEWED, by=member.id, details={"report": new})


def view_kept(pen: Pen, incident_id: int, *, by: int) -> None:
    """Note that a member was shown what a case keeps of its reports, if it keeps anything."""
    member = acting(pen, by)
    known = viewed(pen.session, Act.COPY_VIEWED, member.id, pen.at)
    if incident_id not in known.cases and keeps_any(pen.session, incident_id):
        case = pen.load(Incident, incident_id)
        pen.record(Act.COPY_VIEWED, by=member.id, incident=case.id, case=case.number)


def _new(pen: Pen, act: Act, by: int, keys: Collection[str]) -> list[str]:
    known = viewed(pen.session, act, by, pen.at)
    return [key for key in dict.fromkeys(keys) if key not in known.reports]
