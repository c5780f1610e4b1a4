"""Lists say of a case that a right of reply is published, and of no other reply."""

from __future__ import annotations

import attested_acts as acts
from cast import AT

from register.cases.result_lists import load_case_summaries
from register.cases.verify import verify


def test_a_list_marks_a_published_reply_only(session, pen, desk, cast):
    case = desk.published()
    received, refused = desk.received_reply(case), desk.received_reply(case)
    with pen() as p:
        acts.refuse_reply(p, refused, by=cast.bruno, code="tiers")
    session.rollback()
    assert load_case_summaries(session, [case.number])[case.number].has_reply is False
    with pen() as p:
        acts.reply(p, received, by=cast.bruno, reason="r")
    session.rollback()
    assert load_case_summaries(session, [case.number])[case.number].has_reply is True


def test_a_reply_sent_online_waits_like_any_other(session, pen, desk):
    case = desk.published()
    with pen() as p:
        received = acts.receive_reply(
            p, case.id, by=None, author="Commune", capacity="le maire", text="Non.",
            received_on=AT.date(),
        )  # fmt: skip
        assert (received.state, received.incident_id) == ("received", case.id)
    session.rollback()
    assert list(verify(session)) == []
