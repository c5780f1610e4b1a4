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

from register.territory.boundaries import Ring, outlines
from register.territory.projection import project

# Left, top, width and height of a box, in units of the drawing.
Box = tuple[int, int, int, int]
Projection = Callable[[float, float], tuple[float, float]]

WIDTH, HEIGHT = 1000, 1150
# Room on the left for the islands that the outlines have not: Ouessant, Sein.
_MAINLAND: Box = (28, 22, WIDTH - 31, 930)
_AROUND_PARIS: Box = (3, 3, 196, 196)
_BEYOND_TOP, _BEYOND_SIDE = 1026, 120
# What is left free between a shape and the frame around it.
_INSIDE = 12
_NEAR = 3

# "Paris et la petite couronne": too small on the map of the whole.
AROUND_PARIS = ("75", "92", "93", "94")
BEYOND_THE_SEA = ("971", "972", "973", "974", "976")


class Spot(NamedTuple):
    """A point of the drawing."""

    x: int
    y: int


@dataclass(frozen=True)
class Frame:
    """A part of the map: the départements in it, and how their degrees become units.

    ``box`` holds all of them; a frame drawn as a line stands ``inside`` units around it.
    """

    codes: tuple[str, ...]
    box: Box
    project: Projection
    scale: float
    west: float
    north: float

    def spot(self, lat: float, lon: float) -> Spot:
        """Where a point in degrees comes."""
        east, north = self.project(lat, lon)
        left, top, *_size = self.box
        return Spot(
            round(left + (east - self.west) * self.scale),
            round(top + (self.north - north) * self.scale),
        )

    def ring(self, ring: Ring) -> list[Spot]:
        """Where a line in degrees comes."""
        return [self.spot(*point) for point in ring]


class Border(NamedTuple):
    """A frame drawn as a line, and the code of the one département in it, if it is one."""

    x: int
    y: int
    width: int
    height: int
    code: str


@cache
def mainland() -> Frame:
    """Metropolitan France, Corsica included."""
    return _fitted([code for code in outlines() if code not in BEYOND_THE_SEA], _MAINLAND, project)


@cache
def around_paris() -> Frame:
    """Paris and the départements around it, about five times as large."""
    return _fitted(AROUND_PARIS, _grown(_AROUND_PARIS, -_INSIDE), project)


@cache
def beyond_the_sea() -> Mapping[str, Frame]:
    """The frames of the départements beyond the sea, by their codes."""
    return MappingProxyType(
        {
            border.code: _fitted([border.code], _grown(border[:4], -_INSIDE), _flat(border.code))
            for border in _boxes()
        }
    )


def frames() -> list[Frame]:
    """Every frame; a département around Paris is in two."""
    return [mainland(), around_paris(), *beyond_the_sea().values()]


def borders() -> list[Border]:
    """The frames that are drawn as lines: around Paris, the same where it is, beyond the sea."""
    return [Border(*_AROUND_PARIS, ""), _where_paris_is(), *_boxes()]


@cache
def extent(frame: Frame, around: int) -> Box:
    """The box around what a frame holds, and so many units more on each side."""
    return _grown(_bounds(_outlined(frame, frame.codes)), around)


def frame_of(departement: str) -> Frame:
    """The frame in which the places of a département are marked."""
    if departement in AROUND_PARIS:
        return around_paris()
    return beyond_the_sea().get(departement) or mainland()


def _where_paris_is() -> Border:
    return Border(*_grown(_bounds(_outlined(mainland(), AROUND_PARIS)), _NEAR), "")


def _outlined(frame: Frame, codes: Iterable[str]) -> list[Spot]:
    return [spot for code in codes for ring in outlines()[code] for spot in frame.ring(ring)]


def _bounds(spots: Collection[Spot]) -> Box:
    left, top = min(spot.x for spot in spots), min(spot.y for spot in spots)
    right, bottom = max(spot.x for spot in spots), max(spot.y for spot in spots)
    return left, top, right - left, bottom - top


def _grown(box: Box, by: int) -> Box:
    left, top, width, height = box
    return left - by, top - by, width + 2 * by, height + 2 * by


def _boxes() -> list[Border]:
    step = WIDTH // len(BEYOND_THE_SEA)
    return [
        Border(3 + place * step, _BEYOND_TOP, step - 6, _BEYOND_SIDE, code)
        for place, code in enumerate(BEYOND_THE_SEA)
    ]


def _flat(code: str) -> Projection:
    """Degrees as they are, but for the parallels, which are shorter than the meridians."""
    lats = [point.lat for ring in outlines()[code] for point in ring]
    shorter = cos(radians((min(lats) + max(lats)) / 2))
    return lambda lat, lon: (lon * shorter, lat)


def _fitted(codes: Iterable[str], box: Box, projection: Projection) -> Frame:
    """The frame in which some départements fill a box, in its middle."""
    wanted = tuple(codes)
    points = [projection(*point) for code in wanted for ring in outlines()[code] for point in ring]
    west, north = min(x for x, _ in points), max(y for _, y in points)
    wide, high = max(x for x, _ in points) - west, north - min(y for _, y in points)
    _left, _top, width, height = box
    scale = min(width / wide, height / high)
    return Frame(
        wanted,
        box,
        projection,
        scale,
        west - (width / scale - wide) / 2,
        north + (height / scale - high) / 2,
    )
