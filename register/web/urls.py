"""Addresses of the public pages, built without Flask's router.

The router would be called twenty times for a list of twenty cases. ``tests/web/test_pages.py``
checks that these addresses are routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from register.cases.filters import CaseQuery
from register.errors import NotFound
from register.web.list_query import list_address

NUMBER_PATTERN = re.compile(r"[1-9][0-9]{0,8}")


def case(number: int) -> str:
    """A case, at its permanent address."""
    return f"/incidents/{number}"


def case_number(number_text: str) -> int:
    """The case number of an address: no leading zero, at most nine digits.

    :raises NotFound: any other text.
    """
    if not NUMBER_PATTERN.fullmatch(number_text):
        raise NotFound("no_such_case")
    return int(number_text)


def version(number: int, seq: int) -> str:
    """A version of a case, which never changes: the address in citations."""
    return _at_version(case(number), seq)


def _at_version(address: str, seq: int | None) -> str:
    return address if seq is None else f"{address}?version={seq}"


def version_difference(number: int, before: int, after: int) -> str:
    """The differences between two versions of a case."""
    return f"{case(number)}/versions/{before}-{after}"


def citation(number: int, form: str, seq: int | None = None) -> str:
    """A reference to a case for reference managers, in a format; of its last version by default."""
    return _at_version(f"{case(number)}/citation.{form}", seq)


def cases(query: CaseQuery | None = None, lieu: str = "") -> str:
    """The list of cases, or a search in it; ``lieu`` is a place as typed, to be resolved."""
    pairs = query.pairs() if query is not None else []
    return list_address("/incidents", [*pairs, ("lieu", lieu)] if lieu else pairs)


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
    """The Atom feed of a page: its address with the suffix before the query."""
    path, separator, query_string = address.partition("?")
    return f"{path}.atom{separator}{query_string}"


def ledger(parameters: Iterable[tuple[str, str]] = ()) -> str:
    """The public journal, or a selection of its lines."""
    return list_address("/registre", parameters)


def line(seq: int, page: int | None = None) -> str:
    """A line of the public journal; without its page, a stable address that redirects to it."""
    if page is None:
        return f"/registre?ligne={seq}"
    return f"{paged('/registre', page)}#ligne-{seq}"


def bundle(number: int, version: int | None = None) -> str:
    """What anybody may keep of a case, as an archive; of its last version by default."""
    return _at_version(f"{case(number)}.zip", version)


def pieces(number: int) -> str:
    """The folder of the published files of a case."""
    return f"{case(number)}/pieces"


def proof(number: int, version: int | None = None) -> str:
    """The proof that binds a case's text to its journal line, now or at a version."""
    return _at_version(f"{case(number)}/preuve", version)
