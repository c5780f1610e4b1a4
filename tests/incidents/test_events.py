"""The latest public events, as the home page tells them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from register.incidents import acts
from register.incidents.events import latest
from register.incidents.vocabulary import book

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def _told(session, limit=20):
    session.rollback()
    return latest(session, book(session), limit)


def test_an_empty_register_tells_nothing(session):
    assert _told(session) == []


def test_events_come_newest_first_and_are_few(session, desk):
    numbers = [desk.published().number for _ in range(4)]
    assert [event.number for event in _told(session)] == numbers[::-1]
    assert [event.number for event in _told(session, limit=2)] == numbers[:1:-1]


def test_what_is_done_on_the_desk_is_no_event(session, desk):
    desk.ready()
    desk.discarded()
    desk.received_reply(desk.published())
    assert [event.act for event in _told(session)] == ["published"]


def test_a_follow_up_is_told_by_its_own_title(session, pen, desk, cast):
    filed = desk.published()
    with pen(LATER) as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="Relaxe", text="t")
    event = _told(session)[0]
    assert (event.act, event.title, event.at) == ("followed_up", "Relaxe", LATER)
    assert event.case.number == filed.number


@pytest.mark.parametrize(
    ("state", "acts_left"), [("withdrawn", ["withdrawn"]), ("erased", ["erased"])]
)
def test_of_a_case_that_is_gone_one_event_without_words_remains(session, desk, state, acts_left):
    getattr(desk, state)(title="Plus jamais")
    events = _told(session)
    assert [event.act for event in events] == acts_left
    assert [(event.title, event.case) for event in events] == [(None, None)]


def test_of_a_merged_case_only_the_merging_is_told(session, desk):
    filed = desk.merged()
    told = [event.act for event in _told(session) if event.number == filed.number]
    assert told == ["merged"]


def test_a_case_withdrawn_twice_leaves_one_event(session, pen, desk, cast, attested):
    filed = desk.withdrawn()
    with pen(LATER) as p:
        acts.restore(p, filed.id, by=cast.bruno, reason="r", attested=attested)
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="r")
    assert [(event.act, event.at) for event in _told(session)] == [("withdrawn", LATER)]
