"""The duration of a refused sign-in does not reveal whether an address has an account.

Every kind of try is made in turn, in an order drawn anew each round, so that whatever else the
machine does falls on all of them alike; then their medians are compared.
"""

from __future__ import annotations

import http.client
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from html import unescape
from statistics import median
from urllib.parse import urlencode, urlsplit

import pytest
from cast import AT
from databases import serve
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register import create_app
from register.accounts import acts as accounts
from register.accounts import authentication, passwords, two_factor
from register.accounts.models import Role
from register.config import Settings
from register.journal import writing
from register.operations import setup

pytestmark = [pytest.mark.prove, pytest.mark.usefixtures("costly_hashes")]

ROUNDS = 120
TOLERANCE = 0.10
PASSWORD = "une-phrase-de-passe"
WRONG = "une-autre-phrase-de-passe"
# Who tries, with which password and code; nobody is let in.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "unknown": ("amina", WRONG, "000000"),
    "wrong password": ("bruno", WRONG, ""),
    "wrong password, factor": ("chloe", WRONG, "000000"),
    "wrong code": ("chloe", PASSWORD, "000000"),
    "disabled": ("driss", PASSWORD, ""),
}


@pytest.fixture
def members(settings: Settings, engine: Engine) -> bytes:
    """Bruno, Chloé with a second factor, Driss disabled, all with honest hashes; the root key."""
    with Session(engine) as session, closing(setup.key_store(settings, session)) as store:
        key = store.root
    with writing(engine) as pen:
        for name in ("bruno", "chloe", "driss"):
            member = accounts.add_member(pen, f"{name}@register.test", Role.MODERATOR, PASSWORD)
            if name == "chloe":
                secret, codes = two_factor.new_secret(), two_factor.recovery_codes()
                accounts.set_factor(pen, member.id, secret, key, codes, 0)
        # Driss, the last one.
        accounts.disable_member(pen, member.id)
    return key


def _medians(ask: Callable[[str, int], None], rounds: int = ROUNDS) -> dict[str, float]:
    durations: dict[str, list[float]] = {kind: [] for kind in KINDS}
    draw = random.Random(20261125)
    for turn in range(rounds):
        for kind in draw.sample(list(KINDS), len(KINDS)):
            started = time.perf_counter()
            ask(kind, turn)
            durations[kind].append(time.perf_counter() - started)
    return {kind: median(times) for kind, times in durations.items()}


def _require_alike(medians: Mapping[str, float]) -> None:
    print({kind: f"{1000 * seconds:.1f} ms" for kind, seconds in medians.items()})
    unknown = medians["unknown"]
    shares = {kind: seconds / unknown - 1 for kind, seconds in medians.items()}
    assert {kind: share for kind, share in shares.items() if abs(share) > TOLERANCE} == {}


@pytest.fixture
def prove(engine: Engine, members: bytes) -> Callable[[str, int], None]:
    """``prove(kind, turn)``: one try, that lets nobody in."""

    def ask(kind: str, turn: int) -> None:
        name, password, code = KINDS[kind]
        member = authentication.authenticate(
            engine,
            members,
            email=f"{name}@register.test",
            password=password,
            code=code,
            browser_token="",
            # Too far apart to meet the lock: it has its turn in the test below.
            at=AT + turn * timedelta(minutes=4),
        )
        if member is not None:
            pytest.fail(f"{kind} was let in")

    return ask


def test_every_refused_authentication_takes_the_same_time(prove):
    _require_alike(_medians(prove))


def test_every_refused_sign_in_takes_the_same_time(settings, members):
    with _connected(settings) as connection:
        cookie, token = _form(connection)
        bodies = set()

        def ask(kind: str, _turn: int) -> None:
            name, password, code = KINDS[kind]
            fields = {
                "csrf_token": token,
                "adresse": f"{name}@register.test",
                "mot_de_passe": password,
                "code_a_usage_unique": code,
            }
            headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/compte/connexion", urlencode(fields), headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            assert answer.status == 422, body
            bodies.add(_masked(body).replace(f"{name}@", "…@"))

        medians = _medians(ask)
    assert len(bodies) == 1
    _require_alike(medians)


def test_the_measurement_detects_an_answer_without_the_hash(prove, monkeypatch):
    """The counter-proof: an unknown address that is refused at once is noticed."""
    monkeypatch.setattr(passwords, "verify_nothing", lambda _password: False)
    medians = _medians(prove, rounds=10)
    with pytest.raises(AssertionError):
        _require_alike(medians)


@contextmanager
def _connected(settings: Settings) -> Iterator[http.client.HTTPConnection]:
    with (
        serve(create_app(settings)) as base,
        closing(http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)) as connection,
    ):
        yield connection


def _form(connection: http.client.HTTPConnection) -> tuple[str, str]:
    """The cookie and the token of a sign-in page."""
    connection.request("GET", "/compte/connexion")
    answer = connection.getresponse()
    body = answer.read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', body)
    assert token, body
    return (answer.getheader("Set-Cookie") or "").partition(";")[0], unescape(token[1])


def _masked(body: str) -> str:
    return re.sub(r'(name="csrf_token"[^>]*value=")[^"]+', r"\1", body)
