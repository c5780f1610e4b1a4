"""Geometry of the map of France: frames, projections and SVG paths, in whole units.

:func:`ground` is what the register reads.

Metropolitan France is projected in Lambert-93; Paris and the three départements around it are drawn
a second time, larger; each overseas département has a frame with a scale of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import cos, radians

from register.territory.map_ground import DrawingPoint, FrameBorder
from tools.territory_data.boundaries import GeoPoint, Ring, departement_outlines, project

# Left, top, width and height of a box, in units of the drawing.
DrawingBox = tuple[int, int, int, int]
Projection = Callable[[float, float], tuple[float, float]]
Edge = frozenset[GeoPoint]
WIDTH, HEIGHT = 1000, 1150
# Space on the left for the islands missing from the outlines: Ouessant, Sein.
_MAINLAND_BOX: DrawingBox = (28, 22, WIDTH - 31, 930)
_PARIS_AREA_BOX: DrawingBox = (3, 3, 196, 196)
_OVERSEAS_TOP, _OVERSEAS_SIDE = 1026, 120
# Space between a shape and the border around it.
_PADDING = 12
# Space around the outlines of a locator for dots on the coast and on Ouessant.
_MARGIN = 24
_PARIS_PADDING = 3
# "Paris et la petite couronne", too small on the map of the whole country.
PARIS_AREA_CODES = ("75", "92", "93", "94")
OVERSEAS_CODES = ("971", "972", "973", "974", "976")


@dataclass(frozen=True)
class MapFrame:
    """A part of the map: its départements, the box that contains them, and their projection."""

    codes: tuple[str, ...]
    box: DrawingBox
    project: Projection
    scale: float
    west: float
    north: float

    def project_point(self, lat: float, lon: float) -> DrawingPoint:
        """The point of the drawing for a point in degrees."""
        east, north = self.project(lat, lon)
        box_x, box_y, *_size = self.box
        return DrawingPoint(
            round(box_x + (east - self.west) * self.scale),
            round(box_y + (self.north - north) * self.scale),
        )

    def project_ring(self, ring: Ring) -> list[DrawingPoint]:
        """The points of the drawing for a line in degrees."""
        return [self.project_point(*point) for point in ring]


@cache
def mainland() -> MapFrame:
    """The frame of metropolitan France, Corsica included."""
    return _fit_frame(
        [code for code in departement_outlines() if code not in OVERSEAS_CODES],
        _MAINLAND_BOX,
        project,
    )


@cache
def paris_area() -> MapFrame:
    """The frame of Paris and the départements around it, about five times as large."""
    return _fit_frame(PARIS_AREA_CODES, _expand_box(_PARIS_AREA_BOX, -_PADDING), project)


@cache
def overseas_frames() -> Mapping[str, MapFrame]:
    """The frames of the overseas départements, by code."""
    return {
        border.code: _fit_frame(
            [border.code], _expand_box(border[:4], -_PADDING), _equirectangular(border.code)
        )
        for border in _overseas_borders()
    }


def frames() -> list[MapFrame]:
    """All frames; the départements around Paris are in two."""
    return [mainland(), paris_area(), *overseas_frames().values()]


def borders() -> list[FrameBorder]:
    """The borders: of the Paris frame, of the same area on the mainland, of the overseas frames."""
    paris_points = _outline_points(mainland(), PARIS_AREA_CODES)
    return [
        FrameBorder(*_PARIS_AREA_BOX, ""),
        FrameBorder(*_expand_box(_bounds(paris_points), _PARIS_PADDING), ""),
        *_overseas_borders(),
    ]


@cache
def extent(frame: MapFrame, margin: int) -> DrawingBox:
    """The bounding box of a frame's départements, with a margin in units."""
    return _expand_box(_bounds(_outline_points(frame, frame.codes)), margin)


def frame_of(departement: str) -> MapFrame:
    """The frame with the dots of a département's places."""
    if departement in PARIS_AREA_CODES:
        return paris_area()
    return overseas_frames().get(departement) or mainland()


@cache
def land(frame: MapFrame) -> str:
    """The land of a frame, as one path per coast."""
    return "".join(map(path, _shared_lines(frame, times=1)))


@cache
def limits(frame: MapFrame) -> str:
    """The lines between the départements of a frame, each drawn once."""
    return "".join(map(path, _shared_lines(frame, times=2)))


@cache
def shape_in(frame: MapFrame, code: str) -> str:
    """A département in one frame, as a path for the even-odd fill rule."""
    return "".join(path(frame.project_ring(ring)) for ring in departement_outlines()[code])


def centroid(frame: MapFrame, code: str) -> DrawingPoint:
    """The centroid of the largest part of a département."""
    return max(
        _area_and_centroid(frame.project_ring(ring)) for ring in departement_outlines()[code]
    )[1]


def path(line: Sequence[DrawingPoint]) -> str:
    """A path along a line, closed if its ends meet; empty if all points are the same."""
    moves = [(b.x - a.x, b.y - a.y) for a, b in pairwise(line) if a != b]
    if not moves:
        return ""
    closed = line[0] == line[-1]
    commands = ""
    for x, y in moves[:-1] if closed else moves:
        commands += f" {_number_pair(x, y)}" if commands and x >= 0 else _number_pair(x, y)
    return f"M{_number_pair(*line[0])}l{commands}{'z' if closed else ''}"


def _number_pair(x: int, y: int) -> str:
    """Two numbers of a path: a minus sign separates them as well as a space."""
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def _geo_points(codes: Iterable[str]) -> list[GeoPoint]:
    return [point for code in codes for ring in departement_outlines()[code] for point in ring]


def _outline_points(frame: MapFrame, codes: Iterable[str]) -> list[DrawingPoint]:
    return [frame.project_point(*point) for point in _geo_points(codes)]


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
    """Degrees, with longitudes scaled to the length of the parallel in the middle."""
    lats = [point.lat for point in _geo_points([code])]
    parallel_scale = cos(radians((min(lats) + max(lats)) / 2))
    return lambda lat, lon: (lon * parallel_scale, lat)


def _fit_frame(codes: Iterable[str], box: DrawingBox, projection: Projection) -> MapFrame:
    """The frame in which départements fill a box, centred."""
    frame_codes = tuple(codes)
    points = [projection(*point) for point in _geo_points(frame_codes)]
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


def _area_and_centroid(ring: Sequence[DrawingPoint]) -> tuple[float, DrawingPoint]:
    """The area and the centroid of a closed line."""
    area, x, y = 0.0, 0.0, 0.0
    for a, b in pairwise(ring):
        part = (a.x * b.y - b.x * a.y) / 2
        area, x, y = area + part, x + part * (a.x + b.x) / 3, y + part * (a.y + b.y) / 3
    if not area:
        return 0.0, ring[0]
    return abs(area), DrawingPoint(round(x / area), round(y / area))


def _shared_lines(frame: MapFrame, *, times: int) -> list[list[DrawingPoint]]:
    """The lines on the outlines of ``times`` départements: one for coasts, two for limits."""
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
    """The edges joined to as few lines as possible."""
    neighbours: dict[GeoPoint, list[GeoPoint]] = defaultdict(list)
    for edge in edges:
        a, b = sorted(edge)
        neighbours[a].append(b)
        neighbours[b].append(a)
    # Open lines start at one of their ends; the remaining edges form closed lines.
    ends = [point for point, adjacent in neighbours.items() if len(adjacent) % 2]
    for start in [*ends, *list(neighbours)]:
        while neighbours[start]:
            line = [start]
            while neighbours[line[-1]]:
                following = neighbours[line[-1]].pop()
                neighbours[following].remove(line[-1])
                line.append(following)
            yield line


def ground() -> dict[str, object]:
    """The ground of the map, as :func:`register.territory.map_ground.map_ground` reads it."""
    parts = {"": mainland(), **overseas_frames()}
    return {
        "view": f"0 0 {WIDTH} {HEIGHT}",
        "land": "".join(map(land, frames())),
        "limits": "".join(map(limits, frames())),
        "borders": borders(),
        "shapes": {
            code: (
                code if code in OVERSEAS_CODES else "",
                shape_in(parts.get(code, mainland()), code),
                shape_in(paris_area(), code) if code in PARIS_AREA_CODES else "",
                centroid(frame_of(code), code),
            )
            for code in sorted(departement_outlines())
        },
        "frames": {
            code: (" ".join(map(str, extent(part, _MARGIN))), land(part))
            for code, part in parts.items()
        },
    }


def draw_commune(departement: str, lat: float, lon: float) -> list[DrawingPoint]:
    """Where a commune is on the map: on the mainland or overseas, and in the frame of Paris."""
    if departement not in departement_outlines():
        return []
    parts = [overseas_frames().get(departement, mainland()), frame_of(departement)]
    return [part.project_point(lat, lon) for part in dict.fromkeys(parts)]
