"""Failed sign-ins: counted and locked for each address, apart for each known browser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cast import AT
from sqlalchemy import func, select

from register.accounts import sign_in_attempts
from register.accounts.models import SignInAttempts
from register.db import housekeeping

ROOT_KEY = bytes(32)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def _key(email="bruno@register.test", browser=None):
    return sign_in_attempts.sign_in_key(ROOT_KEY, email, browser)


@pytest.fixture
def record_failure(engine):
    """``record_failure(key, at)``: record a failure; return whether the attempt was evaluated."""

    def record(key, at=AT):
        with housekeeping(engine) as session:
            return sign_in_attempts.record_failure(session, key, at)

    return record


@pytest.fixture
def is_unlocked(engine):
    """``is_unlocked(key, at)``: whether an attempt would be evaluated."""

    def check(key, at=AT):
        with housekeeping(engine) as session:
            row = session.get(SignInAttempts, key)
            locked_until = row.locked_until if row else None
            return locked_until is None or locked_until <= at

    return check


@pytest.fixture
def rows(session):
    def count():
        session.rollback()
        return session.scalar(select(func.count()).select_from(SignInAttempts))

    return count


def test_ten_failures_lock_for_a_quarter_of_an_hour(record_failure, is_unlocked):
    key = _key()
    assert [record_failure(key, AT + n * SECOND) for n in range(12)] == [True] * 10 + [False] * 2
    locked_at = AT + 9 * SECOND
    assert not is_unlocked(key, locked_at + 15 * MINUTE - SECOND)
    assert is_unlocked(key, locked_at + 15 * MINUTE)


def test_after_the_lock_ten_more_attempts_are_checked(record_failure):
    key, later = _key(), AT + 16 * MINUTE
    for _ in range(10):
        record_failure(key)
    assert [record_failure(key, later) for _ in range(11)] == [True] * 10 + [False]


def test_attempts_during_a_lock_do_not_lengthen_it(record_failure, is_unlocked):
    key = _key()
    for minute in range(15):
        for _ in range(10):
            record_failure(key, AT + minute * MINUTE)
    assert is_unlocked(key, AT + 15 * MINUTE)


def test_nine_failures_are_forgotten_after_a_quarter_of_an_hour(record_failure):
    key = _key()
    for _ in range(9):
        assert record_failure(key)
    assert [record_failure(key, AT + 15 * MINUTE) for _ in range(11)] == [True] * 10 + [False]


def test_a_success_resets_the_attempts(engine, record_failure):
    key = _key()
    for _ in range(9):
        record_failure(key)
    with housekeeping(engine) as session:
        sign_in_attempts.clear_failures(session, key)
    assert [record_failure(key) for _ in range(11)] == [True] * 10 + [False]


def test_spellings_of_an_address_have_one_key():
    assert _key(" Bruno@Register.TEST ") == _key()
    assert _key("bruno@register.test\0") == _key()
    assert _key("chloe@register.test") != _key()
    assert _key("x" * 200_000) == _key("x" * 300_000)


def test_a_stored_key_reveals_no_address(engine, record_failure, session):
    record_failure(_key())
    (row,) = session.scalars(select(SignInAttempts)).all()
    assert b"bruno" not in row.key
    assert sign_in_attempts.sign_in_key(bytes(range(32)), "bruno@register.test") != row.key


# --- known browsers -----------------------------------------------------------------------------


def test_failures_elsewhere_are_not_counted_for_a_known_browser(record_failure, is_unlocked):
    for _ in range(20):
        record_failure(_key())
    assert not is_unlocked(_key())
    assert is_unlocked(_key(browser=7))
    assert [record_failure(_key(browser=7)) for _ in range(11)] == [True] * 10 + [False]


def test_two_browsers_of_one_member_are_counted_apart():
    assert len({_key(browser=1), _key(browser=2), _key()}) == 3


def test_reauthentication_attempts_are_counted_apart():
    assert sign_in_attempts.reauthentication_key(
        bytes(32), 3
    ) != sign_in_attempts.reauthentication_key(bytes(32), 4)


# --- concurrency and size of the table ----------------------------------------------------------


def test_of_forty_concurrent_attempts_ten_are_checked(record_failure, rows):
    key = _key()
    with ThreadPoolExecutor(8) as pool:
        evaluated = list(pool.map(lambda _: record_failure(key), range(40)))
    assert evaluated.count(True) == 10
    assert rows() == 1


def test_concurrent_attempts_at_many_addresses_do_not_wait(engine, rows):
    def attempt(n):
        with housekeeping(engine) as session:
            sign_in_attempts.forget_old(session, AT + (n // 60) * 20 * MINUTE)
        with housekeeping(engine) as session:
            return sign_in_attempts.record_failure(
                session, _key(f"{n % 7}@x.test"), AT + (n // 60) * 20 * MINUTE
            )

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(attempt, range(180)))) == 180
    assert rows() == 7


def test_expired_rows_of_attempts_are_deleted(engine, record_failure, rows):
    for _ in range(10):
        record_failure(_key("locked@x.test"), AT + 10 * MINUTE)
    record_failure(_key("once@x.test"), AT)
    record_failure(_key("twice@x.test"), AT + 14 * MINUTE)
    with housekeeping(engine) as session:
        sign_in_attempts.forget_old(session, AT + 16 * MINUTE)
    assert rows() == 2
    with housekeeping(engine) as session:
        sign_in_attempts.forget_old(session, AT + 60 * MINUTE)
    assert rows() == 0


@pytest.mark.prove
def test_a_flood_of_addresses_does_not_grow_the_table_or_end_a_lock(
    engine, record_failure, rows, is_unlocked, monkeypatch
):
    monkeypatch.setattr(sign_in_attempts, "MAX_ROWS", 50)
    for _ in range(10):
        record_failure(_key())
    for n in range(300):
        with housekeeping(engine) as session:
            sign_in_attempts.forget_old(session, AT)
            sign_in_attempts.record_failure(session, _key(f"{n}@x.test"), AT)
    assert rows() <= 51
    assert not is_unlocked(_key())
