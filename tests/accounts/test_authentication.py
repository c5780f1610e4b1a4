"""Authentication: accepted credentials, limits, and equal cost of every refusal."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from functools import partial
from itertools import islice
from threading import Event

import pyotp
import pytest
from cast import AT
from raw_http import until
from sqlalchemy import event, select

from register.accounts import acts as accounts
from register.accounts import authentication, passwords, sessions, two_factor
from register.accounts.models import RecoveryCode, SignInAttempts
from register.concurrency_limit import Bulkhead
from register.db import housekeeping, write_engine
from register.errors import Unavailable

PASSWORD = "une-phrase-de-passe"
ROOT_KEY = bytes(range(32))
CHLOE_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CODES = two_factor.recovery_codes()
NOW = int(AT.timestamp()) // 30
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.one_database


def totp_code(at=AT, drift=0):
    return pyotp.HOTP(CHLOE_SECRET).at(int(at.timestamp()) // 30 + drift)


@pytest.fixture
def members(pen, cast):
    """Bruno has a password only; Chloé has a second factor and ten recovery codes."""
    with pen() as p:
        for member_id in (cast.bruno, cast.chloe, cast.driss):
            # The passwords of the cast are hashed again at the cost of ``CHEAP_HASHER``.
            accounts.reset_member(p, member_id, PASSWORD)
        accounts.disable_member(p, cast.driss)
        accounts.set_factor(p, cast.chloe, CHLOE_SECRET, ROOT_KEY, CODES, NOW - 10)
    return cast


@pytest.fixture
def sign_in(engine, members):
    """``sign_in("bruno", code=…)``: the result of an authentication on 2 March at 9:30."""

    def authenticate(name, password=PASSWORD, code="", token="", at=AT):
        return authentication.authenticate(
            engine,
            ROOT_KEY,
            email=f"{name}@register.test",
            password=password,
            code=code,
            browser_token=token,
            at=at,
        )

    return authenticate


# --- accepted and refused credentials -----------------------------------------------------------


def test_a_password_is_enough_without_a_second_factor(sign_in, members):
    assert sign_in("bruno").member_id == members.bruno
    assert sign_in("Bruno", code="whatever").member_id == members.bruno


def test_a_members_factor_is_required_even_where_factors_are_optional(sign_in, members):
    assert sign_in("chloe") is None
    assert sign_in("chloe", code=totp_code()).member_id == members.chloe


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_clock_may_be_one_step_wrong(sign_in, drift):
    assert sign_in("chloe", code=totp_code(drift=drift))


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("amina", PASSWORD, ""),
        ("", PASSWORD, ""),
        ("bruno", "une-autre-phrase-de-passe", ""),
        ("bruno", "", ""),
        ("bruno", PASSWORD + "\0", ""),
        ("driss", PASSWORD, ""),
        ("driss", PASSWORD, "000000"),
        ("chloe", PASSWORD, "000000"),
        ("chloe", PASSWORD, totp_code(drift=-2)),
        ("chloe", PASSWORD, totp_code(drift=2)),
        ("chloe", "une-autre-phrase-de-passe", totp_code()),
        ("chloe", PASSWORD, two_factor.recovery_codes()[0]),
        ("chloe", "une-autre-phrase-de-passe", CODES[0]),
        ("bruno\0", "", ""),
        ("\ud800", "\ud800", "\ud800"),
        ("x" * 200_000, "x" * 200_000, "0" * 200_000),
    ],
    # Random codes in names would give each xdist worker other tests.
    ids=range(16),
)
def test_wrong_credentials_are_refused(sign_in, name, password, code):
    assert sign_in(name, password, code) is None
    # The refusals used up no code.
    assert sign_in("chloe", code=CODES[0])
    assert sign_in("chloe", code=totp_code())


def test_recovery_codes_work_when_the_secret_cannot_be_decrypted(engine, members):
    def authenticate(code):
        return authentication.authenticate(
            engine,
            bytes(32),
            email="chloe@register.test",
            password=PASSWORD,
            code=code,
            browser_token="",
            at=AT,
        )

    assert authenticate(totp_code()) is None
    assert authenticate(CODES[0]).member_id == members.chloe


# --- codes are accepted once --------------------------------------------------------------------


def test_a_code_is_accepted_once(sign_in):
    assert sign_in("chloe", code=totp_code())
    assert sign_in("chloe", code=totp_code()) is None
    assert sign_in("chloe", code=totp_code(drift=-1)) is None
    assert sign_in("chloe", code=totp_code(drift=1))


def test_the_code_that_set_the_factor_up_is_not_accepted_again(pen, sign_in, members):
    with pen() as p:
        accounts.set_factor(p, members.chloe, CHLOE_SECRET, ROOT_KEY, CODES, NOW)
    assert sign_in("chloe", code=totp_code()) is None


def test_a_recovery_code_is_accepted_once(sign_in, session, members):
    typed = CODES[3].upper().replace("-", " ")
    assert sign_in("chloe", code=typed)
    assert sign_in("chloe", code=CODES[3]) is None
    assert accounts.count_unused_codes(session, members.chloe) == 9
    used = session.scalars(select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))).one()
    assert (used.member_id, used.used_at) == (members.chloe, AT)


def test_a_recovery_code_is_refused_for_another_member(pen, sign_in, members):
    with pen() as p:
        accounts.set_factor(p, members.bruno, two_factor.new_secret(), ROOT_KEY, [], 0)
    assert sign_in("bruno", code=CODES[0]) is None
    assert sign_in("chloe", code=CODES[0])


@pytest.mark.parametrize("code", [totp_code(), CODES[0]], ids=["code", "recovery code"])
def test_of_eight_concurrent_uses_of_a_code_one_is_accepted(sign_in, code, monkeypatch):
    monkeypatch.setattr(
        passwords, "STRANGERS", Bulkhead(max_running=8, max_waiting=0, turn_timeout=0)
    )
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: sign_in("chloe", code=code), range(8)))
    assert sum(result is not None for result in results) == 1
    assert sign_in("chloe", code=code) is None


def test_a_burst_of_attempts_does_not_delay_a_member_in_a_known_browser(
    sign_in, members, session, monkeypatch
):
    """Two attempts run, four wait and the others are refused; a known browser does not wait."""
    token = sign_in("bruno").browser_token
    verifying, proceed, started = Counter(), Event(), Event()
    real = passwords.matches

    def slow(hash_, password):
        if password != PASSWORD:
            verifying["strangers"] += 1
            started.set()
            proceed.wait(10)
        return real(hash_, password)

    monkeypatch.setattr(passwords, "matches", slow)
    with ThreadPoolExecutor(48) as pool:
        attempts = [
            pool.submit(sign_in, f"somebody-{number}", password="faux") for number in range(48)
        ]
        assert started.wait(10)
        for refused in islice(as_completed(attempts, 10), 42):
            assert isinstance(refused.exception(), Unavailable)
        until(lambda: verifying["strangers"] == 2)
        assert sign_in("bruno", token=token).member_id == members.bruno
        assert authentication.reauthenticate(
            session.get_bind(), ROOT_KEY, members.bruno, PASSWORD, "", AT
        )
        proceed.set()
    # An attempt that was not evaluated is no failure.
    session.rollback()
    assert len(session.scalars(select(SignInAttempts)).all()) == 6


@pytest.mark.parametrize("act", ["disable_member", "reset_member", "reset_factor"])
def test_an_account_changed_during_verification_is_refused(pen, sign_in, members, monkeypatch, act):
    real = passwords.matches

    def slow(hash_, password):
        with pen() as p:
            arguments = ("une-tout-autre-phrase",) if act == "reset_member" else ()
            getattr(accounts, act)(p, members.chloe, *arguments)
        return real(hash_, password)

    monkeypatch.setattr(passwords, "matches", slow)
    assert sign_in("chloe", code=totp_code()) is None
    monkeypatch.setattr(passwords, "matches", real)
    if act == "reset_factor":
        assert sign_in("chloe", code="")


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bruno", "amina", "driss"])
def test_after_ten_failures_the_right_password_is_refused_too(sign_in, name):
    for _ in range(10):
        assert sign_in(name, "une-autre-phrase-de-passe") is None
    assert sign_in(name) is None
    assert (sign_in(name, at=AT + 15 * MINUTE) is not None) == (name == "bruno")


def test_failures_elsewhere_do_not_lock_a_known_browser(sign_in):
    token = sign_in("bruno").browser_token
    for _ in range(30):
        sign_in("bruno", "une-autre-phrase-de-passe")
    assert sign_in("bruno") is None
    result = sign_in("bruno", token=token)
    assert result.browser_token == token


def test_a_new_browser_gets_a_browser_token_and_a_recognised_one_keeps_it(sign_in):
    first = sign_in("bruno").browser_token
    assert sign_in("bruno", token=first).browser_token == first
    assert sign_in("bruno", token="made.up").browser_token not in ("made.up", first)
    # The token of another account is not recognised, and is replaced.
    assert sign_in("chloe", code=totp_code(), token=first).browser_token != first


def test_a_browser_token_signed_by_an_old_key_is_not_recognised(sign_in):
    """The key of former versions was in the data folder, and so in backups."""
    secret, nonce = "s" * 64, "AAAAAAAAAAAAAAAAAAAAAA"
    payload = "\0".join(("mark", "bruno@register.test", nonce)).encode()
    old_token = f"{nonce}.{hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()}"
    for _ in range(10):
        sign_in("bruno", "une-autre-phrase-de-passe")
    assert sign_in("bruno", token=old_token) is None


@pytest.mark.parametrize("act", ["password", "reset", "disable", "forget"])
def test_revoked_browser_tokens_are_not_recognised(sign_in, pen, session, members, act):
    tokens = [sign_in("bruno").browser_token for _ in range(2)]
    assert sessions.count_browsers(session, members.bruno, AT) == 2
    session.rollback()
    with pen() as p:
        if act == "password":
            accounts.change_password(p, members.bruno, PASSWORD)
        elif act == "forget":
            sessions.forget_browsers(p, members.bruno)
        else:
            if act == "disable":
                accounts.disable_member(p, members.bruno)
            accounts.reset_member(p, members.bruno, PASSWORD)
    for _ in range(10):
        sign_in("bruno", "une-autre-phrase-de-passe")
    assert [sign_in("bruno", token=token) for token in tokens] == [None, None]
    assert sessions.count_browsers(session, members.bruno, AT) == 0


def test_an_account_remembers_thirty_browsers_for_a_year(sign_in, session, members, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_BROWSERS", 3)
    tokens = [sign_in("bruno", at=AT + n * MINUTE).browser_token for n in range(5)]
    assert sessions.count_browsers(session, members.bruno, AT) == 3
    browsers = [
        sessions.find_browser(session, "bruno@register.test", token, AT) for token in tokens
    ]
    assert [browser is None for browser in browsers] == [True, True, False, False, False]
    late = AT + sessions.LIFETIME + 10 * MINUTE
    assert sessions.find_browser(session, " BRUNO@register.test", tokens[4], AT)
    assert sessions.find_browser(session, "bruno@register.test", tokens[4], late) is None
    assert sessions.find_browser(session, "chloe@register.test", tokens[4], AT) is None


def test_a_recovery_code_is_accepted_in_spite_of_the_lock(sign_in):
    """The member uses a new browser while somebody else fails at their address."""
    for _ in range(30):
        sign_in("chloe", "une-autre-phrase-de-passe")
    assert sign_in("chloe", code=totp_code()) is None
    assert sign_in("chloe", "une-autre-phrase-de-passe", CODES[0]) is None
    assert sign_in("chloe", code=CODES[0])


def test_a_code_refused_by_the_lock_is_not_used_up(sign_in):
    token = sign_in("chloe", code=CODES[0]).browser_token
    for _ in range(10):
        sign_in("chloe", "une-autre-phrase-de-passe")
    assert sign_in("chloe", code=totp_code()) is None
    assert sign_in("chloe", code=totp_code(), token=token)


def test_a_successful_sign_in_resets_the_lock(sign_in, session):
    for _ in range(9):
        sign_in("bruno", "une-autre-phrase-de-passe")
    assert sign_in("bruno")
    assert session.scalars(select(SignInAttempts)).all() == []


# --- equal cost of refusals ---------------------------------------------------------------------


def _cost(engine, attempt):
    """The SQL statements and the number of argon2id hashes of a refused sign-in."""
    statements, hashes = [], []

    def record(_connection, _cursor, statement, *_arguments):
        statements.append(statement)

    real = passwords._HASHER
    counting = type("Counting", (), {"verify": lambda self, h, p: hashes.append(h) or False})()
    for cost in ("memory_cost", "time_cost", "parallelism", "salt_len", "hash_len"):
        setattr(counting, cost, getattr(real, cost))
    # On PostgreSQL, writes have an engine of their own.
    engines = [engine, *([write_engine(engine)] if engine.dialect.name == "postgresql" else [])]
    for each in engines:
        event.listen(each, "before_cursor_execute", record)
    passwords._HASHER = counting
    try:
        assert attempt() is None
    finally:
        for each in engines:
            event.remove(each, "before_cursor_execute", record)
        passwords._HASHER = real
    return statements, len(hashes)


def test_every_failed_sign_in_computes_the_same_hashes(engine, sign_in, members):
    wrong = "une-autre-phrase-de-passe"
    sign_in("bruno", wrong)
    expected = _cost(engine, lambda: sign_in("bruno", wrong))
    assert expected[1] == 1
    assert len(expected[0]) > 5
    attempts = [
        partial(sign_in, "amina", wrong),
        partial(sign_in, "driss"),
        partial(sign_in, "chloe", wrong, totp_code()),
        partial(sign_in, "chloe", wrong, "000000"),
        partial(sign_in, "chloe", wrong, CODES[0]),
        partial(sign_in, "bruno", wrong, token="made.up"),
    ]
    for attempt in attempts:
        assert _cost(engine, attempt) == expected
    for name in ("bruno", "amina"):
        for _ in range(12):
            sign_in(name, wrong)
        assert _cost(engine, partial(sign_in, name, wrong)) == expected, "beyond the lock"


@pytest.mark.parametrize("code", ["", "000000", "not-a-code"])
def test_a_wrong_code_costs_as_much_as_a_wrong_password(
    engine, sign_in, members, monkeypatch, code
):
    attempt = partial(sign_in, "chloe", code=code)
    monkeypatch.setattr(passwords, "matches", lambda *_: False)
    attempt()
    expected, _ = _cost(engine, attempt)
    monkeypatch.setattr(passwords, "matches", lambda *_: True)
    assert _cost(engine, attempt)[0] == expected


# --- reauthentication ---------------------------------------------------------------------------


@pytest.fixture
def reauthenticate(engine, members):
    def check(member_id, password=PASSWORD, code="", at=AT):
        return authentication.reauthenticate(engine, ROOT_KEY, member_id, password, code, at)

    return check


def test_a_member_authenticates_again_within_a_session(reauthenticate, members):
    assert reauthenticate(members.bruno)
    assert not reauthenticate(members.bruno, "une-autre-phrase-de-passe")
    assert not reauthenticate(members.chloe)
    assert reauthenticate(members.chloe, code=totp_code())
    assert not reauthenticate(members.chloe, code=totp_code())
    assert reauthenticate(members.chloe, code=CODES[0])
    assert not reauthenticate(members.driss)
    assert not reauthenticate(999)


def test_a_session_is_locked_after_ten_wrong_reauthentications(reauthenticate, sign_in, members):
    for _ in range(10):
        assert not reauthenticate(members.bruno, "une-autre-phrase-de-passe")
    assert not reauthenticate(members.bruno)
    # The lock affects neither sign-ins nor other members.
    assert sign_in("bruno")
    assert reauthenticate(members.chloe, code=totp_code())
    assert reauthenticate(members.bruno, at=AT + 15 * MINUTE)


def test_authentication_writes_no_journal_line(engine, sign_in, session, members):
    from register.journal import Ledger, head

    before = head(session, Ledger.DESK).seq
    session.rollback()
    sign_in("chloe", code=totp_code())
    sign_in("amina")
    with housekeeping(engine) as reading:
        assert head(reading, Ledger.DESK).seq == before
