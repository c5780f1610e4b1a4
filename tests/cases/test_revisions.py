"""The revisions of a case, as members read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import attested_acts as acts
import pytest
from case_contents import full_case
from cast import AT, Desk
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import revisions
from register.cases.case_content import Content
from register.cases.models import Revision
from register.errors import NotFound
from register.journal import Act

pytestmark = pytest.mark.one_database


@pytest.fixture
def bruno(session: Session, desk: Desk) -> Member:
    member = session.get(Member, desk.cast.bruno)
    assert member
    return member


def edit(pen: Callable, desk: Desk, incident_id: int, content: Content, at: datetime) -> None:
    with pen(at) as p:
        acts.edit(p, incident_id, content, by=desk.cast.chloe, reason="précisé")


def test_revisions_list_act_time_member_and_reason(
    session: Session, desk: Desk, pen: Callable, content: Callable, bruno: Member
) -> None:
    case = desk.draft()
    edit(pen, desk, case.id, content(title="Un autre"), AT + timedelta(hours=1))
    newest, oldest = revisions.list_revisions(session, bruno, case.id)
    assert (newest.act, newest.made_by, newest.reason) == (Act.EDITED, desk.cast.chloe, "précisé")
    assert (newest.made_at, newest.is_current) == (AT + timedelta(hours=1), True)
    assert (oldest.act, oldest.made_by, oldest.is_current) == (Act.DRAFTED, bruno.id, False)
    assert not oldest.is_destroyed


def test_a_revision_has_the_reason_for_its_flags(
    session: Session, desk: Desk, bruno: Member
) -> None:
    case = desk.published(title="Corruption à Gagny")
    newest = revisions.list_revisions(session, bruno, case.id)[0]
    reasons = (("accusation_grave", "Corruption", "relu"),)
    assert (newest.act, newest.flag_reasons) == (Act.PUBLISHED, reasons)


def test_a_revision_is_read_as_it_was_written(
    session: Session, desk: Desk, pen: Callable, content: Callable, bruno: Member
) -> None:
    case = desk.draft(title="Premier")
    edit(pen, desk, case.id, content(title="Second"), AT + timedelta(hours=1))
    second, first = revisions.list_revisions(session, bruno, case.id)
    past = revisions.case_at_revision(session, bruno, case.id, first.id)
    assert past.content == content(title="Premier")
    assert "<strong>filmer</strong>" in past.snapshot.html["narrative"]
    assert revisions.case_at_revision(session, bruno, case.id, second.id).content.title == "Second"


def test_every_field_of_a_content_is_read_back(session: Session, desk: Desk, bruno: Member) -> None:
    full_content = full_case(desk.published().number or 0)
    case = desk.draft(full_content)
    [only] = revisions.list_revisions(session, bruno, case.id)
    assert revisions.case_at_revision(session, bruno, case.id, only.id).content == full_content


@pytest.mark.parametrize(
    ("moment", "day", "title"),
    [
        # In March the civil day in Paris begins an hour before that of UTC.
        (datetime(2026, 3, 2, 22, 59, tzinfo=UTC), date(2026, 3, 2), "Second"),
        (datetime(2026, 3, 2, 23, 1, tzinfo=UTC), date(2026, 3, 2), "Premier"),
        (datetime(2026, 3, 2, 23, 1, tzinfo=UTC), date(2026, 3, 3), "Second"),
        (datetime(2026, 3, 5, 12, 0, tzinfo=UTC), date(2026, 3, 4), "Premier"),
        (datetime(2026, 3, 5, 12, 0, tzinfo=UTC), date.max, "Second"),
    ],
)
def test_a_case_is_read_as_it_was_on_a_day(
    session: Session,
    desk: Desk,
    pen: Callable,
    content: Callable,
    bruno: Member,
    moment: datetime,
    day: date,
    title: str,
) -> None:
    case = desk.draft(title="Premier")
    edit(pen, desk, case.id, content(title="Second"), moment)
    assert revisions.case_at_day(session, bruno, case.id, day).content.title == title


def test_before_its_first_revision_a_case_is_not_found(
    session: Session, desk: Desk, bruno: Member
) -> None:
    case = desk.draft()
    for day in (date(2026, 3, 1), date.min):
        with pytest.raises(NotFound, match="no_such_revision"):
            revisions.case_at_day(session, bruno, case.id, day)


def test_destroyed_revisions_are_listed_and_cannot_be_read(
    session: Session, desk: Desk, pen: Callable, content: Callable, bruno: Member
) -> None:
    case = desk.published()
    with pen() as p:
        acts.redact(
            p,
            case.id,
            content(narrative="Sans le passage."),
            by=desk.cast.bruno,
            reason="ordonnance",
            public_note="Un passage a été retiré.",
            passages=(),
            hidden=list(p.session.scalars(select(Revision.id))),
        )
    desk.destroy()
    newest, *older = revisions.list_revisions(session, bruno, case.id)
    assert (newest.act, newest.is_destroyed, newest.reason) == (Act.REDACTED, False, "ordonnance")
    assert [(row.is_destroyed, row.reason) for row in older] == [(True, None)] * len(older)
    with pytest.raises(NotFound, match="no_such_revision"):
        revisions.case_at_revision(session, bruno, case.id, older[0].id)


def test_a_revision_of_another_case_is_not_found(
    session: Session, desk: Desk, bruno: Member
) -> None:
    case, other = desk.draft(), desk.draft()
    [foreign] = revisions.list_revisions(session, bruno, other.id)
    for revision in (foreign.id, 0, -1, 10**30):
        with pytest.raises(NotFound, match="no_such_revision"):
            revisions.case_at_revision(session, bruno, case.id, revision)


def test_a_disabled_member_or_unknown_id_finds_no_case(
    session: Session, desk: Desk, bruno: Member
) -> None:
    case = desk.draft()
    [only] = revisions.list_revisions(session, bruno, case.id)
    driss = session.get(Member, desk.cast.driss)
    assert driss
    for viewer, incident_id in ((driss, case.id), (bruno, 999), (bruno, 0), (bruno, 10**30)):
        with pytest.raises(NotFound):
            revisions.list_revisions(session, viewer, incident_id)
        with pytest.raises(NotFound):
            revisions.case_at_revision(session, viewer, incident_id, only.id)
        with pytest.raises(NotFound):
            revisions.case_at_day(session, viewer, incident_id, date(2026, 3, 2))
