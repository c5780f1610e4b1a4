"""The figures of the register, each with the way to the cases it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flask import render_template
from flask_babel import gettext as _

from register.cases import statistics as figures
from register.cases.statistics import Figure, FigureGroup, Statistics
from register.cases.vocabulary import Vocabulary
from register.cases.web.public import search_title
from register.cases.web.public.value_phrases import sentence_forms
from register.db import db
from register.web.blueprints import public
from register.web.context import current_vocabulary, head
from register.web.drawings import charts
from register.web.l10n import typeset

LabelFunction = Callable[[str], str]


@dataclass(frozen=True)
class StatisticsRow:
    """A line of a table: what it is about, and its figure."""

    label: str
    figure: Figure


@dataclass(frozen=True)
class RowGroup:
    """Lines that belong together, under the line of what they are a part of."""

    heading: StatisticsRow
    rows: Sequence[StatisticsRow]


@public.get("/statistiques")
def statistics() -> str:
    """What the public cases add up to, with what they cannot tell."""
    position = head()
    stats = figures.load_statistics(db.session(), current_vocabulary(), position)
    return render_template(
        "public/statistics.html",
        told=stats,
        head=position,
        share=_unknown_share(stats),
        rows=_table_rows(stats, current_vocabulary()),
        types=_type_groups(stats, current_vocabulary()),
        proceedings=_proceeding_groups(stats, current_vocabulary()),
        bar=charts.bar,
        columns=_year_columns(stats),
    )


def _table_rows(stats: Statistics, vocabulary: Vocabulary) -> dict[str, list[StatisticsRow]]:
    """The lines of each table whose figures are words of one list."""
    duration_labels = search_title.duration_labels()
    return {
        "annee": [*_year_rows(stats)],
        "cible": _labelled_rows(stats.targets, _label_function(vocabulary, "cible")),
        "niveau": _labelled_rows(stats.levels, _label_function(vocabulary, "niveau")),
        "preuve": _labelled_rows(stats.evidence, _label_function(vocabulary, "preuve")),
        "issue": _labelled_rows(stats.outcomes, _label_function(vocabulary, "issue")),
        "duree": _labelled_rows(stats.durations, duration_labels.__getitem__),
    }


def _year_rows(stats: Statistics) -> Iterator[StatisticsRow]:
    if stats.earlier:
        yield StatisticsRow(_("Jusqu’en %(year)s", year=stats.earlier.code), stats.earlier)
    yield from (StatisticsRow(figure.code, figure) for figure in stats.years)
    if stats.undated.count:
        yield StatisticsRow(_("Date inconnue"), stats.undated)


def _type_groups(stats: Statistics, vocabulary: Vocabulary) -> list[RowGroup]:
    heading_label, row_label = (
        _label_function(vocabulary, "famille"),
        _label_function(vocabulary, "type"),
    )
    return [_row_group(group, heading_label, row_label) for group in stats.types]


def _proceeding_groups(stats: Statistics, vocabulary: Vocabulary) -> list[RowGroup]:
    def outcome(code: str) -> str:
        return vocabulary.label("issue", code.partition(".")[2])

    directions = sentence_forms()["sens"]
    return [
        _row_group(
            group, lambda code: directions.get(code) or vocabulary.label("sens", code), outcome
        )
        for group in stats.proceedings
    ]


def _label_function(vocabulary: Vocabulary, name: str) -> LabelFunction:
    return lambda code: vocabulary.label(name, code)


def _row_group(
    group: FigureGroup, heading_label: LabelFunction, row_label: LabelFunction
) -> RowGroup:
    return RowGroup(
        _labelled_rows([group.total], heading_label)[0], _labelled_rows(group.parts, row_label)
    )


def _labelled_rows(figures: Sequence[Figure], label: LabelFunction) -> list[StatisticsRow]:
    return [StatisticsRow(_capitalised(label(figure.code)), figure) for figure in figures]


def _capitalised(label: str) -> str:
    """The text as it begins a line."""
    return typeset(label[:1].upper() + label[1:])


def _year_columns(stats: Statistics) -> str:
    """The years as columns; nothing for a single one, which a table says as well."""
    counts = {int(figure.code): figure.count for figure in stats.years}
    return charts.columns(counts) if len(counts) > 1 else ""


def _unknown_share(stats: Statistics) -> int:
    """How many cases in a hundred have an outcome that nobody knows."""
    return round(100 * stats.unknown.count / stats.total.count) if stats.total.count else 0
