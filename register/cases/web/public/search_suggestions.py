"""What a page of results offers beside them: a place or a year among the words, a better spelling.

Never forced: the search stays what was typed until its reader chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases import uncoded_places
from register.cases.filters import Query
from register.cases.web.public.label_suggestions import labelled
from register.cases.web.public.text_search import Words, index
from register.db import db
from register.search import spelling
from register.search.service import Reach
from register.territory.place_extraction import Placed, placed
from register.territory.tokenizer import words as mentioned
from register.territory.web import place_choice
from register.territory.web.place_choice import Choice
from register.web import urls
from register.web.context import book, gazetteer, head, known_places
from register.web.l10n import count_words
from register.web.languages import language

# Readings of one place that are offered here; a page of its own offers more.
_READINGS = 4
_KINDS = 6
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
    """``narrower``: the same search at a place or in a year. ``pages``: of the place that it is.
    ``kinds``: what the words are called in the vocabularies, for readers of English.

    ``better``: the search with its misspelt words put right, or None. A place is offered in one
    way: where nothing else is asked for its page says more than the list, where something is the
    page would forget it.
    """

    narrower: Sequence[Offer] = ()
    pages: Sequence[Offer] = ()
    kinds: Sequence[Offer] = ()
    better: Offer | None = None


def of(query: Query, words: Words | None) -> Offers:
    """What to offer beside a search; nothing without words."""
    if words is None:
        return Offers()
    found = placed(gazetteer(), words.text, known_places())
    alone = not with_words(query, "").values
    pages = [place for place in found if alone and not place.rest]
    narrower = [offer for place in found if place not in pages for offer in _narrower(query, place)]
    return Offers(
        narrower=[*narrower, *_elsewhere(query, words.text), *_years(query)],
        kinds=list(_kinds(query, words.text, found)),
        pages=[offer for place in pages for offer in _pages(place)],
        better=_better(query, words),
    )


def with_words(query: Query, text: str) -> Query:
    """The same search by other words, or by none, from its first page."""
    rest = {name: kept for name, kept in query.values.items() if name != "q"}
    order = "" if query.order == query.usual_order else query.order
    return replace(query, values={**rest, "q": (text,)} if text else rest, order=order, page=1)


def told(place: Choice) -> str:
    """A place among others: what it is, if it is a land, and where."""
    if place.reading.kind in ("departement", "region"):
        return f"{place.kind} {place.named}"
    return place.named


def _narrower(query: Query, place: Placed) -> Iterator[Offer]:
    """The search without the place's words, at each place that they may mean."""
    left = with_words(query, place.rest)
    for one in _likeliest(place):
        there = place_choice.narrowed(left, one.reading)
        # Where the search is already, there is nothing to narrow.
        if there.values != left.values:
            yield Offer(told(one), urls.cases(there))
    if others := _others(place):
        yield Offer(others, urls.cases(left, lieu=place.text))


def _pages(place: Placed) -> Iterator[Offer]:
    for one in _likeliest(place):
        yield Offer(told(one), one.address)
    if others := _others(place):
        yield Offer(others, f"/communes?{urlencode({'q': place.text})}")


def _likeliest(place: Placed) -> list[Choice]:
    """The first readings, those with published cases before the others."""
    every = place_choice.offered(place.resolution.readings, place_choice.page_of)
    return sorted(every, key=lambda one: not one.cases)[:_READINGS]


def _others(place: Placed) -> str:
    more = len(place.resolution.readings) - _READINGS
    return _("autres lieux de ce nom (%(count)s)", count=more) if more > 0 else ""


def _elsewhere(query: Query, text: str) -> Iterator[Offer]:
    """The cases at a place that is called by these very words, and that the territory lacks."""
    if any(not word.folded for word in mentioned(text)):
        return
    found = uncoded_places.matching(
        uncoded_places.labels(db.session(), head()), text, language=language()
    )
    left = with_words(query, "")
    for one in [place for place in found if place.named][:_READINGS]:
        place = place_choice.outside(one, place_choice.page_of)
        there = place_choice.narrowed(left, place.reading)
        if there.values != left.values:
            yield Offer(told(place), urls.cases(there))


def _kinds(query: Query, text: str, found: Sequence[Placed]) -> Iterator[Offer]:
    """Types, families and outcomes that bear the words, at the place that stands among these."""
    left = with_words(query, "")
    asked = [(left, text)]
    for place in found:
        likeliest = _likeliest(place)[:1] if place.rest else []
        asked += [(place_choice.narrowed(left, one.reading), place.rest) for one in likeliest]
    told = [one for search, words in asked for one in labelled(search, words)]
    for label, there, count in told[:_KINDS]:
        cases = ngettext("%(count)s cas", "%(count)s cas", count, count=count_words(count))
        yield Offer(f"{label} ({cases})", urls.cases(there))


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
        yield Offer(_("année %(year)s", year=year.group()), urls.cases(there))


def _better(query: Query, words: Words) -> Offer | None:
    if len(words.strength) > _FEW or words.hits.reach is Reach.TITLES:
        return None
    text = spelling.better(db.session(), index(), words.text, book(), head())
    if text is None:
        return None
    return Offer(text, urls.cases(with_words(query, text)))
