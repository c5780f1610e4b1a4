"""Content of a report, its canonical bytes and its receipt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import date

import pytest
from report_factory import CONTACT, a_report

from register import encryption
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


def test_answers_make_version_2_and_nothing_else_does():
    without = ReportContent(account="Ici.", types=("refus_document",))
    answered = replace(without, answers=(("document_demande_le", "hier"), ("seance_vote", "oui")))
    assert (without.version, answered.version) == (1, 2)
    content = json.loads(report_content.receipt_content(answered, DAY))
    assert content["v"] == 2
    # The one addition is a field that version 1 does not have.
    assert content["envoi"].pop("reponses") == {"document_demande_le": "hier", "seance_vote": "oui"}
    assert {**content, "v": 1} == json.loads(report_content.receipt_content(without, DAY))


# Made by the release of 27 November 2026, before there were answers.
_RECEIPT_OF_VERSION_1 = (
    '{"contenu":"{\\"envoi\\":{\\"acteur\\":\\"maire\\",\\"acteur_texte\\":\\"\\",\\"cible\\":'
    '\\"blogueur\\",\\"cible_texte\\":\\"\\",\\"date\\":\\"\\",\\"liens\\":'
    '[\\"https://exemple.test/seance\\"],\\"lieu\\":\\"Gagny\\",\\"lieu_code\\":\\"commune:93032\\",'
    '\\"procedure\\":\\"aucune\\",\\"quand\\":\\"hier soir\\",\\"recit\\":\\"Ce soir au conseil, '
    "le maire a fait retirer ma caméra par la police municipale."
    '\\",\\"types\\":[\\"interdiction_filmer\\"]},\\"jour\\":\\"2026-03-02\\",\\"v\\":1}",'
    '"empreinte":"eb7ca10d00d602d955a7c9047ad1ab8cdb27367dd3c6fa1a6f6e15977e5f53d6",'
    '"jour":"2026-03-02","registre":"r","sel":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","v":1}'
)


def test_a_receipt_of_version_1_keeps_its_bytes_and_its_digest():
    receipt = json.loads(_RECEIPT_OF_VERSION_1)
    document = report_content.receipt_document(Received(a_report(), SALT), DAY, "r")
    assert document.decode("utf-8") == _RECEIPT_OF_VERSION_1
    digest = report_content.receipt_digest(_RECEIPT_OF_VERSION_1.encode("utf-8"))
    assert digest == bytes.fromhex(receipt["empreinte"])


def test_a_content_that_was_stored_before_there_were_answers_still_decrypts():
    fields = {
        "acteur": "maire",
        "acteur_texte": "",
        "cible": "",
        "cible_texte": "",
        "date": "",
        "liens": [],
        "lieu": "",
        "lieu_code": "",
        "procedure": "",
        "quand": "",
        "recit": "Ici.",
        "types": ["autre"],
    }
    for language in ({}, {"langue": "en"}):
        plain = json.dumps({"envoi": fields, "sel": SALT.hex(), **language}).encode()
        padded = (len(plain).to_bytes(4, "big") + plain).ljust(2048, b"\0")
        sealed = encryption.encrypt(bytes(32), "sent", padded, b"report name")
        received = report_content.decrypt_content(bytes(32), "name", sealed)
        content = ReportContent("Ici.", ("autre",), actor="maire")
        assert received == Received(replace(content, language=language.get("langue", "fr")), SALT)


def test_the_case_that_a_report_adds_to_is_a_field_of_version_2():
    bound = ReportContent(account="Ici.", case=5, missing="suite")
    content = json.loads(report_content.receipt_content(bound, DAY))
    assert (content["v"], content["envoi"]["cas"], content["envoi"]["manque"]) == (2, 5, "suite")
    assert report_content.parse_content(bound.public_fields()) == bound
    assert replace(bound, case=0, missing="").version == 1


def test_content_survives_serialisation():
    sent = a_report(
        links=("https://a.test/é?x=1&y", "b"),
        actor_text="le « DGS »\nde la ville",
        answers=(("citation_le", "hier"), ("citation_le_date", "2026-03-01")),
    )
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


@pytest.mark.parametrize("answers", [(), (("seance_vote", "oui"),)], ids=["v1", "v2"])
def test_a_receipt_proves_its_report_and_nothing_else(answers):
    received = Received(a_report(answers=answers), SALT)
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
        json.dumps({**_DOCUMENT, "v": 3}).encode(),
        json.dumps({"v": 1, "contenu": "{}"}).encode(),
    ],
    ids=range(15),
)
def test_an_invalid_receipt_has_no_digest(document):
    assert report_content.receipt_digest(document) is None
