"""Statistics page: figures that link to the lists they count."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import facet_data
import pytest
from case_contents import decided
from test_pages import Stranger, body, words

from register.cases.web.public import overview

pytestmark = pytest.mark.one_database

PAGE = "/statistiques"
_FIGURE = re.compile(r'<a href="(/incidents(?:\?[^"]*)?)">([0-9\u202f]+)(?=[<\u00a0 ])')
_SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def main(html: str) -> str:
    return re.search(r"<main.*?</main>", html, re.DOTALL).group()


def figures(html: str) -> list[tuple[str, int]]:
    """The figures of the page: address of the list and number."""
    links = _FIGURE.findall(main(html))
    return [(unescape(address), int(number.replace("\u202f", ""))) for address, number in links]


def count_listed(client, address: str) -> int:
    """The number of cases of a list, counted on all its pages."""
    count = 0
    while True:
        html = body(client, address)
        count += len(re.findall(r'<h[23]><a href="/incidents/[0-9]+">', html))
        onward = re.search(r'href="([^"]+)" rel="next"', html)
        if not onward:
            return count
        address = unescape(onward.group(1))


def check_figures(client) -> list[tuple[str, int]]:
    numbers = figures(body(client, PAGE))
    lists = {
        address: count_listed(client, address) for address in {address for address, _ in numbers}
    }
    assert [(address, lists[address]) for address, _ in numbers] == numbers
    return numbers


def test_numbers_of_the_demonstration_equal_their_lists(client):
    numbers = check_figures(client)
    assert len(numbers) > 60
    assert ("/incidents", 34) in numbers


def test_numbers_of_a_generated_register_equal_their_lists(app, desk):
    facet_data.publish_all(desk)
    suits = ("relaxe", "relaxe", "desistement", "")
    unknown = {"court": "inconnue", "outcome_date": "inconnue", "appeal": "inconnu"}
    desk.published(
        proceedings=tuple(
            decided("contre_cible", outcome=end, docket=f"{place}", **unknown)
            for place, end in enumerate(suits)
        )
    )
    desk.published(date="1951")
    for _ in range(25):
        desk.published(date="2012", target="lanceur_alerte")
    numbers = check_figures(Stranger(app))
    assert ("/incidents?procedure=contre_cible.relaxe", 1) in numbers
    assert ("/incidents?au=1973", 1) in numbers
    assert ("/incidents?cible=lanceur_alerte", 25) in numbers


def test_every_number_has_a_link(client):
    html = main(body(client, PAGE))
    # What is left are years, the share of unknown outcomes, and the line of the ledger.
    html = _FIGURE.sub('<a href="">', _SVG.sub("", html))
    years = r'(?:<th scope="row">|<span class="vh"> cas\u00a0: )(?:Jusqu’en )?[12][0-9]{3}(?=<)'
    text = re.sub(r"ligne [0-9]+ du journal public", "", words(re.sub(years, "", html)))
    assert re.findall(r"[^ ]* [^ ]*[0-9][^.]*", text) == [
        f"soit {share(client)} %, l’issue est inconnue : aucune source ne l’a encore dite"
        " au registre"
    ]


def share(client) -> int:
    numbers = dict(figures(body(client, PAGE)))
    return round(100 * numbers["/incidents?issue=inconnue"] / numbers["/incidents"])


def test_each_section_names_its_total(client):
    html = main(body(client, PAGE))
    sections = re.findall(
        r'<section class="band" aria-labelledby="(\w+)">(.*?)</section>', html, re.DOTALL
    )
    names = "annees types cibles niveaux preuves issues procedures durees citer"
    assert [name for name, _ in sections] == names.split()
    for name, section in sections[:-1]:
        before, table, after = re.split(r"<table|</table>", section)
        assert re.search(r'<a href="/incidents">34[\u00a0<]', before), name
        assert '<p class="small">' in after, name
        assert table.count('<th scope="row') == table.count("<td>"), name


def test_the_page_explains_proceedings_and_compares_no_places(client):
    text = words(main(body(client, PAGE)))
    assert "Une ligne est ici un sens et une issue de procédure" in text
    assert "Le registre ne connaît que ce qui lui a été signalé" in text
    assert "commune=" not in "".join(address for address, _ in figures(body(client, PAGE)))
    assert "departement=" not in body(client, PAGE)


def test_statistics_of_an_empty_register(app, desk):
    desk.draft()
    html = body(Stranger(app), PAGE)
    assert figures(html) == []
    assert "Aucun cas n’est encore inscrit" in words(html)
    assert "<table" not in html
    assert "<svg" not in html


def test_statistics_of_one_undated_case(app, desk):
    desk.published(date="", outcome="resolue")
    html = body(Stranger(app), PAGE)
    text = words(main(html))
    assert "L’issue de chacun est connue" in text
    assert "Aucun n’a de procédure que le registre connaisse" in text
    assert "Date inconnue" in text
    # A column of one year, or of none, shows nothing.
    assert 'class="columns"' not in html


def test_the_figures_are_those_of_the_ledger_that_the_page_names(app, desk):
    stranger = Stranger(app)
    desk.published()
    first = stranger.get(PAGE)
    again = stranger.get(PAGE)
    assert (first.headers["ETag"], first.data) == (again.headers["ETag"], again.data)
    assert "ligne 2 du journal public" in words(first.text)
    desk.published()
    second = stranger.get(PAGE)
    assert second.headers["ETag"] != first.headers["ETag"]
    assert ("/incidents", 2) in figures(second.text)


def test_the_page_is_linked_from_every_page(client):
    assert f'<a href="{PAGE}">Chiffres</a>' in body(client, "/")
    assert f'<a href="{PAGE}">chiffres du registre</a>' in body(client, "/donnees")


# --- drawings ----------------------------------------------------------------------------------


def shapes_of(svg: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-hidden"] == "true"
    return list(root)


def test_charts_are_hidden_from_screen_readers(client):
    drawings = _SVG.findall(main(body(client, PAGE)))
    assert len(drawings) > 60
    for svg in drawings:
        assert shapes_of(svg)
        assert "style" not in svg


@pytest.mark.parametrize(
    ("count", "whole", "width"),
    [(34, 34, "100%"), (17, 34, "50%"), (1, 3, "33.33%"), (1, 100_000, "0.4%")],
)
def test_bar_width_has_a_minimum(count, whole, width):
    track, bar = shapes_of(overview.bar(count, whole))
    assert (track.attrib["width"], bar.attrib["width"]) == ("100%", width)


def _percentages(columns, name):
    return [float(column.attrib[name].rstrip("%")) for column in columns]


def test_columns_share_a_base_line_and_follow_their_years():
    shapes = shapes_of(overview.columns({2004: 2, 2005: 4, 2010: 1}))
    columns = [shape for shape in shapes if shape.tag == "rect"]
    assert _percentages(columns, "height") == [50, 100, 25]
    assert {
        y + high
        for y, high in zip(_percentages(columns, "y"), _percentages(columns, "height"), strict=True)
    } == {100}
    middles = [
        x + w / 2
        for x, w in zip(_percentages(columns, "x"), _percentages(columns, "width"), strict=True)
    ]
    assert middles == pytest.approx([100 / 14, 300 / 14, 1300 / 14], abs=0.02)
    labels = [(shape.text, shape.attrib.get("x")) for shape in shapes if shape.tag == "text"]
    assert labels == [("4", None), ("2005", "21.43%"), ("2010", "92.86%")]


def test_few_years_all_have_labels():
    shapes = shapes_of(overview.columns({2004: 2, 2007: 4}))
    assert [shape.text for shape in shapes if shape.tag == "text"] == [
        "4",
        "2004",
        "2005",
        "2006",
        "2007",
    ]
