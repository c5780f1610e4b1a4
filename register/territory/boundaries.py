"""The outlines of the 101 départements, in degrees.

Natural Earth, simplified to a few dozen points each: good for a small map, not for deciding where
a place lies. Simplifying sank small islands (Ouessant, Ré, Belle-Île, Noirmoutier, la Désirade):
their communes have a point, in what the map shows as sea. The overseas collectivities (975 to
989) have no outline at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from register.territory.dataset import DATA


class GeoPoint(NamedTuple):
    """Degrees, WGS 84. The latitude comes first, as everywhere here but in GeoJSON."""

    lat: float
    lon: float


Ring = tuple[GeoPoint, ...]


class BoundingBox(NamedTuple):
    """Bounds in degrees."""

    south: float
    west: float
    north: float
    east: float


@cache
def departement_outlines() -> Mapping[str, tuple[Ring, ...]]:
    """Closed rings by département code; islands and holes alike, to be filled by even-odd."""
    geojson = json.loads((DATA / "departements.geo.json").read_text("utf-8"))
    return MappingProxyType(
        {
            feature["properties"]["code"]: _rings(feature["geometry"])
            for feature in geojson["features"]
        }
    )


def bounding_box(codes: Iterable[str]) -> BoundingBox:
    """The smallest box around these départements; KeyError for one without an outline."""
    points = [point for code in codes for ring in departement_outlines()[code] for point in ring]
    lats, lons = [point.lat for point in points], [point.lon for point in points]
    return BoundingBox(min(lats), min(lons), max(lats), max(lons))


def _rings(geometry: dict[str, Any]) -> tuple[Ring, ...]:
    is_multi = geometry["type"] == "MultiPolygon"
    polygons = geometry["coordinates"] if is_multi else [geometry["coordinates"]]
    return tuple(
        tuple(GeoPoint(lat, lon) for lon, lat in ring) for polygon in polygons for ring in polygon
    )
