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
from register.reports.web import receipt_page

pytestmark = pytest.mark.one_database

RECOGNISED = "Un signalement au contenu identique a été reçu le 2 mars 2026."
NOT_RECOGNISED = "Ce reçu ne correspond à aucun signalement encore gardé ici."
ADDRESS = "/suivi/verifier"


@pytest.fixture
def anyone(app) -> FormClient:
    return FormClient(app)


def receipt_document(inbox, report) -> bytes:
    view = queries.get_report(db.session(), inbox.store, report.key)
    db.session.rollback()
    return report_content.receipt_document(view.received, view.summary.day, "registre.test")


def paste_receipt(visitor: FormClient, text: str) -> str:
    visitor.post(ADDRESS, {"recu": text})
    return visitor.text.replace("\u00a0", " ")


def upload_receipt(visitor: FormClient, document: bytes, name: str = "recu.json") -> str:
    form = {"fichier": (io.BytesIO(document), name), "recu": ""}
    visitor.post(ADDRESS, form, content_type="multipart/form-data")
    return visitor.text.replace("\u00a0", " ")


def test_a_receipt_is_recognised_pasted_or_uploaded(app, inbox, anyone):
    document = receipt_document(inbox, inbox.received())
    assert RECOGNISED in paste_receipt(anyone, document.decode())
    assert anyone.answer.status_code == 200
    assert RECOGNISED in upload_receipt(anyone, document)
    # With a byte order mark, indented, and between line breaks.
    assert RECOGNISED in upload_receipt(anyone, b"\xef\xbb\xbf" + document)
    receipt = json.loads(document)
    assert RECOGNISED in paste_receipt(anyone, json.dumps(receipt, indent=2))
    assert RECOGNISED in paste_receipt(anyone, f"\n {document.decode()}\r\n")
    assert WORDS not in anyone.text


def test_a_changed_or_a_foreign_receipt_is_not_recognised(app, inbox, anyone):
    receipt = json.loads(receipt_document(inbox, inbox.received()))
    for changes in (
        {"contenu": receipt["contenu"].replace("caméra", "camera")},
        {"contenu": receipt["contenu"].replace("2026-03-02", "2026-03-01")},
        {"sel": "00" * 32},
        {"v": 3},
    ):
        assert NOT_RECOGNISED in paste_receipt(anyone, json.dumps({**receipt, **changes}))
        assert anyone.answer.status_code == 200
    # Only salt and content are verified; the digest and day of the receipt are ignored.
    assert RECOGNISED in paste_receipt(
        anyone, json.dumps({**receipt, "empreinte": "00", "jour": "1999-01-01"})
    )


INVALID_RECEIPTS = (
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
    for text in INVALID_RECEIPTS:
        assert NOT_RECOGNISED in paste_receipt(anyone, text), text[:40]
        assert anyone.answer.status_code == 200


def test_every_answer_takes_the_same_queries(app, inbox, anyone):
    document = receipt_document(inbox, inbox.received()).decode()
    statements: list[str] = []

    def verify(text):
        statements.clear()
        paste_receipt(anyone, text)
        return list(statements)

    paste_receipt(anyone, document)
    event.listen(
        db.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: statements.append(statement),
    )
    expected = verify(document)
    assert any("digest" in statement for statement in expected)
    assert verify(document.replace("recit", "texte")) == expected
    assert verify("n’importe quoi") == expected


def test_a_receipt_is_not_recognised_after_the_purge(app, inbox, pen, anyone):
    report = inbox.received()
    document = receipt_document(inbox, report)
    assert RECOGNISED in upload_receipt(anyone, document)
    with pen() as p:
        acts.spam(p, report.key, by=inbox.cast.bruno)
    with pen(AT + timedelta(days=8)) as p:
        acts.purge(p, inbox.store, undecided_after=24)
    assert NOT_RECOGNISED in upload_receipt(anyone, document)


def test_a_long_or_missing_receipt_is_refused_without_a_query(app, anyone, monkeypatch):
    for document in (b"", b" \n"):
        upload_receipt(anyone, document)
        assert anyone.answer.status_code == 422
        assert 'href="#fichier"' in anyone.answer.get_data(as_text=True)
    monkeypatch.setattr(receipt_codes, "receipt_proof", fail_if_called)
    upload_receipt(anyone, b"x" * (receipt_codes.LIMIT + 1))
    assert anyone.answer.status_code == 422
    assert "trop long" in anyone.text
    # A longer body would be spooled to disk while the form is parsed.
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", fail_if_called)
    upload_receipt(anyone, b"x" * (receipt_page.BODY_LIMIT + 1))
    assert anyone.answer.status_code == 422
    paste_receipt(anyone, "x" * 600_000)
    assert anyone.answer.status_code == 422


def fail_if_called(*_args, **_more):
    raise AssertionError("asked")


def test_the_longest_report_has_a_receipt_that_can_be_verified(app, inbox, anyone):
    report = inbox.received(
        account='"' * report_content.ACCOUNT_LIMIT,
        links=tuple(["😀" * report_content.LINK_LIMIT] * report_content.LINKS_LIMIT),
    )
    assert RECOGNISED in upload_receipt(anyone, receipt_document(inbox, report))
