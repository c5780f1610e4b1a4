"""The map on pages: the same cases as the list, hidden from screen readers and the keyboard."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from search_helpers import Searcher, follow, plain
from svg_maps import areas, dots, figure

pytestmark = pytest.mark.one_database


@pytest.fixture
def demo(demo_app: Flask) -> Searcher:
    """A reader of the demonstration."""
    follow(demo_app)
    return Searcher(demo_app)


@pytest.fixture
def reader(app: Flask) -> Searcher:
    """A reader of a register without a case."""
    return Searcher(app)


def test_home_shows_every_commune_once_and_links_what_the_list_names(demo: Searcher) -> None:
    html = demo.page("/")
    assert "22 communes" in plain(html)
    assert dots(html) == 22
    departements = set(re.findall(r'<li><a href="/departements/(\w+)"><span>', html))
    assert areas(html) == departements
    assert "Sept cas ne sont pas sur la carte" in plain(html)


def test_a_list_shows_what_it_holds(demo: Searcher) -> None:
    html = demo.page(commune="93032")
    assert (dots(html), areas(html)) == (1, {"93"})
    assert "pas sur la carte" not in plain(html)
    # A second page of a list is a part of it: its map is that of the whole.
    assert dots(demo.page()) == dots(demo.page(page="2")) == 22
    abroad = demo.page(pays="BE")
    assert (dots(abroad), areas(abroad)) == (0, set())
    assert "Deux cas ne sont pas sur la carte" in plain(abroad)


def test_the_map_of_a_search_shows_its_cases(demo: Searcher) -> None:
    html = demo.page(q="filmer", departement="93")
    assert areas(html) == {"93"}
    assert 0 < dots(html) < dots(demo.page(departement="93"))


def test_a_list_without_a_case_has_no_map(demo: Searcher) -> None:
    assert "<figure" not in demo.page(departement="92", sans_date="1")


def test_the_map_is_folded_in_a_list_and_open_at_home(demo: Searcher) -> None:
    folded = re.search(r"<details class=\"folded\"><summary>.*?</details>", demo.page(), re.DOTALL)
    assert folded
    assert "<figure" in folded.group()
    assert "<details" not in figure(demo.page("/"))


@pytest.mark.parametrize("address", ["/", "/incidents", "/communes/93032", "/incidents/1"])
def test_a_map_is_hidden_from_screen_readers_and_the_keyboard(
    client: FlaskClient, address: str
) -> None:
    markup = figure(client.get(address).get_data(as_text=True))
    (drawing,) = re.findall(r"<svg [^>]+>", markup)
    assert 'aria-hidden="true"' in drawing
    assert 'focusable="false"' in drawing
    assert markup.count("<a ") == markup.count('tabindex="-1"')
    assert "style=" not in markup


def test_a_second_case_of_a_commune_changes_no_map(reader: Searcher, desk) -> None:
    desk.published()
    drawing = figure(reader.page("/"))
    desk.published()
    assert figure(reader.page("/")) == drawing


def test_an_empty_register_has_no_map(reader: Searcher) -> None:
    assert "<figure" not in reader.page("/")


def test_the_home_page_is_small_and_makes_few_queries(client: FlaskClient) -> None:
    html = client.get("/").get_data()
    addresses = set(re.findall(rb'(?:href|src)="(/static/[^"]+)"', html))
    # Of several icons a browser takes one.
    addresses = {address for address in addresses if b"/img/icon-" not in address}
    weight = len(gzip.compress(html, 6))
    for address in addresses:
        with client.get(address.decode()) as answer:
            weight += len(gzip.compress(answer.data, 6))
    assert len(addresses) + 1 <= 5
    assert weight < 40_000
    assert len(gzip.compress(figure(html.decode()).encode(), 6)) < 8_000


def test_an_approximate_position_is_marked_as_such(demo: Searcher) -> None:
    about = demo.page("/communes/01002")
    assert "Position approchée" in plain(figure(about))
    assert 'class="hollow"' in figure(about)
    assert "approchée" not in demo.page("/communes/93032")


def test_a_case_shows_where_it_is_if_that_is_known(reader: Searcher, desk) -> None:
    located = desk.published()
    in_departement = desk.published(commune="", departement="01")
    abroad = desk.published(commune="", country="BE", place_label="Liège")
    assert 'class="dot"' in figure(reader.page(f"/incidents/{located.number}"))
    assert 'class="dot"' not in figure(reader.page(f"/incidents/{in_departement.number}"))
    for unlocated in (abroad, desk.published(commune="97502")):
        html = reader.page(f"/incidents/{unlocated.number}")
        assert "<figure" not in html
        assert "<h2>Lieu</h2>" not in html
