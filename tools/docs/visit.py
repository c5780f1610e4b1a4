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
        form = next(
            candidate for candidate in page.forms if set(fields) <= set(_field_names(candidate))
        )
        form_values = {**_prefilled_fields(form), **fields}
        address = form.get("action") or path
        return _page(self._client.post(address, data=form_values, follow_redirects=True).text)


def class_condition(name: str) -> str:
    """The condition, in XPath, of an element that has a class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def extract_component(page: HtmlElement, xpath: str) -> str:
    """The first part of a page that is wanted (XPath), as it is written there.

    :raises LookupError: the page has none.
    """
    matches = page.xpath(xpath)
    if not matches:
        raise LookupError(xpath)
    element: HtmlElement = matches[0]
    element.tail = ""
    return str(html.tostring(element, encoding="unicode")).strip()


def first_link(page: HtmlElement, name: str) -> str:
    """The address that the first element with a class leads to."""
    return str(page.xpath(f"//*[{class_condition(name)}]//a/@href")[0])


def _page(text: str) -> HtmlElement:
    return html.document_fromstring(text)


def _field_names(form: HtmlElement) -> list[str]:
    return [str(name) for name in form.xpath(".//@name")]


def _prefilled_fields(form: HtmlElement) -> dict[str, str]:
    """The prefilled values of a form, which a browser sends with it."""
    unticked = "(@type='checkbox' or @type='radio') and not(@checked)"
    boxes = form.xpath(f".//input[@name and not({unticked})]")
    return {box.get("name"): box.get("value", "") for box in boxes}
