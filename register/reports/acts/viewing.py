"""What members were shown of reports: one line for each day, member and report."""

from __future__ import annotations

from collections.abc import Collection

from register.accounts.acts import load_acting_member
from register.cases.models import Incident
from register.journal import Act, WriteTransaction
from register.reports.acts._steps import load_report
from register.reports.case_reports import has_retained
from register.reports.history import views_on_day


def view(tx: WriteTransaction, keys: Collection[str], *, by: int) -> None:
    """Note that a member was shown what was sent in some reports.

    :raises NotFound: ``no_such_report``.
    """
    member = load_acting_member(tx, by)
    for key in _unrecorded(tx, Act.REPORT_VIEWED, member.id, keys):
        load_report(tx, key)
        tx.record(Act.REPORT_VIEWED, by=member.id, details={"report": key})


def view_contact(tx: WriteTransaction, key: str, *, by: int) -> None:
    """Note that a member was shown the contact left with a report.

    :raises NotFound: ``no_such_report``.
    """
    member = load_acting_member(tx, by)
    load_report(tx, key)
    for unrecorded_key in _unrecorded(tx, Act.REPORT_CONTACT_VIEWED, member.id, [key]):
        tx.record(Act.REPORT_CONTACT_VIEWED, by=member.id, details={"report": unrecorded_key})


def view_retained(tx: WriteTransaction, incident_id: int, *, by: int) -> None:
    """Note that a member was shown what a case keeps of its reports, if it keeps anything."""
    member = load_acting_member(tx, by)
    day_views = views_on_day(tx.session, Act.COPY_VIEWED, member.id, tx.at)
    if incident_id not in day_views.cases and has_retained(tx.session, incident_id):
        case = tx.load(Incident, incident_id)
        tx.record(Act.COPY_VIEWED, by=member.id, incident=case.id, case=case.number)


def _unrecorded(tx: WriteTransaction, act: Act, by: int, keys: Collection[str]) -> list[str]:
    day_views = views_on_day(tx.session, act, by, tx.at)
    return [key for key in dict.fromkeys(keys) if key not in day_views.reports]
