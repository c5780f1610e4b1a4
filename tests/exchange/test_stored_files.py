"""The originals of a case's evidence in its file for a lawyer, byte for byte."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile

import pytest
from case_files import picture
from verifier_run import SOURCE

from register.cases import copies
from register.db import db
from register.exchange.stored_files import ORIGINALS_LIST

pytestmark = pytest.mark.one_database


@pytest.fixture
def archive(app, desk, case_files, signed, session, store):
    """The archive of a case with a large text and a picture, as a member downloads it."""
    case = desk.published()
    originals = (picture(), b"Une ligne.\n" * 200_000)
    keys = [case_files.added(case.id, original, "a.jpg") for original in originals]
    case_files.copied(case.id, keys[0])
    page = copies.ready_copies(session, store, case.id)[0].pages[0].sha256
    answer = signed("bruno").get(f"/moderation/dossiers/{case.id}/dossier-avocat.zip")
    assert answer.status_code == 200
    return case, originals, page, answer.data


def _files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as zip_file:
        assert zip_file.testzip() is None
        return {name: zip_file.read(name) for name in zip_file.namelist()}


def _verify(path):
    command = [sys.executable, str(SOURCE), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_originals_are_those_that_came_byte_for_byte(archive):
    _case, originals, page, data = archive
    files = _files(data)
    listed = json.loads(files[ORIGINALS_LIST])["originals"]
    assert [files[item["file"]] for item in listed] == list(originals)
    assert [item["sha256"] for item in listed] == [
        hashlib.sha256(original).hexdigest() for original in originals
    ]
    assert [item["copies"] for item in listed] == [[page], []]
    manifest = json.loads(files.pop("manifest.json"))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert manifest["files"] == digests


def test_the_verifier_checks_them(archive, tmp_path):
    _case, _originals, _page, data = archive
    path = tmp_path / "dossier.zip"
    path.write_bytes(data)
    run = _verify(path)
    assert run.returncode == 0, run.stderr
    assert "2 originaux conformes à leur liste" in run.stdout
    files = _files(data)
    name = next(name for name in files if name.startswith("originaux/001"))
    manifest = json.loads(files["manifest.json"])
    files[name] = b"un autre fichier"
    manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
    files["manifest.json"] = json.dumps(
        manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    with zipfile.ZipFile(path, "w") as forged:
        for other, content in files.items():
            forged.writestr(other, content)
    run = _verify(path)
    assert run.returncode == 1
    assert "autre fichier" in run.stderr


def test_a_lost_original_is_said_and_the_others_are_there(app, desk, case_files, signed):
    case = desk.published()
    for content in (picture(), b"Un mot."):
        case_files.added(case.id, content)
    name = next(case_files.files.store.pending())[0]
    case_files.files.store.delete(name)
    db.session.rollback()
    answer = signed("bruno").get(f"/moderation/dossiers/{case.id}/dossier-avocat.zip")
    listed = json.loads(_files(answer.data)[ORIGINALS_LIST])["originals"]
    assert sorted(bool(item["file"]) for item in listed) == [False, True]
