"""The addresses of the public pages, written without asking the router.

A list of twenty cases would ask it twenty times; ``tests/web/test_pages.py`` holds that these
are the addresses the router answers to.
"""

from __future__ import annotations

from urllib.parse import quote

from register.incidents.filters import Query


def case(number: int) -> str:
    """A case, at the address that never changes."""
    return f"/incidents/{number}"


def cases(query: Query | None = None) -> str:
    """The list of cases, or a search in it."""
    text = query.text() if query is not None else ""
    return f"/incidents?{text}" if text else "/incidents"


def commune(code: str) -> str:
    """A commune by its INSEE code."""
    return f"/communes/{quote(code)}"


def departement(code: str) -> str:
    """A département or an overseas collectivity by its code."""
    return f"/departements/{quote(code)}"


def region(code: str) -> str:
    """A région by its code."""
    return f"/regions/{quote(code)}"


PLACES = {"commune": commune, "departement": departement, "region": region}


def paged(address: str, page: int) -> str:
    """Another page of a list that has no other parameter."""
    return address if page == 1 else f"{address}?page={page}"


def feed(address: str) -> str:
    """The Atom feed of what a page shows: the page's address with the suffix before its query."""
    path, mark, query = address.partition("?")
    return f"{path}.atom{mark}{query}"
