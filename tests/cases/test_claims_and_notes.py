"""Claims, assignments, marks and internal notes of cases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from cast import AT
from sqlalchemy import select

from register.cases import acts
from register.cases.models import Incident, Note
from register.cases.urgency import CLAIM_DURATION, NO_END, Urgency
from register.cases.verify import verify
from register.errors import Invalid, Refused

pytestmark = pytest.mark.one_database

LATER = AT + CLAIM_DURATION


def _holder(session, case):
    session.rollback()
    incident = session.get_one(Incident, case.id)
    return incident.held_by, incident.held_until


def test_a_claim_excludes_other_members_until_it_expires(pen, desk, cast, session):
    case = desk.draft()
    with pen() as p:
        acts.claim(p, case.id, by=cast.bruno)
    with pen(LATER - timedelta(seconds=1)) as p, pytest.raises(Refused) as refused:
        acts.claim(p, case.id, by=cast.chloe)
    assert (refused.value.key, refused.value.values["member"]) == ("held", cast.bruno)
    assert _holder(session, case) == (cast.bruno, LATER)
    with pen(LATER) as p:
        acts.claim(p, case.id, by=cast.chloe)
    assert _holder(session, case) == (cast.chloe, LATER + CLAIM_DURATION)


def test_claiming_again_restarts_the_claim(pen, desk, cast, session):
    case = desk.draft()
    for at in (AT, AT + timedelta(hours=1)):
        with pen(at) as p:
            acts.claim(p, case.id, by=cast.bruno)
    assert _holder(session, case) == (cast.bruno, LATER + timedelta(hours=1))


def test_an_unclaimed_case_cannot_be_released(pen, desk, cast):
    case = desk.draft()
    with pen() as p, pytest.raises(Refused) as refused:
        acts.release(p, case.id, by=cast.bruno)
    assert refused.value.key == "not_held"
    with pen() as p:
        acts.claim(p, case.id, by=cast.bruno)
    with pen(LATER) as p, pytest.raises(Refused) as refused:
        acts.release(p, case.id, by=cast.bruno)
    assert refused.value.key == "not_held"


def test_only_an_administrator_releases_another_members_claim(pen, desk, cast, session):
    case = desk.draft()
    with pen() as p:
        acts.claim(p, case.id, by=cast.bruno)
    with pen() as p, pytest.raises(Refused) as refused:
        acts.release(p, case.id, by=cast.chloe)
    assert (refused.value.key, refused.value.values["member"]) == ("held", cast.bruno)
    with pen() as p:
        acts.release(p, case.id, by=cast.ada)
    assert _holder(session, case) == (None, None)


def test_a_note_needs_a_text(pen, desk, cast):
    case = desk.draft()
    for text in ("", " \n ", "x" * 10_001):
        with pen() as p, pytest.raises(Invalid):
            acts.note(p, case.id, text, by=cast.bruno)


def test_an_assignment_lasts_until_it_is_released_or_handed_on(pen, desk, cast, session):
    case = desk.draft()
    with pen() as p:
        acts.assign(p, case.id, to=cast.chloe, by=cast.bruno)
    assert _holder(session, case) == (cast.chloe, NO_END)
    with pen(AT + timedelta(days=400)) as p, pytest.raises(Refused) as refused:
        acts.assign(p, case.id, to=cast.bruno, by=cast.bruno)
    assert (refused.value.key, refused.value.values["member"]) == ("held", cast.chloe)
    with pen() as p:
        acts.assign(p, case.id, to=cast.bruno, by=cast.chloe, note="Reste la source.")
    assert _holder(session, case) == (cast.bruno, NO_END)
    assert session.scalars(select(Note.text)).all() == ["Reste la source."]
    with pen() as p:
        acts.release(p, case.id, by=cast.bruno)
    assert _holder(session, case) == (None, None)


def test_nothing_is_assigned_to_a_disabled_or_unknown_member(pen, desk, cast):
    case = desk.draft()
    for member in (cast.driss, 999):
        with pen() as p, pytest.raises(Invalid) as invalid:
            acts.assign(p, case.id, to=member, by=cast.bruno)
        assert invalid.value.key == "unknown_assignee"


def test_an_administrator_hands_on_what_another_member_holds(pen, desk, cast, session):
    case = desk.draft()
    with pen() as p:
        acts.claim(p, case.id, by=cast.bruno)
        acts.assign(p, case.id, to=cast.chloe, by=cast.ada)
    assert _holder(session, case) == (cast.chloe, NO_END)


def test_an_assignment_ends_with_the_work(pen, desk, cast, attested, session):
    published, discarded = desk.ready(), desk.draft()
    with pen() as p:
        for case in (published, discarded):
            acts.assign(p, case.id, to=cast.chloe, by=cast.bruno)
    with pen(AT + timedelta(hours=1)) as p:
        acts.publish(p, published.id, by=cast.chloe, reason="r", attested=attested)
        acts.discard(p, discarded.id, by=cast.chloe)
    assert _holder(session, published) == _holder(session, discarded) == (None, None)


def test_the_assignment_of_a_reader_ends_with_their_answer(pen, desk, cast, session):
    refused, approved, other = desk.draft(), desk.draft(), desk.draft()
    with pen() as p:
        for case in (refused, approved):
            acts.assign(p, case.id, to=cast.chloe, by=cast.bruno)
        acts.assign(p, other.id, to=cast.ada, by=cast.bruno)
    with pen(AT + timedelta(hours=1)) as p:
        acts.refuse_version(p, refused.id, by=cast.chloe, refusal="Qui le dit ?")
        for case in (approved, other):
            acts.approve(p, case.id, by=cast.chloe)
    assert _holder(session, refused) == _holder(session, approved) == (None, None)
    assert _holder(session, other) == (cast.ada, NO_END)
    assert list(verify(session)) == []


def test_the_danger_mark_and_the_term_are_set_and_taken_off(pen, desk, cast, session):
    case = desk.draft()

    def marks():
        session.rollback()
        row = session.get_one(Incident, case.id)
        return row.danger_on, row.term_on, row.term_label

    term = Urgency(True, date(2026, 3, 12), " offre de preuve, 10 jours ")
    for day in (0, 3):
        with pen(AT + timedelta(days=day)) as p:
            acts.set_urgency(p, case.id, term, by=cast.bruno)
        # The mark keeps its first day.
        assert marks() == (AT.date(), date(2026, 3, 12), "offre de preuve, 10 jours")
    with pen() as p:
        line = acts.set_urgency(p, case.id, Urgency(), by=cast.bruno)
    assert marks() == (None, None, "")
    assert "preuve" not in line.private_json.decode()
    for urgency in (Urgency(term_label="sans jour"), Urgency(False, AT.date(), "x" * 81)):
        with pen() as p, pytest.raises(Invalid):
            acts.set_urgency(p, case.id, urgency, by=cast.bruno)


def test_an_erasure_takes_the_marks_off(pen, desk, cast, session):
    case = desk.draft()
    with pen() as p:
        acts.set_urgency(p, case.id, Urgency(True, AT.date(), "audience"), by=cast.bruno)
        acts.discard(p, case.id, by=cast.bruno)
    session.rollback()
    row = session.get_one(Incident, case.id)
    assert (row.danger_on, row.term_on, row.term_label) == (None, None, "")
