"""Map geometry: paths, frames and projections."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise

import pytest
from svg_maps import dot_points, path_lines

from register.territory import map_ground, place_queries
from register.territory.dataset import DATA, PRESENT
from register.territory.map_ground import DrawingPoint
from tools.territory_data import map_geometry
from tools.territory_data.boundaries import departement_outlines
from tools.territory_data.sources import read_table


def edges(lines: list[list[DrawingPoint]]) -> list[frozenset[DrawingPoint]]:
    return [frozenset(pair) for line in lines for pair in pairwise(line) if pair[0] != pair[1]]


@pytest.mark.parametrize(
    "line",
    [
        [DrawingPoint(0, 0), DrawingPoint(3, 4), DrawingPoint(-2, 4), DrawingPoint(-2, -9)],
        [DrawingPoint(5, 5), DrawingPoint(9, 5), DrawingPoint(9, 9), DrawingPoint(5, 5)],
        [DrawingPoint(12, -3), DrawingPoint(12, -3), DrawingPoint(13, -3)],
    ],
)
def test_path_keeps_the_points_of_a_line(line: list[DrawingPoint]) -> None:
    (points,) = path_lines(map_geometry.path(line))
    assert points == [
        spot for place, spot in enumerate(line) if not place or spot != line[place - 1]
    ]


def test_line_of_equal_points_has_no_path() -> None:
    assert map_geometry.path([DrawingPoint(4, 4), DrawingPoint(4, 4), DrawingPoint(4, 4)]) == ""


def test_equal_points_make_one_dot() -> None:
    spots = [DrawingPoint(40, 3), DrawingPoint(7, 90), DrawingPoint(40, 3), DrawingPoint(7, 12)]
    assert dot_points(map_ground.dots(spots)) == sorted(set(spots))
    assert map_ground.dots([]) == ""


def test_coasts_are_closed_and_limits_drawn_once() -> None:
    for part in map_geometry.frames():
        coast, inner = path_lines(map_geometry.land(part)), path_lines(map_geometry.limits(part))
        assert coast
        assert all(line[0] == line[-1] for line in coast)
        shared = edges(inner)
        # Rounding to whole units makes a few short lines equal.
        assert len(shared) - len(set(shared)) <= len(shared) // 100
        assert len(set(shared) & set(edges(coast))) <= len(shared) // 100


def test_outline_of_a_departement_consists_of_coasts_and_limits() -> None:
    part = map_geometry.mainland()
    ground = set(edges(path_lines(map_geometry.land(part)) + path_lines(map_geometry.limits(part))))
    for code in part.codes:
        assert set(edges(path_lines(map_geometry.shape_in(part, code)))) <= ground, code


def test_departements_around_paris_have_two_shapes() -> None:
    shapes = map_ground.map_ground().shapes
    enlarged = {code for code, shape in shapes.items() if shape.enlarged}
    assert enlarged == set(map_geometry.PARIS_AREA_CODES)
    assert {code for code, shape in shapes.items() if shape.frame} == set(
        map_geometry.OVERSEAS_CODES
    )


def test_the_committed_ground_is_what_the_geometry_draws() -> None:
    committed = json.loads((DATA / "carte.json").read_text("utf-8"))
    assert committed == json.loads(json.dumps(map_geometry.ground()))


def test_communes_have_their_points_on_the_map() -> None:
    for row in read_table("communes.csv.gz"):
        if row["type"] == PRESENT and row["lat"]:
            points = map_geometry.draw_commune(
                row["departement"], float(row["lat"]), float(row["lon"])
            )
            assert row["carte"] == " ".join(f"{x} {y}" for x, y in points)
    commune = place_queries.commune("93032")
    assert commune is not None
    assert len(commune.map_points) == 2
    assert place_queries.commune("98818").map_points == []  # type: ignore[union-attr]


def test_compressed_size_of_the_whole_map() -> None:
    ground = "".join(
        map_geometry.land(part) + map_geometry.limits(part) for part in map_geometry.frames()
    )
    shapes = "".join(
        shape.path + shape.enlarged for shape in map_ground.map_ground().shapes.values()
    )
    assert len(gzip.compress(ground.encode())) < 4.5 * 1024
    assert len(gzip.compress((ground + shapes).encode())) < 10 * 1024


def test_frames_contain_their_departements_and_do_not_overlap() -> None:
    for part in map_geometry.frames():
        left, top, width, height = part.box
        x, y, wide, high = map_geometry.extent(part, 0)
        assert left <= x
        assert top <= y
        assert x + wide <= left + width + 1
        assert y + high <= top + height + 1
        # The départements fill the box in one direction.
        assert abs(width - wide) <= 1 or abs(height - high) <= 1
    mainland = edges(path_lines(map_geometry.land(map_geometry.mainland())))
    around, where, *beyond = map_geometry.borders()
    for x, y, width, height, code in (around, *beyond):
        assert not any(
            x < spot.x < x + width and y < spot.y < y + height for edge in mainland for spot in edge
        ), code
    assert map_geometry.mainland().box[2] > where.x > around.x + around.width


def test_every_commune_is_inside_its_border() -> None:
    beyond = {border.code: border for border in map_geometry.borders()}
    for row in read_table("communes.csv.gz"):
        code = row["departement"]
        if not row["lat"] or code not in departement_outlines():
            continue
        x, y = map_geometry.frame_of(code).project_point(float(row["lat"]), float(row["lon"]))
        whole = map_ground.FrameBorder(0, 0, map_geometry.WIDTH, map_geometry.HEIGHT, "")
        around = (
            map_geometry.borders()[0]
            if code in map_geometry.PARIS_AREA_CODES
            else beyond.get(code, whole)
        )
        assert around.x + 4 < x < around.x + around.width - 4, row["nom"]
        assert around.y + 4 < y < around.y + around.height - 4, row["nom"]


def test_centroid_of_a_departement_is_inside_it() -> None:
    for code in departement_outlines():
        part = map_geometry.frame_of(code)
        x, y = map_geometry.centroid(part, code)
        # Even-odd rule along a ray to the right.
        crossed = sum(
            (a.y > y) != (b.y > y) and x < a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y)
            for line in path_lines(map_geometry.shape_in(part, code))
            for a, b in pairwise(line)
        )
        assert crossed % 2, code


@pytest.mark.parametrize(
    ("departement", "lat", "lon", "where"),
    [
        ("29", 48.39, -4.49, "far west"),
        ("2A", 41.92, 8.74, "far east and south"),
        ("75", 48.86, 2.35, "around Paris"),
        ("974", -20.88, 55.45, "beyond the sea"),
    ],
)
def test_places_are_in_the_expected_parts_of_the_map(
    departement: str, lat: float, lon: float, where: str
) -> None:
    x, y = map_geometry.frame_of(departement).project_point(lat, lon)
    is_in_part = {
        "far west": x < map_geometry.WIDTH / 8
        and map_geometry.HEIGHT / 6 < y < map_geometry.HEIGHT / 2,
        "far east and south": x > map_geometry.WIDTH * 0.9 and y > map_geometry.HEIGHT * 0.7,
        "around Paris": x < 199 and y < 199,
        "beyond the sea": y > map_geometry.HEIGHT * 0.85,
    }
    assert [name for name, is_in in is_in_part.items() if is_in] == [where]
