"""Claims of cases, and internal notes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cast import AT

from register.cases import acts
from register.cases.acts.draft_acts import CLAIM_DURATION
from register.cases.models import Incident
from register.errors import Invalid, Refused

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
