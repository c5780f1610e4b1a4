"""Overview pages: home, statistics with their charts, open data."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template
from markupsafe import Markup

from register.cases import statistics as figures
from register.cases.filters import CaseQuery
from register.cases.web.public.search_request import run_search
from register.cases.web.public.search_title import value_label, value_phrase
from register.db import db
from register.journal.web import public_journal
from register.territory import dataset
from register.text.typography import first_upper
from register.web.blueprints import public
from register.web.l10n import number, typeset
from register.web.maps import SearchMap
from register.web.request_context import current_facet_index, current_vocabulary, head, settings

# A single case among thousands stays visible.
_MIN_PERCENT = 0.4
# Width of a column in relation to the distance between two columns.
_COLUMN_SHARE = 0.7
# With more years, only every fifth has a label: on a phone they would overlap.
_MAX_LABELLED, _LABEL_STEP = 6, 5
# A page has dozens of bars: concatenation is faster than formatting.
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

# Read at the start: the manifest is part of the code.
_MANIFEST = dataset.read_manifest()


@public.get("/")
def home() -> str:
    """The summary of the register, its latest events and its map."""
    result = run_search(CaseQuery())
    return render_template(
        "cases/public/home.html",
        # As functions: a page that is cached calls none of them.
        summary=lambda: figures.summarise(result.index, current_vocabulary()),
        events=lambda: figures.latest_events(db.session()),
        map=SearchMap(result),
    )


@public.get("/statistiques")
def statistics() -> str:
    """The figures of the public cases, with the share of unknown outcomes."""
    stats = figures.count_figures(current_facet_index(), current_vocabulary())
    counts = {int(figure.code): figure.count for figure in stats.years}
    percent_unknown = 100 * stats.unknown.count / stats.total.count if stats.total.count else 0
    return render_template(
        "cases/public/statistics.html",
        stats=stats,
        head=head(),
        share=round(percent_unknown),
        label=_figure_label,
        bar=bar,
        # A single year needs no chart.
        columns=columns(counts) if len(counts) > 1 else "",
    )


@public.get("/donnees")
def data() -> str:
    """Sources, licences and the commands that verify the public journal."""
    return render_template(
        "cases/public/data.html",
        total=current_facet_index().total,
        manifest=_MANIFEST,
        commands=public_journal.verify_commands(settings().base_url),
    )


def bar(count: int, total: int) -> Markup:
    """A part of a whole as a horizontal bar, in SVG."""
    return _BAR + _format_length(max(100 * count / total, _MIN_PERCENT)) + _BAR_END


def columns(counts: Mapping[int, int]) -> Markup:
    """A column chart of counts by year, in SVG; years without a count have no column.

    :param counts: at least one year, no zero.
    """
    first, last, highest = min(counts), max(counts), max(counts.values())
    step = 100 / (last - first + 1)
    elements = []
    for year, count in counts.items():
        x, height = (year - first + (1 - _COLUMN_SHARE) / 2) * step, 100 * count / highest
        box = (x, 100 - height, step * _COLUMN_SHARE, height)
        elements.append(_COLUMN.format(*map(_format_length, box)))
    label_step = 1 if last - first < _MAX_LABELLED else _LABEL_STEP
    for year in range(first, last + 1):
        if year % label_step == 0:
            elements.append(_YEAR.format(_format_length((year - first + 0.5) * step), year))
    return _COLUMNS.format(number(highest), Markup("").join(elements))


def _figure_label(name: str, code: str) -> str:
    """The label of a line of the statistics: the value of a filter, of a proceeding its outcome."""
    if name == "procedure":
        name, code = "issue", code.partition(".")[2]
    label = value_phrase(name, code) if name == "sens" else value_label(name, code)
    return typeset(first_upper(label))


def _format_length(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")
