"""The shapes of the map and the projection that flattens them."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from territory_rows import communes_of_departement

from register.territory import place_queries
from tools.territory_data.boundaries import departement_outlines, project


@pytest.mark.parametrize(
    ("lat", "lon", "east", "north"),
    [
        (48.8566, 2.3522, 652_469, 6_862_035),  # Paris, IGN's own converter
        (46.5, 3.0, 700_000, 6_600_000),  # the origin of EPSG:2154, by definition
    ],
)
def test_known_points(lat: float, lon: float, east: float, north: float) -> None:
    assert project(lat, lon) == pytest.approx((east, north), abs=1)


def test_east_and_west_of_the_meridian_are_mirrored() -> None:
    west, east = project(45, 1), project(45, 5)
    assert 700_000 - west[0] == pytest.approx(east[0] - 700_000)
    assert west[1] == pytest.approx(east[1])


@pytest.mark.parametrize("lat", [44.0, 49.0])
def test_the_scale_is_exact_on_the_standard_parallels(lat: float) -> None:
    # A thousandth of a degree along the parallel, on the ellipsoid GRS 1980.
    square = 0.006694380022903416
    ground = 6_378_137 * math.cos(math.radians(lat)) * math.radians(0.001)
    ground /= math.sqrt(1 - square * math.sin(math.radians(lat)) ** 2)
    (x1, y1), (x2, y2) = project(lat, 3), project(lat, 3.001)
    assert math.hypot(x2 - x1, y2 - y1) == pytest.approx(ground, rel=1e-6)


def test_every_department_has_an_outline_and_no_collectivity() -> None:
    with_region = {place.code for place in place_queries.departements() if place.region_code}
    assert set(departement_outlines()) == with_region
    assert len(departement_outlines()) == 101


def test_rings_are_closed_and_have_an_area() -> None:
    for rings in departement_outlines().values():
        assert rings
        for ring in rings:
            assert ring[0] == ring[-1]
            assert len(set(ring)) >= 3


def test_a_department_of_islands_has_several_rings() -> None:
    assert len(departement_outlines()["971"]) > 1


def test_outlines_are_read_once_and_cannot_be_changed() -> None:
    assert departement_outlines() is departement_outlines()
    with pytest.raises(TypeError):
        departement_outlines()["75"] = ()  # type: ignore[index]


class BoundingBox(NamedTuple):
    south: float
    west: float
    north: float
    east: float


def bounding_box(codes: list[str]) -> BoundingBox:
    points = [point for code in codes for ring in departement_outlines()[code] for point in ring]
    lats, lons = [point.lat for point in points], [point.lon for point in points]
    return BoundingBox(min(lats), min(lons), max(lats), max(lons))


def test_the_latitude_comes_first() -> None:
    bounds = bounding_box(["75"])
    assert bounds.south < 48.8566 < bounds.north
    assert bounds.west < 2.3522 < bounds.east


def test_a_box_holds_all_the_departments_asked() -> None:
    paris, suburbs = bounding_box(["75"]), bounding_box(["75", "92", "93", "94"])
    assert suburbs.south < paris.south
    assert suburbs.north > paris.north
    assert suburbs.west < paris.west
    assert suburbs.east > paris.east
    island = bounding_box(["974"])
    assert (island.south, island.north) == pytest.approx((-21.4, -20.9), abs=0.1)


def test_a_collectivity_has_no_outline() -> None:
    assert "988" not in departement_outlines()


def test_a_small_island_lies_outside_the_outline() -> None:
    ouessant = place_queries.commune("29155")
    assert ouessant is not None
    assert ouessant.lon is not None
    assert ouessant.lon < bounding_box(["29"]).west


def test_a_commune_lies_in_the_box_of_its_department() -> None:
    # The outlines are simplified: a tenth of a degree is the slack of a small map.
    for code in ("22", "2A", "59", "973", "974"):
        bounds = bounding_box([code])
        for commune in communes_of_departement(code):
            assert commune.lat is not None
            assert commune.lon is not None
            assert bounds.south - 0.1 < commune.lat < bounds.north + 0.1
            assert bounds.west - 0.1 < commune.lon < bounds.east + 0.1
