"""The line that a member leaves who is shown what somebody reported, before it is shown.

A page that was noted today costs one look at an index; the first one of a day takes the lock.
"""

from __future__ import annotations

from collections.abc import Collection

from register.accounts.web import current_member
from register.cases.web.desk import act_view
from register.db import db, now
from register.journal import Act
from register.reports import acts
from register.reports.case_reports import has_retained
from register.reports.history import views_on_day


def note_views(keys: Collection[str]) -> None:
    """Note that the member is shown what was sent in some reports."""
    if not keys:
        return
    viewed_keys = views_on_day(
        db.session(), Act.REPORT_VIEWED, current_member.member().id, now()
    ).reports
    new_keys = [key for key in keys if key not in viewed_keys]
    if new_keys:
        act_view.run_act(lambda tx, by: acts.view(tx, new_keys, by=by))


def note_retained_view(incident_id: int) -> None:
    """Note that the member is shown what a case keeps of its reports, if it keeps anything."""
    session = db.session()
    if not has_retained(session, incident_id):
        return
    viewed_cases = views_on_day(session, Act.COPY_VIEWED, current_member.member().id, now()).cases
    if incident_id not in viewed_cases:
        act_view.run_act(lambda tx, by: acts.view_retained(tx, incident_id, by=by))
