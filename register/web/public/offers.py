"""What a page of results offers beside them: a place or a year among the words, a better spelling.

Never forced: the search stays what was typed until its reader chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.db import db
from register.followers.search import suggestion
from register.incidents.filters import Query
from register.territory.phrases import Placed, placed
from register.territory.resolve import Reading
from register.text.typography import french
from register.web.context import book, gazetteer, head, known_places
from register.web.public import addresses, choice
from register.web.public.words import Words, index

# Readings of one place that are offered here; a page of its own offers more.
_READINGS = 4
# With so few cases, a word may be one that nobody wrote.
_FEW = 2

_QUOTED = re.compile(r"[\"“”„«][^\"“”„»]*[\"“”„»]")
_YEAR = re.compile(r"(?<![\w.,'’-])(?:19|20)[0-9]{2}(?![\w'’-])")


@dataclass(frozen=True)
class Offer:
    """A link: what it says, and where it leads."""

    text: str
    address: str


@dataclass(frozen=True)
class Offers:
    """``narrower``: the same search at a place or in a year. ``pages``: of the place it names.

    ``better``: the search with its misspelt words put right, or None.
    """

    narrower: Sequence[Offer] = ()
    pages: Sequence[Offer] = ()
    better: Offer | None = None


def of(query: Query, words: Words | None) -> Offers:
    """What to offer beside a search; nothing without words."""
    if words is None:
        return Offers()
    found = placed(gazetteer(), words.text, known_places())
    narrower = [offer for place in found for offer in _narrower(query, place)]
    return Offers(
        narrower=[*narrower, *_years(query)],
        pages=[offer for place in found if not place.rest for offer in _pages(place)],
        better=_better(query, words),
    )


def with_words(query: Query, text: str) -> Query:
    """The same search by other words, or by none, from its first page."""
    rest = {name: kept for name, kept in query.values.items() if name != "q"}
    order = "" if query.order == query.usual_order else query.order
    return replace(query, values={**rest, "q": (text,)} if text else rest, order=order, page=1)


def named(reading: Reading, within: str) -> str:
    """A place among others: what it is, unless it is a commune, and where."""
    name = french(reading.name)
    if reading.kind == "commune":
        return f"{name} ({french(within)})" if within else name
    kinds = {"departement": _("département %(name)s"), "region": _("région %(name)s")}
    return str(kinds[reading.kind] % {"name": name})


def _narrower(query: Query, place: Placed) -> Iterator[Offer]:
    """The search without the place's words, at each place that they may mean."""
    left = with_words(query, place.rest)
    readings = place.resolution.readings
    for one in choice.offered(readings[:_READINGS], choice.page_of):
        there = choice.narrowed(left, one.reading)
        # Where the search is already, there is nothing to narrow.
        if there.values != left.values:
            yield Offer(named(one.reading, one.within), addresses.cases(there))
    if len(readings) > _READINGS:
        pairs = [*left.pairs(), ("lieu", place.text)]
        text = _("autres lieux de ce nom (%(count)s)", count=len(readings) - _READINGS)
        yield Offer(text, f"/incidents?{urlencode(pairs)}")


def _pages(place: Placed) -> Iterator[Offer]:
    readings = place.resolution.readings
    if len(readings) <= _READINGS:
        for one in choice.offered(readings, choice.page_of):
            yield Offer(named(one.reading, one.within), one.address)


def _years(query: Query) -> Iterator[Offer]:
    """A number that is a year, alone and not quoted: the same search in that year."""
    text = query.words
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    for year in _YEAR.finditer(text):
        if any(start < year.start() < end for start, end in quoted):
            continue
        rest = f"{text[: year.start()]} {text[year.end() :]}"
        left = with_words(query, " ".join(rest.split()))
        years = sorted({*left.values.get("annee", ()), year.group()})
        there = replace(left, values={**left.values, "annee": tuple(years)})
        yield Offer(_("année %(year)s", year=year.group()), addresses.cases(there))


def _better(query: Query, words: Words) -> Offer | None:
    if len(words.strength) > _FEW:
        return None
    text = suggestion.better(db.session(), index(), words.text, book(), head())
    if text is None:
        return None
    return Offer(text, addresses.cases(with_words(query, text)))
