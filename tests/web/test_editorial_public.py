"""The editorial pages as readers have them: their contents, and when they change."""

from __future__ import annotations

import html as entities
import re
import tomllib
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace

import pytest
from cast import Cast
from databases import plain_app
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from register.cases.vocabulary import VOCABULARY_FILE
from register.config import Settings
from register.journal import writing
from register.pages import acts, content
from register.reports import form_vocabulary

pytestmark = pytest.mark.one_database

BOOK = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))
DEFINED = ("type", "preuve", "issue", "sens", "refus", "restriction")


def body(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return " ".join(entities.unescape(re.sub("<[^>]+>", " ", html)).split())


def on_one_line(text: str) -> str:
    return " ".join(text.split())


# --- their contents ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", DEFINED)
def test_the_method_defines_every_word_that_readers_meet(client: FlaskClient, name: str) -> None:
    html = body(client, "/methode")
    text = words(html)
    for row in BOOK[name]:
        is_public = row.get("public", True) and "retired_at" not in row
        assert (on_one_line(row["definition_fr"]) in text) is is_public, row["code"]
        assert (f'id="{name}-{row["code"].replace("_", "-")}"' in html) is is_public, row["code"]


def test_each_type_level_and_outcome_has_its_example(client: FlaskClient) -> None:
    html = body(client, "/methode")
    count = len(re.findall('class="example"', html))
    assert count == sum(len(BOOK[name]) for name in ("type", "preuve", "issue"))
    text = words(html)
    for word in form_vocabulary.words("type").values():
        assert on_one_line(f"Par exemple : {word.example}.") in text, word.code


def test_every_family_of_several_types_heads_its_own(client: FlaskClient) -> None:
    html = body(client, "/methode")
    families = re.findall(r'<h3>[^<]+</h3></summary><div id="famille-([a-z]+)">', html)
    assert families == ["acces", "justice", "pression", "securite"]


def test_an_internal_reason_is_not_published(client: FlaskClient) -> None:
    html = body(client, "/methode")
    assert "demande-signalant" not in html
    assert "la personne qui avait signalé les faits l’a demandé" not in html


# Domain, section 6: each article with what it is cited for.
ARTICLES = {
    "filmer": ("L2121-18", "L2121-16", "25 juillet 1980", "deux mois"),
    "document": ("L311-1", "L2121-26", "R311-12", "R343-1", "R343-3", "R343-4", "R343-5"),
    "mise-en-demeure": ("article 48, 1º", "trois jours"),
    "poursuite": (
        *("article 55", "article 65", "article 29", "15-87.163", "dix jours", "Trois mois"),
        *("L2123-34", "L2123-35"),
    ),
    "convocation": ("61-1",),
    "retrait": ("article 16", "article 17", "article 20", "article 21", "2022/2065"),
    "violences": ("15-3", "17", "114"),
    "droit-de-reponse": ("article 1-1, III", "2007-1527", "trois jours", "200 lignes"),
    "reseaux": ("2011-333", "R421-1", "deux mois"),
    "distribution": ("article 1er", "R421-1", "L521-2", "431-1"),
    "anonymat": ("article 1-1, II", "article 15", "226-1", "226-15"),
    "moyens": ("L211-2", "R421-1", "L2121-27-1"),
    "employeur": ("L532-4", "R421-1", "L1121-1", "L1471-1", "2016-1691"),
    "pression": ("article 2 bis",),
    "denigrement": ("article 13", "article 1-1, III", "article 29", "article 65", "223-1-1"),
    "harcelement": ("article 16", "222-33-2-2", "223-1-1"),
    "aide": ("Défenseur des droits",),
}


@pytest.fixture
def sections(client: FlaskClient) -> dict[str, str]:
    """The parts of the page on rights, by the names that other pages link to."""
    parts = re.split(r'</h2></summary><div[^>]* id="([a-z-]+)">', body(client, "/vos-droits"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", ARTICLES)
def test_each_incident_has_its_first_steps_and_its_articles(
    sections: dict[str, str], name: str
) -> None:
    text = words(sections[name]).replace("\u00a0", " ").replace("\u202f", " ")
    assert [article for article in ARTICLES[name] if article not in text] == []
    # The steps are numbered, for they come in an order; help is none.
    assert ("<ol>" in sections[name]) is (name != "aide")


def test_the_page_on_rights_has_no_other_part_and_is_marked_as_information(
    client: FlaskClient, sections: dict[str, str]
) -> None:
    assert set(sections) == set(ARTICLES)
    text = words(body(client, "/vos-droits"))
    assert "Information, pas un conseil juridique" in text


@pytest.mark.parametrize("name", ["vos-droits", "confidentialite", "mentions-legales", "methode"])
def test_pages_on_the_law_say_that_they_are_no_advice(client: FlaskClient, name: str) -> None:
    assert "conseil juridique" in words(body(client, f"/{name}"))


def test_links_to_lists_of_cases_have_filters_that_exist(
    client: FlaskClient, sections: dict[str, str]
) -> None:
    links = re.findall(r'href="(/incidents\?[^"]+)"', "".join(sections.values()))
    assert len(links) >= 15
    for link in links:
        name, _, code = entities.unescape(link).partition("?")[2].partition("=")
        assert code in {row["code"] for row in BOOK[name]}, link


def test_the_origin_of_the_register_is_stated(client: FlaskClient) -> None:
    text = words(body(client, "/a-propos")).replace("\u00a0", " ")
    assert "En 2006, un blog nommé Web Citoyen" in text
    assert "peu à peu" in text


@pytest.mark.parametrize("name", content.PAGE_NAMES)
def test_no_marker_is_left_on_a_page(client: FlaskClient, name: str) -> None:
    assert not re.search(r"[{}]", words(body(client, f"/{name}")))


def test_the_settings_are_filled_in(settings: Settings) -> None:
    filled = replace(settings, publisher_name="L’association <b>", contact_email="a@b.test")
    with plain_app(filled) as app:
        html = body(app.test_client(), "/mentions-legales")
    assert "L’association &lt;b&gt;" in html
    assert "Courriel : a@b.test" in words(html)


# --- when they change --------------------------------------------------------------------------


@pytest.fixture
def get_page(app: Flask) -> Callable[..., TestResponse]:
    """``get_page(address, header=…)``: a stranger's request, in a context of its own."""
    client = app.test_client()
    return lambda address, **headers: Context().run(client.get, address, headers=headers)


def write(cast: Cast, text: str, seen: int = 0) -> int:
    with writing() as pen:
        row = acts.save_page(
            pen, "suivre", "Nouveau titre", text, by=cast.ada, reason="essai", seen_revision=seen
        )
        return row.id


def test_an_edited_page_is_served_at_once_also_to_clients_with_a_cached_copy(
    get_page, cast
) -> None:
    before = {name: get_page(f"/{name}").headers["ETag"] for name in ("suivre", "methode")}
    assert get_page("/suivre", **{"If-None-Match": before["suivre"]}).status_code == 304
    first = write(cast, "Un texte de l’association.")
    answer = get_page("/suivre", **{"If-None-Match": before["suivre"]})
    assert answer.status_code == 200
    assert "Un texte de l’association." in answer.text
    assert "<h1>Nouveau titre</h1>" in answer.text
    assert get_page("/methode").headers["ETag"] != before["methode"]
    with writing() as pen:
        acts.restore_page(pen, "suivre", by=cast.ada, reason="essai", seen_revision=first)
    again = get_page("/suivre", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 200
    assert "Un flux, c’est quoi" in again.text
    # The text is the first one, and yet another page: no tag shows which came between.
    assert again.headers["ETag"] not in (before["suivre"], answer.headers["ETag"])


def test_an_edited_page_is_filled_with_settings_and_definitions(get_page, cast) -> None:
    write(cast, "À {contact_email}.\n\n{preuves}\n\n[Vos droits](/vos-droits#filmer)")
    html = get_page("/suivre").text
    assert "À non renseigné." in html
    assert 'id="preuve-allegue"' in html
    assert 'href="/vos-droits#filmer"' in html


def test_nothing_that_is_typed_becomes_markup(get_page, cast) -> None:
    write(cast, '<script>alert(1)</script> <img src=x onerror=y> [a](javascript:b) "onclick="c')
    html = get_page("/suivre").text.partition("<article")[2].partition("</article>")[0]
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html.partition("href=")[2]
