"""Somebody who goes through the pages of a register, to take components from them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from lxml import html
from lxml.html import HtmlElement


class Visitor:
    """A browser without a window. Forms are sent as the pages write them, their tokens too."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def open(self, path: str) -> HtmlElement:
        """The page at an address."""
        return _page(self._client.get(path, follow_redirects=True).text)

    def send(self, path: str, fields: Mapping[str, str]) -> HtmlElement:
        """What answers the form of a page that has these fields."""
        page = self.open(path)
        form = next(one for one in page.forms if set(fields) <= set(_named(one)))
        told = {**_filled(form), **fields}
        address = form.get("action") or path
        return _page(self._client.post(address, data=told, follow_redirects=True).text)


def having(name: str) -> str:
    """The condition, in XPath, of an element that has a class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def part(page: HtmlElement, wanted: str) -> str:
    """The first part of a page that is wanted (XPath), as it is written there.

    :raises LookupError: the page has none.
    """
    found = page.xpath(wanted)
    if not found:
        raise LookupError(wanted)
    element: HtmlElement = found[0]
    element.tail = ""
    return str(html.tostring(element, encoding="unicode")).strip()


def first_link(page: HtmlElement, name: str) -> str:
    """The address that the first element with a class leads to."""
    return str(page.xpath(f"//*[{having(name)}]//a/@href")[0])


def _page(text: str) -> HtmlElement:
    return html.document_fromstring(text)


def _named(form: HtmlElement) -> list[str]:
    return [str(name) for name in form.xpath(".//@name")]


def _filled(form: HtmlElement) -> dict[str, str]:
    """What the page has written in a form's boxes already: what a browser sends unasked."""
    unticked = "(@type='checkbox' or @type='radio') and not(@checked)"
    boxes = form.xpath(f".//input[@name and not({unticked})]")
    return {box.get("name"): box.get("value", "") for box in boxes}
