"""The budget of wrong codes of an account: its size, its refill and its uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cast import AT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from test_authentication import CHLOE_SECRET, CODES, MINUTE, PASSWORD, ROOT_KEY, totp_code

from register.accounts import acts as accounts
from register.accounts import authentication, sign_in_attempts, two_factor
from register.accounts.models import Member
from register.db import housekeeping, write_engine

WRONG = "une-autre-phrase-de-passe"
YEAR = timedelta(days=366)
DAY = timedelta(days=1)


@pytest.fixture
def members(pen, cast):
    """Bruno has a password only; Chloé has a second factor and ten recovery codes."""
    with pen() as p:
        for member_id in (cast.bruno, cast.chloe):
            accounts.reset_member(p, member_id, PASSWORD)
        accounts.set_factor(p, cast.chloe, CHLOE_SECRET, ROOT_KEY, CODES, 0)
    return cast


@pytest.fixture
def sign_in(engine, members):
    def authenticate(code, password=PASSWORD, at=AT):
        return authentication.authenticate(
            engine,
            ROOT_KEY,
            email="chloe@register.test",
            password=password,
            code=code,
            browser_token="",
            at=at,
        )

    return authenticate


@pytest.fixture
def remaining(session, members):
    def count(at=AT):
        session.rollback()
        return sign_in_attempts.remaining_attempts(session.get(Member, members.chloe), at)

    return count


def _wrong_code(at):
    return next(
        code for code in ("000000", "111111") if not two_factor.step_of(CHLOE_SECRET, code, at)
    )


@pytest.fixture
def set_budget(engine, members):
    """``set_budget(2)``: reduce the budget to two wrong codes."""

    def reduce(remaining, at=AT):
        owed = (sign_in_attempts.MAX_WRONG_CODES - remaining) * sign_in_attempts.REFILL
        with housekeeping(engine) as session:
            session.get(Member, members.chloe).totp_whole_at = int((at + owed).timestamp())

    return reduce


def test_a_year_of_wrong_codes_is_one_chance_in_a_thousand():
    most = sign_in_attempts.MAX_WRONG_CODES + YEAR / sign_in_attempts.REFILL
    assert most * len(two_factor.DRIFT) / 10**two_factor.DIGITS <= 1 / 1000


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.timedeltas(timedelta(0), 20 * DAY), max_size=50))
@example([timedelta(0)] * 50)
@example([timedelta(hours=29)] * 50)
def test_no_order_of_wrong_codes_beats_the_budget(engine, members, gaps):
    at, accepted = AT, []
    with housekeeping(engine) as session:
        session.get(Member, members.chloe).totp_whole_at = 0
        session.flush()
        for gap in gaps:
            at += gap
            outcome = session.execute(sign_in_attempts.charge_stmt(members.chloe, at))
            accepted += [at] * outcome.rowcount
    for n, first in enumerate(accepted):
        for m, last in enumerate(accepted[n:], 1):
            assert m <= sign_in_attempts.MAX_WRONG_CODES + (last - first) / sign_in_attempts.REFILL
    assert len(accepted) >= min(len(gaps), sign_in_attempts.MAX_WRONG_CODES)


def test_beyond_the_budget_only_a_recovery_code_is_accepted(sign_in, set_budget, remaining):
    at = AT
    set_budget(2)
    for _ in range(3):
        assert sign_in(_wrong_code(at), at=at) is None
    assert remaining(at) == 0
    assert sign_in(totp_code(at), at=at) is None
    assert sign_in(CODES[0], at=at)
    # The right code was not used up, and only time refills the budget.
    assert sign_in(totp_code(at), at=at) is None
    at += sign_in_attempts.REFILL
    assert remaining(at) == 1
    assert sign_in(totp_code(at), at=at)


def test_codes_sent_with_a_wrong_password_use_up_no_budget(sign_in, remaining):
    for n in range(12):
        at = AT + n * 16 * MINUTE
        assert sign_in(_wrong_code(at), WRONG, at=at) is None
    assert remaining(at) == sign_in_attempts.MAX_WRONG_CODES


def test_repeated_and_malformed_codes_use_up_no_budget(sign_in, remaining):
    assert sign_in(totp_code())
    for code in (totp_code(), "", "not-a-code", CODES[0][:-1], "12345", "1234567"):
        assert sign_in(code) is None
    assert remaining() == sign_in_attempts.MAX_WRONG_CODES
    assert sign_in(_wrong_code(AT)) is None
    assert remaining() == sign_in_attempts.MAX_WRONG_CODES - 1
    # A right code neither uses nor refills the budget.
    assert sign_in(totp_code(AT + 5 * MINUTE), at=AT + 5 * MINUTE)
    assert remaining() == sign_in_attempts.MAX_WRONG_CODES - 1


def test_codes_beyond_the_lock_are_neither_checked_nor_counted(sign_in, remaining):
    for _ in range(13):
        assert sign_in(_wrong_code(AT)) is None
    assert remaining() == sign_in_attempts.MAX_WRONG_CODES - 10


def test_codes_of_a_reauthentication_are_counted_too(engine, members, remaining):
    for _ in range(3):
        assert not authentication.reauthenticate(
            engine, ROOT_KEY, members.chloe, PASSWORD, _wrong_code(AT), AT
        )
    assert remaining() == sign_in_attempts.MAX_WRONG_CODES - 3


@pytest.mark.parametrize("act", ["change_password", "reset_member", "set_factor"])
def test_a_new_password_and_a_new_factor_reset_the_budget(pen, members, set_budget, remaining, act):
    set_budget(0)
    arguments = {
        "change_password": ("une-tout-autre-phrase",),
        "reset_member": ("une-tout-autre-phrase",),
        "set_factor": (CHLOE_SECRET, ROOT_KEY, CODES, 0),
    }[act]
    with pen() as p:
        getattr(accounts, act)(p, members.chloe, *arguments)
    assert remaining() == sign_in_attempts.MAX_WRONG_CODES


def test_concurrent_wrong_codes_do_not_exceed_the_budget(sign_in, set_budget, remaining):
    set_budget(3)
    assert remaining() == 3
    # Six attempts may wait for argon2id; more would be refused before they are counted.
    with ThreadPoolExecutor(6) as pool:
        assert not any(pool.map(sign_in, [_wrong_code(AT)] * 6))
    assert remaining() == 0
    assert sign_in(totp_code()) is None
    assert sign_in(CODES[0])


def test_counted_and_uncounted_codes_write_the_same_rows(engine, sign_in, set_budget):
    """Another number of written rows would reveal a right password by the response time."""

    def written_rows(*arguments, at):
        rows = []
        # On PostgreSQL, writes have an engine of their own.
        writer = engine if engine.dialect.name == "sqlite" else write_engine(engine)

        def record(_connection, cursor, statement, *_arguments):
            if statement.startswith(("UPDATE", "DELETE")) and cursor.rowcount > 0:
                rows.append(statement.split()[0])

        event.listen(writer, "after_cursor_execute", record)
        try:
            assert sign_in(*arguments, at=at) is None
        finally:
            event.remove(writer, "after_cursor_execute", record)
        return rows

    sign_in(_wrong_code(AT))
    expected = written_rows(_wrong_code(AT), WRONG, at=AT)
    assert expected
    assert written_rows(_wrong_code(AT), at=AT) == expected
    set_budget(0)
    assert written_rows(_wrong_code(AT), at=AT) == expected
