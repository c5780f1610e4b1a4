"""What other sites show beside a link: the social card, and the description of a case."""

from __future__ import annotations

from contextvars import Context
from io import BytesIO

import pytest
from case_contents import decided
from cast import CaseRef, Desk
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from PIL import Image
from werkzeug.test import TestResponse

pytestmark = pytest.mark.one_database

SIZE = (1200, 630)
ARABIC = "منع صحفي محلي من تصوير جلسة المجلس البلدي"


def get(client: FlaskClient, address: str) -> TestResponse:
    return Context().run(client.get, address)


def description(app: Flask, case: CaseRef) -> str:
    page = html.fromstring(get(app.test_client(), f"/incidents/{case.number}").text)
    return str(page.find(".//meta[@name='description']").get("content"))


# --- description of a case ------------------------------------------------------------------------


def test_description_has_what_a_list_has(app: Flask, desk: Desk) -> None:
    case = desk.published(
        title="Le maire interdit de filmer : « c’est fini »",
        types=("interdiction_filmer", "menace_expulsion"),
        contested=True,
        narrative="Un récit que personne ne cite.",
    )
    assert description(app, case) == (
        "nº\u00a01, 17\u00a0mars 2008. Gagny (Seine-Saint-Denis). "
        "Interdiction de filmer, menace d’expulsion. "
        "Qui agit\u00a0: le maire. Qui est visé\u00a0: un blogueur (Gagny Libre). "
        "Issue\u00a0: inconnue. Niveau de preuve\u00a0: documenté, contesté."
    )


@pytest.mark.parametrize(
    ("changes", "over", "date"),
    [
        ({"date": ""}, "Seine-Saint-Denis", "date inconnue"),
        ({"date": "2006?"}, "Seine-Saint-Denis", "2006 (incertain)"),
        ({"commune": "", "departement": "59"}, "Nord", "17\u00a0mars 2008"),
        ({"commune": "", "region": "84"}, "Auvergne-Rhône-Alpes", "17\u00a0mars 2008"),
        (
            {"commune": "", "departement": "21", "place_label": "commune non nommée"},
            "Commune non nommée (Côte-d’Or)",
            "17\u00a0mars 2008",
        ),
        (
            {"commune": "", "country": "BE", "place_label": "Bernissart"},
            "Bernissart (Belgique)",
            "17\u00a0mars 2008",
        ),
        ({"commune": "", "country": "CH"}, "Suisse", "17\u00a0mars 2008"),
        ({"title": ARABIC, "language": "ar"}, "Gagny (Seine-Saint-Denis)", "17\u00a0mars 2008"),
    ],
)
def test_description_of_a_case_with_unknown_date_or_place(
    app: Flask, desk: Desk, changes: dict[str, str], over: str, date: str
) -> None:
    text = description(app, desk.published(**changes))
    assert text.startswith(f"nº\u00a01, {date}. {over}. ")


def test_description_has_the_words_of_the_source_for_who_acted_and_no_act_of_another(
    app: Flask, desk: Desk
) -> None:
    types = ("expulsion", "convocation_audition")
    case = desk.published(types=types, actor_text="maire et partisans", title="Un titre")
    words = "le maire (selon la source\u00a0: «\u202fmaire et partisans\u202f»)"
    whom = "Qui est visé\u00a0: un blogueur (Gagny Libre)"
    assert f" Expulsion. Qui agit\u00a0: {words}. {whom}." in description(app, case)


def test_description_repeats_nothing_of_the_title_and_says_how_the_case_ended(
    app: Flask, desk: Desk
) -> None:
    suit = decided(
        direction="contre_cible",
        court="cour d’appel de Paris",
        outcome="relaxe",
        outcome_date="2009-06-06",
        appeal="non",
    )
    case = desk.published(
        title="Plainte en diffamation, Gagny, 17 mars 2008",
        types=("plainte_diffamation",),
        evidence="juge",
        proceedings=(suit,),
        outcome="relaxe",
    )
    assert description(app, case) == (
        "nº\u00a01. Seine-Saint-Denis. "
        "Qui agit\u00a0: le maire. Qui est visé\u00a0: un blogueur (Gagny Libre). "
        "Issue\u00a0: relaxe de la personne poursuivie, 6\u00a0juin 2009. "
        "Niveau de preuve\u00a0: jugé."
    )


# --- pages with a card --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/", "/incidents?q=filmer", "/incidents/1", "/communes/93032", "/en/methode"]
)
def test_page_has_open_graph_metadata(client: FlaskClient, address: str) -> None:
    page = html.fromstring(get(client, address).get_data(as_text=True))
    metadata = {
        meta.get("property") or meta.get("name"): meta.get("content") for meta in page.iter("meta")
    }
    assert metadata["og:title"] == page.findtext(".//title").removesuffix(" – Web Citoyen").strip()
    assert metadata["og:description"] == metadata["description"] != ""
    assert metadata["og:url"] == page.find(".//link[@rel='canonical']").get("href")
    assert metadata["og:site_name"] == "Web Citoyen"
    assert metadata["og:type"] == ("article" if address == "/incidents/1" else "website")
    assert metadata["twitter:card"] == "summary_large_image"
    assert metadata["og:image:alt"]
    base = "http://127.0.0.1:5000"
    assert metadata["og:image"].startswith(base)
    size = (int(metadata["og:image:width"]), int(metadata["og:image:height"]))
    with get(client, metadata["og:image"].removeprefix(base)) as answer:
        assert answer.status_code == 200
        assert Image.open(BytesIO(answer.data)).size == size == SIZE


def test_page_without_canonical_address_has_no_open_graph_metadata(client: FlaskClient) -> None:
    for address in ("/suivi", "/nulle-part", "/compte/connexion"):
        assert "og:" not in get(client, address).text
