"""The figures of the register, each with the way to the cases it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext as _

from register.cases import statistics as figures
from register.cases.statistics import Figure, Group, Statistics
from register.cases.vocabulary import Book
from register.cases.web.public import search_title
from register.cases.web.public.value_phrases import spoken
from register.db import db
from register.web.context import book, head
from register.web.drawings import charts
from register.web.l10n import typeset

Naming = Callable[[str], str]


def route(blueprint: Blueprint) -> None:
    """The address of this module."""
    blueprint.add_url_rule("/statistiques", view_func=statistics)


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is about, and its figure."""

    label: str
    figure: Figure


@dataclass(frozen=True)
class Under:
    """Lines that belong together, under the line of what they are a part of."""

    over: Row
    rows: Sequence[Row]


def statistics() -> str:
    """What the public cases add up to, with what they cannot tell."""
    position = head()
    told = figures.statistics(db.session(), book(), position)
    return render_template(
        "public/statistics.html",
        told=told,
        head=position,
        share=_share(told),
        rows=_rows(told, book()),
        types=_types(told, book()),
        proceedings=_proceedings(told, book()),
        bar=charts.bar,
        columns=_columns(told),
    )


def _rows(told: Statistics, words: Book) -> dict[str, list[Row]]:
    """The lines of each table whose figures are words of one list."""
    lengths = search_title.durations()
    return {
        "annee": [*_years(told)],
        "cible": _named(told.targets, _word(words, "cible")),
        "niveau": _named(told.levels, _word(words, "niveau")),
        "preuve": _named(told.evidence, _word(words, "preuve")),
        "issue": _named(told.outcomes, _word(words, "issue")),
        "duree": _named(told.durations, lengths.__getitem__),
    }


def _years(told: Statistics) -> Iterator[Row]:
    if told.earlier:
        yield Row(_("Jusqu’en %(year)s", year=told.earlier.code), told.earlier)
    yield from (Row(figure.code, figure) for figure in told.years)
    if told.undated.count:
        yield Row(_("Date inconnue"), told.undated)


def _types(told: Statistics, words: Book) -> list[Under]:
    over, under = _word(words, "famille"), _word(words, "type")
    return [_under(group, over, under) for group in told.types]


def _proceedings(told: Statistics, words: Book) -> list[Under]:
    def outcome(code: str) -> str:
        return words.label("issue", code.partition(".")[2])

    directions = spoken()["sens"]
    return [
        _under(group, lambda code: directions.get(code) or words.label("sens", code), outcome)
        for group in told.proceedings
    ]


def _word(words: Book, name: str) -> Naming:
    return lambda code: words.label(name, code)


def _under(group: Group, over: Naming, under: Naming) -> Under:
    return Under(_named([group.whole], over)[0], _named(group.parts, under))


def _named(figures: Sequence[Figure], called: Naming) -> list[Row]:
    return [Row(_begun(called(figure.code)), figure) for figure in figures]


def _begun(text: str) -> str:
    """The text as it begins a line."""
    return typeset(text[:1].upper() + text[1:])


def _columns(told: Statistics) -> str:
    """The years as columns; nothing for a single one, which a table says as well."""
    counts = {int(figure.code): figure.count for figure in told.years}
    return charts.columns(counts) if len(counts) > 1 else ""


def _share(told: Statistics) -> int:
    """How many cases in a hundred have an outcome that nobody knows."""
    return round(100 * told.unknown.count / told.total.count) if told.total.count else 0
