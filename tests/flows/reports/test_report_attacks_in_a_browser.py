"""Strings that want to run, in every field of a report, as both sides see them in Chromium.

As in ``test_attacks_in_a_browser``, pages are looked at with the policy that they are served with,
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
class Attacked:
    """A register whose reports are full of strings; their keys and codes."""

    house: ServedRegister
    reports: Sequence[ReceivedReport]
    cookie: str


def _texts(some: Sequence[HostileString]) -> list[str]:
    return [text for attack in some if (text := clean(attack.text)).strip()]


def _line(text: str, limit: int = LINE_LIMIT) -> str:
    return one_line(text)[:limit]


@pytest.fixture(scope="module")
def filled(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("attacked")
    with registers.new("sqlite", folder) as settings, serve_register(settings) as house:
        with open_engine(settings.database_url) as engine, Session(engine) as session:
            store = setup.key_store(settings, session)
            session.rollback()
            inbox = Inbox(partial(_pen, engine), store, house.cast)
            every = hostile_strings()
            reports = [
                _report(inbox, _texts(every[at : at + TOGETHER]), at // TOGETHER)
                for at in range(0, len(every), TOGETHER)
            ]
            store.close()
        cookie = MemberClient(house.app, house.cast.bruno).client.get_cookie("registre")
        assert cookie
        yield Attacked(house, reports, cookie.value)


def _pen(engine, at=None):
    return writing(engine, at or now())


def _report(inbox: Inbox, texts: list[str], place: int) -> ReceivedReport:
    """One whose every field, message and answer is such a string; every third is declined."""
    first = texts[place % len(texts)]
    filed = inbox.received(
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
    said = first[:1_500]
    with inbox.pen() as p:
        acts.ask_reporter(p, inbox.store, filed.key, said, by=inbox.cast.bruno)
        acts.add(p, inbox.store, filed.key, MessageKind.ANSWER, said, nonce())
    if place % 3 == 0:
        with inbox.pen() as p:
            acts.decline(
                p, inbox.store, filed.key, "hors_champ", by=inbox.cast.bruno, sentence=said
            )
    return filed


@pytest.mark.parametrize("policy", [True, False], ids=["as served", "without its policy"])
def test_nothing_of_a_report_runs_on_the_desk_or_on_its_own_page(
    browser: Browser, filled: Attacked, policy: bool
) -> None:
    base = filled.house.base
    with inspected_profile(browser, base, filled.cookie, policy=policy) as seen:
        at = "/moderation/signalements"
        for path in (at, f"{at}?casier=ecartes", f"{at}?q=alert", "/moderation"):
            seen.look(path)
        for place, filed in enumerate(filled.reports):
            seen.look(f"{at}/{filed.key}")
            if place % 3:
                seen.look(f"{at}/{filed.key}/retenir")
            seen.page.goto(f"{seen.base}/suivi")
            with seen.page.expect_navigation() as came:
                seen.page.evaluate(
                    SEND, ["/suivi", {"code": receipt_codes.format_code(filed.code)}]
                )
            assert came.value.status == 200
            seen.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
            seen.note("/suivi")
        seen.require_nothing()
    assert seen.pages > 2 * len(hostile_strings()) / TOGETHER
