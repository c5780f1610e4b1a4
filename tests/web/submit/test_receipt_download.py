"""Receipt as a page to keep: what it says and holds, and its verification."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path

import pytest
from flask import Flask
from form_client import FormClient
from report_factory import WORDS, a_report, nonce
from test_receipt_proof import NOT_RECOGNISED, RECOGNISED, paste_receipt, upload_receipt
from verifier_run import SOURCE, VerifierRun

from register.db import db
from register.evidence.sealed_files import FileManifest
from register.reports import acts, queries, receipt_codes, receipt_file
from register.web.headers import SECURITY_HEADERS

pytestmark = pytest.mark.one_database

HOSTILE = "Il a dit : </pre><script>alert(1)</script> & « non »."


@pytest.fixture
def amina(app: Flask) -> FormClient:
    return FormClient(app)


def download(visitor: FormClient, code: str, name: str, mount: str = "") -> bytes:
    visitor.post(f"{mount}/suivi/{name}", {"code": code})
    assert visitor.answer
    assert visitor.answer.status_code == 200
    assert visitor.answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert visitor.answer.headers["Cache-Control"] == "no-store"
    return bytes(visitor.answer.data)


def send(inbox, **fields):
    report = inbox.received(**fields)
    return receipt_codes.format_code(report.code)


def test_the_page_says_what_was_sent_when_and_how_long_it_proves(inbox, amina):
    page = download(amina, send(inbox), "recu.html").decode()
    text = page.replace("\u00a0", " ")
    for words in (
        WORDS,
        "2 mars 2026",
        "Cette page est maintenant sur votre appareil",
        "verifier.py",
    ):
        assert words in text
    assert "contact" in text
    # Until the day that the follow-up page names too.
    assert "2028" in text or "2027" in text


def test_the_page_is_one_file_that_loads_and_runs_nothing(inbox, amina):
    page = download(amina, send(inbox, account=HOSTILE), "recu.html").decode()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert f"style-src &#39;sha256-{digest}&#39;" in policy[1]
    for fragment in ("<script", "<link", "<img", "<form", "src=", "href="):
        assert fragment not in page
    # The answer itself keeps the policy of the site.
    assert (
        amina.answer.headers["Content-Security-Policy"]
        == (SECURITY_HEADERS["Content-Security-Policy"])
    )


@pytest.mark.parametrize("mount", ["", "/en"])
def test_page_and_data_hold_the_same_document_and_both_verify(inbox, amina, mount):
    code = send(inbox, account=HOSTILE)
    page, data = download(amina, code, "recu.html", mount), download(amina, code, "recu.json")
    assert receipt_file.receipt_document(page) == data
    for file, name in ((page, "recu.html"), (data, "recu.json")):
        assert RECOGNISED in upload_receipt(amina, file, name)
    assert RECOGNISED in paste_receipt(amina, page.decode())


def test_a_page_with_other_words_around_its_document_shows_what_is_proved(inbox, amina):
    code = send(inbox)
    page = download(amina, code, "recu.html").decode()
    forged = page.replace(WORDS, "Le maire a avoué.", 1)
    assert forged != page
    text = upload_receipt(amina, forged.encode(), "recu.html")
    assert RECOGNISED in text
    assert "Ce que ce reçu prouve, mot pour mot" in text
    assert WORDS in text
    assert "avoué" not in text
    # Of a document, which is what it says, nothing is repeated.
    assert WORDS not in upload_receipt(amina, download(amina, code, "recu.json"))


def test_a_page_whose_document_was_changed_proves_nothing(inbox, amina):
    page = download(amina, send(inbox), "recu.html").decode()
    start = page.index('<pre id="recu-json">')
    forged = page[:start] + page[start:].replace(WORDS[:10], "x" * 10)
    assert forged != page
    text = upload_receipt(amina, forged.encode(), "recu.html")
    assert NOT_RECOGNISED in text
    assert "mot pour mot" not in text


def test_an_outsider_verifies_both_files_and_reads_what_they_prove(inbox, amina, tmp_path: Path):
    outsider = VerifierRun(tmp_path)
    outsider.write(SOURCE.name, SOURCE.read_bytes())
    code = send(inbox, account=HOSTILE)
    outsider.write("recu.html", download(amina, code, "recu.html"))
    outsider.write("recu.json", download(amina, code, "recu.json"))
    for name in ("recu.html", "recu.json"):
        status, output = outsider.verify(name, files=())
        assert status == 0, output
        assert json.dumps(HOSTILE, ensure_ascii=False) in output
        assert "2026-03-02" in output
    changed = outsider.read("recu.html").replace(b"alert(1)", b"alert(2)")
    outsider.write("recu.html", changed)
    status, output = outsider.verify("recu.html", files=())
    assert (status, "ÉCHEC" in output) == (1, True)


def test_the_receipt_lists_the_files_that_were_sent_with_their_digests(inbox, amina, tmp_path):
    files = [
        FileManifest("1" * 32, bytes(32), "IMG_de_Amina.mp4", "video/mp4", 12_345_678, "ab" * 32),
        FileManifest("2" * 32, bytes(32), "IMG_2.jpg", "image/jpeg", 5, "cd" * 32),
    ]
    with inbox.pen() as p:
        report = acts.receive(p, inbox.store, a_report(), nonce(), files=files)
    page = download(amina, receipt_codes.format_code(report.code), "recu.html").decode()
    # Its name may name a person.
    assert "Amina" not in page
    listed = page[page.index("Vos fichiers") : page.index("<pre")]
    for fragment in ("video/mp4", "12345678", "ab" * 32, "image/jpeg", "cd" * 32):
        assert fragment in listed
    text = upload_receipt(amina, page.encode(), "recu.html")
    assert "Un signalement au contenu identique a été reçu" in text
    assert "ab" * 32 in text
    outsider = VerifierRun(tmp_path)
    outsider.write(SOURCE.name, SOURCE.read_bytes())
    outsider.write("recu.html", page.encode())
    status, output = outsider.verify("recu.html", files=())
    assert (status, "cd" * 32 in output) == (0, True), output


def test_the_pages_offer_it_only_by_a_button_and_with_a_warning(inbox, amina):
    amina.post("/suivi", {"code": send(inbox)})
    form = amina.form("/suivi/recu.html")
    assert form.method == "post"
    assert "reste alors sur cet appareil" in amina.text.replace("\u00a0", " ")
    assert amina.get("/suivi/recu.html").status_code == 303


def test_a_destroyed_report_has_no_receipt(inbox, amina):
    report = inbox.received()
    code = receipt_codes.format_code(report.code)
    amina.post("/suivi", {"code": code})
    form = dict(amina.form("/suivi/retirer").fields)
    amina.post("/suivi/retirer", {**form, "confirme": "y", "detruire": "y"})
    db.session.rollback()
    assert queries.get_report(db.session(), inbox.store, report.key).received is None
    amina.post("/suivi/recu.html", {"code": code})
    assert amina.answer.status_code == 422
    assert "Le reçu a été détruit" in amina.text
