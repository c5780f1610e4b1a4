"""Forms of a report, for reporters who see little, use a keyboard or a phone."""

from __future__ import annotations

import pytest
from page_checks import FOCUSED, STICKS_OUT
from reports_site import REPORTER_PAGES
from site_browser import SiteBrowser
from test_accessibility import violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("site_browser", ["reports"], indirect=True),
]

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


@pytest.mark.prove
def test_the_pages_of_a_report_are_for_everybody(site_browser: SiteBrowser) -> None:
    for name in EACH_RUN:
        page = site_browser.open(name)
        page.set_viewport_size({"width": 320, "height": 800})
        assert violations(page) == [], name
        assert page.evaluate(STICKS_OUT) == [], name


@pytest.mark.prove
@pytest.mark.parametrize("name", FAULTY)
def test_a_refused_form_begins_with_its_faults_and_links_to_its_fields(
    site_browser: SiteBrowser, name: str
) -> None:
    page = site_browser.open(name)
    alert = page.get_by_role("alert")
    assert alert.count() == 1
    assert page.evaluate(BEFORE_THE_FORM)
    if name in REPORTER_PAGES:
        # The faults have the focus, so that a screen reader speaks them first.
        assert page.evaluate("document.activeElement.id") == "erreurs"
    alert.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.id") == FAULTY[name]


@pytest.mark.prove
@pytest.mark.parametrize("name", ["form with faults", "check", "waiting report", "list"])
def test_the_keyboard_focus_moves_down_the_page_and_is_visible(
    site_browser: SiteBrowser, name: str
) -> None:
    page = site_browser.open(name)
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.activeElement.blur()")
    stops, tops = [], []
    for _press in range(250):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUSED)
        if focus["body"]:
            break
        # A date has a stop for each of its numbers, and one for its calendar, which the browser
        # frames by itself.
        if not stops or stops[-1]["name"] != focus["name"]:
            stops.append(focus)
            tops.append(page.evaluate(TOP))
    assert len(stops) > 8
    assert [stop["name"] for stop in stops if stop["outline"] < 2 or not stop["seen"]] == []
    # On a phone everything stands in one column: the keyboard never goes back up.
    climbs = [
        stops[index]["name"] for index in range(1, len(tops)) if tops[index] < tops[index - 1] - 60
    ]
    assert climbs == []
    assert not any("site_web" in stop["name"] for stop in stops)
