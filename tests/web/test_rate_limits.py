"""Limits: so many for one source, counted without keeping an address, in memory or in Redis."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from cast import AT, hire
from databases import application
from flask import Flask
from form_client import PASSWORD, SIGN_IN, FormClient, MemberClient
from limits.storage import MemoryStorage
from report_factory import ANSWER, receive_report
from test_config import ONION

from register.accounts import passwords
from register.concurrency_limit import Bulkhead
from register.db import db, now
from register.journal import writing
from register.operations import setup
from register.reports import report_lists
from register.web import rate_limits

pytestmark = pytest.mark.one_database

SOURCE, OTHER_SOURCE = "203.0.113.9", "198.51.100.4"
WRONG_CODES = 20  # codes that open nothing, from one source in ten minutes
STORAGES = ("memory", "redis")


@dataclass
class Redis:
    """A Redis of the tests' own, that keeps nothing on disk."""

    path: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis+unix://{self.path}"

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.path))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def _running_redis() -> Iterator[Redis]:
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    # A path of its own: that of a test's folder is longer than a socket's name may be.
    folder = Path(tempfile.mkdtemp())
    path = folder / "s"
    options = ("--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no")
    process = subprocess.Popen(
        [program, *options, "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = Redis(path, process)
    try:
        _until_it_answers(started)
        yield started
        assert [entry.name for entry in folder.iterdir() if entry != path] == []
    finally:
        started.stop()
        shutil.rmtree(folder)


def _until_it_answers(started: Redis) -> None:
    deadline = time.monotonic() + 20
    with started.client() as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.05)


@pytest.fixture(scope="module")
def counter() -> Iterator[Redis]:
    with _running_redis() as started:
        yield started


@pytest.fixture
def limited(settings, request) -> Iterator[Callable[..., Flask]]:
    """``limited("redis")``: the application with its limits on, counting there."""
    contexts = []

    def make(storage: str = "memory", **options: object) -> Flask:
        url = "memory://"
        if storage == "redis":
            redis_server = request.getfixturevalue("counter")
            with redis_server.client() as client:
                client.flushall()
            url = redis_server.url
        return enter(replace(settings, rate_limits=True, limiter_url=url, **options))

    def enter(changed) -> Flask:
        context = application(changed)
        app = context.__enter__()
        contexts.append(context)
        return app

    yield make
    for context in reversed(contexts):
        context.__exit__(None, None, None)


def try_wrong_code(app: Flask, address: str = SOURCE, **headers: str) -> int:
    """The status of a wrong code from an address."""
    answer = _post_from(FormClient(app), address, "/suivi", {"code": "K7QF"}, headers)
    return answer.status_code


def _post_from(
    visitor: FormClient, address: str, action: str, data: dict, headers: dict | None = None
):
    return visitor.post(action, data, headers=headers or {}, environ_base={"REMOTE_ADDR": address})


def receipt_code(app: Flask) -> str:
    """The receipt code of a new report."""
    store = setup.key_store(app.extensions["register.settings"], db.session())
    report = receive_report(lambda at: writing(db.engine, at), store)
    store.close()
    return report.code


# --- one source ---------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGES)
def test_guessing_receipt_codes_is_rate_limited_and_keeps_what_was_typed(limited, storage):
    app = limited(storage)
    code, visitor = receipt_code(app), FormClient(app)
    # A code that opens something costs nothing, however often it is used.
    for _again in range(WRONG_CODES + 5):
        assert _post_from(visitor, SOURCE, "/suivi", {"code": code}).status_code == 200
    assert [try_wrong_code(app) for _try in range(WRONG_CODES)] == [422] * WRONG_CODES
    answer = _post_from(visitor, SOURCE, "/suivi", {"code": "K7QF 2M9X"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert dict(visitor.form("/suivi").fields)["code"] == "K7QF 2M9X"
    assert "minutes" in visitor.text
    # The forms that carry a code are limited as well; so is the right code, or it would show.
    for action in ("message", "contact", "retirer", "recu.json"):
        assert _post_from(visitor, SOURCE, f"/suivi/{action}", {"code": "K7QF"}).status_code == 429
    assert _post_from(visitor, SOURCE, "/suivi", {"code": code}).status_code == 429
    assert _post_from(visitor, OTHER_SOURCE, "/suivi", {"code": code}).status_code == 200


@pytest.mark.parametrize("storage", STORAGES)
def test_a_forged_header_makes_no_other_source(limited, storage):
    app = limited(storage)
    statuses = [
        try_wrong_code(
            app, **{"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        )
        for number in range(WRONG_CODES + 1)
    ]
    assert statuses == [422] * WRONG_CODES + [429]


def test_a_trusted_proxy_separates_the_sources(limited):
    app = limited(trusted_proxies=1)
    statuses = [
        try_wrong_code(app, **{"X-Forwarded-For": f"9.9.9.9, {SOURCE}"})
        for _try in range(WRONG_CODES + 1)
    ]
    assert statuses == [422] * WRONG_CODES + [429]
    assert try_wrong_code(app, **{"X-Forwarded-For": f"{SOURCE}, {OTHER_SOURCE}"}) == 422


@pytest.mark.parametrize("storage", STORAGES)
def test_addresses_of_one_64_prefix_are_one_source(limited, storage):
    app = limited(storage)
    statuses = [try_wrong_code(app, f"2001:db8:1:2:{number:x}::1") for number in range(WRONG_CODES)]
    assert statuses == [422] * WRONG_CODES
    assert try_wrong_code(app, "2001:db8:1:2:ffff:ffff:ffff:ffff") == 429
    assert try_wrong_code(app, "2001:db8:1:3::1") == 422


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (SOURCE, f"{SOURCE}/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", f"{SOURCE}/32"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_the_source_of_an_address_is_its_network(address, source):
    assert rate_limits.networks(address)[0][1] == source


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": f"http://{ONION}"},
        {"base_url": "https://registre.example", "onion_url": f"http://{ONION}"},
    ],
    ids=["alone", "beside"],
)
def test_a_tor_client_uses_up_no_other_clients_budget(limited, options):
    app = limited(**options)
    host = {"Host": ONION}
    assert {try_wrong_code(app, "127.0.0.1", **host) for _try in range(WRONG_CODES + 1)} == {422}
    # The name alone is anybody's to write.
    assert [try_wrong_code(app, SOURCE, **host) for _try in range(WRONG_CODES + 1)][-1] == 429


@pytest.mark.parametrize("storage", STORAGES)
def test_messages_have_a_limit_that_keeps_the_text(limited, storage):
    app = limited(storage)
    code, amina = receipt_code(app), FormClient(app)
    _post_from(amina, SOURCE, "/suivi", {"code": code})
    for number in range(20):
        form = dict(amina.form("/suivi/message").fields)
        _post_from(amina, SOURCE, "/suivi/message", {**form, "message": f"Message {number}"})
        assert amina.answer.status_code == 200
    form = dict(amina.form("/suivi/message").fields)
    _post_from(amina, SOURCE, "/suivi/message", {**form, "message": ANSWER})
    assert amina.answer.status_code == 429
    assert int(amina.answer.headers["Retry-After"]) > 0
    assert dict(amina.form("/suivi/message").fields)["message"] == ANSWER
    # What takes a report back is never held up.
    form = dict(amina.form("/suivi/retirer").fields)
    _post_from(amina, SOURCE, "/suivi/retirer", {**form, "confirme": "y"})
    assert amina.answer.status_code == 200
    assert "Votre signalement est retiré." in amina.text


def test_receipts_have_a_limit_that_keeps_the_text(limited):
    app = limited()
    anyone = FormClient(app)
    for _try in range(30):
        assert _post_from(anyone, SOURCE, "/suivi/verifier", {"recu": "{}"}).status_code == 200
    answer = _post_from(anyone, SOURCE, "/suivi/verifier", {"recu": '{"v": 1}'})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert dict(anyone.form("/suivi/verifier").fields)["recu"] == '{"v": 1}'


# --- signing in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGES)
def test_sign_in_attempts_are_rate_limited_whatever_the_address(limited, storage):
    app = limited(storage)
    cast = hire(db.engine)
    texts = {}
    for name, address in (("bruno", SOURCE), ("personne", OTHER_SOURCE)):
        email, visitor = cast.email(name), FormClient(app)
        visitor.get(SIGN_IN)
        for _try in range(30):
            form = dict(visitor.form(SIGN_IN).fields)
            # Nothing is proved: an empty password is a try too.
            _post_from(visitor, address, SIGN_IN, {**form, "adresse": email})
            assert visitor.answer.status_code == 422
        form = dict(visitor.form(SIGN_IN).fields)
        _post_from(visitor, address, SIGN_IN, {**form, "adresse": email, "mot_de_passe": PASSWORD})
        assert visitor.answer.status_code == 429
        assert 0 < int(visitor.answer.headers["Retry-After"]) <= 600
        assert dict(visitor.form(SIGN_IN).fields)["adresse"] == email
        assert PASSWORD not in visitor.answer.get_data(as_text=True)
        texts[name] = visitor.text
        # A form without its session is a try as well.
        assert _post_from(visitor, address, SIGN_IN, {"adresse": email}).status_code == 429
    assert texts["bruno"] == texts["personne"]
    assert "Trop d’essais de connexion" in texts["bruno"]
    elsewhere = FormClient(app)
    elsewhere.get(SIGN_IN)
    form = dict(elsewhere.form(SIGN_IN).fields)
    fields = {**form, "adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    assert _post_from(elsewhere, "192.0.2.1", SIGN_IN, fields).status_code == 303


def _sign_in_at(
    app: Flask, email: str, password: str, address: str, visitor: FormClient | None = None
):
    visitor = visitor or FormClient(app)
    visitor.get(SIGN_IN)
    form = dict(visitor.form(SIGN_IN).fields)
    fields = {**form, "adresse": email, "mot_de_passe": password}
    return visitor, _post_from(visitor, address, SIGN_IN, fields)


def test_strangers_wait_once_all_tried_too_often_and_a_known_browser_does_not(limited, monkeypatch):
    app = limited()
    email = hire(db.engine).email("bruno")
    member, answer = _sign_in_at(app, email, PASSWORD, "192.0.2.1")
    assert answer.status_code == 303
    member.get("/moderation")
    _post_from(
        member, "192.0.2.1", "/compte/deconnexion", dict(member.form("/compte/deconnexion").fields)
    )
    monkeypatch.setitem(rate_limits.BUDGETS, "sign_in", "3 per minute")
    strangers = [
        _sign_in_at(app, f"inconnu-{number}@register.test", "faux", f"198.51.{number}.4")
        for number in range(4)
    ]
    assert [answer.status_code for _visitor, answer in strangers] == [422, 422, 422, 503]
    visitor, answer = strangers[-1]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert dict(visitor.form(SIGN_IN).fields)["adresse"] == "inconnu-3@register.test"
    assert "ne compte pas comme un essai manqué" in visitor.text
    assert _sign_in_at(app, email, PASSWORD, "192.0.2.1")[1].status_code == 503
    assert _sign_in_at(app, email, PASSWORD, "192.0.2.1", member)[1].status_code == 303


@pytest.mark.parametrize(
    "action", [SIGN_IN, "/compte/mot-de-passe", "/moderation/membres/invitations"]
)
def test_a_password_that_is_not_checked_brings_the_form_back(app, cast, monkeypatch, action):
    full = Bulkhead(max_running=1, max_waiting=0, turn_timeout=0)
    monkeypatch.setattr(passwords, "STRANGERS", full)
    monkeypatch.setattr(passwords, "MEMBERS", full)
    with full.turn():
        if action == SIGN_IN:
            _visitor, answer = _sign_in_at(app, cast.email("bruno"), PASSWORD, SOURCE)
            email = cast.email("bruno")
        else:
            email = "nouvelle@register.test"
            # Signed in long enough ago to need her password again.
            answer = MemberClient(app, cast.ada, now() - timedelta(minutes=20)).send(
                action,
                adresse=email,
                role="moderator",
                preuve_mot_de_passe=PASSWORD,
                mot_de_passe=PASSWORD,
                nouveau_mot_de_passe="quatre mots sans rapport",
            )
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    page = answer.get_data(as_text=True)
    assert "n’a pas été examiné" in page
    assert PASSWORD not in page
    assert email in page or action == "/compte/mot-de-passe"


# --- networks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize(
    ("address", "times", "elsewhere"),
    [
        ("2001:db8:1:1{:02x}::1", 2, "2001:db8:1:200::1"),  # a /56
        ("2001:db8:1:{:x}00::1", 6, "2001:db8:2::1"),  # a /48
        ("203.0.113.{}", 12, "203.0.114.1"),
    ],
)
def test_many_addresses_of_one_network_share_a_budget(limited, storage, address, times, elsewhere):
    app = limited(storage)
    limiter = app.extensions["register.limits"][0]
    per_source = 20
    waits = [
        limiter.wait("code", address.format(number))
        for number in range(1, times + 3)
        for _again in range(per_source)
    ]
    assert [wait == 0 for wait in waits] == [True] * times * per_source + [False] * 2 * per_source
    assert limiter.wait("code", address.format(0)) > 0
    assert limiter.wait("code", elsewhere) == 0


def test_requests_refused_to_a_source_use_no_budget_of_its_network(limited):
    limiter = limited().extensions["register.limits"][0]
    for _try in range(500):
        limiter.wait("code", "2001:db8:1:2::1")
    assert limiter.wait("code", "2001:db8:1:3::1") == 0


# --- what is stored -----------------------------------------------------------------------------


def _count_names(app: Flask, storage: str, request) -> list[str]:
    """The names under which something is counted."""
    limits = app.extensions["register.limits"][0]
    if storage == "redis":
        with request.getfixturevalue("counter").client() as client:
            return [name.decode() for name in client.scan_iter()]
    assert isinstance(limits.limiter.storage, MemoryStorage)
    return [*limits.limiter.storage.events, *limits.limiter.storage.storage]


@pytest.mark.parametrize("storage", STORAGES)
def test_the_names_of_counts_have_no_address(limited, storage, request):
    app = limited(storage)
    try_wrong_code(app)
    names = " ".join(_count_names(app, storage, request))
    assert "code" in names
    raw = SOURCE.encode()
    for trace in (
        SOURCE,
        raw.hex(),
        hashlib.md5(raw).hexdigest(),
        hashlib.sha1(raw).hexdigest(),
        hashlib.sha256(raw).hexdigest(),
    ):
        assert trace not in names


@pytest.mark.parametrize("storage", STORAGES)
def test_the_key_changes_with_the_day(limited, storage, request, monkeypatch):
    app = limited(storage)
    monkeypatch.setattr(rate_limits, "now", lambda: AT)
    assert [try_wrong_code(app) for _try in range(WRONG_CODES + 1)][-1] == 429
    before = set(_count_names(app, storage, request))
    monkeypatch.setattr(rate_limits, "now", lambda: AT + timedelta(days=1))
    # Nothing of the day before is counted any more: the same source is another one.
    assert try_wrong_code(app) == 422
    counted = [name for name in set(_count_names(app, storage, request)) - before if "code" in name]
    assert counted


def test_processes_that_share_a_redis_share_their_counts(limited, settings, counter):
    first = limited("redis")
    with application(replace(settings, rate_limits=True, limiter_url=counter.url)) as second:
        statuses = [
            try_wrong_code(app) for _pair in range(WRONG_CODES // 2) for app in (first, second)
        ]
        assert statuses == [422] * WRONG_CODES
        assert [try_wrong_code(first), try_wrong_code(second)] == [429, 429]


def test_without_redis_each_process_counts_and_takes_reports(registers, tmp_path, capsys):
    with registers.new("sqlite", tmp_path) as settings, _running_redis() as counter:
        limited_settings = replace(settings, rate_limits=True, limiter_url=counter.url)
        with application(limited_settings) as app:
            assert try_wrong_code(app) == 422
            counter.stop()
            statuses = [try_wrong_code(app) for _try in range(WRONG_CODES + 1)]
            assert statuses == [422] * WRONG_CODES + [429]
            visitor = FormClient(app)
            visitor.get("/signaler")
            visitor.send("/signaler", recit="Ce soir, la police a pris ma caméra.", etape="envoyer")
            assert visitor.answer.status_code == 200
            assert report_lists.count_unread(db.session()) == 1
    assert '"event": "limiter_away"' in capsys.readouterr().err


def test_disabled_limits_refuse_nothing(app):
    assert {try_wrong_code(app) for _try in range(WRONG_CODES + 5)} == {422}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "une minute"),
        (60, "une minute"),
        (61, "deux minutes"),
        (600, "dix minutes"),
        (3_600, "60 minutes"),
        (7_201, "trois heures"),
        (86_400, "24 heures"),
    ],
)
def test_a_waiting_time_is_worded(app, seconds, words):
    with app.test_request_context():
        assert rate_limits.wait_words(seconds) == words
