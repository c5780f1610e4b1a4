"""How somebody works on a page: with a finger or a mouse, or with the keyboard alone.

Everything is found by what a person reads: the words of a link, a button, a label.
"""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

# Stops of the tabulator on the longest page of the desk, twice over.
STOPS_LIMIT = 500


class User(Protocol):
    """Presses, writes, chooses and ticks on a page."""

    page: Page

    def press(self, words: str) -> None:
        """A link or a button of the page's head, body or foot, not of its margin."""

    def press_beside(self, words: str) -> None:
        """A link or a button of what stands beside the page's text."""

    def write(self, label: str, text: str, container: Locator | None = None) -> None:
        """A text into the field of a label."""

    def choose(self, label: str, option: str, container: Locator | None = None) -> None:
        """An option of a list, by its words."""

    def tick(self, label: str) -> None:
        """A box, or one of several choices."""

    def unfold(self, words: str) -> None:
        """Unfold the part under these words."""


def field(page: Page, label: str, container: Locator | None = None) -> Locator:
    """The field of a label, the first where there are several; it may say that it is needed."""
    end = r"(?:\(obligatoire\)\s*)?$"
    return (container or page.locator("main")).get_by_label(words_of(label, end)).first


def words_of(words: str, end: str = "") -> re.Pattern[str]:
    """These words at the beginning of a name, whatever spaces typography put between them."""
    spaced = r"\s+".join(map(re.escape, words.split()))
    return re.compile(rf"^\s*{spaced}\s*{end}")


def box(page: Page, label: str) -> Locator:
    """The checkbox or radio button whose label begins with these words."""
    body = page.locator("main")
    name = words_of(label)
    return body.get_by_role("checkbox", name=name).or_(body.get_by_role("radio", name=name)).first


def _pressable(page: Page, words: str, region: str = "main .body, .top, .foot") -> Locator:
    body = page.locator(region)
    link = body.get_by_role("link", name=words_of(words))
    return body.get_by_role("button", name=words_of(words)).or_(link).first


class Pointer:
    """A finger or a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, words: str) -> None:
        _pressable(self.page, words).click()

    def press_beside(self, words: str) -> None:
        _pressable(self.page, words, "main aside").click()

    def write(self, label: str, text: str, container: Locator | None = None) -> None:
        field(self.page, label, container).fill(text)

    def choose(self, label: str, option: str, container: Locator | None = None) -> None:
        field(self.page, label, container).select_option(label=option)

    def tick(self, label: str) -> None:
        box(self.page, label).check()

    def unfold(self, words: str) -> None:
        self.page.locator("main summary", has_text=words).first.click()


class Keys:
    """The keyboard alone: the tabulator, the arrows, the space bar, the enter key, letters."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, words: str) -> None:
        self._reach(_pressable(self.page, words))
        self.page.keyboard.press("Enter")

    def press_beside(self, words: str) -> None:
        self._reach(_pressable(self.page, words, "main aside"))
        self.page.keyboard.press("Enter")

    def write(self, label: str, text: str, container: Locator | None = None) -> None:
        target = field(self.page, label, container)
        self._reach(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)
        expect(target).to_have_value(text)

    def choose(self, label: str, option: str, container: Locator | None = None) -> None:
        target = field(self.page, label, container)
        self._reach(target)
        self.page.keyboard.press("Home")
        for _press in range(target.locator("option").count()):
            if _chosen(target) == option:
                return
            self.page.keyboard.press("ArrowDown")
        assert _chosen(target) == option

    def tick(self, label: str) -> None:
        target = box(self.page, label)
        if target.get_attribute("type") == "radio":
            self._move_to(target)
        else:
            self._reach(target)
            self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def unfold(self, words: str) -> None:
        self._reach(self.page.locator("main summary", has_text=words).first)
        self.page.keyboard.press("Enter")

    def _move_to(self, target: Locator) -> None:
        """The tabulator stops once at choices that exclude each other, at the one that is made.

        Arrows move among them.
        """
        selector = f"input[name='{target.get_attribute('name')}']"
        group, chosen = self.page.locator(selector), self.page.locator(f"{selector}:checked")
        self._reach(chosen if chosen.count() else group.first)
        self.page.keyboard.press("Space")
        for _press in range(group.count()):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        for _press in range(STOPS_LIMIT):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not get to {target}")


def _chosen(target: Locator) -> str:
    chosen: str = target.evaluate("(list) => list.selectedOptions[0].label.trim()")
    return chosen
