"""Public cases that a citizen may be about to report again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import attested_acts as acts
import pytest
from sqlalchemy import event, text

from register.cases import known_cases
from register.cases.case_content import SourceContent
from register.cases.known_cases import MAX_CASES, ReportedFacts, find_known_cases
from register.text import dates

pytestmark = pytest.mark.one_database

TODAY = date(2026, 11, 25)
LINK = "https://exemple.test/gagny"  # the source of the case that the fixture makes


def facts(place="commune:93032", start="2008-03-17", end="", types=(), links=()):
    first, last = (dates.parse(edtf) if edtf else None for edtf in (start, end))
    return ReportedFacts(place, first, last, types, links)


@pytest.fixture
def numbers(session):
    """``numbers(facts)``: the numbers of the known cases."""

    def find(reported, today=TODAY):
        session.rollback()
        return [case.number for case in find_known_cases(session, reported, today)]

    return find


@pytest.mark.parametrize(
    ("reported", "is_known"),
    [
        (facts(), True),
        (facts(start="2008-04-30"), True),
        (facts(start="2008"), True),
        (facts(start="2007", end="2009"), True),
        (facts(start="2008-09-01"), False),
        (facts(start=""), False),  # long ago, and nothing says that it is that old
        (facts(place="commune:93006"), False),
        (facts(place="departement:93"), False),
        (facts(place=""), False),
        (facts(place="commune:00000"), False),
        (facts(place="", start="", links=[LINK]), True),
        (facts(place="", start="", links=["http://www.exemple.test/gagny/"]), True),
        (facts(place="", start="", links=[f"{LINK}#page"]), True),
        (facts(place="", start="", links=[f"{LINK}/autre"]), False),
        (facts(place="", start="", links=["le journal", "http://[", "javascript:1"]), False),
    ],
)
def test_a_case_is_known_by_its_commune_and_time_or_by_a_link(desk, numbers, reported, is_known):
    case = desk.published()
    assert numbers(reported) == ([case.number] if is_known else [])


def test_without_a_date_the_last_year_counts(desk, numbers):
    case = desk.published(date="2026-06")
    assert numbers(facts(start="")) == [case.number]
    assert numbers(facts(start=""), today=date(2028, 1, 1)) == []


def test_only_public_cases_are_known(desk, numbers, session):
    desk.draft()
    desk.ready()
    desk.withdrawn()
    desk.erased()
    merged = desk.merged()
    session.rollback()
    states = dict(tuple(row) for row in session.execute(text("SELECT number, state FROM incident")))
    public = {number for number, state in states.items() if state == "published"}
    assert merged.number not in public
    assert public
    for reported in (facts(), facts(place="", start="", links=[LINK])):
        assert set(numbers(reported)) == public


def test_a_code_that_a_public_case_lost_is_not_followed(desk, numbers, pen, cast, content):
    case = desk.published()
    moved = replace(
        content(), commune="93006", sources=(SourceContent(url="https://exemple.test/autre"),)
    )
    with pen() as p:
        acts.correct(
            p,
            case.id,
            moved,
            reason="erreur",
            public_note="Une autre commune.",
            by=cast.bruno,
            second=cast.chloe,
        )
    assert numbers(facts()) == []
    assert numbers(facts(place="", start="", links=[LINK])) == []
    assert numbers(facts(place="commune:93006")) == [case.number]


def test_the_likeliest_come_first_and_at_most_five(desk, numbers):
    same_day = [desk.published(sources=_source(index)).number for index in range(4)]
    other_type = desk.published(types=("expulsion",), sources=_source(5)).number
    linked = desk.published(commune="22001", sources=_source(6)).number
    later = desk.published(date="2008-04-20", sources=_source(7)).number
    result = numbers(facts(types=("expulsion",), links=["https://exemple.test/6"]))
    assert len(result) == MAX_CASES
    assert result[:2] == [linked, other_type]
    assert set(result[2:]) < set(same_day)
    assert later not in result


def _source(index):
    return (SourceContent(url=f"https://exemple.test/{index}", kind="presse", label="presse"),)


def test_the_look_ups_read_indexes(session, desk):
    if session.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL reads small tables whole, and rightly so.
    desk.published()
    plans = []

    def explain(connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT"):
            rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[-1] for row in rows.fetchall())

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", explain)
    try:
        find_known_cases(session, facts(links=[LINK] * 20), TODAY)
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    assert any("ix_case_code_axis" in step for step in plans)
    assert not [step for step in plans if step.startswith("SCAN") and "json_each" not in step]


def test_many_links_make_a_bounded_look_up(session):
    links = [f"https://exemple.test/{index}" for index in range(2_000)]
    spellings = {url for link in links for url in known_cases._url_spellings(link)}
    assert len(spellings) > 8 * known_cases.LOOKUP_LIMIT
    assert find_known_cases(session, facts(place="", start="", links=links), TODAY) == []
