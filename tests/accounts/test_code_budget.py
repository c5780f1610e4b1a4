"""How many wrong codes an account takes in a year, and who can use them up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cast import AT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from test_authentication import CHLOES, CODES, MINUTE, PASSWORD, ROOT_KEY, totp_code

from register.accounts import acts as accounts
from register.accounts import authentication, sign_in_attempts, two_factor
from register.accounts.models import Member
from register.db import housekeeping

pytestmark = pytest.mark.usefixtures("cheap")

WRONG = "une-autre-phrase-de-passe"
YEAR = timedelta(days=366)
DAY = timedelta(days=1)


@pytest.fixture
def members(pen, cast):
    """Bruno has a password only; Chloé has a second factor and ten recovery codes."""
    with pen() as p:
        for member_id in (cast.bruno, cast.chloe):
            accounts.reset_member(p, p.session.get(Member, member_id).email, PASSWORD)
        accounts.set_factor(p, cast.chloe, CHLOES, ROOT_KEY, CODES, 0)
    return cast


@pytest.fixture
def prove(engine, members):
    def tried(code, password=PASSWORD, at=AT):
        return authentication.authenticate(
            engine,
            ROOT_KEY,
            email="chloe@register.test",
            password=password,
            code=code,
            browser_token="",
            at=at,
            require_factor=True,
        )

    return tried


@pytest.fixture
def left(session, members):
    def asked(at=AT):
        session.rollback()
        return sign_in_attempts.remaining_attempts(session.get(Member, members.chloe), at)

    return asked


def _wrong(at):
    return next(
        code for code in ("000000", "111111") if not two_factor.step_of(CHLOES, code, at, 0)
    )


@pytest.fixture
def spend(engine, members):
    """Leave so many wrong codes: as many as there are, but for those, were typed at that moment."""

    def taken(left, at=AT):
        owed = (sign_in_attempts.MAX_WRONG_CODES - left) * sign_in_attempts.REFILL
        with housekeeping(engine) as session:
            session.get(Member, members.chloe).totp_whole_at = int((at + owed).timestamp())

    return taken


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
    at, taken = AT, []
    with housekeeping(engine) as session:
        session.get(Member, members.chloe).totp_whole_at = 0
        session.flush()
        for gap in gaps:
            at += gap
            done = session.execute(sign_in_attempts.charge_stmt(members.chloe, at))
            taken += [at] * done.rowcount
    for n, first in enumerate(taken):
        for m, last in enumerate(taken[n:], 1):
            assert m <= sign_in_attempts.MAX_WRONG_CODES + (last - first) / sign_in_attempts.REFILL
    assert len(taken) >= min(len(gaps), sign_in_attempts.MAX_WRONG_CODES)


def test_beyond_the_budget_a_recovery_code_alone_opens(prove, spend, left):
    at = AT
    spend(2)
    for _ in range(3):
        assert prove(_wrong(at), at=at) is None
    assert left(at) == 0
    assert prove(totp_code(at), at=at) is None
    assert prove(CODES[0], at=at)
    # The code was not used up, and the budget is what it was: it is time that fills it.
    assert prove(totp_code(at), at=at) is None
    at += sign_in_attempts.REFILL
    assert left(at) == 1
    assert prove(totp_code(at), at=at)


def test_codes_sent_with_a_wrong_password_use_up_no_budget(prove, left):
    for n in range(12):
        at = AT + n * 16 * MINUTE
        assert prove(_wrong(at), WRONG, at=at) is None
    assert left(at) == sign_in_attempts.MAX_WRONG_CODES


def test_repeated_and_malformed_codes_use_up_no_budget(prove, left):
    assert prove(totp_code())
    for code in (totp_code(), "", "not-a-code", CODES[0][:-1], "12345", "1234567"):
        assert prove(code) is None
    assert left() == sign_in_attempts.MAX_WRONG_CODES
    assert prove(_wrong(AT)) is None
    assert left() == sign_in_attempts.MAX_WRONG_CODES - 1
    # A right one neither costs nor gives back.
    assert prove(totp_code(AT + 5 * MINUTE), at=AT + 5 * MINUTE)
    assert left() == sign_in_attempts.MAX_WRONG_CODES - 1


def test_beyond_the_lock_no_code_is_looked_at_and_none_is_counted(prove, left):
    for _ in range(13):
        assert prove(_wrong(AT)) is None
    assert left() == sign_in_attempts.MAX_WRONG_CODES - 10


def test_codes_before_a_grave_act_are_counted_with_the_others(engine, members, left):
    for _ in range(3):
        assert not authentication.reauthenticate(
            engine, ROOT_KEY, members.chloe, PASSWORD, _wrong(AT), AT
        )
    assert left() == sign_in_attempts.MAX_WRONG_CODES - 3


@pytest.mark.parametrize("act", ["change_password", "reset_member", "set_factor"])
def test_a_new_password_and_a_new_factor_reset_the_budget(pen, members, spend, left, act):
    spend(0)
    given = {
        "change_password": ("une-tout-autre-phrase",),
        "reset_member": ("une-tout-autre-phrase",),
        "set_factor": (CHLOES, ROOT_KEY, CODES, 0),
    }[act]
    with pen() as p:
        getattr(accounts, act)(p, members.chloe, *given)
    assert left() == sign_in_attempts.MAX_WRONG_CODES


def test_of_many_codes_at_once_no_more_are_looked_at(prove, spend, left):
    spend(3)
    assert left() == 3
    # No more than wait for argon2id, or some would be sent away before they are counted.
    with ThreadPoolExecutor(6) as pool:
        assert not any(pool.map(prove, [_wrong(AT)] * 6))
    assert left() == 0
    assert prove(totp_code()) is None
    assert prove(CODES[0])


def test_whether_a_code_was_counted_shows_in_no_write(engine, prove, spend):
    """A row more or less to write, and the time of an answer would tell a right password."""

    def written(*asked, at):
        rows = []

        def note(_connection, cursor, statement, *_more):
            if statement.startswith(("UPDATE", "DELETE")) and cursor.rowcount > 0:
                rows.append(statement.split()[0])

        event.listen(engine, "after_cursor_execute", note)
        try:
            assert prove(*asked, at=at) is None
        finally:
            event.remove(engine, "after_cursor_execute", note)
        return rows

    prove(_wrong(AT))
    wanted = written(_wrong(AT), WRONG, at=AT)
    assert wanted
    assert written(_wrong(AT), at=AT) == wanted
    spend(0)
    assert written(_wrong(AT), at=AT) == wanted
