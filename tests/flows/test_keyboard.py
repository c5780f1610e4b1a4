"""Every public page by the keyboard alone: all that a mouse can use, in order, and to be seen."""

from __future__ import annotations

import re

import pytest
from demo_site import PAGES, RARE
from page_checks import Opener
from playwright.sync_api import expect
from tab_order import faults, tab_stops
from viewports import mainly

pytestmark = pytest.mark.browser

# With what somebody who reports or signs in comes to, beside the pages that are read.
REPORTER_PAGES = {
    "follow up": "/suivi",
    "receipt to check": "/suivi/verifier",
    "sign in": "/compte/connexion",
}
# One long page with a form on each change; all of them before a release.
EACH_RUN = ("list", "report")
PAGE_PARAMS = [
    pytest.param(name, marks=[] if name in EACH_RUN else pytest.mark.prove)
    for name in (*PAGES, *RARE, *REPORTER_PAGES)
]


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.prove)])
@pytest.mark.parametrize("name", PAGE_PARAMS)
def test_the_keyboard_goes_through_a_page(reader: Opener, name: str, width: int) -> None:
    page = reader(REPORTER_PAGES.get(name, name), width=width, scripts=False)
    assert faults(page) == []


@pytest.mark.prove
@pytest.mark.parametrize("name", [*PAGES, *RARE, *REPORTER_PAGES])
def test_scripts_put_nothing_in_the_way_of_the_keyboard(reader: Opener, name: str) -> None:
    assert faults(reader(REPORTER_PAGES.get(name, name))) == []


@pytest.mark.prove
def test_obstacles_for_the_keyboard_are_found(reader: Opener) -> None:
    """The proof that the tests above see something."""
    page = reader("home")
    page.evaluate("document.querySelector('main a').tabIndex = -1")
    page.evaluate("document.querySelector('.brand').style.outline = 'none'")
    page.evaluate("document.querySelector('h1').style.cursor = 'pointer'")
    page.evaluate("document.querySelector('.legend').setAttribute('aria-hidden', true)")
    page.evaluate("document.querySelector('.foot a').tabIndex = 5")
    messages = " ".join(faults(page))
    for fault in ("for a mouse alone", "not reached", "a stop for nothing"):
        assert fault in messages
    for fault in ("not to be seen", "not to be heard"):
        assert fault in messages
    page.evaluate("document.addEventListener('keydown', (event) => event.preventDefault())")
    page.locator(".foot a").last.focus()
    with pytest.raises(AssertionError, match="does not leave the page"):
        tab_stops(page)


@pytest.mark.parametrize("name", mainly("list", "ledger"))
def test_the_second_skip_link_leads_past_the_filters_to_the_results(
    reader: Opener, name: str
) -> None:
    page = reader(name)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".skip").last).to_be_focused()
    expect(page.locator(".skip").last).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".entry a").first).to_be_focused()


def test_a_place_is_chosen_by_the_keyboard_among_those_that_are_offered(reader: Opener) -> None:
    page = reader("list", width=390)
    page.locator(".filters > summary").focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("combobox", name="Lieu", exact=True)
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    # On a busy machine a slow typist is first offered the places of half the word.
    with page.expect_response(lambda answer: "q=saint-den" in (answer.request.post_data or "")):
        page.keyboard.type("saint-den")
    listbox = page.get_by_role("listbox", name="Lieux proposés")
    expect(listbox.get_by_role("option").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    chosen = page.locator(f"[id='{active}']")
    expect(chosen).to_have_attribute("aria-selected", "true")
    words = chosen.inner_text()
    # Escape folds the list and keeps what was typed; an arrow opens it again.
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(box).to_have_value("saint-den")
    page.keyboard.press("ArrowDown")
    expect(listbox).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(listbox).to_be_hidden()
    assert words.startswith(box.input_value())
    # It is no trap: the next stop is beyond it.
    page.keyboard.press("Tab")
    expect(box).not_to_be_focused()
    assert re.search("/incidents$", page.url)
