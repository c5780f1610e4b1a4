"""Public bundle of a case: what is in it, who gets it, and what a stranger verifies with it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from typing import Any

import attested_acts as acts
import pytest
from case_contents import a_case
from case_pieces import MadePage, PieceWords, picture, publish_with_pieces
from flask import Flask
from verifier_run import HEAD, LEDGER, SOURCE, VerifierRun
from werkzeug.test import TestResponse

from register.concurrency_limit import Bulkhead
from register.db import db
from register.errors import Unavailable
from register.exchange import archives, public_bundle
from register.exchange.web import public_bundle as views
from register.journal.models import canonical_json
from register.web.request_context import sealed_files

pytestmark = pytest.mark.one_database

Files = dict[str, bytes]
Get = Callable[..., TestResponse]
PICTURE = b"a clean copy" * 20_000
DIGEST = hashlib.sha256(PICTURE).hexdigest()
PATH = "pieces/piece-1.jpg"


@pytest.fixture
def get(app: Flask) -> Get:
    def get_response(address: str, **headers: str) -> TestResponse:
        return Context().run(app.test_client().get, address, headers=headers)

    return get_response


@pytest.fixture
def outsider(tmp_path: Path, get: Get) -> VerifierRun:
    run = VerifierRun(tmp_path)
    run.write(SOURCE.name, SOURCE.read_bytes())
    return run


def unpack(body: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: Files, **changes: Any) -> bytes:
    """The archive of changed files, with a manifest that a forger made again."""
    manifest = json.loads(files["manifest.json"]) | changes
    parts = {name: data for name, data in files.items() if name != "manifest.json"}
    manifest["files"] = archives.file_digests(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in {"manifest.json": canonical_json(manifest), **parts}.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def number(desk: Any, cast: Any, content: Callable[..., Any]) -> int:
    """A case with two versions, in lines 2 and 4."""
    case = desk.published(title="Un titre d’abord")
    desk.published()
    with desk.pen() as p:
        corrected = content(title="Un titre corrigé")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="r", public_note="Titre.")
    return int(case.number)


def test_a_bundle_has_page_proof_lines_and_their_digests(get: Get, number: int) -> None:
    answer = get(f"/incidents/{number}.zip")
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="cas-{number}.zip"'
    assert answer.headers["X-Robots-Tag"] == "noindex"
    files = unpack(answer.data)
    assert set(files) == {"manifest.json", "index.html", "preuve.json", "lignes.json"}
    manifest = json.loads(files.pop("manifest.json"))
    assert (manifest["bundle"], manifest["case"], manifest["version"]) == (1, number, 4)
    assert manifest["files"] == archives.file_digests(files)
    assert files["preuve.json"] == get(f"/incidents/{number}/preuve").data
    lines = json.loads(files["lignes.json"])["lines"]
    ledger = get("/registre.jsonl").text.splitlines()
    assert [line["line"] for line in lines] == [ledger[1], ledger[3]]
    html = files["index.html"].decode()
    assert "Un titre corrigé" in html
    # Nothing that a browser would fetch or run.
    for fragment in ("<script", "<link", "<form", "<iframe", 'src="http', 'href="/'):
        assert fragment not in html
    assert "default-src &#39;none&#39;" in html


def test_the_same_version_gives_the_same_bytes_and_an_unchanged_one_304(
    get: Get, number: int
) -> None:
    first, second = get(f"/incidents/{number}.zip"), get(f"/incidents/{number}.zip")
    assert first.data == second.data
    tag = first.headers["ETag"]
    assert get(f"/incidents/{number}.zip", **{"If-None-Match": tag}).status_code == 304


def test_an_earlier_version_has_its_own_bundle(
    get: Get, number: int, outsider: VerifierRun
) -> None:
    answer = get(f"/incidents/{number}.zip?version=2")
    assert 'filename="cas-1-ligne-2.zip"' in answer.headers["Content-Disposition"]
    assert "Un titre d’abord" in unpack(answer.data)["index.html"].decode()
    outsider.write("cas.zip", answer.data)
    status, output = outsider.verify("cas.zip", files=())
    assert status == 0, output
    assert get(f"/incidents/{number}.zip?version=3").status_code == 404


def test_hidden_and_missing_cases_have_no_bundle(get: Get, desk: Any, cast: Any) -> None:
    withdrawn, target, merged = desk.withdrawn(), desk.published(), desk.published()
    with desk.pen() as p:
        acts.merge(p, merged.id, into=target.number, by=cast.bruno, second=cast.chloe, reason="r")
    assert get(f"/incidents/{withdrawn.number}.zip").status_code == 410
    assert get("/incidents/999.zip").status_code == 404
    assert get("/incidents/x.zip").status_code == 404
    answer = get(f"/incidents/{merged.number}.zip")
    assert (answer.status_code, answer.location) == (301, f"/incidents/{target.number}.zip")


def test_an_outsider_verifies_a_bundle_alone_and_against_the_ledger(
    get: Get, number: int, outsider: VerifierRun
) -> None:
    outsider.write("cas.zip", get(f"/incidents/{number}.zip").data)
    outsider.write(LEDGER, get("/registre.jsonl").data)
    outsider.write(HEAD, get("/registre/tete").data)
    status, output = outsider.verify("cas.zip", files=())
    assert status == 0, output
    marks = [line for line in output.splitlines() if line.startswith(("2:", "4:"))]
    assert len(marks) == 2
    status, output = outsider.verify("cas.zip")
    assert status == 0, output
    assert "Ces lignes sont au journal public" in output
    assert outsider.verify("cas.zip", marks[0], files=())[0] == 0
    status, output = outsider.verify("cas.zip", "2:" + "0" * 64, files=())
    assert (status, "ÉCHEC" in output) == (1, True)


def _other_title(files: Files) -> None:
    files["preuve.json"] = files["preuve.json"].replace(b"corrig", b"falsifi")


def _other_line(files: Files) -> None:
    files["lignes.json"] = files["lignes.json"].replace(b"published", b"corrected")


def _other_digest(files: Files) -> None:
    lines = json.loads(files["lignes.json"])
    lines["lines"][0]["before"] = "11" * 32
    files["lignes.json"] = canonical_json(lines)


def _no_last_line(files: Files) -> None:
    lines = json.loads(files["lignes.json"])
    files["lignes.json"] = canonical_json({"lines": lines["lines"][:-1]})


def _swapped_lines(files: Files) -> None:
    lines = json.loads(files["lignes.json"])
    files["lignes.json"] = canonical_json({"lines": lines["lines"][::-1]})


def _stranger_file(files: Files) -> None:
    files[PATH] = PICTURE


def _no_proof(files: Files) -> None:
    del files["preuve.json"]


@pytest.mark.parametrize(
    "forge",
    [
        _other_title,
        _other_line,
        _other_digest,
        _no_last_line,
        _swapped_lines,
        _stranger_file,
        _no_proof,
    ],
    ids=lambda forge: forge.__name__,
)
def test_a_forged_bundle_is_found_though_its_manifest_was_made_again(
    get: Get, number: int, outsider: VerifierRun, forge: Callable[[Files], None]
) -> None:
    files = unpack(get(f"/incidents/{number}.zip").data)
    outsider.write("cas.zip", pack(files))
    assert outsider.verify("cas.zip", files=())[0] == 0
    forge(files)
    outsider.write("cas.zip", pack(files))
    status, output = outsider.verify("cas.zip", files=())
    assert (status, "ÉCHEC" in output) == (1, True)


def test_lines_that_were_all_made_again_are_not_in_the_ledger(
    get: Get, number: int, outsider: VerifierRun
) -> None:
    """A forger who seals a text of his own has a bundle that holds together, by itself."""
    files = unpack(get(f"/incidents/{number}.zip").data)
    lines, proof = json.loads(files["lignes.json"])["lines"], json.loads(files["preuve.json"])
    proof["content"]["title"] = "Faux"
    sealed = bytes.fromhex(proof["salt"]) + canonical_json(proof["content"])
    proof["commitment"] = hashlib.sha256(sealed).hexdigest()
    last = json.loads(lines[-1]["line"]) | {"content": proof["commitment"]}
    raw = canonical_json(last)
    before = bytes.fromhex(lines[-1]["before"])
    digest = hashlib.sha256(b"\1" + before + raw).hexdigest()
    lines[-1] |= {"line": raw.decode(), "digest": digest}
    files["lignes.json"] = canonical_json({"lines": lines})
    files["preuve.json"] = canonical_json(proof)
    outsider.write("cas.zip", pack(files))
    outsider.write(LEDGER, get("/registre.jsonl").data)
    outsider.write(HEAD, get("/registre/tete").data)
    assert outsider.verify("cas.zip", files=())[0] == 0
    status, output = outsider.verify("cas.zip")
    assert (status, "ÉCHEC" in output) == (1, True)


# --- files -----------------------------------------------------------------------------------


@pytest.fixture
def with_file(app: Flask, pen: Any, store: Any, cast: Any) -> int:
    """The number of a public case with one file."""
    files = sealed_files()
    db.session.rollback()
    words = PieceWords("image", [MadePage(PICTURE, "image/jpeg", 4, 3)], ["Une photo."], "Photo.")
    with pen() as tx:
        members = {"by": cast.bruno, "second": cast.chloe}
        made = publish_with_pieces(tx, store, files, a_case(), [words], **members)
    return int(made[1])


def test_files_are_streamed_named_by_their_digest_and_verified(
    app: Flask, session: Any, with_file: int, outsider: VerifierRun
) -> None:
    gathered = public_bundle.gather(session, with_file)
    assert [file.path for file in gathered.files] == [PATH]
    asked = []

    def read() -> Any:
        asked.append(DIGEST)
        return iter([PICTURE[:100_000], PICTURE[100_000:]])

    parts = list(public_bundle.stream(gathered, b"<!doctype html>", {DIGEST: read}))
    assert asked == [DIGEST]
    # Never the whole file at once.
    assert max(map(len, parts)) < len(PICTURE)
    files = unpack(b"".join(parts))
    assert files[PATH] == PICTURE
    outsider.write("cas.zip", b"".join(parts))
    status, output = outsider.verify("cas.zip", files=())
    assert (status, "1 fichiers conformes au texte\n" in output) == (0, True), output
    outsider.write("cas.zip", pack(files | {PATH: PICTURE + b"."}))
    assert outsider.verify("cas.zip", files=())[0] == 1


def test_a_stranger_gets_the_published_files_of_the_case_and_none_that_was_taken_out(
    get: Get, pen: Any, store: Any, cast: Any, outsider: VerifierRun
) -> None:
    files = sealed_files()
    db.session.rollback()
    words = PieceWords("image", [picture("Lettre", 60, 80)], ["Une lettre."], "La lettre.")
    with pen() as tx:
        members = {"by": cast.bruno, "second": cast.chloe}
        case_id, number, content = publish_with_pieces(
            tx, store, files, a_case(), [words], **members
        )
    answer = get(f"/incidents/{number}.zip")
    files_of_zip = unpack(answer.data)
    name = next(path for path in files_of_zip if path.startswith("pieces/"))
    copy = content.pieces[0].pages[0].copy
    assert hashlib.sha256(files_of_zip[name]).hexdigest() == copy
    html = files_of_zip["index.html"].decode()
    assert f'src="{name}"' in html
    assert "Une lettre." in html
    assert answer.headers["ETag"]
    outsider.write("cas.zip", answer.data)
    status, output = outsider.verify("cas.zip", files=())
    assert (status, "1 fichiers conformes au texte\n" in output) == (0, True), output
    line = json.loads(files_of_zip["manifest.json"])["version"]
    with pen() as tx:
        changed = replace(content, pieces=())
        acts.correct(tx, case_id, changed, by=cast.bruno, reason="r", public_note="Lettre ôtée.")
    assert not any(
        path.startswith("pieces/") for path in unpack(get(f"/incidents/{number}.zip").data)
    )
    earlier = get(f"/incidents/{number}.zip?version={line}")
    assert not any(path.startswith("pieces/") for path in unpack(earlier.data))
    outsider.write("cas.zip", earlier.data)
    status, output = outsider.verify("cas.zip", files=())
    assert (status, "1 non joints" in output) == (0, True), output


def test_a_file_that_cannot_be_had_is_left_out_and_counted(
    session: Any, with_file: int, outsider: VerifierRun
) -> None:
    gathered = public_bundle.gather(session, with_file)
    parts = public_bundle.stream(gathered, b"<!doctype html>", {})
    outsider.write("cas.zip", b"".join(parts))
    status, output = outsider.verify("cas.zip", files=())
    assert (status, "0 fichiers conformes au texte, 1 non joints" in output) == (0, True), output


def test_a_burst_of_bundles_is_told_to_come_again_and_frees_its_turns(
    get: Get, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Bulkhead(1, 0, 0.05)
    monkeypatch.setattr(views, "bundle_queue", queue)
    with queue.turn():
        answer = get(f"/incidents/{number}.zip")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    for _again in range(3):
        assert get(f"/incidents/{number}.zip?version=2").status_code == 200
    with pytest.raises(Unavailable), queue.turn(), queue.turn():
        pass
