"""SVG maps of pages: their paths, dots and links."""

from __future__ import annotations

import re

from register.territory.map_ground import DrawingPoint

LINE = re.compile(r"M(-?\d+[ -]\d+)l([^Mz]+)(z?)")
NUMBER = re.compile(r"-?\d+")


def path_lines(path: str) -> list[list[DrawingPoint]]:
    """The lines of a path."""
    lines = []
    for start, moves, closed in LINE.findall(path):
        x, y = map(int, NUMBER.findall(start))
        line = [DrawingPoint(x, y)]
        numbers = list(map(int, NUMBER.findall(moves)))
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            line.append(DrawingPoint(x, y))
        lines.append([*line, line[0]] if closed else line)
    assert "".join(f"M{a}l{b}{c}" for a, b, c in LINE.findall(path)) == path
    return lines


def dot_points(path: str) -> list[DrawingPoint]:
    """The points of a path of dots."""
    points, x, y = [], 0, 0
    for dx, dy in re.findall(r"m(-?\d+) ?(-?\d+)h0", path):
        x, y = x + int(dx), y + int(dy)
        points.append(DrawingPoint(x, y))
    return points


def figure(html: str) -> str:
    """The one map of a page."""
    (figures,) = re.findall(r'<figure class="map.*?</figure>', html, re.DOTALL)
    return str(figures)


def dots(html: str) -> int:
    """How many communes a map marks; the inner dot of a ring is not counted."""
    return sum(
        len(dot_points(path)) for path in re.findall(r'class="dot" d="([^"]+)"', figure(html))
    )


def areas(html: str) -> set[str]:
    """The départements that a map links."""
    return set(re.findall(r'<a href="/departements/(\w+)" tabindex="-1">', figure(html)))
