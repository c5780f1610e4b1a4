"""Strings that want to run, in every field of a report, as both sides see them in Chromium.

As in ``test_attacks_in_a_browser``, pages are inspected with the policy that they are served with,
and without it: there whatever became markup would run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pytest
from databases import open_engine
from form_client import MemberClient
from hostile_strings import HostileString, hostile_strings
from page_checks import SEND
from page_inspection import inspected_profile
from playwright.sync_api import Browser
from report_factory import Inbox, nonce
from served_register import ServedRegister, serve_register
from sqlalchemy.orm import Session

from register.db import now
from register.journal import writing
from register.operations import setup
from register.reports import acts, receipt_codes
from register.reports.acts.reporter import ReceivedReport
from register.reports.models import MessageKind
from register.reports.report_content import CONTACT_LIMIT, LINE_LIMIT, LINK_LIMIT
from register.text.normalisation import clean, one_line

pytestmark = [pytest.mark.browser, pytest.mark.prove]

TOGETHER = 12  # strings of one report


@dataclass(frozen=True)
class AttackedRegister:
    """A register whose reports are full of strings; their keys and codes."""

    served_register: ServedRegister
    reports: Sequence[ReceivedReport]
    cookie: str


def _texts(strings: Sequence[HostileString]) -> list[str]:
    return [text for attack in strings if (text := clean(attack.text)).strip()]


def _line(text: str, limit: int = LINE_LIMIT) -> str:
    return one_line(text)[:limit]


@pytest.fixture(scope="module")
def attacked(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedRegister]:
    folder = tmp_path_factory.mktemp("attacked")
    with registers.new("sqlite", folder) as settings, serve_register(settings) as served_register:
        with open_engine(settings.database_url) as engine, Session(engine) as session:
            store = setup.key_store(settings, session)
            session.rollback()
            inbox = Inbox(partial(_pen, engine), store, served_register.cast)
            strings = hostile_strings()
            reports = [
                _report(inbox, _texts(strings[start : start + TOGETHER]), start // TOGETHER)
                for start in range(0, len(strings), TOGETHER)
            ]
            store.close()
        cookie = MemberClient(served_register.app, served_register.cast.bruno).client.get_cookie(
            "registre"
        )
        assert cookie
        yield AttackedRegister(served_register, reports, cookie.value)


def _pen(engine, at=None):
    return writing(engine, at or now())


def _report(inbox: Inbox, texts: list[str], index: int) -> ReceivedReport:
    """One whose every field, message and answer is such a string; every third is declined."""
    first = texts[index % len(texts)]
    report = inbox.received(
        account="\n\n".join(texts)[:19_000],
        types=("interdiction_filmer", _line(first, 60)),
        place=_line(first),
        place_code="",
        when=_line(first),
        actor_text=_line(first),
        target_text=_line(first),
        links=tuple(_line(text, LINK_LIMIT) for text in texts if _line(text)),
        contact=_line(first, CONTACT_LIMIT),
    )
    sentence = first[:1_500]
    with inbox.pen() as p:
        acts.ask_reporter(p, inbox.store, report.key, sentence, by=inbox.cast.bruno)
        acts.add(p, inbox.store, report.key, MessageKind.ANSWER, sentence, nonce())
    if index % 3 == 0:
        with inbox.pen() as p:
            acts.decline(
                p, inbox.store, report.key, "hors_champ", by=inbox.cast.bruno, sentence=sentence
            )
    return report


@pytest.mark.parametrize("policy", [True, False], ids=["as served", "without its policy"])
def test_nothing_of_a_report_runs_on_the_desk_or_on_its_own_page(
    browser: Browser, attacked: AttackedRegister, policy: bool
) -> None:
    base = attacked.served_register.base
    with inspected_profile(browser, base, attacked.cookie, policy=policy) as inspector:
        tray_address = "/moderation/signalements"
        for path in (
            tray_address,
            f"{tray_address}?casier=ecartes",
            f"{tray_address}?q=alert",
            "/moderation",
        ):
            inspector.open(path)
        for index, report in enumerate(attacked.reports):
            inspector.open(f"{tray_address}/{report.key}")
            if index % 3:
                inspector.open(f"{tray_address}/{report.key}/retenir")
            inspector.page.goto(f"{inspector.base}/suivi")
            with inspector.page.expect_navigation() as navigation:
                inspector.page.evaluate(
                    SEND, ["/suivi", {"code": receipt_codes.format_code(report.code)}]
                )
            assert navigation.value.status == 200
            inspector.page.locator("details").evaluate_all(
                "all => all.forEach(one => one.open = true)"
            )
            inspector.inspect("/suivi")
        inspector.require_no_attack()
    assert inspector.pages > 2 * len(hostile_strings()) / TOGETHER
