"""Chromium on a register that is full of strings that want to run: none of them does.

Pages are inspected twice: as they are served, where a string that became markup would be reported
by the browser's policy; and without that policy, where it would run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from databases import open_engine, serve
from form_client import MemberClient
from hostile_register import WORD, HostileRegister, account, fill_register
from hostile_strings import hostile_strings
from page_inspection import inspected_profile
from playwright.sync_api import Browser, Error

from register import create_app
from register.search import indexer

pytestmark = [pytest.mark.browser, pytest.mark.prove]

ATOM = "{http://www.w3.org/2005/Atom}"
SECONDS = 240


@dataclass
class Site:
    """A served register: its address, its contents, and a member's cookie."""

    base: str
    contents: HostileRegister
    cookie: str


@pytest.fixture(scope="module")
def site(registers, tmp_path_factory) -> Iterator[Site]:
    with registers.new("sqlite", tmp_path_factory.mktemp("hostile")) as settings:
        app = create_app(settings)
        with open_engine(settings.database_url) as engine:
            contents = fill_register(engine, hostile_strings())
            indexer.catch_up(engine, app.extensions["register.search"])
        cookie = MemberClient(app, contents.by).client.get_cookie("registre")
        assert cookie
        with serve(app) as base:
            yield Site(base, contents, cookie.value)


def _pages(contents: HostileRegister) -> Iterator[str]:
    """Every case in full to the public and to members; some of what else is on the desk."""
    for index, case in enumerate(contents.full):
        desk_address = f"/moderation/dossiers/{case.id}"
        yield from (f"/incidents/{case.number}", desk_address)
        if index % 6 == 0:
            forms = ("versions", "comparer", "corriger", "caviarder", "suite", "inviter", "retirer")
            yield from (f"{desk_address}/{name}" for name in forms)
    draft = f"/moderation/dossiers/{contents.draft.id}"
    yield from (draft, f"{draft}/modifier", f"{draft}/publier", f"{draft}/approuver")
    cases = len(contents.full) + len(contents.single)
    yield from (f"/incidents?page={number}" for number in range(1, -(-cases // 20) + 1))
    yield from (f"/incidents?q={WORD}", "/", "/communes/93032", "/registre")
    yield from ("/moderation", "/moderation/journal", f"/moderation/dossiers?q={WORD}")


@pytest.mark.parametrize("policy", [True, False], ids=["as served", "without its policy"])
def test_nothing_runs_in_any_page(browser: Browser, site: Site, policy: bool) -> None:
    start = time.monotonic()
    with inspected_profile(browser, site.base, site.cookie, policy=policy) as inspector:
        for path in _pages(site.contents):
            inspector.open(path)
        inspector.require_no_attack()
    seconds = time.monotonic() - start
    print(f"{len(hostile_strings())} strings, {inspector.pages} pages, {seconds:.0f} s")
    assert inspector.pages > 140
    assert seconds < SECONDS


def test_nothing_runs_in_a_case_whose_only_text_is_a_hostile_string(
    browser: Browser, site: Site
) -> None:
    # All of them are read without a browser by each run of the suite.
    with inspected_profile(browser, site.base, site.cookie, policy=False) as inspector:
        for case in site.contents.single[::4]:
            inspector.open(f"/incidents/{case.number}")
        inspector.require_no_attack()
    assert inspector.pages > len(hostile_strings()) / 5


def test_nothing_runs_in_print(browser: Browser, site: Site) -> None:
    with inspected_profile(browser, site.base, site.cookie, policy=False) as inspector:
        inspector.page.emulate_media(media="print")
        for case in site.contents.full[::5]:
            inspector.open(f"/incidents/{case.number}")
            assert inspector.page.pdf().startswith(b"%PDF")
        inspector.require_no_attack()


def test_nothing_runs_in_the_preview_of_a_text(browser: Browser, site: Site) -> None:
    texts = [attack.text for attack in hostile_strings(turn=2) if attack.group != "long"]
    with inspected_profile(browser, site.base, site.cookie, policy=False) as inspector:
        inspector.open("/moderation/dossiers/nouveau")
        for start in range(0, len(texts), 60):
            with inspector.page.expect_response("**/moderation/apercu"):
                inspector.page.locator("#narrative").fill(account(tuple(texts[start : start + 60])))
            inspector.page.locator("#apercu .prose", has_text=WORD).wait_for()
            inspector.inspect("preview")
        inspector.require_no_attack()


def test_nothing_runs_in_what_a_feed_reader_shows(browser: Browser, site: Site) -> None:
    with inspected_profile(browser, site.base, site.cookie, policy=False) as inspector:
        address, entries = "/incidents.atom", 0
        while address:
            feed = ElementTree.fromstring(inspector.fetch(address))
            texts = [entry.findtext(f"{ATOM}content") or "" for entry in feed.iter(f"{ATOM}entry")]
            entries += len(texts)
            # A reader that strips nothing, in a page of its own: whatever is markup there is live.
            inspector.page.goto("about:blank")
            inspector.page.set_content("".join(f"<article>{text}</article>" for text in texts))
            inspector.inspect(address)
            # The register's own address is another than where a test serves it.
            older = [
                urlsplit(link.get("href", ""))
                for link in feed.findall(f"{ATOM}link")
                if link.get("rel") == "prev-archive"
            ]
            address = f"{older[0].path}?{older[0].query}" if older else ""
        inspector.require_no_attack()
    assert entries > 2 * len(hostile_strings())


def test_the_same_strings_unescaped_do_run(browser: Browser, site: Site) -> None:
    """The counter-proof: in a page that does not escape them they are seen in every way."""
    groups = ("script elements", "handlers", "vector images and formulas", "style sheets")
    texts = [attack.text for attack in hostile_strings() if attack.group in groups]
    with inspected_profile(browser, site.base, site.cookie, policy=False) as inspector:
        for start in range(0, len(texts), 4):
            inspector.page.goto("about:blank")
            inspector.page.set_content("<p>" + "</p><p>".join(texts[start : start + 4]))
            inspector.page.wait_for_timeout(60)
            try:
                inspector.inspect(f"{start}")
            except Error:  # one of them led the page away
                inspector.page.wait_for_timeout(60)
        assert len(inspector.active) > 40
        assert len(inspector.dialogs) > 5
        assert any("attaque.test" in url for url in inspector.foreign_requests)
