"""The verifier of ``docs`` on a case file: run alone, as a lawyer would, and on every tampering.

A forger who has the archive can also write its manifest anew; what is caught even then is proved
by the lines of the journal, and the rest is said not to be.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from case_contents import a_case
from report_factory import WORDS, nonce
from verifier_run import SOURCE, VerifierRun

from register.cases import acts
from register.cases.acts.redaction import FIXED_NOTES
from register.cases.checklist import ATTESTATIONS
from register.cases.verify import ledger_heads
from register.db import db
from register.exchange import case_file
from register.journal.models import canonical_json, chain_digest
from register.reports import acts as reports

pytestmark = pytest.mark.prove

NAME = "dossier-1.zip"


@pytest.fixture
def made(app, desk, cast, content):
    """The archive of a case that was redacted, then corrected, replied to and withdrawn."""

    def make(number):
        db.session.rollback()
        found = case_file.gather(db.session(), number)
        db.session.rollback()
        return case_file.build_archive(found, b"<!doctype html>", b"")

    desk.draft()
    filed = desk.published(content(justice=True, title="Sans le nom de trop"))
    desk.published()
    reply = desk.received_reply(filed)
    with desk.pen() as p:
        acts.note(p, filed.id, "à relire", by=cast.bruno)
        acts.redact(
            p,
            filed.id,
            content(justice=True, title="Sans le nom"),
            by=cast.bruno,
            reason="jugement",
            public_note=FIXED_NOTES[0],
        )
    desk.destroy()
    with desk.pen() as p:
        acts.reply(p, reply, by=cast.chloe, reason="régulière", second=cast.bruno)
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="demande_signalant", reason="r")
        acts.approve(p, filed.id, by=cast.ada, purpose="erase")
    desk.draft()
    return make


@pytest.fixture
def files(made):
    return _opened(made(1))


def _opened(data):
    with zipfile.ZipFile(io.BytesIO(data)) as there:
        return {name: there.read(name) for name in there.namelist()}


def _forged(files, **changes):
    """An archive of these files whose manifest was written anew, with changes to it."""
    manifest = json.loads(files["manifest.json"])
    rest = {name: data for name, data in files.items() if name != "manifest.json"}
    manifest["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in rest.items()}
    return case_file._zip_bytes({"manifest.json": canonical_json(manifest | changes), **rest})


@pytest.fixture
def verify(tmp_path):
    """``verify(data, *marks)``: the verifier's status and words, run alone."""
    (tmp_path / SOURCE.name).write_bytes(SOURCE.read_bytes())
    verifier = VerifierRun(tmp_path)

    def run(data, *marks):
        verifier.write(NAME, data)
        return verifier.verify(*marks, files=(NAME,))

    return run


def test_a_case_file_of_the_command_verifies(made, verify):
    status, said = verify(made(1))
    assert status == 0, said
    assert "Cas nº 1" in said
    assert "11 lignes du cas" in said
    # Drafted and published: destroyed after the redaction. Redacted, replied, withdrawn: there.
    assert "3 textes" in said
    assert "Par le manifeste seul" in said
    for ledger, seq, digest in ledger_heads(db.session()):
        assert (f"{ledger.value}:{seq}:{digest}" in said) is (ledger.value != "reports")


def test_a_case_that_lost_a_report_holds_with_the_line_that_destroyed_its_words(
    app, inbox, cast, verify
):
    filed = inbox.received()
    with inbox.pen() as p:
        incident = reports.accept(
            p, inbox.store, filed.key, by=cast.bruno, reason="r", new=a_case(narrative=WORDS)
        )
    with inbox.pen() as p:
        assert reports.withdraw(p, inbox.store, filed.key, nonce())
    with inbox.pen() as p:
        acts.edit(p, incident, a_case(), by=cast.bruno, reason="r", without_report=True)
        acts.invite(p, incident, "courriel", by=cast.bruno)
        acts.publish(p, incident, by=cast.bruno, reason="r", attested=ATTESTATIONS)
    db.session.rollback()
    found = case_file.gather(db.session(), 1)
    db.session.rollback()
    status, said = verify(case_file.build_archive(found, b"<!doctype html>", b""))
    assert status == 0, said
    assert "5 lignes du cas" in said
    assert "2 textes" in said


def test_a_case_file_tells_of_no_report_that_was_asked_back(app, inbox, cast, desk, verify):
    """It destroyed a change that waited, no text; the lines beside it count what citizens sent."""
    filed = desk.published(justice=True)
    report = inbox.accepted(into=filed.id)
    with inbox.pen() as p:
        acts.follow_up(p, filed.id, title="Suite", text=WORDS, by=cast.bruno, reason="r")
    with inbox.pen() as p:
        assert not reports.withdraw(p, inbox.store, report.key, nonce())
    db.session.rollback()
    found = case_file.gather(db.session(), filed.number)
    db.session.rollback()
    data = case_file.build_archive(found, b"<!doctype html>", b"")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        texts = [file.read(name) for name in file.namelist()]
    assert not any(b"source_withdrawn" in text or b"report_received" in text for text in texts)
    status, said = verify(data)
    assert status == 0, said


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("what", ["merged", "erased", "published"])
def test_case_files_of_every_state_verify(app, desk, verify, what, number):
    getattr(desk, what)()
    db.session.rollback()
    if number == 2 and what != "merged":
        desk.published()
    found = case_file.gather(db.session(), number)
    status, said = verify(case_file.build_archive(found, b"", b""))
    assert status == 0, said
    if (what, number) == ("erased", 1):
        assert "0 textes" in said


# --- one changed file, the manifest as it was ----------------------------------------------


def test_a_changed_byte_in_any_file_is_found(files, verify):
    for name in files:
        for at in (0, len(files[name]) // 2, len(files[name]) - 1):
            if files[name]:
                data = bytearray(files[name])
                data[at] ^= 1
                changed = case_file._zip_bytes({**files, name: bytes(data)})
                status, said = verify(changed)
                assert (status, "ÉCHEC" in said) == (1, True), (name, at)


def test_a_missing_and_an_added_file_are_found(files, verify):
    for name in files:
        status, said = verify(case_file._zip_bytes({n: d for n, d in files.items() if n != name}))
        assert (status, "ÉCHEC" in said) == (1, True), name
    assert verify(case_file._zip_bytes({**files, "autre.txt": b""}))[0] == 1


def test_two_files_of_one_name_are_found(files, verify):
    data = io.BytesIO(case_file._zip_bytes(files))
    with zipfile.ZipFile(data, "a") as there, pytest.warns(UserWarning, match="Duplicate"):
        there.writestr("index.html", files["index.html"])
    assert verify(data.getvalue())[0] == 1


@pytest.mark.parametrize("data", [b"", b"PK", b"\x00" * 100, b"PK\x05\x06" + b"\x00" * 18])
def test_what_is_no_archive_is_a_failure_and_no_crash(verify, data):
    status, said = verify(data)
    assert (status, "ÉCHEC" in said) == (1, True)


# --- and with a manifest that fits ---------------------------------------------------------


def _json(files, name, change):
    told = json.loads(files[name])
    change(told)
    return {**files, name: canonical_json(told)}


def _text(files, name, old, new):
    assert old.encode() in files[name]
    return {**files, name: files[name].replace(old.encode(), new.encode())}


def _last(files, suffix):
    return sorted(name for name in files if name.endswith(suffix))[-1]


def _line(files, ledger, place, **changes):
    """A ledger of which one line was changed and the chain made anew from there."""
    name, manifest = f"journal/{ledger}.jsonl", json.loads(files["manifest.json"])
    rows = files[name].splitlines()
    rows[place] = canonical_json(json.loads(rows[place]) | changes)
    ends, digest, marks = manifest["ledgers"][ledger], None, {}
    digest = bytes.fromhex(ends["digest"])
    for seq, row in enumerate(rows, ends["after"] + 1):
        digest = chain_digest(digest, row)
        marks[seq] = digest.hex()
    ends["head"] = digest.hex()
    told = json.loads(files["journal/lines.json"])
    for line in told["lines"]:
        if line["ledger"] == ledger:
            line["digest"] = marks[line["seq"]]
    lines = {
        name: b"".join(row + b"\n" for row in rows),
        "journal/lines.json": canonical_json(told),
    }
    return {**files, **lines, "manifest.json": canonical_json(manifest)}


def _without(files, *names):
    return {name: data for name, data in files.items() if name not in names}


FORGERIES = {
    "a text": lambda f: _text(f, _last(f, "text.json"), "Sans le nom", "Avec le nom"),
    "a page": lambda f: _text(f, _last(f, "page.json"), "filmer", "crier"),
    "a reason": lambda f: _json(f, _last(f, "version.json"), lambda t: t.update(reason="x")),
    "an author": lambda f: _json(f, _last(f, "version.json"), lambda t: t.update(made_by=3)),
    "a moment": lambda f: _json(f, _last(f, "version.json"), lambda t: t.update(made_at="x")),
    "a salt": lambda f: _json(f, _last(f, "version.json"), lambda t: t.update(salt="00" * 32)),
    "a short salt": lambda f: _json(f, _last(f, "version.json"), lambda t: t.update(salt="")),
    "a renderer": lambda f: _json(f, _last(f, "version.json"), lambda t: t.update(renderer="x")),
    "a text left out": lambda f: _without(f, _last(f, "text.json")),
    "a version left out": lambda f: _without(
        f, *(n for n in f if n.startswith(_last(f, "text.json").removesuffix("text.json")))
    ),
    "a text that was destroyed": lambda f: {**f, "versions/2/text.json": b"{}"},
    "a text of no version": lambda f: {**f, "versions/99/text.json": b"{}"},
    "who did it": lambda f: _json(
        f, "journal/lines.json", lambda t: t["lines"][0]["private"].update(by=3)
    ),
    "what was attested": lambda f: _json(
        f,
        "journal/lines.json",
        lambda t: [
            line["private"].update(attested=[])
            for line in t["lines"]
            if "attested" in line["private"]
        ],
    ),
    "a private salt": lambda f: _json(
        f, "journal/lines.json", lambda t: t["lines"][0].update(salt="11" * 32)
    ),
    "a digest": lambda f: _json(
        f, "journal/lines.json", lambda t: t["lines"][0].update(digest="11" * 32)
    ),
    "a line left out of those opened": lambda f: _json(
        f,
        "journal/lines.json",
        lambda t: t["lines"].remove(next(li for li in t["lines"] if li["ledger"] == "public")),
    ),
    "a line opened twice": lambda f: _json(
        f, "journal/lines.json", lambda t: t["lines"].append(t["lines"][0])
    ),
    "an approval more": lambda f: _json(
        f, "dossier.json", lambda t: t["approvals"].append(t["approvals"][0])
    ),
    "an approval less": lambda f: _json(f, "dossier.json", lambda t: t["approvals"].pop()),
    "who approved": lambda f: _json(
        f, "dossier.json", lambda t: t["approvals"][0].update(given_by=3)
    ),
    "a line of the chain": lambda f: _text(
        f, "journal/public.jsonl", '"act":"redacted"', '"act":"corrected"'
    ),
    "a line cut off": lambda f: {
        **f,
        "journal/desk.jsonl": f["journal/desk.jsonl"].rsplit(b"\n", 2)[0] + b"\n",
    },
    "a half line": lambda f: {**f, "journal/desk.jsonl": f["journal/desk.jsonl"][:-1]},
    # Even a chain that was made anew from the changed line on, with its head.
    "a commitment under a new chain": lambda f: _line(f, "public", 3, content="00" * 32),
    "a destruction under a new chain": lambda f: _line(f, "public", 2, act="corrected"),
    "a private commitment under a new chain": lambda f: _line(f, "desk", 0, private="00" * 32),
    "a case under a new chain": lambda f: _line(f, "public", 1, case=1),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found_though_the_manifest_fits(files, verify, what):
    assert verify(_forged(files))[0] == 0
    forged = FORGERIES[what](files)
    assert forged != files
    status, said = verify(_forged(forged))
    assert (status, "ÉCHEC" in said) == (1, True), said


@pytest.mark.parametrize(
    "changes", [{"case": 2}, {"dossier": 1}, {"ledgers": {}}, {"form": 2, "ledgers": {"desk": {}}}]
)
def test_a_manifest_of_something_else_is_found(files, verify, changes):
    assert verify(_forged(files, **changes))[0] == 1


def test_changes_that_only_the_manifest_covers_are_not_found_as_documented(files, verify):
    forged = _text(files, "dossier.json", '"bruno"', '"quelqu’un"')
    forged["index.html"] = b"<!doctype html><p>autre</p>"
    status, said = verify(_forged(forged))
    assert status == 0
    assert "Par le manifeste seul : index.html, les noms, les notes" in said


# --- marks kept elsewhere ------------------------------------------------------------------


def test_anchors_are_found_in_a_case_file_and_other_anchors_are_refused(made, files, verify):
    data, known = made(1), []
    for ledger, ends in json.loads(files["manifest.json"])["ledgers"].items():
        digest = bytes.fromhex(ends["digest"])
        known.append(f"{ledger}:{ends['after']}:{ends['digest']}")
        for seq, row in enumerate(files[f"journal/{ledger}.jsonl"].splitlines(), ends["after"] + 1):
            digest = chain_digest(digest, row)
            known.append(f"{ledger}:{seq}:{digest.hex()}")
    assert verify(data, *known)[0] == 0
    public = [mark.removeprefix("public:") for mark in known if mark.startswith("public:")]
    assert verify(data, *public)[0] == 0
    for mark in (known[-1][:-1], known[-1].upper(), "public:999:" + "0" * 64, "x", public[0][1:]):
        status, said = verify(data, mark)
        assert (status, "ne s'y trouve pas" in said) == (1, True), mark


def test_a_rebuilt_chain_is_found_with_an_anchor(files, verify):
    """A line of another case is bound by nothing else in this file: only a mark tells."""
    manifest = json.loads(files["manifest.json"])
    head = f"desk:{manifest['ledgers']['desk']['seq']}:{manifest['ledgers']['desk']['head']}"
    last = len(files["journal/desk.jsonl"].splitlines()) - 1
    forged = _forged(_line(files, "desk", last, at="2020-01-01T00:00:00Z"))
    assert verify(_forged(files), head)[0] == 0
    assert verify(forged)[0] == 0
    assert verify(forged, head)[0] == 1
