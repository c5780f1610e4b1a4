"""Sign-ins, ends of sessions and failed sign-ins in the members' journal."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import func, select

from register.accounts import acts as accounts
from register.accounts import authentication, sessions
from register.accounts.models import SignInFailures, SignInSession
from register.errors import Refused
from register.journal import Ledger

pytestmark = pytest.mark.one_database

DAY = timedelta(days=1)
PASSWORD = "une-phrase-de-passe"
ACTS = {"signed_in", "sessions_ended", "sign_ins_failed"}


@pytest.fixture
def lines(session):
    """``lines()``: the lines of sign-ins, each as its act, member and private details."""

    def read():
        session.rollback()
        return [
            (line.act, line.member_id, json.loads(line.private_json))
            for line in lines_since(session, 0, Ledger.DESK)
            if line.act in ACTS
        ]

    return read


def _summary(line):
    act, by, details = line
    return act, by, {name: details[name] for name in ("member", "day", "count") if name in details}


@pytest.fixture
def fail(engine, cast):
    """``fail("bruno", 3)``: three sign-ins with a wrong password."""

    def authenticate(name, times=1, at=AT, password="une-autre-phrase"):
        for _ in range(times):
            authentication.authenticate(
                engine,
                bytes(32),
                email=f"{name}@register.test",
                password=password,
                code="",
                browser_token="",
                at=at,
            )

    return authenticate


def test_the_line_of_a_sign_in_has_the_account_and_nothing_of_the_browser(pen, cast, lines):
    with pen() as p:
        sessions.sign_in(p, cast.bruno)
    ((act, by, details),) = lines()
    assert (act, by, details["member"]) == ("signed_in", cast.bruno, cast.bruno)
    assert set(details) == {"by", "dossier", "revision", "member"}


def test_a_disabled_account_signs_in_no_more(pen, cast, lines):
    with pytest.raises(Refused), pen() as p:
        sessions.sign_in(p, cast.driss)
    assert lines() == []


def test_the_line_of_ended_sessions_has_their_number(pen, session, cast, lines):
    with pen() as p:
        for _ in range(3):
            sessions.sign_in(p, cast.bruno)
        sessions.sign_in(p, cast.chloe)
    first = session.scalars(select(SignInSession.id).order_by(SignInSession.id)).first()
    session.rollback()
    with pen() as p:
        assert sessions.end_sessions(p, cast.bruno, by=cast.bruno, only_session=first) == 1
        assert sessions.end_sessions(p, cast.bruno, by=cast.ada) == 2
    assert [_summary(line) for line in lines() if line[0] == "sessions_ended"] == [
        ("sessions_ended", cast.bruno, {"member": cast.bruno, "count": 1}),
        ("sessions_ended", cast.ada, {"member": cast.bruno, "count": 2}),
    ]
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 1


def test_without_an_open_session_no_line_is_written(pen, cast, lines):
    with pen() as p:
        assert sessions.end_sessions(p, cast.bruno, by=cast.ada) == 0
    assert lines() == []


def test_a_moderator_ends_nobody_elses_sessions(pen, cast):
    with pen() as p:
        sessions.sign_in(p, cast.chloe)
    with pytest.raises(Refused), pen() as p:
        sessions.end_sessions(p, cast.chloe, by=cast.bruno)


def test_the_failures_of_a_day_are_one_line_for_each_account_on_the_next_day(
    engine, fail, lines, cast
):
    fail("bruno", 12)
    fail("driss", 2)
    fail("nobody", 7)
    sessions.write_failure_lines(engine, AT + timedelta(hours=8))
    assert lines() == [], "the day is not over"
    for _ in range(2):
        sessions.write_failure_lines(engine, AT + DAY)
    assert [_summary(line) for line in lines()] == [
        ("sign_ins_failed", None, {"member": cast.bruno, "day": "2026-03-02", "count": 12}),
        ("sign_ins_failed", None, {"member": cast.driss, "day": "2026-03-02", "count": 2}),
    ]


def test_a_sign_in_writes_the_failures_of_former_days(pen, fail, lines, cast):
    fail("bruno", 3)
    with pen(AT + DAY) as p:
        sessions.sign_in(p, cast.chloe)
    assert [line[0] for line in lines()] == ["signed_in", "sign_ins_failed"]


def test_a_successful_sign_in_resets_the_failure_count(engine, fail, lines):
    fail("bruno", 2, password=PASSWORD)
    sessions.write_failure_lines(engine, AT + DAY)
    assert lines() == []


def test_a_wrong_password_at_a_reauthentication_counts_too(engine, cast, lines):
    authentication.reauthenticate(engine, bytes(32), cast.bruno, "une-autre-phrase", "", AT)
    sessions.write_failure_lines(engine, AT + DAY)
    assert [_summary(line)[2]["count"] for line in lines()] == [1]


def test_failures_at_unknown_addresses_are_few_rows_for_one_day(session, fail, monkeypatch):
    monkeypatch.setattr("register.accounts.sign_in_attempts._SHARED", 4)
    for n in range(12):
        fail(f"{n}")
    assert session.scalar(select(func.count()).select_from(SignInFailures)) <= 4
    session.rollback()
    fail("x", at=AT + DAY)
    assert session.scalar(select(func.count()).select_from(SignInFailures)) == 1


def test_failures_around_midnight_are_counted_before_their_day_is_reported(engine, fail, lines):
    """An attempt that began before midnight may be counted after it."""
    midnight = AT.replace(hour=23, minute=0, second=0)  # midnight in Paris
    fail("bruno", at=midnight - timedelta(seconds=1))
    sessions.write_failure_lines(engine, midnight + timedelta(minutes=1))
    assert lines() == []
    sessions.write_failure_lines(engine, midnight + timedelta(minutes=11))
    assert len(lines()) == 1


def test_other_sessions_end_with_a_new_second_factor(pen, session, cast):
    with pen() as p:
        for _ in range(2):
            sessions.sign_in(p, cast.bruno)
    own_session = session.scalars(select(SignInSession.id)).first()
    session.rollback()
    with pen() as p:
        accounts.set_factor(
            p, cast.bruno, "A" * 32, bytes(32), ["a"], 1, except_session=own_session
        )
    assert session.scalars(select(SignInSession.id)).all() == [own_session]
