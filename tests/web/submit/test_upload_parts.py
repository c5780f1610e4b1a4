"""Files that the script of the form sends in parts (``/signaler/fichiers``)."""

from __future__ import annotations

import hashlib
import io

import pytest
from form_client import FormClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from register.db import db
from register.evidence.sealed_files import BLOB_BYTES
from register.reports.models import Report
from register.reports.report_files import report_files
from register.reports.web import upload_tokens
from register.web.request_context import key_store, sealed_files

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"film" * 600_000  # three blobs
ADDRESS = "/signaler/fichiers"


@pytest.fixture
def amina(app):
    visitor = FormClient(app)
    visitor.get("/signaler")
    return visitor


def post(visitor, step, part=None, **fields):
    if part is not None:
        fields["partie"] = FileStorage(io.BytesIO(part), "blob")
    boundary, body = encode_multipart(MultiDict(fields))
    return visitor.post(
        f"{ADDRESS}/{step}", body, content_type=f"multipart/form-data; boundary={boundary}"
    )


def begin(visitor, size=None, name="séance.mp4", **fields):
    fields = {"jeton": dict(visitor.form("/signaler").fields)["jeton"], **fields}
    return post(
        visitor, "commencer", nom=name, taille=str(len(FILM) if size is None else size), **fields
    )


def parts(content=FILM):
    return [content[at : at + BLOB_BYTES] for at in range(0, len(content), BLOB_BYTES)]


def pending(app):
    with app.app_context():
        return [name for name, _day in sealed_files().store.pending()]


def test_a_file_in_parts_goes_with_the_form(app, amina):
    token = begin(amina).json["envoi"]
    # A part of which the answer was lost is sent again.
    for index in (0, 1, 1, 0, 2):
        assert (
            post(amina, "partie", parts()[index], envoi=token, rang=str(index)).status_code == 200
        )
    for _again in range(2):
        arrived = post(amina, "finir", envoi=token).json
    assert arrived["mots"] == "vidéo, 2,4\N{NARROW NO-BREAK SPACE}Mo"
    assert len(pending(app)) == 3
    fields = dict(amina.form("/signaler").fields)
    fields |= {"recit": "On m’a interdit de filmer.", "fichiers": arrived["fichier"]}
    amina.post("/signaler", {**fields, "etape": "envoyer"})
    assert amina.answer.status_code == 200
    with app.app_context():
        key = db.session.scalars(select(Report.key)).one()
        [file] = report_files(db.session(), key_store(), key)
        assert file.manifest.sha256 == hashlib.sha256(FILM).hexdigest()
        assert file.manifest.name == "séance.mp4"
        assert sealed_files().open(file.manifest).read() == FILM
    # A file that a report has cannot be cancelled any more.
    post(amina, "annuler", envoi=token)
    assert len(pending(app)) == 3


def test_a_cancelled_file_leaves_nothing(app, amina):
    token = begin(amina).json["envoi"]
    post(amina, "partie", parts()[0], envoi=token, rang="0")
    assert len(pending(app)) == 1
    assert post(amina, "annuler", envoi=token).status_code == 200
    assert pending(app) == []


def test_an_unfinished_file_is_not_finished(amina):
    token = begin(amina).json["envoi"]
    post(amina, "partie", parts()[0], envoi=token, rang="0")
    response = post(amina, "finir", envoi=token)
    assert response.status_code == 422
    assert "entier" in response.json["erreur"]


@pytest.mark.parametrize(
    ("part", "index"),
    [
        (b"", "0"),
        (FILM[:100], "0"),
        (FILM[:BLOB_BYTES], "2"),
        (FILM[:BLOB_BYTES], "3"),
        (b"a", "x"),
    ],
)
def test_a_part_of_another_length_or_place_is_refused(app, amina, part, index):
    token = begin(amina).json["envoi"]
    assert post(amina, "partie", part, envoi=token, rang=index).status_code == 422
    assert pending(app) == []


def test_a_kind_that_is_not_taken_is_refused_with_its_first_part(app, amina):
    content = b"MZ\x90\x00" + bytes(2_000_000)
    token = begin(amina, len(content), "photo.jpg").json["envoi"]
    response = post(amina, "partie", parts(content)[0], envoi=token, rang="0")
    assert response.status_code == 422
    assert "ne prend pas cette sorte" in response.json["erreur"]
    assert pending(app) == []


def test_sizes_are_bounded_before_anything_is_sent(amina, monkeypatch):
    assert begin(amina, 0).status_code == 422
    assert begin(amina, 500_000_001).status_code == 422
    assert begin(amina, "-1").status_code == 422
    assert begin(amina, "9" * 40).status_code == 422
    monkeypatch.setattr("register.evidence.sealed_files.FREE_MARGIN", 10**15)
    response = begin(amina, 10)
    assert response.status_code == 507
    assert "plus la place" in response.json["erreur"]


def test_only_a_form_of_ours_begins_an_upload(amina):
    for token in ("", "x", dict(amina.form("/signaler").fields)["jeton"][:-2]):
        assert begin(amina, jeton=token).status_code == 422


def test_a_token_of_an_upload_is_no_file_and_the_reverse(app, amina):
    token = begin(amina, 5, "a.txt").json["envoi"]
    fields = dict(amina.form("/signaler").fields)
    amina.post("/signaler", {**fields, "recit": "x", "fichiers": token, "etape": "envoyer"})
    assert amina.answer.status_code == 422
    post(amina, "partie", b"texte", envoi=token, rang="0")
    arrived = post(amina, "finir", envoi=token).json["fichier"]
    assert post(amina, "finir", envoi=arrived).status_code == 422
    assert post(amina, "partie", b"autre", envoi=arrived, rang="0").status_code == 422


def test_an_old_upload_is_begun_again(amina, monkeypatch):
    token = begin(amina, 5, "a.txt").json["envoi"]
    monkeypatch.setattr(upload_tokens, "MAX_AGE", -upload_tokens.MAX_AGE)
    response = post(amina, "partie", b"texte", envoi=token, rang="0")
    assert response.status_code == 422
    assert "trop longtemps" in response.json["erreur"]


def test_a_store_that_is_away_is_worth_another_try(app, amina, monkeypatch):
    token = begin(amina, 5, "a.txt").json["envoi"]
    with app.app_context():
        store = sealed_files().store
    monkeypatch.setattr(store, "folder", store.folder.parent / "gone" / "evidence")
    response = post(amina, "partie", b"texte", envoi=token, rang="0")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert response.headers["Cache-Control"] == "no-store"


def test_other_sites_send_no_parts(amina):
    response = amina.client.post(
        f"{ADDRESS}/commencer", data={"nom": "a"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403
