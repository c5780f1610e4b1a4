"""Steps of a reader on the public site: a case's page, a search, its commune, the feeds."""

from __future__ import annotations

import re
from typing import Any

from desk_steps import expect_heading
from feed_reader import parsed
from input_devices import User
from playwright.sync_api import APIResponse, Page, expect
from raw_http import until

COMMUNE = "/communes/28085"


def get(page: Page, path: str) -> APIResponse:
    """Request an address without following redirects."""
    return page.context.request.get(path, max_redirects=0, max_retries=2)


def entries(page: Page, path: str) -> list[Any]:
    """The entries of a feed, newest first."""
    response = get(page, path)
    assert response.status == 200, path
    return list(parsed(response.body()).entries)


def titles_by_word(user: User, word: str) -> list[str]:
    """The titles that a search from the front page finds."""
    user.page.goto("/")
    user.write("Chercher un lieu ou un mot", word)
    user.press("Chercher")
    expect(user.page).to_have_url(re.compile(r"/incidents\?q="))
    return _titles(user.page)


def titles_by_commune(user: User) -> list[str]:
    """The titles on the page of the commune, which is found by its name."""
    user.page.goto("/")
    user.press("Communes")
    user.write("Chercher une commune", "Chartres")
    user.press("Chercher")
    expect(user.page).to_have_url(re.compile(COMMUNE))
    expect_heading(user.page, "Chartres")
    return _titles(user.page)


def _titles(page: Page) -> list[str]:
    return [
        " ".join(title.split()) for title in page.locator("li.entry :is(h2, h3)").all_inner_texts()
    ]


def expect_search_results(user: User, word: str, titles: list[str]) -> None:
    """Wait until the search finds these titles and no other: its index follows the register."""
    until(
        lambda: titles_by_word(user, word) == titles, 20, lambda: str((titles, _titles(user.page)))
    )
