"""Bars and columns, drawn beside tables that say the same: nobody has to see them.

Lengths are parts of the room that a page gives, so that a drawing is as wide as a phone or a sheet
of paper and its letters keep their size. Colours are the style sheet's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from register.web.l10n import number

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
