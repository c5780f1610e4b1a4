"""Verification of receipts (``/suivi/verifier``)."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from cast import AT
from form_client import FormClient
from report_factory import WORDS
from sqlalchemy import event

from register.db import db
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.web import follow_up_views

pytestmark = pytest.mark.one_database

YES = "Un signalement au contenu identique a été reçu le 2 mars 2026."
NO = "Ce reçu ne correspond à aucun signalement encore gardé ici."
ADDRESS = "/suivi/verifier"


@pytest.fixture
def anyone(app) -> FormClient:
    return FormClient(app)


def receipt_of(inbox, filed) -> bytes:
    file = queries.get_report(db.session(), inbox.store, filed.key)
    db.session.rollback()
    return report_content.receipt_document(file.received, file.summary.day, "registre.test")


def pasted(visitor: FormClient, text: str) -> str:
    visitor.post(ADDRESS, {"recu": text})
    return visitor.text.replace("\u00a0", " ")


def uploaded(visitor: FormClient, document: bytes, name: str = "recu.json") -> str:
    told = {"fichier": (io.BytesIO(document), name), "recu": ""}
    visitor.post(ADDRESS, told, content_type="multipart/form-data")
    return visitor.text.replace("\u00a0", " ")


def test_a_receipt_is_recognised_pasted_or_uploaded(app, inbox, anyone):
    document = receipt_of(inbox, inbox.received())
    assert YES in pasted(anyone, document.decode())
    assert anyone.answer.status_code == 200
    assert YES in uploaded(anyone, document)
    # As a text editor saves it, as a browser shows it, with the letter of its salt in capitals.
    assert YES in uploaded(anyone, b"\xef\xbb\xbf" + document)
    told = json.loads(document)
    assert YES in pasted(anyone, json.dumps(told, indent=2))
    assert YES in pasted(anyone, f"\n {document.decode()}\r\n")
    assert WORDS not in anyone.text


def test_a_changed_or_a_foreign_receipt_is_not_recognised(app, inbox, anyone):
    told = json.loads(receipt_of(inbox, inbox.received()))
    for changed in (
        {"contenu": told["contenu"].replace("caméra", "camera")},
        {"contenu": told["contenu"].replace("2026-03-02", "2026-03-01")},
        {"sel": "00" * 32},
        {"v": 2},
    ):
        assert NO in pasted(anyone, json.dumps({**told, **changed}))
        assert anyone.answer.status_code == 200
    # Its own digest and day are only words: what it holds is what is proved.
    assert YES in pasted(anyone, json.dumps({**told, "empreinte": "00", "jour": "1999-01-01"}))


NO_RECEIPTS = (
    "x",
    "{}",
    "[]",
    "null",
    '{"sel": 1, "contenu": 2, "v": 1}',
    '{"sel": "zz", "contenu": "", "v": 1}',
    '{"sel": "' + "00" * 32 + '", "contenu": "\\ud800", "v": 1}',
    "[" * 50_000,
    "9" * 10_000,
    "\x00",
)


def test_an_invalid_receipt_gets_the_answer_of_an_unknown_one(app, anyone):
    for text in NO_RECEIPTS:
        assert NO in pasted(anyone, text), text[:40]
        assert anyone.answer.status_code == 200


def test_every_answer_takes_the_same_queries(app, inbox, anyone):
    document = receipt_of(inbox, inbox.received()).decode()
    asked: list[str] = []

    def told(text):
        asked.clear()
        pasted(anyone, text)
        return list(asked)

    pasted(anyone, document)
    event.listen(
        db.engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement)
    )
    expected = told(document)
    assert any("digest" in statement for statement in expected)
    assert told(document.replace("recit", "texte")) == expected
    assert told("n’importe quoi") == expected


def test_a_receipt_is_not_recognised_after_the_purge(app, inbox, pen, anyone):
    filed = inbox.received()
    document = receipt_of(inbox, filed)
    assert YES in uploaded(anyone, document)
    with pen() as p:
        acts.spam(p, filed.key, by=inbox.cast.bruno)
    with pen(AT + timedelta(days=8)) as p:
        acts.purge(p, inbox.store, undecided_after=24)
    assert NO in uploaded(anyone, document)


def test_a_long_or_missing_receipt_is_refused_without_a_query(app, anyone, monkeypatch):
    for document in (b"", b" \n"):
        uploaded(anyone, document)
        assert anyone.answer.status_code == 422
        assert 'href="#fichier"' in anyone.answer.get_data(as_text=True)
    monkeypatch.setattr(receipt_codes, "received_on", _never)
    uploaded(anyone, b"x" * (receipt_codes.LIMIT + 1))
    assert anyone.answer.status_code == 422
    assert "trop long" in anyone.text
    # Beyond this, reading the form would write the file to the disk.
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", _never)
    uploaded(anyone, b"x" * (follow_up_views.BODY_LIMIT + 1))
    assert anyone.answer.status_code == 422
    pasted(anyone, "x" * 600_000)
    assert anyone.answer.status_code == 422


def _never(*_args, **_more):
    raise AssertionError("asked")


def test_the_longest_report_has_a_receipt_that_can_be_verified(app, inbox, anyone):
    filed = inbox.received(
        account='"' * report_content.ACCOUNT_LIMIT,
        links=tuple(["😀" * report_content.LINK_LIMIT] * report_content.LINKS_LIMIT),
    )
    assert YES in uploaded(anyone, receipt_of(inbox, filed))
