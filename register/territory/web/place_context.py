"""What a place's page tells beside its cases: what they are, and where around there are others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from register.cases import area_counts, communes_with_cases, place_counts
from register.cases.communes_with_cases import Towns
from register.cases.filters import Query
from register.db import db
from register.territory.web import place_names, place_rows
from register.territory.web.place_names import Whereabouts
from register.territory.web.place_rows import Rows
from register.web import urls
from register.web.context import book, head, known_places, standing


class Counted(NamedTuple):
    """A type or a year, how many cases have it, and the address of their list."""

    code: str
    cases: int
    address: str


@dataclass(frozen=True)
class Facts:
    """The cases of a place: types in the order of the vocabulary, years from the last.

    ``undated``: those without a date, if any. ``first`` and ``last``: the years that the dated ones
    span, or nothing. ``address``: the list of all.
    """

    types: Sequence[Counted]
    years: Sequence[Counted]
    undated: Counted | None
    first: str
    last: str
    address: str


@dataclass(frozen=True)
class Around:
    """Other communes with cases.

    ``near``: within ``reach`` kilometres; ``group``: the intercommunalité in words, if any;
    ``fellows``: all of it that have cases, if others than the commune do.
    """

    near: Rows
    reach: int
    group: str
    fellows: Rows


def facts(kind: str, code: str) -> Facts:
    """What the cases of a place are; nothing of a place without one.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    query, territory = Query({kind: (code,)}), standing().territory
    cases = place_counts.of(db.session(), query, book(), head(), territory)
    address = urls.cases(query)

    def counted(name: str, value: str, count: int) -> Counted:
        return Counted(value, count, f"{address}&{name}={value}")

    types = [one for one in book().lists["type"] if one in cases.types]
    years = sorted(cases.years, reverse=True)
    return Facts(
        types=[counted("type", one, cases.types[one]) for one in types],
        years=[counted("annee", year, cases.years[year]) for year in years],
        undated=counted("sans_date", "1", cases.undated) if cases.undated else None,
        first=years[-1] if years else "",
        last=years[0] if years else "",
        address=address,
    )


def around(here: Whereabouts) -> Around:
    """What lies around a commune."""
    found = with_cases()
    code, sheet = here.commune.code, here.sheet
    fellows = found.by_group.get(sheet.group.code, ()) if sheet.group else ()
    alone = all(town.code == code for town in fellows)
    return Around(
        near=place_rows.of_towns(found.near(code, sheet.point)) if sheet.point else [],
        reach=communes_with_cases.REACH,
        group=place_names.group_named(sheet.group) if sheet.group else "",
        fellows=[] if alone else place_rows.of_towns(fellows),
    )


def with_cases() -> Towns:
    """The communes that have cases."""
    return communes_with_cases.at(db.session(), known_places(), head(), standing().territory)


def cases_of(kind: str, code: str) -> int:
    """How many cases a ``departement`` or a ``region`` has, as its page counts them."""
    return area_counts.counts(db.session(), head(), standing().territory).get((kind, code), 0)
