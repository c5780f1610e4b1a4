"""Notes, masked passages and ready sentences on the page of a report."""

from __future__ import annotations

import html
import json
import re

import pytest
from cast import AT
from form_client import FormClient, FormParser
from report_factory import WORDS

from register.db import db, now
from register.journal import writing
from register.pages import acts as pages
from register.reports import queries, report_content
from register.reports.acts.masking import MASK

pytestmark = pytest.mark.one_database

NAME = "Jeanne Martin"
ACCOUNT = f"Ce soir, {NAME} a filmé. {WORDS}"


@pytest.fixture
def bruno(signed):
    return signed("bruno")


@pytest.fixture
def report(inbox):
    return inbox.received(now(), account=ACCOUNT)


def path(report, act=""):
    return f"/moderation/signalements/{report.key}{act and '/'}{act}"


def page_text(answer):
    visible = re.sub(r"<[^>]+>", "", html.unescape(answer.get_data(as_text=True)))
    return " ".join(visible.replace("\u202f", " ").replace("\u00a0", " ").split())


def form_of(answer, action):
    forms = FormParser(answer.get_data(as_text=True)).forms
    return dict(next(form for form in forms if form.action == action).fields)


def test_a_note_is_on_the_members_page_and_on_no_page_of_the_reporter(app, bruno, report):
    refused = bruno.send(path(report, "notes"), note=" ")
    assert refused.status_code == 422
    assert bruno.send(path(report, "notes"), note="À rappeler mardi.").status_code == 303
    page = page_text(bruno.get(path(report)))
    assert "À rappeler mardi." in page
    assert "a écrit une note sur un signalement" in page
    amina = FormClient(app)
    amina.post("/suivi", {"code": report.code})
    assert NAME in amina.text
    assert "rappeler" not in amina.text
    unknown = path(report, "notes").replace(report.key, "0" * 32)
    assert bruno.send(unknown, note="x").status_code == 404


def test_a_passage_is_shown_before_it_is_destroyed(app, bruno, report, store):
    empty = bruno.get(path(report, "masquer"))
    assert form_of(empty, path(report, "masquer"))["passage"].strip() == ""
    # From the page of the report, with the selected words and nothing else.
    selected = bruno.send(path(report, "masquer"), passage=NAME)
    assert (selected.status_code, "Ce qui sera détruit" in page_text(selected)) == (200, False)
    assert form_of(selected, path(report, "masquer"))["passage"].strip() == NAME
    without_reason = bruno.send(path(report, "masquer"), passage=NAME, etape="voir")
    assert without_reason.status_code == 422
    words = {"passage": NAME.upper(), "reason": "personne_privee"}
    shown = bruno.send(path(report, "masquer"), words, etape="voir")
    assert "Ce qui sera détruit, à un endroit" in page_text(shown)
    assert f"<del>{NAME}</del>" in shown.get_data(as_text=True)
    absent = bruno.send(path(report, "masquer"), words | {"passage": "Zoé"}, etape="voir")
    assert "Ces mots ne sont dans aucun texte" in page_text(absent)
    confirming = form_of(shown, path(report, "masquer/detruire"))
    confirming.pop("csrf_token")
    assert bruno.send(path(report, "masquer/detruire"), confirming).status_code == 303
    page = page_text(bruno.get(path(report)))
    assert f"Ce soir, {MASK} a filmé." in page
    assert NAME not in page
    assert "Un passage de ce qui a été envoyé a été masqué" in page
    again = bruno.send(path(report, "masquer/detruire"), confirming)
    assert again.status_code == 422
    assert bruno.send(path(report, "masquer/detruire"), passage="x").status_code == 422
    db.session.rollback()
    amina = FormClient(app)
    amina.post("/suivi", {"code": report.code})
    assert "L’équipe y a masqué un passage" in amina.text


def test_a_report_in_another_hand_is_not_masked(bruno, inbox, cast, signed):
    report = inbox.held(now())
    refused = signed("chloe").send(
        path(report, "masquer/detruire"), passage="conseil", reason="securite"
    )
    assert refused.status_code == 409


def test_a_receipt_says_that_a_passage_was_masked(app, bruno, report, inbox):
    def receipt() -> bytes:
        view = queries.get_report(db.session(), inbox.store, report.key)
        db.session.rollback()
        return report_content.receipt_document(view.received, view.summary.day, "registre.test")

    def verdict(document: bytes) -> str:
        amina = FormClient(app)
        amina.post("/suivi/verifier", {"recu": document.decode()})
        return amina.text.replace("\u00a0", " ").replace("\u202f", " ")

    whole = receipt()
    bruno.send(path(report, "masquer/detruire"), passage=NAME, reason="securite")
    left = receipt()
    assert NAME not in json.loads(left)["contenu"]
    assert "Depuis, l’équipe en a masqué un passage" in verdict(whole)
    assert "le reste est identique à ce fichier" in verdict(left)


def test_a_ready_sentence_is_added_without_javascript(bruno, report):
    page = bruno.get(path(report)).get_data(as_text=True)
    assert "116 006" in html.unescape(page)
    buttons = {
        value[:14]: value
        for form in FormParser(page.replace("noscript", "div")).forms
        for name, value in form.buttons
        if name == "phrase"
    }
    danger = buttons["Si vous êtes e"]
    added = bruno.send(path(report, "question"), vu="0", text="Où était-ce ?", phrase=danger)
    asked = form_of(added, path(report, "question"))["text"]
    assert asked.strip().startswith("Où était-ce ?\n\nSi vous êtes en danger maintenant")


def test_ready_sentences_follow_the_language_of_the_report(bruno, inbox):
    report = inbox.received(now(), language="en")
    page = html.unescape(bruno.get(path(report)).get_data(as_text=True))
    assert "call 17 (police or gendarmerie)" in page
    assert "appelez le 17 (police" not in page


def test_administrators_change_the_ready_sentences_and_readers_never_see_them(
    app, engine, bruno, report, cast, signed
):
    with writing(engine, AT) as tx:
        pages.save_page(
            tx,
            "phrases-en-danger",
            "Phrases",
            "Un mot.\n\n## Chez nous\n\nAppelez la permanence.\n\n## Vide\n",
            by=cast.ada,
            reason="r",
            seen_revision=0,
        )
    page = html.unescape(bruno.get(path(report)).get_data(as_text=True))
    assert "Appelez la permanence." in page
    assert "116 006" not in page
    assert "<b>Vide</b>" not in page
    # Each request in a context of its own: the fixture's would keep the language of the first.
    reader = FormClient(app)
    for address in ("/phrases-en-danger", "/en/phrases-en-danger"):
        assert reader.get(address).status_code == 404
    assert "phrases-en-danger" not in reader.get("/sitemap.xml").get_data(as_text=True)
    listed = signed("ada").get("/moderation/pages").get_data(as_text=True)
    assert 'href="/moderation/pages/phrases-en-danger"' in listed
    assert 'href="/phrases-en-danger"' not in listed
