"""The figures of the register, each with the way to the cases it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flask import render_template
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import events
from register.cases import statistics as figures
from register.cases.filters import CaseQuery
from register.cases.statistics import Figure, FigureGroup, Statistics
from register.cases.vocabulary import Vocabulary
from register.cases.web.public import search_title
from register.cases.web.public.search_title import sentence_forms
from register.db import db
from register.journal.web import public_journal
from register.territory import dataset
from register.web.blueprints import public
from register.web.drawings.maps import search_map
from register.web.l10n import number, typeset
from register.web.request_context import current_vocabulary, head, settings


@public.get("/")
def home() -> str:
    """What the register is, what moved last, and where."""
    position = head()
    return render_template(
        "public/home.html",
        summary=figures.load_register_summary(db.session(), current_vocabulary(), position),
        events=events.latest_events(db.session(), current_vocabulary()),
        map=search_map(CaseQuery()),
    )


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
        bar=bar,
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
    return columns(counts) if len(counts) > 1 else ""


def _unknown_share(stats: Statistics) -> int:
    """How many cases in a hundred have an outcome that nobody knows."""
    return round(100 * stats.unknown.count / stats.total.count) if stats.total.count else 0


# The manifest is a file of this version of the code: it cannot change under a running process.
_manifest = cache(dataset.read_manifest)


@public.get("/donnees")
def data() -> str:
    """Sources and licences, and what will be offered for download."""
    position = head()
    return render_template(
        "public/data.html",
        summary=figures.load_register_summary(db.session(), current_vocabulary(), position),
        manifest=_manifest(),
        commands=public_journal.verify_commands(settings().base_url),
    )


# A single case among thousands still leaves a trace.
_MIN_PERCENT = 0.4
# Of the step from one column to the next.
_COLUMN_SHARE = 0.7
# Of more years, not each is written under its column: on a phone they would run into one another.
_MAX_LABELLED, _LABEL_STEP = 6, 5

# Of bars a page has dozens: they are put together, which is quicker than to fill something in.
_BAR = Markup(
    '<svg class="bar" aria-hidden="true" focusable="false">'
    '<rect width="100%" height="100%"/><rect class="on" width="'
)
_BAR_END = Markup('%" height="100%"/></svg>')
_COLUMNS = Markup(
    '<svg class="columns" aria-hidden="true" focusable="false">'
    '<line x2="100%"/><line x2="100%" y1="100%" y2="100%"/><text class="most" dy="-.4em">{}</text> '
    "{}</svg>"
)
_COLUMN = Markup('<rect class="on" x="{}%" y="{}%" width="{}%" height="{}%"/>')
_YEAR = Markup('<text x="{}%" y="100%" dy="1.4em">{}</text> ')


def bar(count: int, total: int) -> Markup:
    """A part of a whole, as the filled part of a line."""
    return _BAR + _format_length(max(100 * count / total, _MIN_PERCENT)) + _BAR_END


def columns(counts: Mapping[int, int]) -> Markup:
    """Numbers by year, from the first to the last; a year that is not told has none.

    :param counts: of at least one year, and none of them zero.
    """
    first, last, highest = min(counts), max(counts), max(counts.values())
    step = 100 / (last - first + 1)
    elements = []
    for year, count in counts.items():
        column_x, column_height = (
            (year - first + (1 - _COLUMN_SHARE) / 2) * step,
            100 * count / highest,
        )
        elements.append(
            _COLUMN.format(
                *map(
                    _format_length,
                    (column_x, 100 - column_height, step * _COLUMN_SHARE, column_height),
                )
            )
        )
    for year in _labelled_years(first, last):
        elements.append(_YEAR.format(_format_length((year - first + 0.5) * step), year))
    return _COLUMNS.format(number(highest), Markup("").join(elements))


def _labelled_years(first: int, last: int) -> Iterator[int]:
    """The years that are written under the columns."""
    step = 1 if last - first < _MAX_LABELLED else _LABEL_STEP
    return (year for year in range(first, last + 1) if year % step == 0)


def _format_length(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")
