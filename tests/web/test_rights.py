"""Links from a case to the page about rights."""

from __future__ import annotations

import re
import tomllib

import pytest
from flask.testing import FlaskClient

from register.cases.vocabulary import VOCABULARY_FILE
from register.pages.content import fold_headings
from register.text.dates import Language

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_type_leads_to_a_part_of_the_page(language: Language) -> None:
    types = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))["type"]
    headings = fold_headings("vos-droits", language)
    assert {row["rights"] for row in types} == set(headings)
    assert all(headings.values())


@pytest.mark.parametrize(
    ("mount", "heading"), [("", "Puis-je filmer le conseil"), ("/en", "Can I film the council?")]
)
def test_case_about_filming_links_to_the_right_to_film(
    client: FlaskClient, mount: str, heading: str
) -> None:
    list_html = client.get(f"{mount}/incidents?commune=93032").text
    addresses = re.findall(r'<h2><a href="((?:/en)?/incidents/\d+)">', list_html)
    html = client.get(addresses[0]).text
    link = re.search(rf'<a class="tap" href="{mount}/vos-droits#filmer">([^<]*)</a>', html)
    assert link
    assert link[1].startswith(heading)
    assert 'id="filmer"' in client.get(f"{mount}/vos-droits").text


def test_case_abroad_leads_to_no_french_law(client: FlaskClient) -> None:
    list_html = client.get("/incidents?pays=BE").text
    address = re.search(r'<h2><a href="(/incidents/\d+)">', list_html)
    assert address
    assert "/vos-droits#" not in client.get(address[1]).text
