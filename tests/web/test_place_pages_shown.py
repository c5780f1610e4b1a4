"""The pages of places: each number equals its list, and no place stands above another."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from form_client import FormParser
from test_pages import Stranger, body, words

from register.cases import acts, communes_with_cases

pytestmark = pytest.mark.one_database

FULL = ["/communes/92062", "/communes/93032", "/departements/93", "/departements/92", "/regions/11"]
PLACE = re.compile(r'<li><a href="([^"]+)"><span>([^<]+)</span> ?(?:<span class="num">(\d+))?')


def counted(html: str) -> list[tuple[str, int]]:
    """The lists of a place's types and years with the number that stands beside each."""
    links = re.findall(
        r'<li><a href="(/incidents\?[^"]+)">.*?</a> <span class="num">(\d+)', html, re.DOTALL
    )
    return [(unescape(address), int(number)) for address, number in links]


def section(html: str, heading: str) -> list[tuple[str, str, int]]:
    """The places under a heading beside the cases: address, name, count."""
    (content,) = re.findall(rf"<section><h2>{heading}</h2>(.*?)</section>", html, re.DOTALL)
    return [
        (address, unescape(name), int(count or 0))
        for address, name, count in PLACE.findall(content)
    ]


def total(client: FlaskClient | Stranger, address: str) -> int:
    """How many cases a list has, on all of its pages."""
    count, page = 0, 1
    while True:
        html = body(client, f"{address}&page={page}" if page > 1 else address)
        count += len(re.findall(r'<h2><a href="/incidents/\d+">', html))
        if 'rel="next"' not in html:
            return count
        page += 1


# --- the cases ----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", FULL)
def test_each_number_is_that_of_the_list_it_leads_to(client: FlaskClient, address: str) -> None:
    lists = counted(body(client, address))
    assert {"type", "annee"} <= {
        name for link, _ in lists for name in parse_qs(urlsplit(link).query)
    }
    for link, number in lists:
        assert total(client, link) == number, link


def test_cases_without_a_date_have_a_list_too(app: Flask, desk: Any) -> None:
    desk.published(date="")
    client = Stranger(app)
    html = body(client, "/communes/93032")
    assert "Un cas inscrit, pour des faits sans date connue." in words(html)
    assert ("/incidents?commune=93032&sans_date=1", 1) in counted(html)
    assert total(client, "/incidents?commune=93032&sans_date=1") == 1
    for place in ("/communes/93032", "/departements/93", "/regions/11"):
        english = body(client, f"/en{place}")
        assert re.search(r"sans_date=1\">no date</a> <span class=\"num\">1<", english), place


def test_types_come_in_the_order_of_the_vocabulary_and_years_from_the_last(
    app: Flask, desk: Any
) -> None:
    desk.published(types=("violence_physique",), date="2006")
    for _ in range(2):
        desk.published(types=("violence_physique",), date="2011")
    desk.published(types=("expulsion",), date="2020")
    html = body(Stranger(app), "/communes/93032")
    filters = [urlsplit(address).query.partition("&")[2] for address, _number in counted(html)]
    order = ["type=expulsion", "type=violence_physique", "annee=2020", "annee=2011", "annee=2006"]
    assert filters == order
    assert "Quatre cas inscrits, pour des faits de 2006 à 2020." in words(html)


def test_the_cases_stand_along_the_rule_under_their_years(client: FlaskClient) -> None:
    html = body(client, "/communes/92062")
    (line,) = re.findall(r'<div class="along">(.*?)<section', html, re.DOTALL)
    parts = re.findall(r'<h2 class="body year">(\d+)</h2>|<h3><a href="(/incidents/\d+)"', line)
    assert [year for year, _case in parts if year] == ["2007", "2004"]
    assert len([case for _year, case in parts if case]) == 4


# --- around -------------------------------------------------------------------------------------


def test_communes_around_are_alphabetical_and_lead_to_as_many_cases(client: FlaskClient) -> None:
    html = body(client, "/communes/92062")
    near, group = section(html, "Communes proches"), section(html, "Métropole du Grand Paris")
    assert len(near) == communes_with_cases.NEAREST_LIMIT
    assert {"Colombes", "Levallois-Perret"} <= {name for _address, name, _count in near}
    for rows in (near, group):
        names = [name for _address, name, _count in rows]
        assert names == sorted(names)
    assert "/communes/92062" not in {address for address, _name, _count in near}
    assert {address for address, _name, _count in near} < {
        address for address, _name, _count in group
    }
    for address, _name, count in group:
        assert total(client, f"/incidents?commune={address[-5:]}") == count


def test_a_commune_alone_in_its_intercommunalite_is_marked_as_such(client: FlaskClient) -> None:
    text = words(body(client, "/communes/97411"))
    assert "Communauté d’agglomération Intercommunale du Nord de la Réunion (CINOR)" in text
    assert "Aucune autre n’a de cas inscrit." in text


def test_a_withdrawn_case_leaves_the_counts_of_its_places(app: Flask, desk: Any, cast: Any) -> None:
    desk.published(commune="93032")
    case = desk.published(commune="93048", title="Le cas retiré")
    gagny = ("/communes/93032", "Gagny", 1)
    assert section(body(Stranger(app), "/communes/93032"), "Communes proches") != []
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert "Montreuil" not in body(Stranger(app), "/communes/93032")
    for address in ("/departements/93", "/regions/11"):
        html = body(Stranger(app), address)
        assert section(html, "Communes qui ont des cas") == [gagny]
    assert "Le cas retiré" not in body(Stranger(app), "/communes/93048")


@pytest.mark.parametrize("address", ["/departements", "/regions", "/communes", "/regions/11"])
def test_lists_of_places_count_as_their_pages_do(client: FlaskClient, address: str) -> None:
    rows = [row for row in PLACE.findall(body(client, address)) if row[2]]
    assert rows
    for link, _name, count in rows:
        kind, code = link.strip("/").split("/")
        assert total(client, f"/incidents?{kind[:-1]}={code}") == int(count), link


def test_a_long_list_of_communes_is_folded(app: Flask, desk: Any) -> None:
    for code in ("93032", "93048", "93053", "93066", "92062", "92044", "92025", "93013"):
        desk.published(commune=code)
    html = body(Stranger(app), "/communes/75056")
    assert "<summary>Voir les 8 communes</summary>" in html


# --- what one may do ----------------------------------------------------------------------------


@pytest.mark.parametrize("address", [*FULL, "/communes/94038", "/departements/975", "/regions/24"])
def test_each_place_leads_to_the_form_with_the_place_in_it(
    client: FlaskClient, address: str
) -> None:
    html = body(client, address)
    kind, code = address.strip("/").split("/")
    place = f"{kind[:-1]}:{code}"
    # No address names the place: it would stay in the history.
    assert "/signaler?" not in html
    forms = [form for form in FormParser(html).forms if form.action == "/signaler"]
    assert [form.method for form in forms] == ["post"]
    assert forms[0].fields == [("etape", "commencer"), ("lieu", place)]
    answer = client.post("/signaler", data=dict(forms[0].fields))
    assert f'name="lieu_code" value="{place}"' in answer.text
    # Addresses that were made before still open it.
    assert f'name="lieu_code" value="{place}"' in body(client, f"/signaler?lieu={place}")


@pytest.mark.parametrize("address", ["/communes/92062", "/communes/94038", "/regions/24"])
def test_an_authority_reads_what_it_may_do(client: FlaskClient, address: str) -> None:
    html = body(client, address)
    (section_html,) = re.findall(r'aria-labelledby="autorite">(.*?)</section>', html, re.DOTALL)
    assert f'href="{address}.atom"' in section_html
    assert "Exercer un droit de réponse" in section_html
    assert "trois jours" in section_html
    assert "loi nº 2004-575" in words(section_html)
    assert "/mentions-legales" in section_html


def test_an_empty_commune_counts_the_cases_of_its_departement_and_region(
    client: FlaskClient,
) -> None:
    text = words(body(client, "/communes/94038"))
    assert "Val-de-Marne : aucun cas." in text
    assert "Île-de-France : treize cas." in text
    assert "la prochaine inscription y paraîtra" in text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("93066", "Réunit : Pierrefitte-sur-Seine (93059)"),
        ("93066", "Anciens codes : 75059, 75066"),
        (
            "13055",
            "Comprend : Marseille 1er Arrondissement (13201) Marseille 2e Arrondissement (13202)",
        ),
        ("92062", "Une intercommunalité de 130 communes."),
    ],
)
def test_a_commune_names_its_former_communes_and_codes(
    client: FlaskClient, code: str, text: str
) -> None:
    assert text in words(body(client, f"/communes/{code}"))
