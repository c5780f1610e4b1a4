"""The filters of a list: the panel that sets them and the chips that take them off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flask import get_template_attribute
from flask_babel import gettext as _
from markupsafe import Markup

from register.incidents.figures import Summary
from register.incidents.filters import Query
from register.incidents.former import DURATIONS
from register.incidents.vocabulary import Book
from register.journal import Position
from register.text import dates
from register.text.countries import country_name
from register.web.public import addresses, whereabouts

# Filters that the panel shows as boxes to tick, in this order; the types go by family.
BOXES = ("famille", "type", "acteur", "cible", "niveau", "issue", "preuve", "sens", "duree")
# Those that have a field of their own in the panel.
_FIELDS = (*BOXES, "sans_date", "du", "au", "media")
# Two groups stand open: without them a reader would not see what the panel is for.
_OPEN = frozenset({"famille", "preuve"})


@dataclass(frozen=True)
class Option:
    """A box: what it sends, what it says, and whether it is ticked."""

    code: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A group of boxes; its options stand in sections, whose title may be empty."""

    name: str
    title: str
    sections: Sequence[tuple[str, Sequence[Option]]]
    open: bool


@dataclass(frozen=True)
class Panel:
    """Everything the form needs. ``kept``: filters in force that it has no field for."""

    facets: Sequence[Facet]
    departements: Sequence[Option]
    kept: Sequence[tuple[str, str]]
    outlet: str
    since: str
    until: str
    undated: bool
    count: int


@dataclass(frozen=True)
class Chip:
    """A filter in force, in words, and the address of the same search without it."""

    text: str
    address: str


def titles() -> dict[str, str]:
    """What each filter is called."""
    return {
        "commune": _("Commune"),
        "departement": _("Département"),
        "region": _("Région"),
        "endroit": _("Lieu"),
        "pays": _("Pays"),
        "famille": _("Famille"),
        "type": _("Type de fait"),
        "cible": _("Qui est visé"),
        "acteur": _("Qui agit"),
        "niveau": _("Autorité"),
        "issue": _("Issue"),
        "preuve": _("Niveau de preuve"),
        "sens": _("Procédure"),
        "media": _("Blog ou média"),
        "duree": _("Durée"),
        "sans_date": _("Date"),
        "du": _("Depuis"),
        "au": _("Jusqu’à"),
    }


def durations() -> dict[str, str]:
    """The lengths of an affair in words."""
    words = {
        "moins-d-un-an": _("moins d’un an"),
        "un-a-trois-ans": _("un à trois ans"),
        "plus-de-trois-ans": _("plus de trois ans"),
        "inconnue": _("durée inconnue"),
    }
    return {code: words[code] for code in DURATIONS}


def panel(query: Query, book: Book, departements: Iterable[tuple[str, str, int]]) -> Panel:
    """The form as the search in force fills it.

    :param departements: code, name and count of those that have cases.
    """
    named = titles()
    here = query.values.get("departement", ())
    chosen = here[0] if len(here) == 1 else ""
    return Panel(
        facets=[_facet(name, named[name], query, book) for name in BOXES],
        departements=[Option(code, name, code == chosen) for code, name, _n in departements],
        kept=[
            (name, value)
            for name, value in query.pairs()
            if name not in (*_FIELDS, "tri", "page") and not (name == "departement" and chosen)
        ],
        outlet=", ".join(query.values.get("media", ())[:1]),
        since=_single(query, "du"),
        until=_single(query, "au"),
        undated="sans_date" in query.values,
        count=sum(len(values) for values in query.values.values()),
    )


_REMEMBERED = 256
_drawn: dict[tuple[str, str, str], Markup] = {}


def drawn(query: Query, book: Book, summary: Summary, head: Position) -> Markup:
    """The panel as HTML. It is the larger half of a list and changes with the search only."""
    key = (head.digest, book.version, query.at(1).text())
    kept = _drawn.get(key)
    if kept is None:
        if len(_drawn) >= _REMEMBERED:
            _drawn.clear()
        draw = get_template_attribute("parts/_filters.html", "filters")
        _drawn[key] = kept = draw(panel(query, book, summary.departements), query.order)
    return kept


def chips(query: Query, book: Book) -> list[Chip]:
    """The filters in force, each with the way to take it off."""
    named = titles()
    return [
        Chip(
            _("%(filter)s : %(value)s", filter=named[name], value=_words(book, name, one)),
            addresses.cases(query.without(name, one)),
        )
        for name, values in query.values.items()
        for one in values
    ]


def _facet(name: str, title: str, query: Query, book: Book) -> Facet:
    ticked = query.values.get(name, ())
    if name == "type":
        sections = [
            (family.fr, _options(book, "type", book.types_of([code]), ticked))
            for code, family in book.lists["famille"].items()
        ]
    elif name == "duree":
        words = durations()
        sections = [("", [Option(code, words[code], code in ticked) for code in DURATIONS])]
    else:
        sections = [("", _options(book, name, book.lists[name], ticked))]
    return Facet(name, title, sections, open=bool(ticked) or name in _OPEN)


def _options(book: Book, name: str, codes: Iterable[str], ticked: Sequence[str]) -> list[Option]:
    """A retired word is offered only where it is already ticked."""
    return [
        Option(code, word.fr, code in ticked)
        for code in codes
        if (word := book.lists[name][code]) and (not word.retired or code in ticked)
    ]


def _single(query: Query, name: str) -> str:
    return next(iter(query.values.get(name, ())), "")


def _words(book: Book, name: str, value: str) -> str:
    """A value of a filter, as a reader says it."""
    if name in book.lists:
        return book.label(name, value)
    if name in _SPEAKERS:
        return _SPEAKERS[name](value)
    if name in addresses.PLACES:
        return whereabouts.name_of(name, value)
    return value


_SPEAKERS: dict[str, Callable[[str], str]] = {
    "pays": country_name,
    "du": dates.words,
    "au": dates.words,
    "duree": lambda value: durations()[value],
    "sans_date": lambda _value: _("date inconnue"),
}
