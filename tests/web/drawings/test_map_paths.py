"""The lines of the map: whole units, each drawn once, and few of them."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from mapped import drawn, marked

from register.territory import dataset
from register.territory.outlines import outlines
from register.web.drawings import frame, map_paths
from register.web.drawings.frame import Spot


def edges(lines: list[list[Spot]]) -> list[frozenset[Spot]]:
    return [frozenset(pair) for line in lines for pair in pairwise(line) if pair[0] != pair[1]]


@pytest.mark.parametrize(
    "line",
    [
        [Spot(0, 0), Spot(3, 4), Spot(-2, 4), Spot(-2, -9)],
        [Spot(5, 5), Spot(9, 5), Spot(9, 9), Spot(5, 5)],
        [Spot(12, -3), Spot(12, -3), Spot(13, -3)],
    ],
)
def test_a_line_is_read_as_it_was_meant(line: list[Spot]) -> None:
    (read,) = drawn(map_paths.path(line))
    assert read == [spot for place, spot in enumerate(line) if not place or spot != line[place - 1]]


def test_what_shrinks_to_a_point_is_not_drawn() -> None:
    assert map_paths.path([Spot(4, 4), Spot(4, 4), Spot(4, 4)]) == ""


def test_a_dot_is_drawn_once_where_it_is() -> None:
    spots = [Spot(40, 3), Spot(7, 90), Spot(40, 3), Spot(7, 12)]
    assert marked(map_paths.dots(spots)) == sorted(set(spots))
    assert map_paths.dots([]) == ""


def test_coasts_close_and_limits_are_drawn_once() -> None:
    for part in frame.frames():
        coast, inner = drawn(map_paths.land(part)), drawn(map_paths.limits(part))
        assert coast
        assert all(line[0] == line[-1] for line in coast)
        shared = edges(inner)
        # Units are coarse: a few short lines fall on one another, and no more.
        assert len(shared) - len(set(shared)) <= len(shared) // 100
        assert len(set(shared) & set(edges(coast))) <= len(shared) // 100


def test_every_line_of_a_departement_is_a_coast_or_a_limit() -> None:
    part = frame.mainland()
    ground = set(edges(drawn(map_paths.land(part)) + drawn(map_paths.limits(part))))
    for code in part.codes:
        assert set(edges(drawn(map_paths.shape_in(part, code)))) <= ground, code


def test_every_departement_has_a_shape_and_those_around_paris_two() -> None:
    for code in outlines():
        twice = map_paths.shape(code).count("M") - map_paths.shape_in(
            frame.frame_of(code), code
        ).count("M")
        assert twice == (code in frame.AROUND_PARIS), code


def test_the_whole_map_is_light() -> None:
    ground = "".join(map_paths.land(part) + map_paths.limits(part) for part in frame.frames())
    shapes = "".join(map(map_paths.shape, outlines()))
    assert len(gzip.compress(ground.encode())) < 4.5 * 1024
    assert len(gzip.compress((ground + shapes).encode())) < 10 * 1024


def test_frames_hold_what_they_show_and_do_not_overlap() -> None:
    for part in frame.frames():
        left, top, width, height = part.box
        x, y, wide, high = frame.extent(part, 0)
        assert left <= x
        assert top <= y
        assert x + wide <= left + width + 1
        assert y + high <= top + height + 1
        # As large as there is room for.
        assert abs(width - wide) <= 1 or abs(height - high) <= 1
    mainland = edges(drawn(map_paths.land(frame.mainland())))
    around, where, *beyond = frame.borders()
    for x, y, width, height, code in (around, *beyond):
        assert not any(
            x < spot.x < x + width and y < spot.y < y + height for edge in mainland for spot in edge
        ), code
    assert frame.mainland().box[2] > where.x > around.x + around.width


def test_every_commune_with_a_point_comes_inside_the_drawing() -> None:
    beyond = {border.code: border for border in frame.borders()}
    for row in dataset.rows("communes.csv.gz"):
        code = row["departement"]
        if not row["lat"] or code not in outlines():
            continue
        x, y = frame.frame_of(code).spot(float(row["lat"]), float(row["lon"]))
        whole = frame.Border(0, 0, frame.WIDTH, frame.HEIGHT, "")
        around = frame.borders()[0] if code in frame.AROUND_PARIS else beyond.get(code, whole)
        assert around.x + 4 < x < around.x + around.width - 4, row["nom"]
        assert around.y + 4 < y < around.y + around.height - 4, row["nom"]


def test_the_middle_of_a_departement_is_in_it() -> None:
    for code in outlines():
        part = frame.frame_of(code)
        x, y = map_paths.middle(part, code)
        # Even-odd, along the line from the point to the right.
        crossed = sum(
            (a.y > y) != (b.y > y) and x < a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y)
            for line in drawn(map_paths.shape_in(part, code))
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
def test_a_place_comes_where_a_reader_looks_for_it(
    departement: str, lat: float, lon: float, where: str
) -> None:
    x, y = frame.frame_of(departement).spot(lat, lon)
    found = {
        "far west": x < frame.WIDTH / 8 and frame.HEIGHT / 6 < y < frame.HEIGHT / 2,
        "far east and south": x > frame.WIDTH * 0.9 and y > frame.HEIGHT * 0.7,
        "around Paris": x < 199 and y < 199,
        "beyond the sea": y > frame.HEIGHT * 0.85,
    }
    assert [name for name, is_there in found.items() if is_there] == [where]
