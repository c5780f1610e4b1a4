"""What somebody reads of a case on the public site: its page, a search, its commune, the feeds."""

from __future__ import annotations

import re
from typing import Any

from desk_steps import heading
from feed_reader import parsed
from input_devices import User
from playwright.sync_api import APIResponse, Page, expect
from raw_http import until

COMMUNE = "/communes/28085"


def get(page: Page, path: str) -> APIResponse:
    """An address as a program asks for it, redirects not followed."""
    return page.context.request.get(path, max_redirects=0, max_retries=2)


def entries(page: Page, path: str) -> list[Any]:
    """What a feed reader gets, newest first."""
    answer = get(page, path)
    assert answer.status == 200, path
    return list(parsed(answer.body()).entries)


def by_word(user: User, word: str) -> list[str]:
    """The titles that a search from the front page finds."""
    user.page.goto("/")
    user.write("Chercher un lieu ou un mot", word)
    user.press("Chercher")
    expect(user.page).to_have_url(re.compile(r"/incidents\?q="))
    return _titles(user.page)


def by_commune(user: User) -> list[str]:
    """The titles on the page of the commune, which is found by its name."""
    user.page.goto("/")
    user.press("Communes")
    user.write("Chercher une commune", "Chartres")
    user.press("Chercher")
    expect(user.page).to_have_url(re.compile(COMMUNE))
    heading(user.page, "Chartres")
    return _titles(user.page)


def _titles(page: Page) -> list[str]:
    return [" ".join(told.split()) for told in page.locator(".entry :is(h2, h3)").all_inner_texts()]


def finds(user: User, word: str, titles: list[str]) -> None:
    """The search comes to find these titles and no other: its index follows the register."""
    until(lambda: by_word(user, word) == titles, 20, lambda: str((titles, _titles(user.page))))
