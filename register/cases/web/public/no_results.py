"""Where to go from a search that finds nothing: fewer filters, fewer words, a wider place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases import facets
from register.cases.filters import Query
from register.cases.web.public import search_title
from register.cases.web.public.filter_panel import titles
from register.cases.web.public.search_suggestions import Offer, Offers, told, with_words
from register.cases.web.public.text_search import Words, also
from register.db import db
from register.search.query_model import Part
from register.territory import places
from register.territory.resolve import resolve
from register.territory.web import place_choice, place_names
from register.web import urls
from register.web.context import book, gazetteer, head, known_places
from register.web.l10n import count_words, typeset

# Each way is one more search.
_WAYS = 6


@dataclass(frozen=True)
class Onward:
    """Searches that find something, each with how much, and places of nearly the name typed."""

    fewer_filters: Sequence[Offer]
    fewer_words: Sequence[Offer]
    wider: Sequence[Offer]
    near: Sequence[Offer]


def of(query: Query, words: Words | None, offered: Offers) -> Onward:
    """The ways on from a search without a case.

    :param offered: what stands beside it already.
    """
    return Onward(
        fewer_filters=list(_fewer_filters(query, words)),
        fewer_words=list(_fewer_words(query, words)) if words else (),
        wider=list(_wider(query, words)),
        near=list(_near(words, offered)) if words else (),
    )


def _fewer_filters(query: Query, words: Words | None) -> Iterator[Offer]:
    """The search without one of its filters, unless nothing would be left of it."""
    hits = words.strength if words else None
    told = facets.relaxed(db.session(), query, book(), head(), hits)
    for name, value, count in islice(told, _WAYS):
        left = query.without(name, value)
        if count and not left.is_bare:
            yield _offer(_without(name, value), left, count)


def _without(name: str, value: str) -> str:
    if name == "q":
        return str(_("Sans les mots %(words)s", words=search_title.quoted(value)))
    called, said = titles()[name], search_title.value(book(), name, value)
    return str(_("Sans « %(filter)s : %(value)s »", filter=called, value=said))


def _fewer_words(query: Query, words: Words) -> Iterator[Offer]:
    """The search without one of its words; of two, with the other alone."""
    parts = words.asked.parts
    if len(words.asked.wanted) < 2:
        return
    for part in words.asked.wanted[:_WAYS]:
        text = " ".join(_as_typed(other, words.text) for other in parts if other is not part)
        hits = also(text)
        if hits is None:
            return
        left = with_words(query, text)
        count = facets.matching(db.session(), left, book(), head(), hits)
        if count:
            yield _offer(search_title.quoted(text), left, count)


def _as_typed(part: Part, text: str) -> str:
    """A part of a search as it has to be typed to mean the same again."""
    typed = part.typed
    if any(f"{mark}{typed}" in text for mark in '"“”„«'):
        typed = f'"{typed}"'
    return f"-{typed}" if part.excluded else typed


def _wider(query: Query, words: Words | None) -> Iterator[Offer]:
    """The search in the département of its commune, or the région of its département."""
    hits = words.strength if words else None
    for kind, wider in (("commune", "departement"), ("departement", "region")):
        around = {_around(kind, code) for code in query.values.get(kind, ())} - {""}
        if not around:
            continue
        rest = {name: kept for name, kept in query.values.items() if name != kind}
        there = replace(query, values={**rest, wider: tuple(sorted(around))}, page=1)
        count = facets.matching(db.session(), there, book(), head(), hits)
        if count:
            names = [place_names.name_of(wider, code) for code in sorted(around)]
            yield _offer(typeset(", ".join(names)), there, count)


def _around(kind: str, code: str) -> str:
    """The code of what a commune or a département lies in; empty for none."""
    if kind == "commune":
        here = place_names.of_commune(code)
        return here.departement.code if here and here.departement else ""
    found = places.departement(db.session(), code)
    return (found.region_code or "") if found else ""


def _near(words: Words, offered: Offers) -> Iterator[Offer]:
    """Places whose name is one slip away from what was typed, if nothing else is offered for it."""
    if offered.narrower or offered.pages or offered.better:
        return
    found = resolve(gazetteer(), words.text, known_places()).readings
    for one in place_choice.offered(found[:_WAYS], place_choice.page_of):
        yield Offer(told(one), one.address)


def _offer(text: str, there: Query, count: int) -> Offer:
    told = ngettext(
        "%(what)s : %(count)s cas",
        "%(what)s : %(count)s cas",
        count,
        what=text,
        count=count_words(count),
    )
    return Offer(typeset(told), urls.cases(there))
