"""Paths of the map as SVG writes them: whole units, one from the other, shared lines once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from register.territory.boundaries import Point, outlines
from register.web.drawings.map_frames import Frame, Spot, frames

Edge = frozenset[Point]


@cache
def land(frame: Frame) -> str:
    """What is land in a frame, as one shape for each coast."""
    return "".join(map(path, _lines(frame, times=1)))


@cache
def limits(frame: Frame) -> str:
    """The lines between the départements of a frame, each drawn once."""
    return "".join(map(path, _lines(frame, times=2)))


@cache
def shape(code: str) -> str:
    """A département in every frame that it is in; to be filled by even-odd."""
    return "".join(
        path(frame.ring(ring))
        for frame in frames()
        if code in frame.codes
        for ring in outlines()[code]
    )


@cache
def shape_in(frame: Frame, code: str) -> str:
    """A département in one frame; to be filled by even-odd."""
    return "".join(path(frame.ring(ring)) for ring in outlines()[code])


def dots(spots: Iterable[Spot]) -> str:
    """A line without a length at each of some points: its round or square ends are the mark."""
    told, last = [], Spot(0, 0)
    for spot in sorted(set(spots)):
        told.append(f"m{_pair(spot.x - last.x, spot.y - last.y)}h0")
        last = spot
    return "".join(told)


def middle(frame: Frame, code: str) -> Spot:
    """The centre of gravity of the largest part of a département."""
    return max(_weighed(frame.ring(ring)) for ring in outlines()[code])[1]


def path(line: Sequence[Spot]) -> str:
    """A line; one that ends where it began is closed. Empty when it shrinks to a point."""
    moves = [(b.x - a.x, b.y - a.y) for a, b in pairwise(line) if a != b]
    if not moves:
        return ""
    closed = line[0] == line[-1]
    told = "".join(_joined(moves[:-1] if closed else moves))
    return f"M{_pair(*line[0])}l{told}{'z' if closed else ''}"


def _pair(x: int, y: int) -> str:
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def _joined(moves: Iterable[tuple[int, int]]) -> Iterator[str]:
    for place, (x, y) in enumerate(moves):
        # A minus sign parts two numbers as well as a space does.
        yield f" {_pair(x, y)}" if place and x >= 0 else _pair(x, y)


def _weighed(ring: Sequence[Spot]) -> tuple[float, Spot]:
    """The area of a closed line, and its centre of gravity."""
    area, x, y = 0.0, 0.0, 0.0
    for a, b in pairwise(ring):
        part = (a.x * b.y - b.x * a.y) / 2
        area, x, y = area + part, x + part * (a.x + b.x) / 3, y + part * (a.y + b.y) / 3
    if not area:
        return 0.0, ring[0]
    return abs(area), Spot(round(x / area), round(y / area))


# --- shared lines -------------------------------------------------------------------------------


def _lines(frame: Frame, *, times: int) -> list[list[Spot]]:
    """The lines that so many départements of a frame share: one is a coast, two is a limit."""
    edges = Counter(
        frozenset((a, b))
        for code in frame.codes
        for ring in outlines()[code]
        for a, b in pairwise(ring)
        if a != b
    )
    found = [edge for edge, count in edges.items() if count == times]
    return [[frame.spot(*point) for point in line] for line in _walked(found)]


def _walked(edges: Collection[Edge]) -> Iterator[list[Point]]:
    """The edges as few lines as they make, each walked once."""
    around: dict[Point, list[Point]] = defaultdict(list)
    for edge in edges:
        a, b = sorted(edge)
        around[a].append(b)
        around[b].append(a)
    # A line that has ends begins at one of them; what is left then goes round.
    ends = [point for point, others in around.items() if len(others) % 2]
    for start in [*ends, *list(around)]:
        while around[start]:
            yield _walk(around, start)


def _walk(around: dict[Point, list[Point]], start: Point) -> list[Point]:
    line = [start]
    while around[line[-1]]:
        here = line[-1]
        there = around[here].pop()
        around[there].remove(here)
        line.append(there)
    return line
