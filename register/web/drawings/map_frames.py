"""The frames of the map of France: which degrees come where, in whole units of one drawing.

Metropolitan France is drawn in Lambert-93; Paris and the three départements around it a second
time, larger; each département beyond the sea in a box of its own, at a scale of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from types import MappingProxyType
from typing import NamedTuple

from register.territory.boundaries import Ring, departement_outlines
from register.territory.projection import project

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
