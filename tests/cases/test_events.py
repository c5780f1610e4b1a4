"""The latest public events, as on the home page, and the events of a search."""

from __future__ import annotations

from datetime import UTC, datetime

import attested_acts as acts
import pytest

from register.cases.events import EventQuery, list_events
from register.cases.filters import CaseQuery
from register.cases.statistics import latest_events

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def _latest(session, limit=20):
    session.rollback()
    return latest_events(session, limit)


def test_an_empty_register_has_no_event(session):
    assert _latest(session) == []


def test_events_come_newest_first_up_to_the_limit(session, desk):
    numbers = [desk.published().number for _ in range(4)]
    assert [line.event.number for line in _latest(session)] == numbers[::-1]
    assert [line.event.number for line in _latest(session, limit=2)] == numbers[:1:-1]


def test_acts_of_the_desk_are_no_events(session, desk):
    desk.ready()
    desk.discarded()
    desk.received_reply(desk.published())
    assert [line.event.act for line in _latest(session)] == ["published"]


def test_the_event_of_a_follow_up_has_its_title(session, pen, desk, cast):
    case = desk.published()
    with pen(LATER) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Relaxe", text="t")
    line = _latest(session)[0]
    assert (line.event.act, line.words, line.event.at) == ("followed_up", "Relaxe", LATER)
    assert line.case.number == case.number


@pytest.mark.parametrize(
    ("state", "acts_left"), [("withdrawn", ["withdrawn"]), ("erased", ["erased"])]
)
def test_a_withdrawn_or_erased_case_leaves_one_event_without_title(session, desk, state, acts_left):
    getattr(desk, state)(title="Plus jamais")
    lines = _latest(session)
    assert [line.event.act for line in lines] == acts_left
    assert [(line.words, line.case) for line in lines] == [("", None)]


def test_a_merged_case_leaves_the_merge_as_its_only_event(session, desk):
    case = desk.merged()
    events = [line.event for line in _latest(session)]
    acts_of_case = [event.act for event in events if event.number == case.number]
    assert acts_of_case == ["merged"]


def test_a_case_withdrawn_twice_leaves_one_event(session, pen, desk, cast, attested):
    case = desk.withdrawn()
    with pen(LATER) as p:
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=attested)
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    events = [line.event for line in _latest(session)]
    assert [(event.act, event.at) for event in events] == [("withdrawn", LATER)]


# --- events of a search by words -----------------------------------------------------------------


def _search_events(session, hits, **values):
    session.rollback()
    query = CaseQuery({"q": ("filmer",), **{name: (value,) for name, value in values.items()}})
    events = list_events(session, EventQuery(query, matches=hits), limit=20)
    return [(row.act, row.number) for row in events]


def _correct(pen, cast, case, content):
    with pen(LATER) as p:
        acts.correct(p, case.id, content, by=cast.bruno, reason="r", public_note="Corrigé.")


def test_words_select_the_events_of_matching_cases(session, pen, desk, cast, content):
    matching, other = desk.published(), desk.published()
    _correct(pen, cast, matching, content(title="Corrigé"))
    _correct(pen, cast, other, content(title="Corrigé"))
    expected = [("corrected", matching.number), ("published", matching.number)]
    assert _search_events(session, {matching.number: 2}) == expected
    assert (
        _search_events(session, {matching.number: 2, 404: 1}, type="interdiction_filmer")
        == expected
    )
    assert _search_events(session, {matching.number: 2}, type="expulsion") == []
    assert _search_events(session, {}) == []


def test_of_very_many_matches_the_newest_events_are_read_first(session, desk):
    numbers = [desk.published().number for _ in range(3)]
    desk.draft()
    events = _search_events(session, dict.fromkeys(range(2, 30_000), 0))
    assert events == [("published", number) for number in numbers[:0:-1]]


@pytest.mark.parametrize("end", ["withdrawn", "erased", "merged"])
def test_withdrawals_are_events_of_every_text_search(session, desk, end):
    """The texts are gone with the case: any search that may have listed it gets its end."""
    case = getattr(desk, end)(types=("expulsion",))
    act = {"withdrawn": "withdrawn", "erased": "erased", "merged": "merged"}[end]
    for hits in ({}, {case.number: 3}):
        assert (act, case.number) in _search_events(session, hits)
        assert _search_events(session, hits, type="expulsion") == [(act, case.number)]
        assert (act, case.number) not in _search_events(session, hits, type="huis_clos")


def test_redactions_are_events_of_every_text_search(session, pen, desk, cast, content):
    case = desk.published()
    with pen(LATER) as p:
        acts.redact(
            p, case.id, content(title="Sans"), by=cast.bruno, reason="r", public_note="Retiré."
        )
    assert _search_events(session, {}) == [("redacted", case.number)]
    assert _search_events(session, {}, type="interdiction_filmer") == [("redacted", case.number)]
    assert _search_events(session, {}, type="expulsion") == []


def test_the_filter_by_year_follows_every_date_that_a_case_had(session, pen, desk, cast, content):
    case = desk.published(date="2008-12-31")
    _correct(pen, cast, case, content(date="2009"))
    session.rollback()
    for year, expected in (
        ("2007", []),
        ("2008", ["corrected"]),
        ("2009", ["corrected", "published"]),
    ):
        query = EventQuery(CaseQuery({"annee": (year,)}))
        events = list_events(session, query, limit=20)
        assert [row.act for row in events] == expected, year


def test_an_undated_case_never_had_a_year(session, pen, desk, cast, content):
    case = desk.published(date="")
    _correct(pen, cast, case, content(date="", title="Corrigé"))
    with pen(LATER) as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    session.rollback()
    for year in ("1000", "2008", "9999"):
        query = EventQuery(CaseQuery({"annee": (year,)}))
        assert list_events(session, query, limit=20) == []


def test_words_without_search_results_are_a_programming_error(session):
    with pytest.raises(ValueError, match="words"):
        _search_events(session, None)
