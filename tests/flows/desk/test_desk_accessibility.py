"""Every page behind the sign-in, for members who see little, or have a phone before them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest
from browsing import LOW, SEND, STICKS_OUT
from bureau import ASKED, PAGES, SENT, Bureau, bureau
from playwright.sync_api import Browser, BrowserContext, Page
from test_accessibility import SCHEMES, violations

from register.cases.vocabulary import LANGUAGES
from register.db import db
from register.server.process_start import listen
from register.server.waitress_server import Server

pytestmark = [pytest.mark.browser, pytest.mark.prove]


class Desk:
    """A served desk, and the browsers of its members."""

    def __init__(self, made: Bureau, base: str, browser: Browser) -> None:
        self.made, self.base, self.browser = made, base, browser
        self._contexts: dict[tuple[int | None, int], BrowserContext] = {}

    def opened(self, name: str) -> Page:
        """One of the pages, before the member who opens it."""
        page = self._page(self.made.member_of(name))
        answer = page.goto(self.base + self.made.address(name))
        assert answer
        assert answer.status == (404 if name == "dead link" else 200)
        return page

    def sent(self, name: str) -> Page:
        """A form of which something is wrong, as it comes back."""
        address, fields, status = SENT[name]
        return self._sent(self._page(self.made.ada), address, fields, status)

    def asked(self) -> Page:
        """A grave act long after the sign-in."""
        return self._sent(self._page(self.made.ada, minutes=20), *ASKED, 403)

    def _sent(self, page: Page, address: str, fields: object, status: int) -> Page:
        page.goto(self.base + "/compte")
        token = page.locator("input[name=csrf_token]").first.get_attribute("value")
        told = {name: value.format(**self.made.named) for name, value in dict(fields).items()}  # type: ignore[call-overload]
        with page.expect_navigation() as seen:
            page.evaluate(SEND, [self.made.address(address), {**told, "csrf_token": token}])
        assert seen.value.status == status
        return page

    def _page(self, member: int | None, minutes: int = 0) -> Page:
        context = self._contexts.get((member, minutes))
        if context is None:
            context = self.browser.new_context(reduced_motion="reduce")
            if member:
                cookie = self.made.cookie(member, minutes=minutes)
                name = self.made.app.config["SESSION_COOKIE_NAME"]
                context.add_cookies([{"name": name, "value": cookie, "url": self.base}])
            self._contexts[member, minutes] = context
        for page in context.pages:
            page.close()
        return context.new_page()

    def close(self) -> None:
        """Close every browser."""
        for context in self._contexts.values():
            context.close()


@pytest.fixture(scope="module")
def served_desk(
    registers, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[Desk]:
    with registers.new("sqlite", tmp_path_factory.mktemp("bureau")) as settings:
        made = bureau(settings)
        server = Server(made.app, listen("127.0.0.1", 0))
        thread = threading.Thread(target=server.run)
        thread.start()
        desk = Desk(made, f"http://127.0.0.1:{server.port}", browser)
        try:
            yield desk
        finally:
            desk.close()
            server.stop()
            thread.join(15)
            with suppress(RuntimeError), made.app.app_context():
                db.engine.dispose()


Opens = Callable[[Desk], Page]
WAYS: dict[str, Opens] = {
    **{name: partial(lambda name, desk: desk.opened(name), name) for name in PAGES},
    **{name: partial(lambda name, desk: desk.sent(name), name) for name in SENT},
    "who is it": lambda desk: desk.asked(),
}


@pytest.fixture(params=LANGUAGES)
def desk(served_desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """The desk in each language."""
    served_desk.made = replace(served_desk.made, tongue=request.param)
    return served_desk


@pytest.mark.parametrize("name", WAYS)
def test_axe_finds_nothing_and_nothing_sticks_out(desk: Desk, name: str) -> None:
    page = WAYS[name](desk)
    for scheme, width in zip(SCHEMES, (1280, 390), strict=True):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert violations(page) == [], scheme
    for width in (320, 390, 768, 1060, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKS_OUT) == [], width
        assert page.evaluate(LOW) == [], width


@pytest.mark.parametrize("width", [1280, 1440])
def test_a_long_name_leaves_the_menu_on_one_line(desk: Desk, width: int) -> None:
    page = desk.opened("home")
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(
        "document.querySelector('.nav .me span').textContent = 'Marie-Françoise '.repeat(4)"
    )
    boxes = [link.bounding_box() for link in page.locator(".nav a").all()]
    assert len({box["y"] for box in boxes if box}) == 1


def test_what_is_wrong_would_be_seen(desk: Desk) -> None:
    """The proof that the test above sees something."""
    page = desk.opened("invite to reply")
    page.evaluate("document.querySelector('main label').remove()")
    page.evaluate("document.querySelector('main button').style.minHeight = '20px'")
    page.evaluate("document.querySelector('main button').style.padding = '0'")
    page.evaluate("document.querySelector('h1').style.width = '5000px'")
    assert "label" in {broken.split(":")[0] for broken in violations(page)}
    assert page.evaluate(LOW)
    assert page.evaluate(STICKS_OUT)
