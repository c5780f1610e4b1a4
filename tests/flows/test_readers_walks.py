"""Two people who only read: one cites a case, one follows a search by its feed.

Those who report and those who moderate are in ``reports/test_report_life.py``.
"""

from __future__ import annotations

import re

import pytest
from desk_steps import expect_heading
from feed_reader import parsed
from input_devices import Keys, User
from page_checks import Opener
from playwright.sync_api import Page, expect
from viewports import DESKTOP, PHONE, Viewport

pytestmark = pytest.mark.browser

VIEWPORTS = {
    "phone": Viewport(PHONE, scripts=False),
    "desktop with scripts": Viewport(DESKTOP, scripts=True),
    "keyboard alone": Viewport(DESKTOP, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}
EACH_VIEWPORT = pytest.mark.parametrize(
    "viewport",
    [
        pytest.param(viewport, id=name, marks=[] if name == "phone" else pytest.mark.prove)
        for name, viewport in VIEWPORTS.items()
    ],
)


def _user_at(viewport: Viewport, reader: Opener) -> User:
    return viewport.user(reader("home", width=viewport.width, scripts=viewport.scripts))


def _search(user: User, words: str) -> None:
    user.write("Chercher un lieu ou un mot", words)
    user.press("Chercher")
    expect(user.page).to_have_url(re.compile(r"/incidents\?q="))


def _main_text(page: Page) -> str:
    return " ".join(page.locator("main").inner_text().split())


@EACH_VIEWPORT
def test_a_reader_finds_the_case_of_gagny_and_cites_it(reader: Opener, viewport: Viewport) -> None:
    user = _user_at(viewport, reader)
    page = user.page
    _search(user, "gagny filmer")
    # Below it, with smaller headings, are the cases with one word less.
    expect(page.locator("li.entry h2")).to_have_count(1)
    user.press("Le maire suspend le conseil")
    expect_heading(page, "Interdiction de filmer, Gagny, 26 juin 2006")
    number = page.url.rsplit("/", 1)[1]
    deed = r"Le maire \(Gagny\).*Interdiction de filmer.*selon la source"
    assert re.search(deed, _main_text(page))
    page.locator("#citer > summary").click()
    citation = page.locator("aside .cite").inner_text()
    assert f"cas nº {number}" in " ".join(citation.split())
    assert f"/incidents/{number}?version=" in citation
    with page.expect_download() as download:
        user.press_beside("BibTeX")
    bibtex = download.value.path().read_text(encoding="utf-8")
    assert bibtex.startswith("@")
    assert "Interdiction de filmer" in bibtex
    user.press_beside("Adresse de cette version")
    expect(page).to_have_url(re.compile(rf"/incidents/{number}\?version=[0-9]+$"))
    assert page.url.partition("/incidents")[2] in citation


@EACH_VIEWPORT
def test_a_journalist_follows_a_search_in_a_departement(reader: Opener, viewport: Viewport) -> None:
    user = _user_at(viewport, reader)
    page = user.page
    _search(user, "maire")
    unfiltered_count = page.locator(".entry").count()
    if viewport.width == PHONE:
        user.unfold("Filtrer ces résultats")
    user.unfold("Département")
    user.tick("Seine-Saint-Denis")
    user.press_beside("Appliquer")
    expect(page).to_have_url(re.compile("departement=93"))
    filtered_count = page.locator(".entry").count()
    assert 0 < filtered_count < unfiltered_count
    with page.expect_response(re.compile(r"\.atom\?")) as response:
        user.press("Suivre cette recherche (flux)")
    feed = parsed(page.context.request.get(response.value.url).body())
    assert "maire" in feed.feed.title
    assert "Seine-Saint-Denis" in feed.feed.title
    assert len(feed.entries) >= filtered_count
