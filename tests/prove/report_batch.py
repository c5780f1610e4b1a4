"""Fifty reports over HTTP from known addresses and a known agent, and the acts on them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from case_contents import a_case
from cast import Cast, Desk
from databases import seal_folder
from form_client import MemberClient
from leak_patterns import (
    ADDED_CONTACT,
    ADDED_MESSAGE,
    FILE_NAME,
    FILES,
    LINES,
    QUESTION,
    SENTENCE,
    SOURCES,
    TYPED,
    leaks_in,
)
from raw_http import serving, until
from report_clients import HttpAnswer, ReportClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register import create_app
from register.cases.copy_storage import CaseCopy, CopyState
from register.config import Settings
from register.db import db
from register.journal import writing
from register.key_store import KeyStore
from register.reports import acts, queries
from register.reports.web.public_forms import MIN_AGE
from register.reports.web.report_form import AS_TYPED

REPORTS = 50
# One for each outcome, and all that are accepted.
WITH_FILES = (3, 12, 18, 19, 20, 21, 24, 28, 40)


@dataclass
class ReportBatch:
    """Reports that were sent, in their order: their codes, and then their keys."""

    codes: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def _sentence(name: str, number: int) -> str:
    word = TYPED[name]
    if name in ("liens", "contact"):
        return word
    return f"Numéro {number} : elles étaient {word} au conseil."


def _send(port: int) -> list[str]:
    citizens = [
        ReportClient(port, SOURCES[number % len(SOURCES)], LINES) for number in range(REPORTS)
    ]
    forms = [citizen.form() for citizen in citizens]
    time.sleep(MIN_AGE + 0.5)
    codes = []
    for number, (citizen, form) in enumerate(zip(citizens, forms, strict=True)):
        answers = {name: _sentence(name, number) for name in TYPED if name != "recit"}
        answers |= {"types": "expulsion", "acteur": "maire", "cible": "blogueur"}
        # Whatever place it may sound like, the words are to stay.
        answers |= {"lieu_lu": answers["lieu"], "lieu_code": AS_TYPED}
        if number in WITH_FILES:
            account = _sentence("recit", number)
            # The lines about copies have the digests of their originals.
            end = b"." if number == ACCEPTED.start else b""
            contents = [content + end for content in FILES]
            answer = citizen.report_with_files(form, account, *contents, name=FILE_NAME, **answers)
            assert answer.code, answer.status
            codes.append(answer.code)
            continue
        if number % 5 == 0:
            preview = {"jeton": form, "recit": _sentence("recit", number), **answers}
            assert citizen.post("/signaler", {**preview, "etape": "verifier"}).status == 200
        answer = citizen.report(form, _sentence("recit", number), **answers)
        assert answer.code, answer.status
        codes.append(answer.code)
    return codes


@dataclass
class ReportDesk:
    """Bruno at his desk, on the same server, and with acts where no page matters."""

    settings: Settings
    engine: Engine
    store: KeyStore
    by: int
    port: int

    def browser(self) -> tuple[ReportClient, str]:
        """A browser in which he is signed in, and the token of its forms."""
        app = create_app(self.settings)
        client = MemberClient(app, self.by)
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = client.client.get_cookie(name)
        assert cookie
        with app.app_context():
            db.engine.dispose()
        line = f"Cookie: {name}={cookie.value}".encode()
        return ReportClient(self.port, SOURCES[0], (*LINES, line)), client.csrf

    def claim(self, keys: list[str]) -> None:
        browser, csrf = self.browser()
        trays = browser.get("/moderation/signalements")
        assert trays.status == 200
        for key in keys:
            address = f"/moderation/signalements/{key}"
            answer = browser.post(f"{address}/prendre", {"csrf_token": csrf})
            assert answer.status in (200, 303), answer.status
            page = browser.get(address)
            assert page.status == 200
            assert TYPED["recit"] in page.text
        search_page = browser.get(f"/moderation/signalements?q={quote(TYPED['recit'])}")
        assert search_page.status == 200

    def ask_question(self, key: str) -> None:
        with writing(self.engine) as pen:
            acts.ask_reporter(pen, self.store, key, f"Étaient-elles {QUESTION} ?", by=self.by)

    def decline(self, key: str) -> None:
        with writing(self.engine) as pen:
            sentence = f"Elles sont {SENTENCE}."
            acts.decline(pen, self.store, key, "hors_champ", by=self.by, sentence=sentence)

    def accept(self, key: str) -> int:
        with writing(self.engine) as pen:
            options = {"reason": "signalé", "new": a_case(), "sentence": f"Elles sont {SENTENCE}."}
            return acts.accept(pen, self.store, key, by=self.by, **options)

    def copy_files(self, incident_id: int) -> None:
        """Have copies of a case's files made, and look at all that there is of them."""
        browser, csrf = self.browser()
        address = f"/moderation/dossiers/{incident_id}/pieces"
        page = browser.get(address)
        assert FILE_NAME in page.text
        for action in re.findall(rf"{address}/[0-9a-f]+/copier", page.text):
            assert browser.post(action, {"csrf_token": csrf}).status == 303
        coming = select(CaseCopy).where(CaseCopy.state.in_((CopyState.WANTED, CopyState.MAKING)))

        def is_done() -> bool:
            with Session(self.engine) as session:
                return session.scalar(coming) is None

        until(is_done, 60)
        files = set(re.findall(rf"{address}/[^\"]+/(?:original|copie)", browser.get(address).text))
        assert len(files) >= len(FILES)
        for file in files:
            assert browser.get(file).status == 200

    def mark_as_spam(self, key: str) -> None:
        with writing(self.engine) as pen:
            acts.spam(pen, key, by=self.by)


# The further acts on the reports, by their place; those in no slice stay as received.
QUESTIONED, DECLINED, ACCEPTED = slice(0, 10), slice(10, 18), slice(18, 22)
SPAM, WITHDRAWN, CONTACTED = slice(22, 26), slice(26, 30), slice(30, 34)


def _answered(
    citizens: Iterator[ReportClient], report_desk: ReportDesk, batch: ReportBatch
) -> None:
    report_desk.claim(batch.keys[QUESTIONED])
    for key, code in zip(batch.keys[QUESTIONED], batch.codes[QUESTIONED], strict=True):
        report_desk.ask_question(key)
        citizen = next(citizens)
        page = citizen.follow(code)
        assert QUESTION in page.text
        _require_text(
            citizen.write(page, "/suivi/message", message=f"Elles étaient {ADDED_MESSAGE}."),
            ADDED_MESSAGE,
        )
    for code in batch.codes[CONTACTED]:
        citizen = next(citizens)
        answer = citizen.write(citizen.follow(code), "/suivi/contact", contact=ADDED_CONTACT)
        assert answer.status == 200
    for key in batch.keys[DECLINED]:
        report_desk.decline(key)
    cases = [report_desk.accept(key) for key in batch.keys[ACCEPTED]]
    report_desk.copy_files(cases[0])
    for key in batch.keys[SPAM]:
        report_desk.mark_as_spam(key)
    for code in batch.codes[WITHDRAWN]:
        citizen = next(citizens)
        page = citizen.follow(code)
        assert citizen.write(page, "/suivi/retirer", confirme="y").status == 200
    for code in (*batch.codes[DECLINED], *batch.codes[ACCEPTED]):
        assert SENTENCE in next(citizens).follow(code).text


def _require_text(answer: HttpAnswer, word: str) -> None:
    assert answer.status == 200
    assert word in answer.text


def _provoke_errors(port: int) -> None:
    """Provoke errors, whose logs are the longest."""
    citizen = ReportClient(port, SOURCES[1], LINES)
    assert citizen.get("/late").status == 500
    assert citizen.get("/nulle-part?q=1").status == 404
    citizen.follow("0000-0000-0000-0000")
    citizen.report("kein jeton", _sentence("recit", 0))
    assert citizen.post("/signaler", {"recit": TYPED["recit"] * 100_000}).status < 500


def _folders(settings: Settings) -> Path:
    """The folder above both, where the server's logs and temporary files are put too."""
    folder = settings.instance.parent
    assert seal_folder(settings).parent == folder
    for name in ("logs", "tmp"):
        (folder / name).mkdir()
    return folder


def send_report_batch(
    settings: Settings, engine: Engine, store: KeyStore, cast: Cast
) -> ReportBatch:
    """Send fifty reports over HTTP and act on them; the server has ended."""
    folder = _folders(settings)
    batch = ReportBatch()
    variables = {"REGISTER_REQUIRE_2FA": "off", "TMPDIR": str(folder / "tmp")}
    with serving(settings, **variables) as (served, port):
        served.first_line()
        batch.codes = _send(port)
        with Session(engine) as session:
            batch.keys = [queries.key_by_code(session, store, code) or "" for code in batch.codes]
        assert all(batch.keys)
        bureau = ReportDesk(settings, engine, store, cast.bruno, port)
        _answered(_in_turn(port), bureau, batch)
        _provoke_errors(port)
        # The follower has done what it does.
        until(lambda: '"event": "elected"' in served.logged(), 15, served.logged)
        assert leaks_in(folder) == [], leaks_in(folder)
        assert served.end() == 0
        (folder / "logs" / "stderr").write_text(served.logged(), "utf-8")
        (folder / "logs" / "stdout").write_text(served.process.stdout.read(), "utf-8")
    # Files that this process read and closed have lost the locks that SQLite held on them here.
    engine.dispose()
    return batch


def _in_turn(port: int) -> Iterator[ReportClient]:
    while True:
        yield from (ReportClient(port, source, LINES) for source in SOURCES)


@pytest.fixture
def sent(
    settings: Settings, engine: Engine, store: KeyStore, cast: Cast, desk: Desk
) -> ReportBatch:
    """Fifty reports beside a public case; the server that took them has ended."""
    desk.published()
    return send_report_batch(settings, engine, store, cast)
