"""Who is let in, by what, how often; and that whoever is not learns nothing."""

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
from register.accounts.models import Member, RecoveryCode, SignInAttempts
from register.concurrency_limit import Bulkhead
from register.db import housekeeping
from register.errors import Unavailable

PASSWORD = "une-phrase-de-passe"
ROOT_KEY = bytes(range(32))
CHLOES = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CODES = two_factor.recovery_codes()
NOW = int(AT.timestamp()) // 30
MINUTE = timedelta(minutes=1)

pytestmark = [pytest.mark.usefixtures("cheap"), pytest.mark.one_database]


def totp_code(at=AT, drift=0):
    return pyotp.HOTP(CHLOES).at(int(at.timestamp()) // 30 + drift)


@pytest.fixture
def members(pen, cast):
    """Bruno has a password only; Chloé has a second factor and ten recovery codes."""
    with pen() as p:
        for member_id in (cast.bruno, cast.chloe, cast.driss):
            # Hashed as cheaply as the others here.
            member = p.session.get(Member, member_id)
            accounts.reset_member(p, member.email, PASSWORD)
        accounts.disable_member(p, cast.driss)
        accounts.set_factor(p, cast.chloe, CHLOES, ROOT_KEY, CODES, NOW - 10)
    return cast


@pytest.fixture
def prove(engine, members):
    """``prove("bruno", code=…)`` on 2 March at 9:30."""

    def tried(name, password=PASSWORD, code="", mark="", at=AT, require_factor=False):
        return authentication.authenticate(
            engine,
            ROOT_KEY,
            email=f"{name}@register.test",
            password=password,
            code=code,
            browser_token=mark,
            at=at,
            require_factor=require_factor,
        )

    return tried


# --- who comes in ------------------------------------------------------------------------------


def test_a_password_is_enough_without_a_second_factor(prove, members):
    found = prove("bruno")
    assert (found.member_id, found.needs_factor) == (members.bruno, False)
    assert prove("Bruno", code="whatever").member_id == members.bruno


def test_a_member_without_a_factor_has_to_set_one_up(prove):
    assert prove("bruno", require_factor=True).needs_factor
    assert not prove("chloe", code=totp_code(), require_factor=True).needs_factor


def test_a_members_factor_is_required_even_where_factors_are_optional(prove, members):
    assert prove("chloe") is None
    assert prove("chloe", code=totp_code()).member_id == members.chloe


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_clock_may_be_one_step_wrong(prove, drift):
    assert prove("chloe", code=totp_code(drift=drift))


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
    # Random codes have no place in a name: two runners would not know the same tests.
    ids=range(16),
)
def test_wrong_credentials_are_refused(prove, name, password, code):
    assert prove(name, password, code) is None
    # Nothing was used up by it.
    assert prove("chloe", code=CODES[0])
    assert prove("chloe", code=totp_code())


def test_recovery_codes_work_when_the_secret_cannot_be_decrypted(engine, members):
    def tried(code):
        return authentication.authenticate(
            engine,
            bytes(32),
            email="chloe@register.test",
            password=PASSWORD,
            code=code,
            browser_token="",
            at=AT,
            require_factor=True,
        )

    assert tried(totp_code()) is None
    assert tried(CODES[0]).member_id == members.chloe


# --- once ---------------------------------------------------------------------------------------


def test_a_code_is_accepted_once(prove):
    assert prove("chloe", code=totp_code())
    assert prove("chloe", code=totp_code()) is None
    assert prove("chloe", code=totp_code(drift=-1)) is None
    assert prove("chloe", code=totp_code(drift=1))


def test_the_code_that_set_the_factor_up_is_not_accepted_again(pen, prove, members):
    with pen() as p:
        accounts.set_factor(p, members.chloe, CHLOES, ROOT_KEY, CODES, NOW)
    assert prove("chloe", code=totp_code()) is None


def test_a_recovery_code_is_accepted_once(prove, session, members):
    typed = CODES[3].upper().replace("-", " ")
    assert prove("chloe", code=typed)
    assert prove("chloe", code=CODES[3]) is None
    assert accounts.count_unused_codes(session, members.chloe) == 9
    used = session.scalars(select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))).one()
    assert (used.member_id, used.used_at) == (members.chloe, AT)


def test_a_recovery_code_is_of_one_member(pen, prove, members):
    with pen() as p:
        accounts.set_factor(p, members.bruno, two_factor.new_secret(), ROOT_KEY, [], 0)
    assert prove("bruno", code=CODES[0]) is None
    assert prove("chloe", code=CODES[0])


@pytest.mark.parametrize("code", [totp_code(), CODES[0]], ids=["code", "recovery code"])
def test_of_eight_concurrent_uses_of_a_code_one_is_accepted(prove, code, monkeypatch):
    monkeypatch.setattr(
        passwords, "STRANGERS", Bulkhead(max_running=8, max_waiting=0, turn_timeout=0)
    )
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: prove("chloe", code=code), range(8)))
    assert sum(proved is not None for proved in found) == 1
    assert prove("chloe", code=code) is None


def test_a_burst_of_strangers_waits_for_nothing_and_keeps_no_member_waiting(
    prove, members, session, monkeypatch
):
    """Two are looked at, four wait, the rest is not looked at; a browser that is known is."""
    mark = prove("bruno").browser_token
    verifying, go_on, at_work = Counter(), Event(), Event()
    real = passwords.matches

    def slow(hash_, password):
        if password != PASSWORD:
            verifying["strangers"] += 1
            at_work.set()
            go_on.wait(10)
        return real(hash_, password)

    monkeypatch.setattr(passwords, "matches", slow)
    with ThreadPoolExecutor(48) as pool:
        tries_made = [
            pool.submit(prove, f"somebody-{number}", password="faux") for number in range(48)
        ]
        assert at_work.wait(10)
        for refused in islice(as_completed(tries_made, 10), 42):
            assert isinstance(refused.exception(), Unavailable)
        until(lambda: verifying["strangers"] == 2)
        assert prove("bruno", mark=mark).member_id == members.bruno
        assert authentication.reauthenticate(
            session.get_bind(), ROOT_KEY, members.bruno, PASSWORD, "", AT
        )
        go_on.set()
    # What was not looked at is no failure.
    session.rollback()
    assert len(session.scalars(select(SignInAttempts)).all()) == 6


@pytest.mark.parametrize("act", ["disable_member", "reset_member", "reset_factor"])
def test_an_account_changed_during_verification_is_refused(pen, prove, members, monkeypatch, act):
    real = passwords.matches

    def slow(hash_, password):
        with pen() as p:
            told = ("une-tout-autre-phrase",) if act == "reset_member" else ()
            getattr(accounts, act)(p, members.chloe, *told)
        return real(hash_, password)

    monkeypatch.setattr(passwords, "matches", slow)
    assert prove("chloe", code=totp_code()) is None
    monkeypatch.setattr(passwords, "matches", real)
    if act == "reset_factor":
        assert prove("chloe", code="")


# --- how often ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bruno", "amina", "driss"])
def test_after_ten_failures_the_right_password_is_refused_too(prove, name):
    for _ in range(10):
        assert prove(name, "une-autre-phrase-de-passe") is None
    assert prove(name) is None
    assert (prove(name, at=AT + 15 * MINUTE) is not None) == (name == "bruno")


def test_failures_elsewhere_do_not_lock_a_known_browser(prove):
    mark = prove("bruno").browser_token
    for _ in range(30):
        prove("bruno", "une-autre-phrase-de-passe")
    assert prove("bruno") is None
    found = prove("bruno", mark=mark)
    assert found.browser_token == mark


def test_a_new_browser_gets_a_browser_token_and_a_recognised_one_keeps_it(prove):
    first = prove("bruno").browser_token
    assert prove("bruno", mark=first).browser_token == first
    assert prove("bruno", mark="made.up").browser_token not in ("made.up", first)
    # Of another account it is worth nothing, and is replaced.
    assert prove("chloe", code=totp_code(), mark=first).browser_token != first


def test_a_browser_token_signed_by_an_old_key_is_not_recognised(prove):
    """Former versions signed marks by a key in the data folder, which backups took along."""
    secret, nonce = "s" * 64, "AAAAAAAAAAAAAAAAAAAAAA"
    told = "\0".join(("mark", "bruno@register.test", nonce)).encode()
    made_up = f"{nonce}.{hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()}"
    for _ in range(10):
        prove("bruno", "une-autre-phrase-de-passe")
    assert prove("bruno", mark=made_up) is None


@pytest.mark.parametrize("what", ["password", "reset", "disable", "forget"])
def test_revoked_browser_tokens_are_not_recognised(prove, pen, session, members, what):
    marks = [prove("bruno").browser_token for _ in range(2)]
    assert sessions.count_browsers(session, members.bruno, AT) == 2
    session.rollback()
    with pen() as p:
        if what == "password":
            accounts.change_password(p, members.bruno, PASSWORD)
        elif what == "forget":
            sessions.forget_browsers(p, members.bruno)
        else:
            if what == "disable":
                accounts.disable_member(p, members.bruno)
            accounts.reset_member(p, "bruno@register.test", PASSWORD)
    for _ in range(10):
        prove("bruno", "une-autre-phrase-de-passe")
    assert [prove("bruno", mark=mark) for mark in marks] == [None, None]
    assert sessions.count_browsers(session, members.bruno, AT) == 0


def test_an_account_remembers_thirty_browsers_for_a_year(prove, session, members, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_BROWSERS", 3)
    marks = [prove("bruno", at=AT + n * MINUTE).browser_token for n in range(5)]
    assert sessions.count_browsers(session, members.bruno, AT) == 3
    known = [sessions.find_browser(session, "bruno@register.test", mark, AT) for mark in marks]
    assert [one is None for one in known] == [True, True, False, False, False]
    late = AT + sessions.LIFETIME + 10 * MINUTE
    assert sessions.find_browser(session, " BRUNO@register.test", marks[4], AT)
    assert sessions.find_browser(session, "bruno@register.test", marks[4], late) is None
    assert sessions.find_browser(session, "chloe@register.test", marks[4], AT) is None


def test_a_recovery_code_is_accepted_in_spite_of_the_lock(prove):
    """Somebody on a new computer, while somebody else fails at their address all day."""
    for _ in range(30):
        prove("chloe", "une-autre-phrase-de-passe")
    assert prove("chloe", code=totp_code()) is None
    assert prove("chloe", "une-autre-phrase-de-passe", CODES[0]) is None
    assert prove("chloe", code=CODES[0])


def test_a_code_refused_by_the_lock_is_not_used_up(prove):
    mark = prove("chloe", code=CODES[0]).browser_token
    for _ in range(10):
        prove("chloe", "une-autre-phrase-de-passe")
    assert prove("chloe", code=totp_code()) is None
    assert prove("chloe", code=totp_code(), mark=mark)


def test_a_successful_sign_in_resets_the_lock(prove, session):
    for _ in range(9):
        prove("bruno", "une-autre-phrase-de-passe")
    assert prove("bruno")
    assert session.scalars(select(SignInAttempts)).all() == []


# --- and learns nothing -------------------------------------------------------------------------


def _work(engine, do):
    """What is asked of the database, word for word, and of argon2id."""
    said, hashes = [], []

    def note(_connection, _cursor, statement, *_told):
        said.append(statement)

    real = passwords._HASHER
    counting = type("Counting", (), {"verify": lambda self, h, p: hashes.append(h) or False})()
    for cost in ("memory_cost", "time_cost", "parallelism", "salt_len", "hash_len"):
        setattr(counting, cost, getattr(real, cost))
    event.listen(engine, "before_cursor_execute", note)
    passwords._HASHER = counting
    try:
        assert do() is None
    finally:
        event.remove(engine, "before_cursor_execute", note)
        passwords._HASHER = real
    return said, len(hashes)


def test_every_failed_sign_in_computes_the_same_hashes(engine, prove, members):
    wrong = "une-autre-phrase-de-passe"
    prove("bruno", wrong)
    wanted = _work(engine, lambda: prove("bruno", wrong))
    assert wanted[1] == 1
    assert len(wanted[0]) > 5
    asked = [
        partial(prove, "amina", wrong),
        partial(prove, "driss"),
        partial(prove, "chloe", wrong, totp_code()),
        partial(prove, "chloe", wrong, "000000"),
        partial(prove, "chloe", wrong, CODES[0]),
        partial(prove, "bruno", wrong, mark="made.up"),
    ]
    for ask in asked:
        assert _work(engine, ask) == wanted
    for name in ("bruno", "amina"):
        for _ in range(12):
            prove(name, wrong)
        assert _work(engine, partial(prove, name, wrong)) == wanted, "beyond the lock"


@pytest.mark.parametrize("code", ["", "000000", "not-a-code"])
def test_a_wrong_code_costs_as_much_as_a_wrong_password(engine, prove, members, monkeypatch, code):
    ask = partial(prove, "chloe", code=code)
    monkeypatch.setattr(passwords, "matches", lambda *_: False)
    ask()
    wanted, _ = _work(engine, ask)
    monkeypatch.setattr(passwords, "matches", lambda *_: True)
    assert _work(engine, ask)[0] == wanted


# --- once more, before a grave act --------------------------------------------------------------


@pytest.fixture
def reprove(engine, members):
    def tried(member_id, password=PASSWORD, code="", at=AT):
        return authentication.reauthenticate(engine, ROOT_KEY, member_id, password, code, at)

    return tried


def test_a_member_authenticates_again_within_a_session(reprove, members):
    assert reprove(members.bruno)
    assert not reprove(members.bruno, "une-autre-phrase-de-passe")
    assert not reprove(members.chloe)
    assert reprove(members.chloe, code=totp_code())
    assert not reprove(members.chloe, code=totp_code())
    assert reprove(members.chloe, code=CODES[0])
    assert not reprove(members.driss)
    assert not reprove(999)


def test_a_stolen_session_guesses_ten_passwords(reprove, prove, members):
    for _ in range(10):
        assert not reprove(members.bruno, "une-autre-phrase-de-passe")
    assert not reprove(members.bruno)
    # Which locks nobody out of signing in, nor anybody else.
    assert prove("bruno")
    assert reprove(members.chloe, code=totp_code())
    assert reprove(members.bruno, at=AT + 15 * MINUTE)


def test_authentication_writes_no_journal_line(engine, prove, session, members):
    from register.journal import Ledger, head

    before = head(session, Ledger.DESK).seq
    session.rollback()
    prove("chloe", code=totp_code())
    prove("amina")
    with housekeeping(engine) as opened:
        assert head(opened, Ledger.DESK).seq == before
