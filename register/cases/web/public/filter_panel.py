"""The filters of a list: the panel that sets them and the chips that take them off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from flask import get_template_attribute
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import facets
from register.cases.facets import Counts
from register.cases.filters import Hits, Query
from register.cases.versioned_cache import Few
from register.cases.vocabulary import Book
from register.cases.web.public import facet_options, search_title
from register.cases.web.public.facet_options import BOXES, Facet
from register.db import db
from register.journal import Position
from register.web import urls
from register.web.context import standing

# Filters that have a field of their own in the panel.
_FIELDS = (*BOXES, "sans_date", "du", "au")


@dataclass(frozen=True)
class Panel:
    """Everything the form needs. ``kept``: filters in force that it has no field for; the words
    have theirs above the list.

    ``faulty``: the names of fields that hold something that makes no sense.
    """

    facets: Sequence[Facet]
    kept: Sequence[tuple[str, str]]
    outlet: str
    since: str
    until: str
    undated: bool
    count: int
    faulty: Collection[str] = ()


@dataclass(frozen=True)
class Chip:
    """A filter in force, in words, and the address of the same search without it."""

    text: str
    address: str


def titles() -> dict[str, str]:
    """What each filter is called."""
    return {
        "q": _("Mots"),
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
        "procedure": _("Procédure et son issue"),
        "media": _("Blog ou média"),
        "annee": _("Année des faits"),
        "duree": _("Durée"),
        "sans_date": _("Date"),
        "du": _("Depuis"),
        "au": _("Jusqu’à"),
        "tri": _("Ordre"),
    }


def panel(
    query: Query, book: Book, counts: Counts, typed: Mapping[str, str] | None = None
) -> Panel:
    """The form as the search in force fills it.

    :param counts: for each facet its values that have cases in this search.
    :param typed: what stands in a field although it is no search, so that it can be put right.
    """
    typed = typed or {}
    named = titles()
    groups = [
        facet_options.facet(
            name, named[name], book, counts.get(name, {}), query.values.get(name, ())
        )
        for name in BOXES
    ]
    return Panel(
        # Without a box, the outlets still have a field to write in.
        facets=[group for group in groups if group.sections or group.name == "media"],
        kept=[pair for pair in query.pairs() if pair[0] not in (*_FIELDS, "q", "tri", "page")],
        outlet=typed.get("media", ""),
        since=typed.get("du", _single(query, "du")),
        until=typed.get("au", _single(query, "au")),
        undated="sans_date" in query.values,
        count=sum(len(values) for name, values in query.values.items() if name != "q"),
        faulty=typed.keys(),
    )


_drawn: Few[str, Markup] = Few(256)


def drawn(query: Query, book: Book, head: Position, hits: Hits | None = None) -> Markup:
    """The panel as HTML. It is the larger half of a list and changes with the search only.

    One of a search by words is not remembered: its counts are those of an index, and the whole
    page is kept as long as that stands still.
    """
    if query.words:
        return draw(panel(query, book, counts(query, book, head, hits)), query)
    moment = (head.digest, book.version, standing().territory)
    return _drawn.of(
        moment,
        f"{book.language} {query.at(1).text()}",
        lambda: draw(panel(query, book, counts(query, book, head, None)), query),
    )


def draw(told: Panel, query: Query, *, open: bool = False) -> Markup:
    """A panel as HTML; ``open`` where it would be folded, because a field is to be put right."""
    make: Callable[..., Markup] = get_template_attribute("parts/_filters.html", "filters")
    return make(told, query, open)


def chips(query: Query, book: Book) -> list[Chip]:
    """The filters in force, each with the way to take it off."""
    named = titles()
    return [
        Chip(
            _(
                "%(filter)s : %(value)s",
                filter=named[name],
                value=search_title.value(book, name, one),
            ),
            urls.cases(query.without(name, one)),
        )
        for name, values in query.values.items()
        for one in values
    ]


def counts(query: Query, book: Book, head: Position, hits: Hits | None) -> Counts:
    """For each facet its values that have cases in a search."""
    return facets.counts(db.session(), query, book, head, hits)


def _single(query: Query, name: str) -> str:
    return next(iter(query.values.get(name, ())), "")
