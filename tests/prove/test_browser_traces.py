"""The traces in Chromium's profile after a report and its follow-up over HTTPS.

With JavaScript: that /signaler and /suivi were visited, and nothing of what was written, of the
code, of the place or of how far it went. Without: what the documentation says.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from browser_profile import Certificate, Running, certificate, chromium, https, traces
from cast import Cast, hire
from databases import open_engine
from demo_site import empty
from playwright.sync_api import Page, Playwright, expect, sync_playwright
from sqlalchemy.orm import Session

from register.config import Settings
from register.journal import writing
from register.operations import setup
from register.reports import acts, queries

pytestmark = [pytest.mark.prove, pytest.mark.browser]

TEXT = "Zinzolinette Brindezingue m'a retiré le micro"
ANSWER = "Tarabiscotage ratiboisé, rien d'autre"
QUESTION = "Carambolage hurluberlu ?"
PLACE = "Rostrenen"
LINKED = ("lieu=commune:92062", "lieu=commune%3A92062")
# Headings of the pages that tell how far a report went, and addresses that only they name.
STAGES = (
    "Relire avant d’envoyer",
    "Votre signalement est reçu",
    "Une question vous attend",
    "Votre réponse est enregistrée",
    "Vous avez quitté",
    "/suivi/message",
    "/suivi/quitter",
)


@dataclass(frozen=True)
class SecureSite:
    """A register over HTTPS, its members, and how its certificate is trusted."""

    base: str
    settings: Settings
    cast: Cast
    certificate: Certificate

    def ask(self, code: str) -> None:
        """Ask the author of a report a question."""
        with open_engine(self.settings.database_url) as engine:
            with Session(engine) as session:
                store = setup.key_store(self.settings, session)
                key = queries.key_by_code(session, store, code)
            assert key
            with writing(engine) as tx:
                acts.ask_reporter(tx, store, key, QUESTION, by=self.cast.bruno)
            store.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def running(playwright: Playwright, site: SecureSite, profile: Path) -> Iterator[Running]:
    with chromium(playwright, profile, site.certificate) as browser:
        yield browser


@pytest.fixture
def site(registers, tmp_path: Path) -> Iterator[SecureSite]:
    with registers.new("sqlite", tmp_path) as loopback_settings:
        # The port of the proxy is not known yet; on loopback every port is this register's.
        settings = replace(loopback_settings, base_url="https://localhost:5443")
        with open_engine(settings.database_url) as engine:
            cast = hire(engine)
        site_certificate = certificate(tmp_path)
        with (
            empty(settings) as plain,
            https(int(plain.base.rpartition(":")[2]), site_certificate) as base,
        ):
            yield SecureSite(base, settings, cast, site_certificate)


def opened_page(running: Running, scripts: bool) -> Page:
    page = running.context.pages[0]
    if not scripts:
        session = running.context.new_cdp_session(page)
        session.send("Emulation.setScriptExecutionDisabled", {"value": True})
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def expect_heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def to_the_form(page: Page, site: SecureSite) -> None:
    page.goto(f"{site.base}/communes/92062")
    page.locator("main").get_by_role("button", name="Signaler un incident").or_(
        page.locator("main").get_by_role("link", name="Signaler un incident")
    ).first.click()
    expect_heading(page, "Signaler un incident")
    expect(page.get_by_label("Où", exact=True)).to_have_value(re.compile("Puteaux"))


def fill_in(page: Page, scripts: bool) -> None:
    page.get_by_label("Ce qui s’est passé").fill(TEXT)
    place_field = page.get_by_label("Où", exact=True)
    if scripts:
        # The script puts another box in the place of this one, which would be waited for in vain.
        place_field = page.get_by_role("combobox", name="Où", exact=True)
    place_field.fill("")
    if scripts:
        place_field.press_sequentially("rostre", delay=30)
        page.get_by_role("option", name=PLACE).click()
    else:
        place_field.fill(PLACE)
    page.wait_for_timeout(3_000)  # a session file is written every 2.5 seconds


def to_the_receipt(page: Page, scripts: bool) -> str:
    fill_in(page, scripts)
    press(page, "Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    page.wait_for_timeout(3_000)
    press(page, "Envoyer")
    expect_heading(page, "Votre signalement est reçu")
    page.wait_for_timeout(3_000)
    return page.locator("p.code").inner_text().strip()


def follow_up(page: Page, site: SecureSite, code: str) -> None:
    page.goto(f"{site.base}/suivi")
    page.get_by_label("Votre code").fill(code)
    press(page, "Ouvrir")
    expect_heading(page, "Une question vous attend")
    page.get_by_label("Votre message").fill(ANSWER)
    page.wait_for_timeout(3_000)
    press(page, "Envoyer ce message")
    expect(page.locator("#fait")).to_contain_text("Votre réponse est enregistrée")
    page.wait_for_timeout(3_000)


def needles(code: str = "") -> dict[str, str]:
    texts = {"text": TEXT[:12], "answer": ANSWER[:13], "question": QUESTION[:11], "place": PLACE}
    texts |= {"typed place": "q=rostre", "linked place": LINKED[0], "sent place": LINKED[1]}
    texts |= {f"stage {words}": words for words in STAGES}
    if code:
        texts |= {"code": code, "plain code": code.replace("-", "")}
    return texts


def visited(profile: Path) -> set[tuple[str, str]]:
    """The addresses of the history without their host, and their titles."""
    with closing(sqlite3.connect(profile / "Default" / "History")) as connection:
        rows = connection.execute("SELECT url, title FROM urls").fetchall()
    return {("/" + url.split("/", 3)[3], title) for url, title in rows if url.startswith("https:")}


def test_with_javascript_only_the_visit_remains(
    site: SecureSite, running: Running, profile: Path
) -> None:
    page = opened_page(running, scripts=True)
    to_the_form(page, site)
    code = to_the_receipt(page, scripts=True)
    # What is gone back to is no form that looks unsent, and what is loaded again asks for the code.
    page.go_back()
    expect(page.get_by_label("Ce qui s’est passé")).to_have_count(0)
    page.go_forward()
    page.wait_for_timeout(3_000)
    site.ask(code)
    follow_up(page, site, code)
    page.reload()
    expect_heading(page, "Suivre un signalement")
    page.get_by_label("Votre code").fill(code)
    press(page, "Ouvrir")
    press(page, "Quitter et effacer")
    expect_heading(page, "Vous avez quitté le suivi")
    page.wait_for_timeout(3_000)
    running.close()
    assert traces(profile, needles(code)) == []
    names = {path for path, _title in visited(profile)}
    assert names == {"/communes/92062", "/signaler", "/suivi"}
    titles = {title for path, title in visited(profile) if path in ("/signaler", "/suivi")}
    assert titles == {"Signaler un incident – Web Citoyen", "Suivre un signalement – Web Citoyen"}


@pytest.mark.parametrize("end", ["check", "receipt", "opened"])
def test_a_browser_that_is_killed_keeps_nothing_with_javascript(
    site: SecureSite, running: Running, profile: Path, end: str
) -> None:
    page = opened_page(running, scripts=True)
    to_the_form(page, site)
    code = ""
    if end == "check":
        fill_in(page, scripts=True)
        press(page, "Relire avant d’envoyer")
        expect_heading(page, "Relire avant d’envoyer")
        page.wait_for_timeout(3_000)
    else:
        code = to_the_receipt(page, scripts=True)
    if end == "opened":
        site.ask(code)
        follow_up(page, site, code)
    running.kill()
    assert traces(profile, needles(code)) == []


def test_without_javascript_what_remains_is_what_the_documentation_says(
    site: SecureSite, running: Running, profile: Path
) -> None:
    page = opened_page(running, scripts=False)
    to_the_form(page, site)
    code = to_the_receipt(page, scripts=False)
    site.ask(code)
    follow_up(page, site, code)
    press(page, "Quitter et effacer")
    expect_heading(page, "Vous avez quitté le suivi")
    page.wait_for_timeout(3_000)
    running.close()
    occurrences = [trace.split(": ", 1) for trace in traces(profile, needles(code))]
    # What was sent, the code among it, is in the files by which a browser opens its tabs again.
    restored_tabs = {name for file, name in occurrences if file.startswith("Default/Sessions/")}
    assert {"text", "answer", "place", "code", "sent place"} <= restored_tabs
    # Elsewhere there are addresses and titles, of which a few name a step.
    other_files = {name for file, name in occurrences if not file.startswith("Default/Sessions/")}
    assert other_files <= {"stage /suivi/message", "stage /suivi/quitter"}
