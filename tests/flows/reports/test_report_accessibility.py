"""Every page of a report, on both sides, for people who see little or have a phone before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from browsing import FOCUSED, LOW, SEND, STICKS_OUT
from housed import served
from letterbox import DESK, OPEN, Letterbox, letterbox
from playwright.sync_api import Browser, BrowserContext, Page
from test_accessibility import SCHEMES, violations

from register.cases.vocabulary import LANGUAGES

pytestmark = pytest.mark.browser

WIDTHS = (320, 390, 768, 1060, 1280)
# Looked at in every run, in light and at the width of a phone; all of them by ``make prove``.
EACH_RUN = ("form with faults", "check", "receipt", "waiting report", "contact report on the desk")
# Forms that came back: where the first fault leads.
FAULTY = {
    "form with faults": "recit",
    "place choice": "lieu",
    "wrong code": "code",
    "empty answer": "message",
    "empty contact": "contact",
    "withdrawal not confirmed": "confirme",
    "no receipt": "fichier",
    "empty question": "text",
    "declined without a reason": "reason",
    "accept without a reason": "reason",
}

# Whether what is wrong stands before the first field of the page.
BEFORE_THE_FORM = """() => document.querySelector("[role=alert]").compareDocumentPosition(
  document.querySelector("main :is(input, textarea, select):not([type=hidden])"))
  & Node.DOCUMENT_POSITION_FOLLOWING"""
# How far down the page the keyboard is; 0 in its head, whose order is that of every page.
TOP = """() => document.activeElement.closest(".top, .skip")
  ? 0 : document.activeElement.getBoundingClientRect().top + scrollY"""


class Pages:
    """The pages of a letterbox in a browser: one for who reports, one for Bruno at the desk."""

    def __init__(self, made: Letterbox, base: str, browser: Browser) -> None:
        self.made, self.base = made, base
        self.contexts: dict[bool, BrowserContext] = {}
        cookie = made.signed().client.get_cookie("registre")
        assert cookie
        for at_desk in (False, True):
            self.contexts[at_desk] = browser.new_context(reduced_motion="reduce", locale="fr-FR")
        told = {"name": "registre", "value": cookie.value, "url": base}
        self.contexts[True].add_cookies([told])  # type: ignore[list-item]

    def opened(self, name: str) -> Page:
        """A page as it is answered; a form is sent as its own page would send it."""
        asked, at_desk = self.made.page(name), name in DESK
        context = self.contexts[at_desk]
        for page in context.pages:
            page.close()
        page = context.new_page()
        if asked.fields is None:
            answer = page.goto(self.base + asked.path)
        else:
            page.goto(self.base + ("/compte" if at_desk else "/suivi"))
            fields = dict(asked.fields)
            if at_desk:
                token = page.locator("input[name=csrf_token]").first
                fields["csrf_token"] = token.get_attribute("value") or ""
            with page.expect_navigation() as seen:
                page.evaluate(SEND, [asked.path, fields])
            answer = seen.value
        assert answer
        assert answer.status == asked.status, name
        return page


@pytest.fixture(scope="module")
def letters(
    registers, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[Pages]:
    with registers.new("sqlite", tmp_path_factory.mktemp("letterbox")) as settings:
        made = letterbox(settings)
        with served(made.app) as base:
            found = Pages(made, base, browser)
            yield found
            for context in found.contexts.values():
                context.close()


@pytest.fixture(params=LANGUAGES)
def both(letters: Pages, request: pytest.FixtureRequest) -> Pages:
    """The same pages in each language."""
    letters.made = replace(letters.made, tongue=request.param)
    return letters


@pytest.fixture
def pages(letters: Pages) -> Pages:
    """The pages in French."""
    letters.made = replace(letters.made, tongue="fr")
    return letters


def test_the_pages_of_a_report_are_for_everybody(pages: Pages) -> None:
    for name in EACH_RUN:
        page = pages.opened(name)
        page.set_viewport_size({"width": 320, "height": 800})
        assert violations(page) == [], name
        assert page.evaluate(STICKS_OUT) == [], name


@pytest.mark.prove
@pytest.mark.parametrize("name", [*OPEN, *DESK])
def test_axe_finds_nothing_and_nothing_sticks_out(both: Pages, name: str) -> None:
    page = both.opened(name)
    for scheme, width in zip(SCHEMES, (1280, 390), strict=True):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert violations(page) == [], scheme
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKS_OUT) == [], width
        assert page.evaluate(LOW) == [], width


@pytest.mark.prove
@pytest.mark.parametrize("name", FAULTY)
def test_a_form_that_came_back_says_why_first_and_leads_to_its_fields(
    pages: Pages, name: str
) -> None:
    page = pages.opened(name)
    alert = page.get_by_role("alert")
    assert alert.count() == 1
    assert page.evaluate(BEFORE_THE_FORM)
    if name in OPEN:
        # Who cannot see the page is told first of all.
        assert page.evaluate("document.activeElement.id") == "erreurs"
    alert.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.id") == FAULTY[name]


@pytest.mark.prove
@pytest.mark.parametrize("name", ["form with faults", "check", "waiting report", "list"])
def test_who_uses_a_keyboard_goes_down_the_page_and_sees_where_they_are(
    pages: Pages, name: str
) -> None:
    page = pages.opened(name)
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.activeElement.blur()")
    stops, tops = [], []
    for _press in range(250):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here["body"]:
            break
        # A date has a stop for each of its numbers, and one for its calendar, which the browser
        # frames by itself.
        if not stops or stops[-1]["name"] != here["name"]:
            stops.append(here)
            tops.append(page.evaluate(TOP))
    assert len(stops) > 8
    assert [stop["name"] for stop in stops if stop["outline"] < 2 or not stop["seen"]] == []
    # On a phone everything stands in one column: the keyboard never goes back up.
    climbs = [stops[at]["name"] for at in range(1, len(tops)) if tops[at] < tops[at - 1] - 60]
    assert climbs == []
    assert not any("site_web" in stop["name"] for stop in stops)


@pytest.mark.prove
def test_what_is_wrong_would_be_seen(pages: Pages) -> None:
    """The proof that the tests above see something."""
    page = pages.opened("form")
    page.evaluate("document.querySelector('main label').remove()")
    page.evaluate("document.querySelector('h1').style.width = '5000px'")
    page.evaluate("document.querySelector('main button').style.minHeight = '20px'")
    page.evaluate("document.querySelector('main button').style.padding = '0'")
    assert "label" in {broken.split(":")[0] for broken in violations(page)}
    assert page.evaluate(STICKS_OUT)
    assert page.evaluate(LOW)
