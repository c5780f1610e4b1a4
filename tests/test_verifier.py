"""The verifier of ``docs``, run as an outsider would: on downloaded files, with Python alone."""

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

import pytest
from flask import Flask
from verifier_run import HEAD, LEDGER, PROOF, SOURCE, VerifierRun

from register.cases import acts
from register.cases.case_content import Content
from register.journal.models import GENESIS, canonical_json, chain_digest

pytestmark = pytest.mark.one_database

Get = Callable[[str], bytes]


@pytest.fixture
def get(app: Flask) -> Get:
    """``get("/registre.jsonl")``: the bytes at an address that must answer."""

    def ask(address: str) -> bytes:
        answer = app.test_client().get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return bytes(answer.data)

    # A context of its own, like that of a reader.
    return lambda address: Context().run(ask, address)


@pytest.fixture
def outsider(tmp_path: Path) -> VerifierRun:
    """An outsider with an empty folder."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return VerifierRun(folder)


@pytest.fixture
def number(desk: Any, cast: Any, content: Callable[..., Content]) -> int:
    """A case that was corrected once, between others: lines 2 and 4 of six."""
    filed = desk.published(title="Un titre d’abord")
    desk.published()
    with desk.pen() as p:
        told = content(title="Un titre « corrigé » à Gagny")
        acts.correct(p, filed.id, told, by=cast.bruno, reason="r", public_note="Titre.")
    desk.withdrawn()
    return int(filed.number)


def test_the_verifier_is_short_and_needs_nothing_of_ours() -> None:
    source = SOURCE.read_text("utf-8")
    assert len(source.splitlines()) < 170
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
    assert imported == {"hashlib", "json", "pathlib", "sys", "zipfile"}
    assert imported <= sys.stdlib_module_names


def test_downloaded_files_verify(get: Get, outsider: VerifierRun, number: int) -> None:
    outsider.download(get, number)
    status, said = outsider.verify(PROOF)
    assert status == 0, said
    head = json.loads(outsider.read(HEAD))
    assert f"6 lignes intactes. Repère à garder : {head['seq']}:{head['digest']}" in said
    assert f"{PROOF} : le texte du cas nº {number} est celui de la ligne 4" in said


def test_an_earlier_version_and_earlier_heads_hold_too(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number, version=2)
    status, said = outsider.verify(PROOF, *marks(outsider.read(LEDGER)))
    assert status == 0, said
    assert "celui de la ligne 2" in said


def marks(ledger: bytes) -> list[str]:
    """Every head that the ledger has ever had, as somebody might have kept it."""
    digest, found = GENESIS, []
    for seq, line in enumerate(ledger.splitlines(), 1):
        digest = chain_digest(digest, line)
        found.append(f"{seq}:{digest.hex()}")
    return found


def test_a_register_without_a_line_holds(outsider: VerifierRun) -> None:
    told = {"ledger": "public", "seq": 0, "digest": "00" * 32, "at": None}
    outsider.write(SOURCE.name, SOURCE.read_bytes())
    outsider.write(LEDGER, b"")
    outsider.write(HEAD, canonical_json(told))
    assert outsider.verify()[0] == 0


def test_a_removed_last_line_is_found_by_who_holds_an_earlier_head(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    """Even when the register also serves a head that fits what it left."""
    outsider.download(get, number)
    held = marks(outsider.read(LEDGER))
    lines = outsider.read(LEDGER).splitlines(keepends=True)
    outsider.write(LEDGER, b"".join(lines[:-1]))
    assert outsider.verify() == (1, f"ÉCHEC : {HEAD} n'est pas la fin de {LEDGER}\n")
    outsider.write(HEAD, head_of(lines[:-1]))
    assert outsider.verify()[0] == 0
    status, said = outsider.verify(held[-1])
    assert (status, f"le repère {held[-1]} ne s'y trouve plus" in said) == (1, True)


def head_of(lines: list[bytes]) -> bytes:
    """The head that a register would serve for these lines."""
    seq, digest = marks(b"".join(lines))[-1].split(":")
    told = {"ledger": "public", "seq": int(seq), "digest": digest}
    return canonical_json({**told, "at": json.loads(lines[-1])["at"]})


def test_a_ledger_written_anew_is_found_by_who_holds_an_earlier_head(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number)
    held = marks(outsider.read(LEDGER))
    lines = outsider.read(LEDGER).splitlines(keepends=True)
    told = json.loads(lines[1])
    lines[1] = canonical_json({**told, "at": "2020-01-01T00:00:00Z"}) + b"\n"
    outsider.write(LEDGER, b"".join(lines))
    outsider.write(HEAD, head_of(lines))
    # It holds in itself, as the documentation says: only a mark from before tells.
    assert outsider.verify(held[0])[0] == 0
    assert outsider.verify(held[1])[0] == 1
    assert outsider.verify(held[-1])[0] == 1


def _dropped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], *lines[3:]]


def _swapped(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def _of_another_ledger(lines: list[bytes]) -> list[bytes]:
    told = json.loads(lines[-1])
    return [*lines[:-1], canonical_json({**told, "ledger": "desk"}) + b"\n"]


def _spaced(lines: list[bytes]) -> list[bytes]:
    return [json.dumps(json.loads(lines[0])).encode() + b"\n", *lines[1:]]


def test_lines_that_do_not_follow_are_found_though_head_and_chain_fit(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number)
    good = outsider.read(LEDGER).splitlines(keepends=True)
    for change in (_dropped, _swapped, _doubled, _of_another_ledger, _spaced):
        lines = change(good)
        outsider.write(LEDGER, b"".join(lines))
        outsider.write(HEAD, head_of(lines))
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


def test_a_proof_of_something_else_is_found(get: Get, outsider: VerifierRun, number: int) -> None:
    outsider.download(get, number)
    told = json.loads(outsider.read(PROOF))
    for change in CHANGES:
        outsider.write(PROOF, canonical_json({**told, **change}))
        assert outsider.verify(PROOF)[0] == 1, change
    for name in told:
        outsider.write(PROOF, canonical_json({key: told[key] for key in told if key != name}))
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
    told = json.loads(outsider.read(PROOF))
    assert (told["case"], told["version"], told["current"]) == (1, 4, True)
    outsider.write(PROOF, canonical_json({**told, **change}))
    assert outsider.verify(PROOF)[0] == 1


def test_a_head_whose_number_only_looks_the_same_is_found(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number)
    head = json.loads(outsider.read(HEAD))
    outsider.write(HEAD, canonical_json({**head, "seq": float(head["seq"])}))
    assert outsider.verify()[0] == 1


def test_a_text_under_another_seal_is_found(get: Get, outsider: VerifierRun, number: int) -> None:
    """Whoever changes the text can make a commitment that fits it, but not the line."""
    outsider.download(get, number)
    told = json.loads(outsider.read(PROOF))
    content = {**told["content"], "title": "Autre"}
    made = hashlib.sha256(bytes.fromhex(told["salt"]) + canonical_json(content)).hexdigest()
    outsider.write(PROOF, canonical_json({**told, "content": content, "commitment": made}))
    assert outsider.verify(PROOF)[0] == 1


def test_an_old_text_shown_as_the_present_one_is_found(
    get: Get, outsider: VerifierRun, number: int
) -> None:
    outsider.download(get, number, version=2)
    told = json.loads(outsider.read(PROOF))
    assert told["current"] is False
    outsider.write(PROOF, canonical_json({**told, "current": True}))
    assert outsider.verify(PROOF)[0] == 1


def test_a_text_that_was_withdrawn_since_is_found(
    get: Get, outsider: VerifierRun, desk: Any, cast: Any
) -> None:
    filed = desk.published()
    outsider.download(get, filed.number)
    assert outsider.verify(PROOF)[0] == 0
    kept = outsider.read(PROOF)
    with desk.pen() as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="r")
    other = desk.published()
    outsider.download(get, other.number)
    outsider.write(PROOF, kept)
    assert outsider.verify(PROOF)[0] == 1


JUNK = (b"", b"\xff", b"{}", b"[]", b"null", b"12", b'"\\ud800"', b"[" * 100_000, b"{" + b"1" * 9)


@pytest.mark.parametrize("name", [LEDGER, HEAD, PROOF])
def test_what_cannot_be_read_is_a_failure_and_no_crash(
    get: Get, outsider: VerifierRun, number: int, name: str
) -> None:
    outsider.download(get, number)
    for junk in (*JUNK, *(junk + b"\n" for junk in JUNK)):
        outsider.write(name, junk)
        status, said = outsider.verify(PROOF)
        assert status == 1, junk
        assert "ÉCHEC" in said, junk


def test_an_invalid_anchor_is_a_failure(get: Get, outsider: VerifierRun, number: int) -> None:
    outsider.download(get, number)
    good = marks(outsider.read(LEDGER))[-1]
    for mark in ("x", "6", ":", good.upper(), f"0{good}", good[:-1], f"7{good[1:]}"):
        assert outsider.verify(mark)[0] == (0 if mark == good else 1), mark


def test_the_verifier_without_arguments_prints_its_usage(outsider: VerifierRun) -> None:
    outsider.write(SOURCE.name, SOURCE.read_bytes())
    for files in ((), (LEDGER,)):
        status, said = outsider.verify(files=files)
        assert (status, "python3 verifier.py registre.jsonl tete.json" in said) == (1, True)
    status, said = outsider.verify()
    assert (status, "ÉCHEC" in said) == (1, True)


def test_a_redacted_case_is_proved_without_what_was_taken_out(
    get: Get, outsider: VerifierRun, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    filed = desk.published(title="Zinzolin")
    with desk.pen() as p:
        told = replace(content(), title="Sans")
        acts.redact(p, filed.id, told, by=cast.bruno, reason="r", public_note="Un nom ôté.")
    outsider.download(get, filed.number)
    assert outsider.verify(PROOF)[0] == 0
    assert b"inzolin" not in outsider.read(PROOF)
