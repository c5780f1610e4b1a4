"""Paths of the map as SVG writes them: whole units, one from the other, shared lines once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from register.territory.boundaries import GeoPoint, departement_outlines
from register.web.drawings.map_frames import DrawingPoint, MapFrame, frames

Edge = frozenset[GeoPoint]


@cache
def land(frame: MapFrame) -> str:
    """What is land in a frame, as one shape for each coast."""
    return "".join(map(path, _shared_lines(frame, times=1)))


@cache
def limits(frame: MapFrame) -> str:
    """The lines between the départements of a frame, each drawn once."""
    return "".join(map(path, _shared_lines(frame, times=2)))


@cache
def shape(code: str) -> str:
    """A département in every frame that it is in; to be filled by even-odd."""
    return "".join(
        path(frame.project_ring(ring))
        for frame in frames()
        if code in frame.codes
        for ring in departement_outlines()[code]
    )


@cache
def shape_in(frame: MapFrame, code: str) -> str:
    """A département in one frame; to be filled by even-odd."""
    return "".join(path(frame.project_ring(ring)) for ring in departement_outlines()[code])


def dots(points: Iterable[DrawingPoint]) -> str:
    """A line without a length at each of some points: its round or square ends are the mark."""
    commands, last = [], DrawingPoint(0, 0)
    for point in sorted(set(points)):
        commands.append(f"m{_number_pair(point.x - last.x, point.y - last.y)}h0")
        last = point
    return "".join(commands)


def centroid(frame: MapFrame, code: str) -> DrawingPoint:
    """The centre of gravity of the largest part of a département."""
    return max(
        _area_and_centroid(frame.project_ring(ring)) for ring in departement_outlines()[code]
    )[1]


def path(line: Sequence[DrawingPoint]) -> str:
    """A line; one that ends where it began is closed. Empty when it shrinks to a point."""
    moves = [(b.x - a.x, b.y - a.y) for a, b in pairwise(line) if a != b]
    if not moves:
        return ""
    closed = line[0] == line[-1]
    commands = "".join(_join_moves(moves[:-1] if closed else moves))
    return f"M{_number_pair(*line[0])}l{commands}{'z' if closed else ''}"


def _number_pair(x: int, y: int) -> str:
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def _join_moves(moves: Iterable[tuple[int, int]]) -> Iterator[str]:
    for index, (x, y) in enumerate(moves):
        # A minus sign parts two numbers as well as a space does.
        yield f" {_number_pair(x, y)}" if index and x >= 0 else _number_pair(x, y)


def _area_and_centroid(ring: Sequence[DrawingPoint]) -> tuple[float, DrawingPoint]:
    """The area of a closed line, and its centre of gravity."""
    area, x, y = 0.0, 0.0, 0.0
    for a, b in pairwise(ring):
        part = (a.x * b.y - b.x * a.y) / 2
        area, x, y = area + part, x + part * (a.x + b.x) / 3, y + part * (a.y + b.y) / 3
    if not area:
        return 0.0, ring[0]
    return abs(area), DrawingPoint(round(x / area), round(y / area))


# --- shared lines -------------------------------------------------------------------------------


def _shared_lines(frame: MapFrame, *, times: int) -> list[list[DrawingPoint]]:
    """The lines that so many départements of a frame share: one is a coast, two is a limit."""
    edges = Counter(
        frozenset((a, b))
        for code in frame.codes
        for ring in departement_outlines()[code]
        for a, b in pairwise(ring)
        if a != b
    )
    shared_edges = [edge for edge, count in edges.items() if count == times]
    return [[frame.project_point(*point) for point in line] for line in _walk_edges(shared_edges)]


def _walk_edges(edges: Collection[Edge]) -> Iterator[list[GeoPoint]]:
    """The edges as few lines as they make, each walked once."""
    neighbours: dict[GeoPoint, list[GeoPoint]] = defaultdict(list)
    for edge in edges:
        a, b = sorted(edge)
        neighbours[a].append(b)
        neighbours[b].append(a)
    # A line that has ends begins at one of them; what is left then goes round.
    ends = [point for point, adjacent in neighbours.items() if len(adjacent) % 2]
    for start in [*ends, *list(neighbours)]:
        while neighbours[start]:
            yield _walk_line(neighbours, start)


def _walk_line(neighbours: dict[GeoPoint, list[GeoPoint]], start: GeoPoint) -> list[GeoPoint]:
    line = [start]
    while neighbours[line[-1]]:
        current = line[-1]
        following = neighbours[current].pop()
        neighbours[following].remove(current)
        line.append(following)
    return line
