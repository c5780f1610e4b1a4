"""The verifier of ``docs``, run on downloaded files with Python alone."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from typing import Any

import attested_acts as acts
import pytest
from flask import Flask
from verifier_run import HEAD, LEDGER, PROOF, SOURCE, VerifierRun

from register.cases.case_content import Content
from register.journal.models import GENESIS, canonical_json, chain_digest
from register.pages import acts as page_acts

pytestmark = pytest.mark.one_database

Get = Callable[[str], bytes]


@pytest.fixture
def get(app: Flask) -> Get:
    """``get("/registre.jsonl")``: the bytes at an address, which must be 200."""

    def get_bytes(address: str) -> bytes:
        response = app.test_client().get(address)
        assert response.status_code == 200, (address, response.status_code)
        return bytes(response.data)

    # Without the context of the test.
    return lambda address: Context().run(get_bytes, address)


@pytest.fixture
def outsider(tmp_path: Path) -> VerifierRun:
    """An outsider with an empty folder."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return VerifierRun(folder)


@pytest.fixture
def number(desk: Any, cast: Any, content: Callable[..., Content]) -> int:
    """The number of a corrected case, with lines 2 and 4 of six."""
    case = desk.published(title="Un titre d’abord")
    desk.published()
    with desk.pen() as p:
        corrected = content(title="Un titre « corrigé » à Gagny")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="r", public_note="Titre.")
    desk.withdrawn()
    return int(case.number)


def test_the_verifier_is_short_and_uses_the_standard_library_only() -> None:
    source = SOURCE.read_text("utf-8")
    assert len(source.splitlines()) < 310
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }
    assert imported == {"hashlib", "html", "json", "pathlib", "sys", "zipfile"}
    assert imported <= sys.stdlib_module_names


def test_downloaded_files_verify(get: Get, outsider: VerifierRun, number: int) -> None:
    outsider.download(get, number)
    status, output = outsider.verify(PROOF)
    assert status == 0, output
    head = json.loads(outsider.read(HEAD))
    assert f"6 lignes intactes. Repère à garder : {head['seq']}:{head['digest']}" in output
    assert f"{PROOF} : le texte du cas nº {number} est celui de la ligne 4" in output


def test_earlier_versions_and_earlier_heads_verify_too(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number, version=2)
    status, output = outsider.verify(PROOF, *ledger_heads(outsider.read(LEDGER)))
    assert status == 0, output
    assert "celui de la ligne 2" in output


def ledger_heads(ledger: bytes) -> list[str]:
    """Every head of a ledger so far, as ``seq:digest``."""
    digest, heads = GENESIS, []
    for seq, line in enumerate(ledger.splitlines(), 1):
        digest = chain_digest(digest, line)
        heads.append(f"{seq}:{digest.hex()}")
    return heads


def test_an_empty_ledger_verifies(outsider: VerifierRun) -> None:
    head = {"ledger": "public", "seq": 0, "digest": "00" * 32, "at": None}
    outsider.write(SOURCE.name, SOURCE.read_bytes())
    outsider.write(LEDGER, b"")
    outsider.write(HEAD, canonical_json(head))
    assert outsider.verify()[0] == 0


def test_a_removed_last_line_is_found_with_an_earlier_head(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    """Even if the register serves a matching head."""
    outsider.download(get, number)
    known_heads = ledger_heads(outsider.read(LEDGER))
    lines = outsider.read(LEDGER).splitlines(keepends=True)
    outsider.write(LEDGER, b"".join(lines[:-1]))
    assert outsider.verify() == (1, f"ÉCHEC : {HEAD} n'est pas la fin de {LEDGER}\n")
    outsider.write(HEAD, last_head(lines[:-1]))
    assert outsider.verify()[0] == 0
    status, output = outsider.verify(known_heads[-1])
    assert (status, f"le repère {known_heads[-1]} ne s'y trouve plus" in output) == (1, True)


def last_head(lines: list[bytes]) -> bytes:
    """The head of a ledger with these lines."""
    seq, digest = ledger_heads(b"".join(lines))[-1].split(":")
    head = {"ledger": "public", "seq": int(seq), "digest": digest}
    return canonical_json({**head, "at": json.loads(lines[-1])["at"]})


def test_a_rewritten_ledger_is_found_with_an_earlier_head(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number)
    known_heads = ledger_heads(outsider.read(LEDGER))
    lines = outsider.read(LEDGER).splitlines(keepends=True)
    line = json.loads(lines[1])
    lines[1] = canonical_json({**line, "at": "2020-01-01T00:00:00Z"}) + b"\n"
    outsider.write(LEDGER, b"".join(lines))
    outsider.write(HEAD, last_head(lines))
    # As documented, the rewritten ledger is consistent: only an earlier head reveals it.
    assert outsider.verify(known_heads[0])[0] == 0
    assert outsider.verify(known_heads[1])[0] == 1
    assert outsider.verify(known_heads[-1])[0] == 1


def _without_third_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], *lines[3:]]


def _with_swapped_lines(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _with_doubled_line(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def _with_desk_line(lines: list[bytes]) -> list[bytes]:
    line = json.loads(lines[-1])
    return [*lines[:-1], canonical_json({**line, "ledger": "desk"}) + b"\n"]


def _with_spaces(lines: list[bytes]) -> list[bytes]:
    return [json.dumps(json.loads(lines[0])).encode() + b"\n", *lines[1:]]


def test_inconsistent_lines_are_found_though_head_and_chain_match(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number)
    valid_lines = outsider.read(LEDGER).splitlines(keepends=True)
    for change in (
        _without_third_line,
        _with_swapped_lines,
        _with_doubled_line,
        _with_desk_line,
        _with_spaces,
    ):
        lines = change(valid_lines)
        outsider.write(LEDGER, b"".join(lines))
        outsider.write(HEAD, last_head(lines))
        assert outsider.verify()[0] == 1, change


CHANGES: tuple[dict[str, Any], ...] = (
    {"content": {"title": "Autre"}},
    {"version": 2},
    {"version": 3},
    {"version": 0},
    {"version": -3},
    {"version": 7},
    {"version": "4"},
    {"case": 2},
    {"current": False},
    {"event": "x"},
    {"salt": ""},
    {"salt": "zz"},
    {"commitment": "00" * 32},
)


def test_a_changed_proof_is_found(get: Get, outsider: VerifierRun, number: int) -> None:
    outsider.download(get, number)
    proof = json.loads(outsider.read(PROOF))
    for change in CHANGES:
        outsider.write(PROOF, canonical_json({**proof, **change}))
        assert outsider.verify(PROOF)[0] == 1, change
    for name in proof:
        outsider.write(PROOF, canonical_json({key: proof[key] for key in proof if key != name}))
        assert outsider.verify(PROOF)[0] == 1, name


@pytest.mark.parametrize(
    "change",
    [{"note": "Ajouté"}, {"case": 1.0}, {"case": True}, {"current": 1}, {"version": 4.0}],
    ids=str,
)
def test_lookalike_values_are_found(
    get: Get, outsider: VerifierRun, number: int, change: dict[str, object]
) -> None:
    outsider.download(get, number)
    proof = json.loads(outsider.read(PROOF))
    assert (proof["case"], proof["version"], proof["current"]) == (1, 4, True)
    outsider.write(PROOF, canonical_json({**proof, **change}))
    assert outsider.verify(PROOF)[0] == 1


def test_a_float_as_the_number_of_a_head_is_found(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number)
    head = json.loads(outsider.read(HEAD))
    outsider.write(HEAD, canonical_json({**head, "seq": float(head["seq"])}))
    assert outsider.verify()[0] == 1


def test_a_changed_text_with_a_matching_commitment_is_found(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    """The commitment in the ledger line does not match."""
    outsider.download(get, number)
    proof = json.loads(outsider.read(PROOF))
    content = {**proof["content"], "title": "Autre"}
    commitment = hashlib.sha256(bytes.fromhex(proof["salt"]) + canonical_json(content)).hexdigest()
    outsider.write(PROOF, canonical_json({**proof, "content": content, "commitment": commitment}))
    assert outsider.verify(PROOF)[0] == 1


def test_an_old_version_marked_as_current_is_found(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number, version=2)
    proof = json.loads(outsider.read(PROOF))
    assert proof["current"] is False
    outsider.write(PROOF, canonical_json({**proof, "current": True}))
    assert outsider.verify(PROOF)[0] == 1


def test_a_proof_of_a_withdrawn_text_is_found(
    get: Get, outsider: VerifierRun, desk: Any, cast: Any
) -> None:
    case = desk.published()
    outsider.download(get, case.number)
    assert outsider.verify(PROOF)[0] == 0
    old_proof = outsider.read(PROOF)
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    other = desk.published()
    outsider.download(get, other.number)
    outsider.write(PROOF, old_proof)
    assert outsider.verify(PROOF)[0] == 1


def test_a_page_kept_from_before_is_found_with_the_line_that_replaced_it(
    get: Get, outsider: VerifierRun, number: int, pen: Any, cast: Any
) -> None:
    outsider.download(get, number)
    for name in ("methode.md", "vocabulaire-type.json", "communes.csv.gz"):
        outsider.write(name, get(f"/registre/textes/{name}"))
    mark = ledger_heads(outsider.read(LEDGER))[-1]
    status, output = outsider.verify("methode.md", "vocabulaire-type.json", "communes.csv.gz")
    assert status == 0, output
    assert "methode.md : le texte d'aujourd'hui, scellé ligne 1, " in output
    with pen() as p:
        page_acts.save_page(
            p, "methode", "Méthode", "Autre.", by=cast.ada, reason="r", seen_revision=0
        )
    outsider.download(get, number)
    status, output = outsider.verify(mark, "methode.md")
    assert status == 1
    assert "methode.md a été remplacé : ligne 7, 2026-03-02T09:30:00Z" in output
    # A text that the register shows and has not sealed.
    outsider.write("methode.md", b"# Autre\n")
    assert "n'est scellé par aucune ligne" in outsider.verify("methode.md")[1]
    outsider.write("methode.md", get("/registre/textes/methode.md"))
    assert outsider.verify(mark, "methode.md", PROOF)[0] == 0


UNREADABLE = (
    b"",
    b"\xff",
    b"{}",
    b"[]",
    b"null",
    b"12",
    b'"\\ud800"',
    b"[" * 100_000,
    b"{" + b"1" * 9,
)


@pytest.mark.parametrize("name", [LEDGER, HEAD, PROOF])
def test_unreadable_files_fail_without_a_traceback(
    get: Get, outsider: VerifierRun, number: int, name: str
) -> None:
    outsider.download(get, number)
    for junk in (*UNREADABLE, *(junk + b"\n" for junk in UNREADABLE)):
        outsider.write(name, junk)
        status, output = outsider.verify(PROOF)
        assert status == 1, junk
        assert "ÉCHEC" in output, junk


def test_an_invalid_anchor_is_a_failure(get: Get, outsider: VerifierRun, number: int) -> None:
    outsider.download(get, number)
    valid_mark = ledger_heads(outsider.read(LEDGER))[-1]
    for mark in (
        "x",
        "6",
        ":",
        valid_mark.upper(),
        f"0{valid_mark}",
        valid_mark[:-1],
        f"7{valid_mark[1:]}",
    ):
        assert outsider.verify(mark)[0] == (0 if mark == valid_mark else 1), mark


def test_the_verifier_without_arguments_prints_its_usage(outsider: VerifierRun) -> None:
    outsider.write(SOURCE.name, SOURCE.read_bytes())
    for files in ((), (LEDGER,)):
        status, output = outsider.verify(files=files)
        assert (status, "python3 verifier.py registre.jsonl tete.json" in output) == (1, True)
    status, output = outsider.verify()
    assert (status, "ÉCHEC" in output) == (1, True)


def test_a_redacted_case_verifies_without_the_removed_text(
    get: Get, outsider: VerifierRun, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published(title="Zinzolin, le nom")
    with desk.pen() as p:
        redacted = replace(content(), title="Le nom")
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="r", public_note="Un nom ôté.")
    for destroyed in (False, True):
        if destroyed:
            desk.destroy()
        # What remains of the earlier version is sealed by the line that took the passage out.
        for version, line in ((None, 3), (2, 3)):
            outsider.download(get, case.number, version)
            status, output = outsider.verify(PROOF)
            assert (status, f"est celui de la ligne {line}" in output) == (0, True), output
            assert b"inzolin" not in outsider.read(PROOF)
        assert json.loads(outsider.read(PROOF))["redacted"] == 3
        forged = outsider.read(PROOF).replace("retiré".encode(), "gardé".encode())
        outsider.write(PROOF, forged)
        assert outsider.verify(PROOF)[0] == 1
