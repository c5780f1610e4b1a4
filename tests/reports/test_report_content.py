"""Content of a report, its canonical bytes and its receipt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from datetime import date

import pytest
from report_factory import CONTACT, a_report

from register.reports import report_content
from register.reports.report_content import Received, ReportContent

DAY = date(2026, 3, 2)
SALT = bytes(range(32))


def test_the_canonical_bytes_of_a_report_are_fixed():
    """A receipt must stay valid in later versions."""
    content = report_content.receipt_content(
        ReportContent(account="Ça s’est passé ici.", types=("autre",)), DAY
    )
    assert content.decode("utf-8") == (
        '{"envoi":{"acteur":"","acteur_texte":"","cible":"","cible_texte":"","date":"","liens":[],'
        '"lieu":"","lieu_code":"","procedure":"","quand":"","recit":"Ça s’est passé ici.",'
        '"types":["autre"]},"jour":"2026-03-02","v":1}'
    )


def test_content_survives_serialisation():
    sent = a_report(links=("https://a.test/é?x=1&y", "b"), actor_text="le « DGS »\nde la ville")
    assert report_content.parse_content(sent.public_fields()) == sent
    received, key = Received(sent, SALT), bytes(32)
    sealed = report_content.encrypt_content(key, "name", received)
    assert report_content.decrypt_content(key, "name", sealed) == received


def test_a_receipt_does_not_contain_the_contact():
    assert not {field.name for field in fields(ReportContent)} & {
        "contact",
        "email",
        "name",
        "address",
    }
    with pytest.raises(TypeError):
        ReportContent(account="x", contact=CONTACT)


def test_a_receipt_proves_its_report_and_nothing_else():
    received = Received(a_report(), SALT)
    document = report_content.receipt_document(received, DAY, "registre.exemple.test")
    receipt = json.loads(document)
    digest = report_content.content_digest(received.sent, DAY, SALT)
    assert report_content.receipt_digest(document) == digest == bytes.fromhex(receipt["empreinte"])
    # The same digest with hashlib alone.
    assert hashlib.sha256(SALT + receipt["contenu"].encode("utf-8")).digest() == digest
    assert (receipt["registre"], receipt["jour"]) == ("registre.exemple.test", "2026-03-02")
    assert report_content.content_digest(received.sent, DAY, bytes(32)) != digest
    assert report_content.content_digest(received.sent, date(2026, 3, 3), SALT) != digest
    # The digest in the document is ignored and computed again.
    assert (
        report_content.receipt_digest(json.dumps({**receipt, "empreinte": "00" * 32}).encode())
        == digest
    )
    for change in ({"contenu": receipt["contenu"] + " "}, {"sel": "00" * 32}):
        assert report_content.receipt_digest(json.dumps({**receipt, **change}).encode()) != digest


_DOCUMENT = {"v": 1, "sel": SALT.hex(), "contenu": "{}"}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"texte"',
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 10_000,
        json.dumps({**_DOCUMENT, "sel": "00"}).encode(),
        json.dumps({**_DOCUMENT, "sel": "zz" * 32}).encode(),
        json.dumps({**_DOCUMENT, "sel": 12}).encode(),
        json.dumps({**_DOCUMENT, "contenu": ["x"]}).encode(),
        json.dumps({**_DOCUMENT, "contenu": "\ud800"}).encode(),
        json.dumps({**_DOCUMENT, "v": 2}).encode(),
        json.dumps({"v": 1, "contenu": "{}"}).encode(),
    ],
    ids=range(15),
)
def test_an_invalid_receipt_has_no_digest(document):
    assert report_content.receipt_digest(document) is None
