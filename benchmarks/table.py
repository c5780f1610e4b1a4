"""Measurements as tables for a terminal or for docs/performance.md, with the limits they met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bar:
    """A limit that a figure has to keep; ``most`` when it may not be passed."""

    limit: float
    most: bool = False
    unit: str = ""

    def __str__(self) -> str:
        return f"{'≤' if self.most else '≥'} {self.limit:g}{self.unit}"

    def met(self, value: float) -> bool:
        """Whether a figure keeps the limit."""
        return value <= self.limit if self.most else value >= self.limit


@dataclass
class Table:
    """Figures of one kind, a line each; the last two columns are the bar and whether it is met."""

    title: str
    columns: Sequence[str]
    lines: list[list[str]] = field(default_factory=list)
    missed: int = 0

    def add(self, *cells: str, value: float | None = None, bar: Bar | None = None) -> None:
        """Add a line; ``value`` is what ``bar`` is about."""
        bar_cells = ["–", ""]
        if bar is not None and value is not None:
            good = bar.met(value)
            self.missed += not good
            bar_cells = [str(bar), "met" if good else "MISSED"]
        self.lines.append([*cells, *bar_cells])

    def text(self, *, markdown: bool) -> str:
        """The whole table."""
        table_rows = [[*self.columns, "bar", ""], *self.lines]
        widths = [max(map(len, column)) for column in zip(*table_rows, strict=True)]
        if markdown:
            lines = [f"| {' | '.join(table_row)} |" for table_row in table_rows]
            lines.insert(1, "|---" * len(widths) + "|")
            return "\n".join([f"### {self.title}", "", *lines, ""])
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(table_row, widths, strict=True))
            for table_row in table_rows
        ]
        return "\n".join([self.title, *(f"  {line.rstrip()}" for line in lines), ""])
