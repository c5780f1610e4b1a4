"""Two people who only read: one who wants to cite a case, one who wants to be told of the next.

Those who report and those who moderate are in ``reports/test_report_life.py``.
"""

from __future__ import annotations

import re

import pytest
from desk_steps import heading
from feed_reader import parsed
from input_devices import Keys, User
from page_checks import Opener
from playwright.sync_api import Page, expect
from viewports import DESKTOP, PHONE, Viewport

pytestmark = pytest.mark.browser

WAYS = {
    "phone": Viewport(PHONE, scripts=False),
    "desktop with scripts": Viewport(DESKTOP, scripts=True),
    "keyboard alone": Viewport(DESKTOP, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}
EACH = pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, id=name, marks=[] if name == "phone" else pytest.mark.prove)
        for name, way in WAYS.items()
    ],
)


def _hands(way: Viewport, reader: Opener) -> User:
    return way.user(reader("home", width=way.width, scripts=way.scripts))


def _search(user: User, words: str) -> None:
    user.write("Chercher un lieu ou un mot", words)
    user.press("Chercher")
    expect(user.page).to_have_url(re.compile(r"/incidents\?q="))


def _told(page: Page) -> str:
    return " ".join(page.locator("main").inner_text().split())


@EACH
def test_a_reader_finds_the_case_of_gagny_and_cites_it(reader: Opener, way: Viewport) -> None:
    user = _hands(way, reader)
    page = user.page
    _search(user, "gagny filmer")
    expect(page.locator(".entry")).to_have_count(1)
    user.press("Le maire suspend le conseil")
    heading(page, "Interdiction de filmer, Gagny, 26 juin 2006")
    number = page.url.rsplit("/", 1)[1]
    assert "Le maire (Gagny) interdit de filmer à" in _told(page)
    cited = page.locator("aside .cite").inner_text()
    assert f"cas nº {number}" in " ".join(cited.split())
    assert f"/incidents/{number}?version=" in cited
    with page.expect_download() as coming:
        user.press_beside("BibTeX")
    told = coming.value.path().read_text(encoding="utf-8")
    assert told.startswith("@")
    assert "Interdiction de filmer" in told
    user.press_beside("Adresse de cette version")
    expect(page).to_have_url(re.compile(rf"/incidents/{number}\?version=[0-9]+$"))
    assert page.url.partition("/incidents")[2] in cited


@EACH
def test_a_journalist_follows_a_search_in_a_departement(reader: Opener, way: Viewport) -> None:
    user = _hands(way, reader)
    page = user.page
    _search(user, "maire")
    everywhere = page.locator(".entry").count()
    if way.width == PHONE:
        user.unfold("Filtrer ces résultats")
    user.unfold("Département")
    user.tick("Seine-Saint-Denis")
    user.press_beside("Appliquer")
    expect(page).to_have_url(re.compile("departement=93"))
    shown = page.locator(".entry").count()
    assert 0 < shown < everywhere
    with page.expect_response(re.compile(r"\.atom\?")) as answer:
        user.press("Suivre cette recherche (flux)")
    feed = parsed(page.context.request.get(answer.value.url).body())
    assert "maire" in feed.feed.title
    assert "Seine-Saint-Denis" in feed.feed.title
    assert len(feed.entries) >= shown
