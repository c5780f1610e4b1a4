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
from register.reports.case_reports import keeps_any
from register.reports.history import viewed


def note_views(keys: Collection[str]) -> None:
    """Note that the member is shown what was sent in some reports."""
    if not keys:
        return
    known = viewed(db.session(), Act.REPORT_VIEWED, current_member.member().id, now()).reports
    new = [key for key in keys if key not in known]
    if new:
        act_view.penned(lambda pen, by: acts.view(pen, new, by=by))


def note_kept_view(incident_id: int) -> None:
    """Note that the member is shown what a case keeps of its reports, if it keeps anything."""
    session = db.session()
    if not keeps_any(session, incident_id):
        return
    known = viewed(session, Act.COPY_VIEWED, current_member.member().id, now()).cases
    if incident_id not in known:
        act_view.penned(lambda pen, by: acts.view_kept(pen, incident_id, by=by))
