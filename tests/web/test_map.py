"""Map of a search and locator map: their marks and legends."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from svg_maps import areas, dot_points, dots

from register.cases.selection import MapPoints
from register.web.maps import draw_places, locator, region_locator

pytestmark = pytest.mark.one_database


def test_legend_lists_only_the_marks_on_the_map(app: Flask) -> None:
    macros = app.jinja_env.get_template("web/_map.html").module
    exact, about = "93032", "01001"
    with app.test_request_context("/"):
        plainest, richest = (
            str(
                macros.france(draw_places(places))  # type: ignore[attr-defined]
                + macros.map_notes(places.off_map_count)  # type: ignore[attr-defined]
            )
            for places in (
                MapPoints(frozenset({exact}), frozenset(), 0),
                MapPoints(frozenset({exact, about}), frozenset({"974"}), 1),
            )
        )
    for word in ("cercle vide", "carré", "pas sur la carte"):
        assert word not in plainest
        assert word in richest
    assert dots(richest) == 2
    assert [len(dot_points(d)) for d in re.findall(r'class="hollow" d="([^"]+)"', richest)] == [1]
    assert [len(dot_points(d)) for d in re.findall(r'class="whole" d="([^"]+)"', richest)] == [1]
    assert areas(richest) == {"01", "93", "974"}


@pytest.mark.parametrize("code", ["93032", "2A004", "97411", "29155", "93", "2B", "976"])
def test_locator_dot_is_inside_its_view(app: Flask, code: str) -> None:
    with app.test_request_context("/"):
        drawing = locator(code)
    assert drawing is not None
    left, top, width, height = map(int, drawing.view.split())
    assert drawing.area
    spots = dot_points(drawing.dot)
    assert len(spots) == (len(code) == 5)
    for spot in spots:
        assert left < spot.x < left + width
        assert top < spot.y < top + height


def test_region_locator_contains_each_departement() -> None:
    bretagne = region_locator(["22", "29", "35", "56"])
    assert bretagne is not None
    assert not bretagne.dot
    for code in ("22", "29", "35", "56"):
        alone = region_locator([code])
        assert alone is not None
        assert alone.area in bretagne.area
    assert region_locator(["976"]) != region_locator(["974"])
    assert region_locator(["975", "x"]) is None


def test_departement_and_region_pages_have_a_locator(client: FlaskClient) -> None:
    for address in ("/departements/93", "/departements/971", "/regions/11", "/regions/04"):
        assert client.get(address).text.count('class="map locator"') == 1, address
    assert "map locator" not in client.get("/departements/975").text


def test_former_code_has_the_locator_of_its_commune(app: Flask) -> None:
    with app.test_request_context("/"):
        assert locator("93059") == locator("93066")


@pytest.mark.parametrize("code", ["", "975", "97502", "98818", "20", "00000", "93999", "x"])
def test_code_without_outline_has_no_locator(app: Flask, code: str) -> None:
    with app.test_request_context("/"):
        assert locator(code) is None
