"""An administrator edits a page of the site: editor, concurrent edits, history, restoring."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from form_client import MemberClient

from register.db import db
from register.pages import content
from register.pages.web.page_editor import CONTEXT_LENGTH, page_changes

pytestmark = pytest.mark.one_database

HOME = "/moderation/pages"
SUIVRE = f"{HOME}/suivre"
FIELDS = {"title": "Suivre", "text": "Un texte.\n\n## Ici {#ici}", "reason": "plus court"}


@pytest.fixture
def ada(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("ada")


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    return app.test_client()


def newest() -> int:
    db.session.rollback()
    row = content.newest_revision(db.session(), "suivre")
    return row.id if row else 0


def save(ada: MemberClient, **changes: str) -> int:
    fields = {**FIELDS, "vu": str(newest()), **changes}
    assert ada.send(SUIVRE, fields).status_code == 303
    return newest()


def test_the_list_names_every_page_and_who_wrote_it(ada: MemberClient) -> None:
    html = ada.get(HOME).text
    assert html.count("texte livré avec le logiciel") == len(content.TEXT_NAMES)
    save(ada)
    html = ada.get(HOME).text
    assert html.count("texte livré avec le logiciel") == len(content.TEXT_NAMES) - 1
    assert "récrite par ada" in html


def test_the_editor_holds_the_present_text_and_saves_another(
    ada: MemberClient, stranger: FlaskClient
) -> None:
    html = ada.get(SUIVRE).text
    assert "Une affaire dure souvent des années" in html
    assert 'name="vu" value="0"' in html
    first = save(ada)
    assert '<h2 id="ici">Ici</h2>' in stranger.get("/suivre").text
    html = ada.get(SUIVRE).text
    assert f'name="vu" value="{first}"' in html
    assert "## Ici {#ici}" in html


def test_a_preview_saves_nothing_and_asks_for_no_reason(
    ada: MemberClient, stranger: FlaskClient
) -> None:
    before = stranger.get("/suivre").text
    fields = {"vu": "0", "faire": "relire", "title": "Autre", "text": "Un *mot*.\n\n{preuves}"}
    answer = ada.send(SUIVRE, fields)
    assert answer.status_code == 200
    preview = answer.text.partition('id="apercu"')[2]
    assert "<em>mot</em>" in preview
    assert 'id="preuve-allegue"' in preview
    assert 'id="erreurs"' not in answer.text
    assert stranger.get("/suivre").text == before
    assert newest() == 0


def test_the_preview_while_one_writes_is_the_same(ada: MemberClient) -> None:
    answer = ada.send(f"{HOME}/apercu", {"texte": "## Ici {#ici}\n\nÀ {contact_email}"})
    assert answer.status_code == 200
    assert '<h2 id="ici">Ici</h2>' in answer.text
    refused = ada.send(f"{HOME}/apercu", {"texte": "{inconnu}"})
    assert refused.status_code == 422
    assert "{inconnu}" in refused.text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "", "doit être rempli"),
        ("title", "t" * 121, "dépasse 120"),
        ("text", "", "doit être rempli"),
        ("text", "{inconnu}", "Rien ne remplit"),
        ("text", "## A {#a}\n\n## B {#a}", "Deux titres"),
        ("reason", "", "doit être rempli"),
        ("vu", "abc", "pendant que vous"),
        ("vu", "7", "pendant que vous"),
    ],
)
def test_an_invalid_field_is_reported_and_nothing_is_lost(
    ada: MemberClient, field: str, value: str, message: str
) -> None:
    # A number that is none stands for the shipped text: somebody else has written since.
    save(ada)
    fields = {**FIELDS, "text": "Un mot à garder.", "vu": str(newest()), field: value}
    before = newest()
    answer = ada.send(SUIVRE, fields)
    assert answer.status_code in (409, 422)
    assert message in answer.text
    if field != "text":
        assert "Un mot à garder." in answer.text
    assert newest() == before


def test_the_second_author_sees_both_texts_and_merges_them(
    ada: MemberClient, stranger: FlaskClient
) -> None:
    first = save(ada)
    mine = {**FIELDS, "title": "Le mien", "text": "Mon texte.", "vu": "0"}
    answer = ada.send(SUIVRE, mine)
    assert answer.status_code == 409
    comparison = answer.text.partition('id="deux-versions"')[2].partition("</section>")[0]
    assert "<del>" in comparison
    assert "<ins>" in comparison
    assert "Mon texte." in answer.text.partition("<textarea")[2]
    assert f'name="vu" value="{first}"' in answer.text
    assert ada.send(SUIVRE, {**mine, "vu": str(first), "reprendre": "title"}).status_code == 303
    html = stranger.get("/suivre").text
    assert "<h1>Suivre</h1>" in html
    assert "Mon texte." in html


def test_the_history_shows_each_change_and_its_reason(ada: MemberClient) -> None:
    first = save(ada)
    second = save(ada, text="Un texte bref.", reason="encore plus court")
    html = ada.get(f"{SUIVRE}/versions").text
    assert re.findall(r"<p>Motif\s:\s([^<]+)</p>", html) == ["encore plus court", "plus court"]
    assert f"comparer?de={first}&amp;a={second}" in html
    assert f"comparer?de=0&amp;a={first}" in html
    assert "Un texte." in ada.get(f"{SUIVRE}/versions/{first}").text
    compared = ada.get(f"{SUIVRE}/comparer?de={first}&a={second}").text
    assert "bref" in "".join(re.findall(r"<ins>.*?</ins>", compared)[1:])
    assert "disent la même chose" in ada.get(f"{SUIVRE}/comparer?de={first}&a={first}").text


def test_unchanged_parts_of_a_long_text_are_cut_short_around_a_change() -> None:
    filler = " ".join(f"mot{place}" for place in range(400))
    (change,) = page_changes(
        {"text": f"{filler} ancien {filler}"}, {"text": f"{filler} neuf {filler}"}
    )
    first, old, new, last = change.difference.pieces
    assert (old.text, new.text) == ("ancien", "neuf")
    assert (first.text[:4], first.text[-8:]) == ("[…] ", " mot399 ")
    assert (last.text[:6], last.text[-4:]) == (" mot0 ", " […]")
    assert max(len(first.text), len(last.text)) < CONTEXT_LENGTH + 10
    words = (first.text + last.text).replace("[…]", "").split()
    assert set(words) <= set(filler.split()), "no word is cut in two"


@pytest.mark.parametrize(
    "address",
    [
        f"{HOME}/nulle-part",
        f"{SUIVRE}/versions/99",
        f"{SUIVRE}/versions/0",
        f"{SUIVRE}/versions/99999999999",
        f"{HOME}/methode/versions/1",
        f"{SUIVRE}/comparer?de=1&a=99",
    ],
)
def test_an_unknown_page_or_version_is_not_found(ada: MemberClient, address: str) -> None:
    save(ada)
    assert ada.get(address).status_code == 404


def test_restoring_shows_the_changes_asks_for_a_reason_and_keeps_the_history(
    ada: MemberClient, stranger: FlaskClient
) -> None:
    before = stranger.get("/suivre").text
    first = save(ada)
    html = ada.get(f"{SUIVRE}/retablir").text
    assert "<ins>" in html
    assert ada.send(f"{SUIVRE}/retablir", {"vu": str(first)}).status_code == 422
    assert ada.send(f"{SUIVRE}/retablir", {"vu": "0", "reason": "r"}).status_code == 409
    answer = ada.send(f"{SUIVRE}/retablir", {"vu": str(first), "reason": "plus complet"})
    assert answer.status_code == 303
    assert stranger.get("/suivre").text == before
    html = ada.get(f"{SUIVRE}/versions").text
    assert "plus complet" in html
    assert "est revenu au texte livré" in html
    assert "Un texte." in ada.get(f"{SUIVRE}/versions/{first}").text
    again = ada.send(f"{SUIVRE}/retablir", {"vu": str(newest()), "reason": "r"})
    assert again.status_code == 409


def test_a_changed_shipped_text_is_reported_on_its_edited_page(
    ada: MemberClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(ada)
    assert "a changé depuis" not in ada.get(HOME).text
    shipped = content.shipped_page
    monkeypatch.setattr(
        content,
        "shipped_page",
        lambda name: (
            content.ShippedPage("Plus tard", "Neuf.", "<p>Neuf.</p>", "0" * 64)
            if name == "suivre"
            else shipped(name)
        ),
    )
    assert "a changé depuis" in ada.get(HOME).text
    assert "a changé depuis" in ada.get(SUIVRE).text


@pytest.mark.parametrize("name", ["bruno", "chloe"])
def test_a_moderator_sees_no_editorial_page(
    signed: Callable[[str], MemberClient], name: str
) -> None:
    member = signed(name)
    for address in (HOME, SUIVRE, f"{SUIVRE}/versions", f"{SUIVRE}/retablir"):
        assert member.get(address).status_code == 403
    assert member.send(SUIVRE, {**FIELDS, "vu": "0"}).status_code == 403
    assert newest() == 0
    assert f'href="{HOME}"' not in member.get("/moderation").text


def test_the_members_journal_links_to_the_version_of_a_page(
    ada: MemberClient, signed: Callable[[str], MemberClient]
) -> None:
    first = save(ada)
    html = ada.get("/moderation/journal?acte=pages").text
    assert "Ada a modifié la page /suivre" in html
    line = html.partition('href="/moderation/journal/public/')[2].partition('"')[0]
    address = f"{SUIVRE}/versions/{first}"
    assert address in ada.get(f"/moderation/journal/public/{line}").text
    assert address not in signed("bruno").get(f"/moderation/journal/bureau/{line}").text
