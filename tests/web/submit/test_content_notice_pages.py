"""Notices about a case online: forms, review, receipt, follow-up, complaint, and the desk."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from databases import plain_app
from flask.testing import FlaskClient
from sqlalchemy import func, select

from register.db import db
from register.incoming.models import Incoming
from register.mail.models import OutgoingMail
from register.web import messages, rate_limits

pytestmark = pytest.mark.one_database

ERROR = {
    "faux": "La date zibeline",
    "juste": "Le 3 mars",
    "source": "",
    "endroit": "Le récit",
    "contact": "",
}
ILLEGAL = {
    "endroit": "https://registre.test/incidents/1",
    "motif": "diffamation",
    "texte": "Je n’ai pas été condamné zibeline.",
    "nom": "Jeanne Zibeline",
    "courriel": "jeanne@zibeline.example",
    "bonne_foi": "y",
}


@pytest.fixture
def app(settings):
    """The application with a mail server; each request has its own session."""
    mailed = replace(settings, mail_url="smtp://127.0.0.1", mail_from="registre@registre.test")
    with plain_app(mailed) as plain:
        yield plain


@pytest.fixture
def case(published):
    return published()


def _address(case, kind: str) -> str:
    return f"/incidents/{case.number}/signaler-contenu/{kind}"


def _page(response, status: int = 200) -> str:
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    return response.text


def _token(page: str) -> str:
    return re.search(r'name="jeton" value="([^"]+)"', page).group(1)


def _send(client: FlaskClient, case, kind: str, step: str = "envoyer", **changes: str):
    address = _address(case, kind)
    fields = dict(ERROR if kind == "erreur" else ILLEGAL)
    token = _token(_page(client.get(address)))
    return client.post(address, data={**fields, "jeton": token, "etape": step, **changes})


def _code(page: str) -> str:
    return re.search(r'class="code"[^>]*>([-0-9A-Z]+)<', page).group(1)


def _count(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Incoming))


def test_the_page_of_a_case_leads_to_both_forms(app, case):
    client = app.test_client()
    page = client.get(f"/incidents/{case.number}/signaler-contenu").text
    for kind in ("erreur", "illicite"):
        assert f'href="{_address(case, kind)}"' in page
        assert "jeton" in _page(client.get(_address(case, kind)))
        assert "Report" in _page(client.get(f"/en{_address(case, kind)}"))
    assert client.get(_address(case, "autre")).status_code == 404
    assert client.get("/incidents/404/signaler-contenu/erreur").status_code == 404


def test_the_way_to_a_report_about_the_case_leaves_no_address(app, case):
    client = app.test_client()
    page = _page(client.get(_address(case, "erreur")))
    assert "/signaler?" not in page
    assert f'name="cas" value="{case.number}"' in page
    report = client.post("/signaler", data={"etape": "commencer", "cas": case.number})
    assert f'name="cas" value="{case.number}"' in _page(report)


def test_an_error_needs_nothing_but_the_error(app, case):
    client = app.test_client()
    refused = _page(_send(client, case, "erreur", faux=""), 422)
    assert 'href="#faux"' in refused
    assert "Le 3 mars" in refused
    review = _page(_send(client, case, "erreur", "verifier"))
    assert "La date zibeline" in review
    assert "Relire" in review
    assert "La date zibeline" in _page(_send(client, case, "erreur", "modifier"))
    assert _count(app) == 0
    receipt = _page(_send(client, case, "erreur"))
    assert "N’attendez pas de message" in receipt
    followed = _page(client.post("/suivi", data={"code": _code(receipt)}))
    assert "Votre signalement est reçu" in followed
    assert 'id="non-envoye"' in followed


def test_a_notice_of_illegal_content_has_the_fields_of_the_regulation(app, case):
    client = app.test_client()
    bad_values = [(field, "") for field in ILLEGAL]
    for field, value in [*bad_values, ("motif", "x"), ("courriel", "jeanne")]:
        page = _page(_send(client, case, "illicite", **{field: value}), 422)
        assert f'href="#{field}"' in page


def test_name_and_address_are_not_asked_for_the_abuse_of_children(app, case):
    client = app.test_client()
    changes = {"motif": "mineurs", "nom": "", "courriel": ""}
    assert "mineurs" in _page(_send(client, case, "illicite", "verifier", **changes))
    assert _code(_page(_send(client, case, "illicite", **changes)))


def test_a_second_click_makes_no_second_notice(app, case):
    client, address = app.test_client(), _address(case, "illicite")
    fields = {**ILLEGAL, "jeton": _token(client.get(address).text), "etape": "envoyer"}
    code = _code(_page(client.post(address, data=fields)))
    assert _code(_page(client.post(address, data=fields))) == code
    other = _page(client.post(address, data={**fields, "texte": "Autre."}))
    assert "n’est pas envoyé" in other
    assert _count(app) == 1


def test_a_notice_is_decided_at_the_desk_contested_and_decided_again(app, case, signed):
    client = app.test_client()
    code = _code(_page(_send(client, case, "illicite")))
    bruno, chloe = signed("bruno"), signed("chloe")
    assert "attend une décision" in bruno.get("/moderation").text
    queue = bruno.get("/moderation/courrier").text
    assert "zibeline" not in queue
    page = re.search(r'href="(/moderation/courrier/\d+)"', queue).group(1)
    assert client.get(page).status_code in (302, 303)
    desk_page = bruno.get(page).text
    for words in ("condamné zibeline", "jeanne@zibeline.example", "Jeanne Zibeline", "Diffamation"):
        assert words in desk_page
    assert "Lu par l’équipe" in _page(client.post("/suivi", data={"code": code}))
    decision = {"decision": "maintenu", "ground": "Article 29", "reasons": "Le jugement le dit."}
    assert bruno.send(page, **decision | {"reasons": ""}).status_code == 422
    assert bruno.send(page, **decision | {"decision": "retire"}).status_code == 409
    assert bruno.send(page, **decision).status_code == 303
    assert bruno.send(page, **decision).status_code == 409
    # The case is as it was.
    assert client.get(f"/incidents/{case.number}").status_code == 200
    followed = _page(client.post("/suivi", data={"code": code}))
    for words in ("Rien n’est changé", "Article 29", "Le jugement le dit.", "Aucune machine"):
        assert words in followed
    complaint = {"code": code, "etape": "reclamer", "reclamation": "Relisez zibeline."}
    assert "Écrivez ce que" in _page(
        client.post("/suivi", data=complaint | {"reclamation": ""}), 422
    )
    assert "Votre réclamation est reçue" in _page(client.post("/suivi", data=complaint))
    assert "déjà reçue" in _page(client.post("/suivi", data=complaint), 409)
    queue = bruno.get("/moderation/courrier").text
    page = re.search(r'class="btn quiet" href="(/moderation/courrier/\d+)"', queue).group(1)
    assert "Relisez zibeline." in bruno.get(page).text
    assert bruno.send(page, **decision).status_code == 409
    assert chloe.send(page, **decision).status_code == 303
    assert "Votre réclamation est décidée" in _page(client.post("/suivi", data={"code": code}))
    journal = chloe.get("/moderation/journal").text
    assert "décidé d’un signalement de contenu" in journal
    assert "Une réclamation est arrivée" in journal
    assert "zibeline" not in journal
    with app.app_context():
        kinds = db.session.scalars(select(OutgoingMail.kind)).all()
    assert sorted(kinds) == [
        "complaint_decided",
        "complaint_received",
        "content_notice_decided",
        "content_notice_received",
    ]


def test_days_and_places_of_a_notice_are_at_the_desk(app, case, signed):
    _page(_send(app.test_client(), case, "erreur"))
    bruno = signed("bruno")
    page = bruno.get("/moderation/echeances?sorte=courrier").text
    assert re.search(r'href="/moderation/courrier/\d+"', page)
    assert bruno.get("/moderation/courrier/404").status_code == 404


def test_traps_stale_forms_and_floods_are_refused_with_the_text(app, case, monkeypatch):
    client = app.test_client()
    assert "trop longtemps" in _page(_send(client, case, "erreur", jeton="forged"), 422)
    monkeypatch.setattr(rate_limits, "are_enabled", lambda: True)
    assert "trop vite" in _page(_send(client, case, "erreur", site_web="x"), 422)
    monkeypatch.undo()
    monkeypatch.setattr(rate_limits, "wait", lambda *_, **__: 60)
    page = _page(_send(client, case, "erreur"), 429)
    assert "La date zibeline" in page
    assert _count(app) == 0


def test_every_ground_and_decision_has_its_words():
    from register.incoming.content import CHILD_ABUSE, NoticeDecision

    assert set(messages.incoming.decisions) == set(NoticeDecision)
    assert CHILD_ABUSE in messages.incoming.grounds


def test_a_merged_case_takes_notices_and_a_withdrawn_one_is_gone(app, desk):
    client = app.test_client()
    merged, withdrawn = desk.merged(title="Le cas réuni"), desk.withdrawn(title="Le cas retiré")
    assert _code(_page(_send(client, merged, "erreur")))
    address = _address(withdrawn, "erreur")
    assert client.get(address).status_code == 410
    assert client.post(address, data=ERROR).status_code == 410
