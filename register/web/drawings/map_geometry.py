"""The frames of the map of France: which degrees come where, in whole units of one drawing.

Metropolitan France is drawn in Lambert-93; Paris and the three départements around it a second
time, larger; each département beyond the sea in a box of its own, at a scale of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import cos, radians
from types import MappingProxyType
from typing import NamedTuple

from register.territory.boundaries import GeoPoint, Ring, departement_outlines, project

# Left, top, width and height of a box, in units of the drawing.
DrawingBox = tuple[int, int, int, int]
Projection = Callable[[float, float], tuple[float, float]]

WIDTH, HEIGHT = 1000, 1150
# Room on the left for the islands that the outlines have not: Ouessant, Sein.
_MAINLAND_BOX: DrawingBox = (28, 22, WIDTH - 31, 930)
_PARIS_AREA_BOX: DrawingBox = (3, 3, 196, 196)
_OVERSEAS_TOP, _OVERSEAS_SIDE = 1026, 120
# What is left free between a shape and the frame around it.
_PADDING = 12
_PARIS_PADDING = 3

# "Paris et la petite couronne": too small on the map of the whole.
PARIS_AREA_CODES = ("75", "92", "93", "94")
OVERSEAS_CODES = ("971", "972", "973", "974", "976")


class DrawingPoint(NamedTuple):
    """A point of the drawing."""

    x: int
    y: int


@dataclass(frozen=True)
class MapFrame:
    """A part of the map: the départements in it, and how their degrees become units.

    ``box`` holds all of them; a frame drawn as a line stands ``inside`` units around it.
    """

    codes: tuple[str, ...]
    box: DrawingBox
    project: Projection
    scale: float
    west: float
    north: float

    def project_point(self, lat: float, lon: float) -> DrawingPoint:
        """Where a point in degrees comes."""
        east, north = self.project(lat, lon)
        box_x, box_y, *_size = self.box
        return DrawingPoint(
            round(box_x + (east - self.west) * self.scale),
            round(box_y + (self.north - north) * self.scale),
        )

    def project_ring(self, ring: Ring) -> list[DrawingPoint]:
        """Where a line in degrees comes."""
        return [self.project_point(*point) for point in ring]


class FrameBorder(NamedTuple):
    """A frame drawn as a line, and the code of the one département in it, if it is one."""

    x: int
    y: int
    width: int
    height: int
    code: str


@cache
def mainland() -> MapFrame:
    """Metropolitan France, Corsica included."""
    return _fit_frame(
        [code for code in departement_outlines() if code not in OVERSEAS_CODES],
        _MAINLAND_BOX,
        project,
    )


@cache
def paris_area() -> MapFrame:
    """Paris and the départements around it, about five times as large."""
    return _fit_frame(PARIS_AREA_CODES, _expand_box(_PARIS_AREA_BOX, -_PADDING), project)


@cache
def overseas_frames() -> Mapping[str, MapFrame]:
    """The frames of the départements beyond the sea, by their codes."""
    return MappingProxyType(
        {
            border.code: _fit_frame(
                [border.code], _expand_box(border[:4], -_PADDING), _equirectangular(border.code)
            )
            for border in _overseas_borders()
        }
    )


def frames() -> list[MapFrame]:
    """Every frame; a département around Paris is in two."""
    return [mainland(), paris_area(), *overseas_frames().values()]


def borders() -> list[FrameBorder]:
    """The frames that are drawn as lines: around Paris, the same where it is, beyond the sea."""
    return [FrameBorder(*_PARIS_AREA_BOX, ""), _paris_border(), *_overseas_borders()]


@cache
def extent(frame: MapFrame, margin: int) -> DrawingBox:
    """The box around what a frame holds, and so many units more on each side."""
    return _expand_box(_bounds(_outline_points(frame, frame.codes)), margin)


def frame_of(departement: str) -> MapFrame:
    """The frame in which the places of a département are marked."""
    if departement in PARIS_AREA_CODES:
        return paris_area()
    return overseas_frames().get(departement) or mainland()


def _paris_border() -> FrameBorder:
    return FrameBorder(
        *_expand_box(_bounds(_outline_points(mainland(), PARIS_AREA_CODES)), _PARIS_PADDING), ""
    )


def _outline_points(frame: MapFrame, codes: Iterable[str]) -> list[DrawingPoint]:
    return [
        point
        for code in codes
        for ring in departement_outlines()[code]
        for point in frame.project_ring(ring)
    ]


def _bounds(points: Collection[DrawingPoint]) -> DrawingBox:
    min_x, min_y = min(point.x for point in points), min(point.y for point in points)
    max_x, max_y = max(point.x for point in points), max(point.y for point in points)
    return min_x, min_y, max_x - min_x, max_y - min_y


def _expand_box(box: DrawingBox, margin: int) -> DrawingBox:
    x, y, width, height = box
    return x - margin, y - margin, width + 2 * margin, height + 2 * margin


def _overseas_borders() -> list[FrameBorder]:
    step = WIDTH // len(OVERSEAS_CODES)
    return [
        FrameBorder(3 + index * step, _OVERSEAS_TOP, step - 6, _OVERSEAS_SIDE, code)
        for index, code in enumerate(OVERSEAS_CODES)
    ]


def _equirectangular(code: str) -> Projection:
    """Degrees as they are, but for the parallels, which are shorter than the meridians."""
    lats = [point.lat for ring in departement_outlines()[code] for point in ring]
    parallel_scale = cos(radians((min(lats) + max(lats)) / 2))
    return lambda lat, lon: (lon * parallel_scale, lat)


def _fit_frame(codes: Iterable[str], box: DrawingBox, projection: Projection) -> MapFrame:
    """The frame in which some départements fill a box, in its middle."""
    frame_codes = tuple(codes)
    points = [
        projection(*point)
        for code in frame_codes
        for ring in departement_outlines()[code]
        for point in ring
    ]
    west, north = min(x for x, _ in points), max(y for _, y in points)
    span_x, span_y = max(x for x, _ in points) - west, north - min(y for _, y in points)
    _box_x, _box_y, width, height = box
    scale = min(width / span_x, height / span_y)
    return MapFrame(
        frame_codes,
        box,
        projection,
        scale,
        west - (width / scale - span_x) / 2,
        north + (height / scale - span_y) / 2,
    )


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
