"""Receipt page with the code of a report."""

from __future__ import annotations

import re

import pytest
from databases import open_engine
from flask import Flask
from form_client import FormClient
from sqlalchemy.orm import Session

from register.config import Settings
from register.key_store import KeyStore
from register.reports import queries, receipt_codes

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

LONG_ACCOUNT = "Le maire a fait éteindre ma caméra. " * 100


def send_report(app: Flask, **typed: str) -> tuple[FormClient, dict[str, str]]:
    visitor = FormClient(app)
    visitor.get("/signaler")
    fields = {
        **dict(visitor.form("/signaler").fields),
        "recit": LONG_ACCOUNT,
        "etape": "envoyer",
        **typed,
    }
    assert visitor.post("/signaler", fields).status_code == 200
    return visitor, fields


def test_the_receipt_gives_the_code_and_little_else(
    settings: Settings, store: KeyStore, app: Flask
) -> None:
    amina, _fields = send_report(
        app, lieu="Gagny", liens="https://exemple.test/a\nb", contact="amina@exemple.test"
    )
    assert amina.answer
    html = amina.answer.get_data(as_text=True)
    (code,) = re.findall(r'translate="no">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})<', html)
    assert set(code) <= {*receipt_codes.LETTERS, "-"}
    assert '<meta name="robots" content="noindex">' in html
    assert f"{settings.base_url}/suivi" in amina.text
    # Both forms send the code in their body; no address contains it.
    for action in ("/suivi", "/suivi/recu.json"):
        assert amina.form(action).fields == [("code", code)]
        assert amina.form(action).method == "post"
    assert not re.search(rf'(?:href|action|src)="[^"]*{code[:4]}', html)
    # The receipt fits on one sheet and does not show the contact.
    assert LONG_ACCOUNT not in amina.text
    assert "Le maire a fait éteindre ma caméra." in amina.text
    assert "deux lignes" in amina.text
    assert "exemple.test" not in amina.text
    assert "Un contact est laissé." in amina.text
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        assert queries.key_by_code(session, store, code.lower().replace("-", " "))


def test_a_contact_sent_again_is_not_stored_and_the_page_says_so(
    settings: Settings, store: KeyStore, app: Flask
) -> None:
    amina, fields = send_report(app)
    assert "Aucun contact." in amina.text
    later_fields = {**fields, "contact": "06 00 00 00 00"}
    assert amina.post("/signaler", later_fields).status_code == 200
    assert "le contact que vous venez d’écrire n’y est pas joint" in amina.text
    assert "Aucun contact." in amina.text
    assert "06 00" not in amina.text
