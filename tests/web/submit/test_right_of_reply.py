"""The right of reply online: form, review, receipt, follow-up, and the pages of the desk."""

from __future__ import annotations

import io
import itertools
import re
from datetime import timedelta

import attested_acts as acts
import pytest
from cast import AT
from databases import plain_app
from flask.testing import FlaskClient
from sqlalchemy import func, select

from register.cases.models import Reply
from register.db import db
from register.web import rate_limits

pytestmark = pytest.mark.one_database

FIELDS = {
    "role": "mandate",
    "auteur": "Commune de Gagny",
    "qualite": "l’avocate de la commune",
    "preuve": "Mandat zibeline du 3 mars",
    "passages": "« interdit de filmer »",
    "texte": "Nous contestons <b>tout</b>.",
    "contact": "zibeline@example.org",
}


@pytest.fixture
def app(settings):
    """The application, each of whose requests has its own session."""
    with plain_app(settings) as plain:
        yield plain


@pytest.fixture
def case(published):
    return published()


@pytest.fixture
def address(case):
    return f"/incidents/{case.number}/droit-de-reponse"


def _page(response, status: int = 200) -> str:
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    return response.text


def _token(page: str) -> str:
    return re.search(r'name="jeton" value="([^"]+)"', page).group(1)


def _send(client: FlaskClient, address: str, **changes: str):
    fields = {**FIELDS, "jeton": _token(_page(client.get(address))), "etape": "envoyer", **changes}
    return client.post(address, data=fields)


def _code(page: str) -> str:
    return re.search(r'class="code"[^>]*>([-0-9A-Z]+)<', page).group(1)


def _replies(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Reply))


def test_the_form_says_the_limit_and_comes_back_filled(app, address):
    client = app.test_client()
    page = _page(client.get(address))
    assert 'data-lines="50"' in page
    assert "50" in page
    fields = {**FIELDS, "jeton": _token(page), "texte": "", "etape": "verifier"}
    refused = _page(client.post(address, data=fields), 422)
    assert "Mandat zibeline" in refused
    assert 'href="#texte"' in refused
    assert re.search(r'value="mandate" checked', refused)
    assert _token(refused) == _token(page)
    english = _page(client.get(f"/en{address}"))
    assert "Reply to this case" in english


def test_the_review_shows_the_reply_as_it_would_be_published(app, address):
    client = app.test_client()
    long_text = "Ligne.\n" * 60
    fields = {**FIELDS, "jeton": _token(client.get(address).text), "etape": "verifier"}
    page = _page(client.post(address, data=fields))
    assert "&lt;b&gt;tout&lt;/b&gt;" in page
    assert "la loi en permet" not in page
    page = _page(client.post(address, data={**fields, "texte": long_text}))
    assert "60" in page
    assert "la loi en permet" in page
    back = _page(client.post(address, data={**fields, "etape": "modifier"}))
    assert "Nous contestons" in back
    assert _replies(app) == 0


def test_a_second_click_makes_no_second_reply_and_the_code_opens_the_follow_up(app, address):
    client = app.test_client()
    fields = {**FIELDS, "jeton": _token(client.get(address).text), "etape": "envoyer"}
    code = _code(_page(client.post(address, data=fields)))
    assert _code(_page(client.post(address, data=fields))) == code
    other = _page(client.post(address, data={**fields, "texte": "Autre."}))
    assert _code(other) == code
    assert "n’est pas envoyé" in other
    assert _replies(app) == 1
    followed = _page(client.post("/suivi", data={"code": code.lower()}))
    assert "Votre réponse est reçue" in followed
    # js/send.js puts in place of the page that asks for the code only a page with this.
    assert 'id="non-envoye"' in followed
    assert "zibeline" not in followed
    unknown = client.post("/suivi", data={"code": "ABCD-EFGH-JKMN-PQRS"})
    assert "n’ouvre rien" in _page(unknown, 422)


def test_documents_come_with_the_form_and_are_read_by_members_alone(app, address, case, signed):
    client = app.test_client()
    fields = {
        **FIELDS,
        "jeton": _token(client.get(address).text),
        "cas": str(case.number),
        "etape": "verifier",
        "fichiers_choisis": (io.BytesIO(b"Mandat du maire. " * 9), "mandat.txt"),
    }
    page = _page(client.post("/droit-de-reponse/avec-fichiers", data=fields))
    token = re.search(r'name="fichiers" value="([^"]+)"', page).group(1)
    sent = {**FIELDS, "jeton": fields["jeton"], "fichiers": token, "etape": "envoyer"}
    _code(_page(client.post(address, data=sent)))
    assert client.get("/droit-de-reponse/avec-fichiers").status_code == 303
    with app.app_context():
        reply_id = db.session.scalar(select(Reply.id))
    for path in (f"/moderation/reponses/{reply_id}/identite",):
        assert client.get(path).status_code in (302, 303)
        identity = signed("bruno").get(path).text
    assert "Mandat zibeline" in identity
    assert f'href="{path}"' not in identity
    assert "zibeline@example.org" in identity
    link = re.search(r'href="(/moderation/reponses/\d+/documents/[0-9a-f]{32})"', identity).group(1)
    document = signed("bruno").get(link)
    assert document.data == b"Mandat du maire. " * 9
    assert "attachment" in document.headers["Content-Disposition"]
    missing = re.sub(r"[0-9a-f]{32}", "0" * 32, link)
    assert signed("bruno").get(missing).status_code == 404
    desk_page = signed("bruno").get(f"/moderation/dossiers/{case.id}").text
    assert f"/moderation/reponses/{reply_id}/identite" in desk_page


def test_the_author_learns_of_the_publication_and_of_the_refusal(
    app, address, case, pen, cast, signed
):
    client = app.test_client()
    codes = [_code(_send(client, address, texte=text).text) for text in ("Une.", "Deux.")]
    with app.app_context():
        first, second = db.session.scalars(select(Reply.id).order_by(Reply.id)).all()
    bruno = signed("bruno")
    refuse = f"/moderation/reponses/{second}/refuser"
    assert "décret nº" in bruno.get(refuse).text
    vu = re.search(r'name="vu" value="(\d+)"', bruno.get(refuse).text).group(1)
    assert bruno.send(refuse, vu=vu, refusal="").status_code == 422
    assert bruno.send(refuse, vu=vu, code="tiers", refusal="La ligne 2.").status_code == 303
    with pen() as p:
        acts.reply(p, first, by=cast.bruno, reason="r")
    published = _page(client.post("/suivi", data={"code": codes[0]}))
    assert "Votre réponse est publiée" in published
    assert f'href="/incidents/{case.number}"' in published
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    withdrawn = _page(client.post("/suivi", data={"code": codes[0]}))
    assert "Votre réponse a été publiée" in withdrawn
    assert "Le cas n’est plus public" in withdrawn
    refused = _page(client.post("/suivi", data={"code": codes[1]}))
    for words in ("Votre réponse est refusée", "Elle met en cause", "La ligne 2.", "référé"):
        assert words in refused


def test_an_overdue_reply_says_so_to_its_author_and_at_the_desk(
    app, address, case, signed, monkeypatch
):
    client = app.test_client()
    code = _code(_send(client, address).text)
    with app.app_context():
        due_on = db.session.scalar(select(Reply.due_on))
    later = due_on + timedelta(days=1)
    monkeypatch.setattr("register.incoming.web.reply_views.paris_day", lambda _at: later)
    assert "le registre est en retard" in _page(client.post("/suivi", data={"code": code}))
    monkeypatch.undo()
    assert "réponse reçue" in signed("bruno").get("/moderation").text


def test_a_trap_a_stale_form_and_a_flood_are_refused_with_the_text(app, address, monkeypatch):
    client = app.test_client()
    assert "trop longtemps" in _page(_send(client, address, jeton="forged"), 422)
    monkeypatch.setattr(rate_limits, "are_enabled", lambda: True)
    trapped = _page(_send(client, address, site_web="x"), 422)
    assert "trop vite" in trapped
    assert "Nous contestons" in trapped
    monkeypatch.setattr(rate_limits, "wait", lambda *_args, **_options: 120)
    flooded = _send(client, address)
    assert flooded.status_code == 429
    assert "Nous contestons" in flooded.text
    assert _replies(app) == 0


def test_the_form_and_the_desk_say_the_same_last_day_after_a_new_text(
    app, address, case, pen, cast, signed
):
    with pen(AT + timedelta(days=30)) as p:
        acts.follow_up(p, case.id, by=cast.bruno, title="Audience", text="Le 20.", reason="r")
    last_day = '<time datetime="2026-07-01">'
    assert f"au plus tard le {last_day}" in app.test_client().get(address).text
    desk_page = signed("bruno").get(f"/moderation/dossiers/{case.id}").text
    assert f"demandée jusqu’au {last_day}" in desk_page


def test_a_form_sent_after_two_mergers_is_that_of_the_case_that_stays(
    app, address, case, pen, cast, desk
):
    client = app.test_client()
    cases = [case, desk.published(), desk.published()]
    fields = {**FIELDS, "jeton": _token(client.get(address).text), "etape": "verifier"}
    with pen() as p:
        for merged, into in itertools.pairwise(cases):
            options = {"by": cast.bruno, "second": cast.chloe, "reason": "Le même fait."}
            acts.merge(p, merged.id, into=into.number, **options)
    page = _page(client.post(address, data=fields))
    assert f'action="/incidents/{cases[-1].number}/droit-de-reponse"' in page


def test_a_withdrawn_case_has_no_form(app, address, case, pen, cast):
    client = app.test_client()
    page = client.get(address).text
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert client.get(address).status_code == 410
    fields = {**FIELDS, "jeton": _token(page), "etape": "envoyer"}
    assert client.post(address, data=fields).status_code == 410
    assert client.get("/incidents/999/droit-de-reponse").status_code == 404
    assert client.post("/droit-de-reponse/avec-fichiers", data={"cas": "x"}).status_code == 404
    assert _replies(app) == 0
