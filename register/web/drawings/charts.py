"""Bars and columns, drawn beside tables that say the same: nobody has to see them.

Lengths are parts of the room that a page gives, so that a drawing is as wide as a phone or a sheet
of paper and its letters keep their size. Colours are the style sheet's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from register.web.l10n import number

# A single case among thousands still leaves a trace.
_LEAST = 0.4
# Of the step from one column to the next.
_BREADTH = 0.7
# Of more years, not each is written under its column: on a phone they would run into one another.
_EACH, _EVERY = 6, 5

# Of bars a page has dozens: they are put together, which is quicker than to fill something in.
_BAR = Markup(
    '<svg class="bar" aria-hidden="true" focusable="false">'
    '<rect width="100%" height="100%"/><rect class="on" width="'
)
_ENDED = Markup('%" height="100%"/></svg>')
_COLUMNS = Markup(
    '<svg class="columns" aria-hidden="true" focusable="false">'
    '<line x2="100%"/><line x2="100%" y1="100%" y2="100%"/><text class="most" dy="-.4em">{}</text> '
    "{}</svg>"
)
_COLUMN = Markup('<rect class="on" x="{}%" y="{}%" width="{}%" height="{}%"/>')
_YEAR = Markup('<text x="{}%" y="100%" dy="1.4em">{}</text> ')


def bar(count: int, whole: int) -> Markup:
    """A part of a whole, as the filled part of a line."""
    return _BAR + _told(max(100 * count / whole, _LEAST)) + _ENDED


def columns(counts: Mapping[int, int]) -> Markup:
    """Numbers by year, from the first to the last; a year that is not told has none.

    :param counts: of at least one year, and none of them zero.
    """
    first, last, most = min(counts), max(counts), max(counts.values())
    step = 100 / (last - first + 1)
    drawn = []
    for year, count in counts.items():
        left, high = (year - first + (1 - _BREADTH) / 2) * step, 100 * count / most
        drawn.append(_COLUMN.format(*map(_told, (left, 100 - high, step * _BREADTH, high))))
    for year in _written(first, last):
        drawn.append(_YEAR.format(_told((year - first + 0.5) * step), year))
    return _COLUMNS.format(number(most), Markup("").join(drawn))


def _written(first: int, last: int) -> Iterator[int]:
    """The years that are written under the columns."""
    every = 1 if last - first < _EACH else _EVERY
    return (year for year in range(first, last + 1) if year % every == 0)


def _told(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")
