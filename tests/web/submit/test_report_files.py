"""Files of a report: taken without JavaScript, refused by their content, kept with the form."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from click.testing import CliRunner
from form_client import FormClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from register.cli import main
from register.db import db
from register.evidence.models import EvidenceFile
from register.evidence.sealed_files import BLOB_BYTES
from register.reports.models import Report, ReportEvidence
from register.reports.report_files import report_files
from register.reports.web import upload_tokens
from register.reports.web.upload_tokens import clean_name
from register.web.request_context import key_store, sealed_files

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 40
PDF = b"%PDF-1.7\n" + b"a line of a document\n" * 90_000  # more than one blob
CODE = re.compile(r'translate="no">([0-9A-Z-]{19})</p>')


def upload(*contents, names=()):
    """The value of the file input: files by their contents."""
    names = names or [f"fichier-{number}" for number in range(len(contents))]
    return [
        FileStorage(io.BytesIO(content), name)
        for content, name in zip(contents, names, strict=True)
    ]


@pytest.fixture
def amina(app):
    visitor = FormClient(app)
    visitor.get("/signaler")
    return visitor


def review(visitor, files, path="/signaler/avec-fichiers", **typed):
    """Fill in the form with files, as a browser without JavaScript sends it."""
    fields = dict(visitor.form("/signaler").fields)
    fields |= {"recit": "On m’a interdit de filmer.", "etape": "verifier", **typed}
    return post_files(visitor, path, fields, files)


def post_files(visitor, path, fields, files):
    """Send a form with files; the test client itself would use a temporary file."""
    parts = {**fields, "fichiers_choisis": files}
    boundary, body = encode_multipart(MultiDict(parts))
    return visitor.post(path, body, content_type=f"multipart/form-data; boundary={boundary}")


def stored_blobs(app):
    with app.app_context():
        store = sealed_files().store
        return sorted([*(name for name, _day in store.pending()), *store.settled()])


def sent_files(app):
    with app.app_context():
        key = db.session.scalars(select(Report.key)).one()
        return report_files(db.session(), key_store(), key)


def test_files_are_reviewed_sent_and_come_back_byte_for_byte(app, amina):
    assert review(amina, upload(JPEG, PDF, names=("caméra.jpg", "arrêté.pdf"))).status_code == 200
    assert "caméra.jpg" in amina.text
    assert "reçu et scellé" in amina.text
    amina.send("/signaler", etape="envoyer")
    assert CODE.search(amina.answer.get_data(as_text=True)), amina.text
    files = sent_files(app)
    assert [file.manifest.name for file in files] == ["caméra.jpg", "arrêté.pdf"]
    assert [file.manifest.mime for file in files] == ["image/jpeg", "application/pdf"]
    with app.app_context():
        contents = [sealed_files().open(file.manifest).read() for file in files]
    assert [hashlib.sha256(PDF).hexdigest(), files[1].manifest.size] == [
        files[1].manifest.sha256,
        len(PDF),
    ]
    assert contents[0] == JPEG
    # No name of a file is on the receipt, and the digests are.
    assert "caméra.jpg" not in amina.text
    assert hashlib.sha256(JPEG).hexdigest()[:16] in amina.text


def test_a_form_sent_twice_is_one_report_with_one_set_of_files(app, amina):
    review(amina, upload(JPEG))
    page = amina.page
    amina.send("/signaler", etape="envoyer")
    first = CODE.search(amina.answer.get_data(as_text=True))[1]
    amina.page = page
    amina.send("/signaler", etape="envoyer")
    assert CODE.search(amina.answer.get_data(as_text=True))[1] == first
    assert len(sent_files(app)) == 1


def test_other_files_of_the_same_form_are_offered_as_an_addition(app, amina):
    page = amina.page
    review(amina, upload(JPEG))
    amina.send("/signaler", etape="envoyer")
    amina.page = page
    review(amina, upload(JPEG, PDF))
    assert amina.send("/signaler", etape="envoyer").status_code == 409
    assert "déjà arrivé" in amina.text
    for _again in range(2):
        page = amina.page
        assert amina.send("/signaler/ajouter").status_code == 200, amina.text
        files = sent_files(app)
        assert [file.manifest.mime for file in files] == ["image/jpeg", "application/pdf"]
        assert [file.message_key is None for file in files] == [True, False]
        amina.page = page


def test_an_unticked_file_is_left_out(app, amina):
    review(amina, upload(JPEG, PDF))
    form = amina.form("/signaler")
    tokens = [value for name, value in form.fields if name == "fichiers"]
    fields = {name: value for name, value in form.fields if name != "fichiers"}
    amina.post("/signaler", {**fields, "fichiers": tokens[1:], "etape": "envoyer"})
    assert [file.manifest.mime for file in sent_files(app)] == ["application/pdf"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"MZ\x90\x00\x03" * 100, "ne prend pas cette sorte"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "ne prend pas"),
        (b"PK\x03\x04" + bytes(2_000_000), "ne prend pas cette sorte"),
        (b"\xff\xd8\xff\xe0" + bytes(3_000_000), "trop gros"),
    ],
    ids=["empty", "program", "svg", "archive", "large"],
)
def test_a_refused_file_says_why_and_leaves_nothing(app, amina, monkeypatch, content, words):
    monkeypatch.setattr(type(app.extensions["register.settings"]), "evidence_file_bytes", 2_500_000)
    response = review(amina, upload(content, JPEG, names=("a.jpg", "bonne.jpg")), quand="hier")
    assert response.status_code == 422
    assert words in amina.text
    assert "« a.jpg »" in amina.text.replace("\N{NO-BREAK SPACE}", " ")
    # What was typed and the other file are kept.
    fields = amina.form("/signaler").fields
    assert ("quand", "hier") in fields
    assert "bonne.jpg" in amina.text
    assert len(stored_blobs(app)) == 1
    assert [name for name, _value in fields].count("fichiers") == 1


def test_too_many_files_are_left_out(app, amina):
    contents = [JPEG + bytes([number]) for number in range(12)]
    assert review(amina, upload(*contents)).status_code == 422
    assert "10 fichiers au plus" in amina.text.replace("\N{NO-BREAK SPACE}", " ")
    assert len(stored_blobs(app)) == 10


def test_a_file_chosen_twice_is_one(app, amina):
    review(amina, upload(JPEG, JPEG))
    amina.send("/signaler", etape="envoyer")
    assert len(sent_files(app)) == 1


def test_a_full_disk_refuses_files_and_takes_the_text(app, amina, monkeypatch):
    monkeypatch.setattr("register.evidence.sealed_files.FREE_MARGIN", 10**15)
    assert review(amina, upload(JPEG)).status_code == 422
    assert "plus la place" in amina.text
    assert stored_blobs(app) == []
    assert review(amina, []).status_code == 200
    amina.send("/signaler", etape="envoyer")
    assert CODE.search(amina.answer.get_data(as_text=True))


def test_lost_bytes_and_old_files_are_asked_for_again(app, amina, monkeypatch):
    review(amina, upload(JPEG))
    page = amina.page
    with app.app_context():
        for name in stored_blobs(app):
            sealed_files().store.delete(name)
    assert amina.send("/signaler", etape="envoyer").status_code == 422
    assert "choisissez-les de nouveau" in amina.text
    amina.page = page
    monkeypatch.setattr(upload_tokens, "MAX_AGE", -upload_tokens.MAX_AGE)
    assert amina.send("/signaler", etape="envoyer").status_code == 422
    assert "trop longtemps" in amina.text
    with app.app_context():
        assert db.session.scalars(select(Report)).all() == []


def test_a_forged_token_is_no_file(amina):
    fields = dict(amina.form("/signaler").fields)
    fields |= {"recit": "Un récit.", "etape": "envoyer", "fichiers": ["é", "AAAA", "x" * 900]}
    assert amina.post("/signaler", fields).status_code == 422
    assert "choisissez-les de nouveau" in amina.text


def test_a_token_serves_one_report(app, amina):
    review(amina, upload(JPEG))
    token = dict(amina.form("/signaler").fields)["fichiers"]
    amina.send("/signaler", etape="envoyer")
    other = FormClient(app)
    other.get("/signaler")
    fields = dict(other.form("/signaler").fields)
    other.post("/signaler", {**fields, "recit": "Autre.", "etape": "envoyer", "fichiers": token})
    assert other.answer.status_code == 409
    assert "déjà servi" in other.text


def test_an_answer_has_files_and_destruction_takes_them(app, amina):
    review(amina, upload(JPEG))
    amina.send("/signaler", etape="envoyer")
    amina.send("/suivi")
    fields = dict(amina.form("/suivi/message").fields)
    fields["message"] = ""
    post_files(amina, "/suivi/message/avec-fichiers", fields, upload(PDF))
    assert "Votre ajout est enregistré" in amina.text
    assert re.search("Vous avez ajouté ?Fichiers ", amina.text)
    assert hashlib.sha256(PDF).hexdigest() in amina.text
    assert [file.message_key is None for file in sent_files(app)] == [True, False]
    amina.send("/suivi/retirer", confirme="y", detruire="y")
    with app.app_context():
        assert db.session.scalars(select(ReportEvidence)).all() == []
        assert len(db.session.scalars(select(EvidenceFile)).all()) == 2


def test_a_member_downloads_the_original_and_a_stranger_does_not(app, amina, signed):
    review(amina, upload(JPEG, names=("<b>moi<b>.jpg",)))
    amina.send("/signaler", etape="envoyer")
    file = sent_files(app)[0]
    with app.app_context():
        report = db.session.scalars(select(Report.key)).one()
    address = f"/moderation/signalements/{report}/fichiers/{file.key}"
    bruno = signed("bruno")
    page = bruno.get(f"/moderation/signalements/{report}").get_data(as_text=True)
    assert address in page
    assert "&lt;b&gt;moi&lt;b&gt;.jpg" in page
    assert file.manifest.sha256 in page
    response = bruno.get(address)
    assert response.get_data() == JPEG
    headers = response.headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Disposition"].startswith('attachment; filename="piece-')
    assert FormClient(app).get(address).status_code in (303, 404)
    assert bruno.get(address[:-1] + "x").status_code == 404


def test_a_destroyed_file_is_said_to_its_author_and_by_its_receipt(app, amina, signed, tmp_path):
    review(amina, upload(JPEG, PDF, names=("caméra.jpg", "arrêté.pdf")))
    amina.send("/signaler", etape="envoyer")
    code = CODE.search(amina.answer.get_data(as_text=True))[1]
    with app.app_context():
        report = db.session.scalars(select(Report.key)).one()
    picture = next(file for file in sent_files(app) if file.manifest.mime == "image/jpeg")
    page = f"/moderation/signalements/{report}"
    address = f"{page}/fichiers/{picture.key}"
    bruno = signed("bruno")
    answer = bruno.send(f"{address}/detruire", motif="")
    assert (answer.status_code, len(sent_files(app))) == (422, 2)
    assert "choisissez un motif" in answer.get_data(as_text=True)
    for _click in range(2):
        answer = bruno.send(f"{address}/detruire", motif="donnee_personnelle")
        assert (answer.status_code, answer.location) == (303, f"{page}#fichiers")
    desk_page = bruno.get(page).get_data(as_text=True)
    assert "détruit par l’équipe le" in desk_page
    assert "caméra.jpg" not in desk_page
    assert bruno.get(address).status_code == 404
    amina.post("/suivi", {"code": code})
    assert "détruit par l’équipe le" in amina.text
    assert "montre la vie privée de quelqu’un" in amina.text
    assert picture.manifest.sha256 in amina.text
    amina.post("/suivi/recu.html", {"code": code})
    receipt, sentence = amina.answer.data, "l’équipe a détruit ce fichier le"
    assert sentence in receipt.decode()
    amina.post("/suivi/verifier", {"recu": receipt.decode()})
    assert f"Image, 10 ko, empreinte SHA-256 {picture.manifest.sha256}" in amina.text
    assert sentence in amina.text
    path = tmp_path / "recu.html"
    path.write_bytes(receipt)
    result = CliRunner().invoke(main, ["verify", "--receipt", str(path)])
    assert (result.exit_code, result.stdout.count(sentence)) == (0, 1)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\amina\\vidéo.mp4", "vidéo.mp4"),
        ("../../etc/passwd", "passwd"),
        ("gnp.\u202eexe", "gnp.exe"),
        ("a\x00b.jpg", "ab.jpg"),
        ("é" * 300 + ".jpeg", "é" * 114 + "….jpeg"),
        ("", ""),
    ],
)
def test_hostile_names_are_cleaned(app, name, shown):
    assert clean_name(name) == shown


def test_one_blob_of_a_file_is_in_memory(app, amina, monkeypatch):
    sizes = []
    original = sealed_files

    def watch():
        files = original()
        write = type(files).write_blob
        monkeypatch.setattr(
            type(files), "write_blob", lambda self, *a: (sizes.append(len(a[2])), write(self, *a))
        )
        return files

    monkeypatch.setattr("register.reports.web.upload_streams.sealed_files", watch)
    review(amina, upload(PDF))
    assert max(sizes) <= BLOB_BYTES
