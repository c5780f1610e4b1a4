"""The boxes of the panel: for each filter the values that a search can take, and their counts.

Values without a case are left out, unless they are ticked and have to be taken off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from register.cases import facets
from register.cases.former_codes import DURATIONS
from register.cases.vocabulary import Book
from register.cases.web.public import search_title
from register.db import db
from register.territory.web import place_names
from register.text.fold import fold, fold_name

# Filters that the panel shows as boxes to tick, in this order; the types go by family.
BOXES = (
    "famille",
    "type",
    "departement",
    "annee",
    "acteur",
    "cible",
    "niveau",
    "issue",
    "preuve",
    "sens",
    "duree",
    "media",
)
# Two groups stand open: without them a reader would not see what the panel is for.
_OPEN = frozenset({"famille", "preuve"})
# Outlets are thousands: those that have most of the cases are offered, by their names.
_OUTLETS_SHOWN = 12

# A hundred names are put in order for each panel.
_folded = lru_cache(maxsize=256)(fold_name)

Counted = Mapping[str, int]


@dataclass(frozen=True)
class Option:
    """A box: what it sends, what it says, whether it is ticked, how many cases it has.

    ``count``: of the search with this value alone of its filter; None where nobody counts.
    """

    code: str
    label: str
    chosen: bool
    count: int | None = None


Sections = Sequence[tuple[str, Sequence[Option]]]


@dataclass(frozen=True)
class Facet:
    """A group of boxes; its options stand in sections, whose title may be empty."""

    name: str
    title: str
    sections: Sections
    open: bool


def facet(name: str, title: str, book: Book, counted: Counted, ticked: Sequence[str]) -> Facet:
    """The boxes of a filter.

    :param counted: its values that have cases in the search.
    :param ticked: its values in force.
    """
    sections = _sections(name, book, counted, ticked)
    filled = [(legend, options) for legend, options in sections if options]
    return Facet(name, title, filled, open=bool(ticked) or name in _OPEN)


def _sections(name: str, book: Book, counted: Counted, ticked: Sequence[str]) -> Sections:
    if name == "type":
        return [
            (family.label, _words("type", book, counted, ticked, book.types_of([code])))
            for code, family in book.lists["famille"].items()
        ]
    if name in _MAKERS:
        return [("", _MAKERS[name](counted, ticked))]
    if name in book.lists and name != "sens":
        return [("", _words(name, book, counted, ticked, book.lists[name]))]
    # Nobody counts these: they are told of proceedings and of spans, not of the case.
    codes = [code for code in book.lists.get(name, DURATIONS) if _offered(book, name, code, ticked)]
    return [
        ("", [Option(code, search_title.value(book, name, code), code in ticked) for code in codes])
    ]


def _offered(book: Book, name: str, code: str, ticked: Sequence[str]) -> bool:
    """A retired word is offered only where it is already ticked."""
    return name not in book.lists or book.knows(name, code) or code in ticked


def _words(
    name: str, book: Book, counted: Counted, ticked: Sequence[str], codes: Iterable[str]
) -> list[Option]:
    """The words of a vocabulary in its own order; those without a case are left out."""
    return [
        Option(code, book.label(name, code), code in ticked, counted.get(code, 0))
        for code in codes
        if code in counted or code in ticked
    ]


def _departements(counted: Counted, ticked: Sequence[str]) -> list[Option]:
    """In the order of their names: a count is never a rank."""
    options = [
        Option(code, place_names.name_of("departement", code), code in ticked, counted.get(code, 0))
        for code in {*counted, *ticked}
    ]
    return sorted(options, key=lambda option: _folded(option.label))


def _years(counted: Counted, ticked: Sequence[str]) -> list[Option]:
    """The newest first, as the list itself."""
    return [
        Option(year, year, year in ticked, counted.get(year, 0))
        for year in sorted({*counted, *ticked}, reverse=True)
    ]


def _outlets(counted: Counted, ticked: Sequence[str]) -> list[Option]:
    """Those that are ticked and those that have the most cases, in the order of their names."""
    asked = {fold(name): name for name in ticked}
    most = sorted(counted, key=lambda name: (-counted[name], name))[:_OUTLETS_SHOWN]
    names = facets.outlets(db.session(), most)
    shown = {name: asked.get(name) or names.get(name, name) for name in (*most, *asked)}
    return [
        Option(shown[name], shown[name], name in asked, counted.get(name, 0))
        for name in sorted(shown)
        if name in counted or name in asked
    ]


_MAKERS: Mapping[str, Callable[[Counted, Sequence[str]], list[Option]]] = {
    "departement": _departements,
    "annee": _years,
    "media": _outlets,
}
