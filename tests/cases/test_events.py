"""The latest public events as the home page tells them, and those of a search by words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from register.cases import acts
from register.cases.events import EventQuery, list_events
from register.cases.filters import CaseQuery
from register.cases.statistics import latest_events
from register.cases.vocabulary import current_vocabulary

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def _told(session, limit=20):
    session.rollback()
    return latest_events(session, current_vocabulary(session), limit)


def test_an_empty_register_has_no_event(session):
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


def test_the_event_of_a_follow_up_has_its_title(session, pen, desk, cast):
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


def test_of_a_merged_case_only_the_merge_is_an_event(session, desk):
    filed = desk.merged()
    told = [event.act for event in _told(session) if event.number == filed.number]
    assert told == ["merged"]


def test_a_case_withdrawn_twice_leaves_one_event(session, pen, desk, cast, attested):
    filed = desk.withdrawn()
    with pen(LATER) as p:
        acts.restore(p, filed.id, by=cast.bruno, reason="r", attested=attested)
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="r")
    assert [(event.act, event.at) for event in _told(session)] == [("withdrawn", LATER)]


# --- events of a search by words -----------------------------------------------------------------


def _wanted(session, hits, **values):
    session.rollback()
    query = CaseQuery({"q": ("filmer",), **{name: (value,) for name, value in values.items()}})
    found = list_events(
        session, EventQuery(query, matches=hits), current_vocabulary(session), limit=20
    )
    return [(row.act, row.number) for row in found]


def _correct(pen, cast, filed, told):
    with pen(LATER) as p:
        acts.correct(p, filed.id, told, by=cast.bruno, reason="r", public_note="Corrigé.")


def test_words_select_the_events_of_matching_cases(session, pen, desk, cast, content):
    found, other = desk.published(), desk.published()
    _correct(pen, cast, found, content(title="Corrigé"))
    _correct(pen, cast, other, content(title="Corrigé"))
    expected = [("corrected", found.number), ("published", found.number)]
    assert _wanted(session, {found.number: 2}) == expected
    assert _wanted(session, {found.number: 2, 404: 1}, type="interdiction_filmer") == expected
    assert _wanted(session, {found.number: 2}, type="expulsion") == []
    assert _wanted(session, {}) == []


def test_of_very_many_matches_the_newest_events_are_read_first(session, desk):
    numbers = [desk.published().number for _ in range(3)]
    desk.draft()
    found = _wanted(session, dict.fromkeys(range(2, 30_000), 0))
    assert found == [("published", number) for number in numbers[:0:-1]]


@pytest.mark.parametrize("end", ["withdrawn", "erased", "merged"])
def test_withdrawals_are_events_of_every_text_search(session, desk, end):
    """Words do not outlive a case: who found it by one is told that it went."""
    gone = getattr(desk, end)(types=("expulsion",))
    told = {"withdrawn": "withdrawn", "erased": "erased", "merged": "merged"}[end]
    for hits in ({}, {gone.number: 3}):
        assert (told, gone.number) in _wanted(session, hits)
        assert _wanted(session, hits, type="expulsion") == [(told, gone.number)]
        assert (told, gone.number) not in _wanted(session, hits, type="huis_clos")


def test_redactions_are_events_of_every_text_search(session, pen, desk, cast, content):
    filed = desk.published()
    with pen(LATER) as p:
        acts.redact(
            p, filed.id, content(title="Sans"), by=cast.bruno, reason="r", public_note="Retiré."
        )
    assert _wanted(session, {}) == [("redacted", filed.number)]
    assert _wanted(session, {}, type="interdiction_filmer") == [("redacted", filed.number)]
    assert _wanted(session, {}, type="expulsion") == []


def test_a_year_is_followed_by_the_dates_that_a_case_had(session, pen, desk, cast, content):
    filed = desk.published(date="2008-12-31")
    _correct(pen, cast, filed, content(date="2009"))
    session.rollback()
    for year, acts_told in (
        ("2007", []),
        ("2008", ["corrected"]),
        ("2009", ["corrected", "published"]),
    ):
        wanted = EventQuery(CaseQuery({"annee": (year,)}))
        found = list_events(session, wanted, current_vocabulary(session), limit=20)
        assert [row.act for row in found] == acts_told, year


def test_an_undated_case_never_had_a_year(session, pen, desk, cast, content):
    filed = desk.published(date="")
    _correct(pen, cast, filed, content(date="", title="Corrigé"))
    with pen(LATER) as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="r")
    session.rollback()
    for year in ("1000", "2008", "9999"):
        wanted = EventQuery(CaseQuery({"annee": (year,)}))
        assert list_events(session, wanted, current_vocabulary(session), limit=20) == []


def test_words_without_search_results_are_a_programming_error(session):
    with pytest.raises(ValueError, match="words"):
        _wanted(session, None)
