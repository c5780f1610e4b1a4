"""Chromium on a register that is full of strings that want to run: none of them does.

Pages are looked at twice: as they are served, where a string that became markup would be told of
by the browser's policy; and with that policy taken away, where it would run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from form_client import MemberClient
from hostile_register import WORD, HostileRegister, account, fill_register
from hostile_strings import hostile_strings
from page_checks import Watch
from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page, Route
from sqlalchemy import create_engine

from register import create_app
from register.db import configure_engine, db, engine_options
from register.search import indexer
from register.server.sockets import listen
from register.server.waitress_server import Server

pytestmark = [pytest.mark.browser, pytest.mark.prove]

ATOM = "{http://www.w3.org/2005/Atom}"
SECONDS = 240
# What stands in the page that could run, fetch or hide, as the browser itself understood it.
FOUND = """() => {
  const found = [];
  const runs = /^(javascript|vbscript|data|blob|filesystem):/i;
  for (const one of document.querySelectorAll("*")) {
    for (const { name, value } of one.attributes)
      if (/^on/i.test(name) || name === "style" || name === "srcdoc") found.push(one.outerHTML);
    for (const name of ["href", "src", "action", "formAction"]) {
      const address = one[name];
      const own = typeof address === "string" ? address : address?.baseVal ?? "";
      if (runs.test(own)) found.push(one.outerHTML);
    }
  }
  const never = "iframe, object, embed, base, style, img, image, video, audio, math, template";
  const scripts = "script:not([src^='/static/']):not([type='application/ld+json'])";
  for (const one of document.querySelectorAll(`${never}, ${scripts}`)) found.push(one.outerHTML);
  if ("prise" in window || document.body.id === "prise") found.push("it ran");
  return found.map((html) => html.slice(0, 160));
}"""


@dataclass
class Site:
    """Where the register is served, what is in it, and how a member is known to it."""

    base: str
    filed: HostileRegister
    cookie: str


@pytest.fixture(scope="module")
def site(registers, tmp_path_factory) -> Iterator[Site]:
    with registers.new("sqlite", tmp_path_factory.mktemp("attacked")) as settings:
        engine = create_engine(settings.database_url, **engine_options(settings.database_url))
        configure_engine(engine)
        filed = fill_register(engine, hostile_strings())
        app = create_app(settings)
        indexer.catch_up(engine, app.extensions["register.search"])
        engine.dispose()
        cookie = MemberClient(app, filed.by).client.get_cookie("registre")
        assert cookie
        server = Server(app, listen("127.0.0.1", 0))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{server.port}", filed, cookie.value)
        finally:
            server.stop()
            thread.join(15)
            with app.app_context():
                db.engine.dispose()


@dataclass
class Seen:
    """Pages of one profile, and what was noticed in them."""

    page: Page
    watch: Watch
    base: str
    dialogs: list[str] = field(default_factory=list)
    found: list[tuple[str, str]] = field(default_factory=list)
    pages: int = 0

    def look(self, path: str) -> None:
        """Open a page and note what could run in it."""
        answer = self.page.goto(self.base + path, wait_until="load")
        assert answer
        assert answer.status == 200, path
        self.note(path)

    def note(self, path: str) -> None:
        """Note what could run in the page as it is now."""
        self.pages += 1
        self.found += [(path, html) for html in self.page.evaluate(FOUND)]

    def fetched(self, path: str) -> str:
        """A document as a feed reader gets it."""
        answer = self.page.context.request.get(self.base + path)
        assert answer.status == 200, path
        return str(answer.text())

    @property
    def elsewhere(self) -> list[str]:
        """What was asked of other machines, or of none."""
        own = (self.base + "/", "about:")
        return [url for url in self.watch.requests if not url.startswith(own)]


@contextmanager
def _profile(browser: Browser, site: Site, *, policy: bool) -> Iterator[Seen]:
    context: BrowserContext = browser.new_context(bypass_csp=not policy, reduced_motion="reduce")
    context.add_cookies([{"name": "registre", "value": site.cookie, "url": site.base}])
    context.set_default_timeout(20_000)

    def stay(route: Route) -> None:
        own = route.request.url.startswith(site.base + "/")
        route.continue_() if own else route.abort()

    context.route(lambda url: not url.startswith(site.base + "/"), stay)
    seen = Seen(context.new_page(), Watch(context), site.base)

    def dismiss(dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            seen.dialogs.append(dialog.message)
        dialog.accept()

    context.on("dialog", dismiss)
    try:
        yield seen
    finally:
        context.close()


def _require_nothing(seen: Seen) -> None:
    assert seen.found == []
    assert seen.dialogs == []
    assert seen.elsewhere == []
    assert [text for text in seen.watch.complaints if "the server responded" not in text] == []


def _pages(filed: HostileRegister) -> Iterator[str]:
    """Every case in full to the public and to members; some of what else is on the desk."""
    for place, case in enumerate(filed.full):
        own = f"/moderation/dossiers/{case.id}"
        yield from (f"/incidents/{case.number}", own)
        if place % 6 == 0:
            more = ("versions", "comparer", "corriger", "caviarder", "suite", "inviter", "retirer")
            yield from (f"{own}/{name}" for name in more)
    draft = f"/moderation/dossiers/{filed.draft.id}"
    yield from (draft, f"{draft}/modifier", f"{draft}/publier", f"{draft}/approuver")
    cases = len(filed.full) + len(filed.single)
    yield from (f"/incidents?page={number}" for number in range(1, -(-cases // 20) + 1))
    yield from (f"/incidents?q={WORD}", "/", "/communes/93032", "/registre")
    yield from ("/moderation", "/moderation/journal", f"/moderation/dossiers?q={WORD}")


@pytest.mark.parametrize("policy", [True, False], ids=["as served", "without its policy"])
def test_nothing_runs_in_any_page(browser: Browser, site: Site, policy: bool) -> None:
    began = time.monotonic()
    with _profile(browser, site, policy=policy) as seen:
        for path in _pages(site.filed):
            seen.look(path)
        _require_nothing(seen)
    took = time.monotonic() - began
    print(f"{len(hostile_strings())} strings, {seen.pages} pages, {took:.0f} s")
    assert seen.pages > 140
    assert took < SECONDS


def test_nothing_runs_where_a_string_is_all_that_a_case_says(browser: Browser, site: Site) -> None:
    # All of them are read without a browser by each run of the suite.
    with _profile(browser, site, policy=False) as seen:
        for case in site.filed.single[::4]:
            seen.look(f"/incidents/{case.number}")
        _require_nothing(seen)
    assert seen.pages > len(hostile_strings()) / 5


def test_nothing_runs_in_print(browser: Browser, site: Site) -> None:
    with _profile(browser, site, policy=False) as seen:
        seen.page.emulate_media(media="print")
        for case in site.filed.full[::5]:
            seen.look(f"/incidents/{case.number}")
            assert seen.page.pdf().startswith(b"%PDF")
        _require_nothing(seen)


def test_nothing_runs_in_a_text_that_is_looked_over_while_it_is_written(
    browser: Browser, site: Site
) -> None:
    texts = [attack.text for attack in hostile_strings(turn=2) if attack.group != "long"]
    with _profile(browser, site, policy=False) as seen:
        seen.look("/moderation/dossiers/nouveau")
        for at in range(0, len(texts), 60):
            with seen.page.expect_response("**/moderation/apercu"):
                seen.page.locator("#narrative").fill(account(tuple(texts[at : at + 60])))
            seen.page.locator("#apercu .prose", has_text=WORD).wait_for()
            seen.note("preview")
        _require_nothing(seen)


def test_nothing_runs_in_what_a_feed_reader_shows(browser: Browser, site: Site) -> None:
    with _profile(browser, site, policy=False) as seen:
        address, entries = "/incidents.atom", 0
        while address:
            feed = ElementTree.fromstring(seen.fetched(address))
            texts = [entry.findtext(f"{ATOM}content") or "" for entry in feed.iter(f"{ATOM}entry")]
            entries += len(texts)
            # A reader that strips nothing, in a page of its own: whatever is markup there is live.
            seen.page.goto("about:blank")
            seen.page.set_content("".join(f"<article>{text}</article>" for text in texts))
            seen.note(address)
            # The register's own address is another than where a test serves it.
            older = [
                urlsplit(link.get("href", ""))
                for link in feed.findall(f"{ATOM}link")
                if link.get("rel") == "prev-archive"
            ]
            address = f"{older[0].path}?{older[0].query}" if older else ""
        _require_nothing(seen)
    assert entries > 2 * len(hostile_strings())


def test_the_same_strings_as_they_are_do_run(browser: Browser, site: Site) -> None:
    """The counter-proof: in a page that does not escape them they are seen in every way."""
    groups = ("script elements", "handlers", "vector images and formulas", "style sheets")
    texts = [attack.text for attack in hostile_strings() if attack.group in groups]
    with _profile(browser, site, policy=False) as seen:
        for at in range(0, len(texts), 4):
            seen.page.goto("about:blank")
            seen.page.set_content("<p>" + "</p><p>".join(texts[at : at + 4]))
            seen.page.wait_for_timeout(60)
            try:
                seen.note(f"{at}")
            except Error:  # one of them led the page away
                seen.page.wait_for_timeout(60)
        assert len(seen.found) > 40
        assert len(seen.dialogs) > 5
        assert any("attaque.test" in url for url in seen.elsewhere)
