"""The outlines of the 101 départements, in degrees.

Natural Earth, simplified to a few dozen points each: good for a small map, not for deciding where
a place lies. Simplifying sank small islands (Ouessant, Ré, Belle-Île, Noirmoutier, la Désirade):
their communes have a point, in what the map shows as sea. The overseas collectivities (975 to
989) have no outline at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from math import atanh, cos, exp, log, radians, sin, sqrt
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

OUTLINES_FILE = Path(__file__).with_name("departements.geo.json")


class GeoPoint(NamedTuple):
    """Degrees, WGS 84. The latitude comes first, as everywhere here but in GeoJSON."""

    lat: float
    lon: float


Ring = tuple[GeoPoint, ...]


@cache
def departement_outlines() -> Mapping[str, tuple[Ring, ...]]:
    """Closed rings by département code; islands and holes alike, to be filled by even-odd."""
    geojson = json.loads(OUTLINES_FILE.read_text("utf-8"))
    outlines = {}
    for feature in geojson["features"]:
        shape = feature["geometry"]
        is_multi = shape["type"] == "MultiPolygon"
        polygons = shape["coordinates"] if is_multi else [shape["coordinates"]]
        outlines[feature["properties"]["code"]] = tuple(
            tuple(GeoPoint(lat, lon) for lon, lat in ring)
            for polygon in polygons
            for ring in polygon
        )
    return MappingProxyType(outlines)


# GRS 1980: half the great axis in metres, and the eccentricity from the flattening.
_AXIS = 6_378_137.0
_FLATTENING = 1 / 298.257222101
_ECCENTRICITY = sqrt(2 * _FLATTENING - _FLATTENING**2)

# EPSG:2154: origin, standard parallels, and the origin's easting and northing in metres.
_LAT_0, _LON_0 = radians(46.5), radians(3)
_LAT_1, _LAT_2 = radians(49), radians(44)
_EAST_0, _NORTH_0 = 700_000.0, 6_600_000.0


def _isometric(lat: float) -> float:
    return atanh(sin(lat)) - _ECCENTRICITY * atanh(_ECCENTRICITY * sin(lat))


def _parallel(lat: float) -> float:
    """Radius of a parallel, in great half axes."""
    return cos(lat) / sqrt(1 - (_ECCENTRICITY * sin(lat)) ** 2)


_CONE = log(_parallel(_LAT_1) / _parallel(_LAT_2)) / (_isometric(_LAT_2) - _isometric(_LAT_1))
_SCALE = _AXIS * _parallel(_LAT_1) * exp(_CONE * _isometric(_LAT_1)) / _CONE
_RADIUS_0 = _SCALE * exp(-_CONE * _isometric(_LAT_0))


def project(lat: float, lon: float) -> tuple[float, float]:
    """Easting and northing in metres of a point in degrees.

    Meant for metropolitan France; a latitude must be inside ±90, where the cone ends.
    """
    radius = _SCALE * exp(-_CONE * _isometric(radians(lat)))
    angle = _CONE * (radians(lon) - _LON_0)
    return _EAST_0 + radius * sin(angle), _NORTH_0 + _RADIUS_0 - radius * cos(angle)
