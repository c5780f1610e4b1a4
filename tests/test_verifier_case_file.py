"""The verifier of ``docs`` on case files, intact and forged.

A forger can rewrite the manifest too. The lines of the journal reveal most forgeries even then; the
verifier lists the parts that only the manifest covers.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import attested_acts as acts
import pytest
from case_contents import a_case
from report_factory import WORDS, nonce
from verifier_run import SOURCE, VerifierRun

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
def build_archive(app, desk, cast, content):
    """``build_archive(1)``: the archive of a case that was redacted, replied to and withdrawn."""

    def build(number):
        db.session.rollback()
        case_content = case_file.gather(db.session(), number)
        db.session.rollback()
        return b"".join(case_file.build_archive(case_content, b"<!doctype html>", b""))

    desk.draft()
    case = desk.published(content(justice=True, title="Sans le nom de trop"))
    desk.published()
    reply = desk.received_reply(case)
    with desk.pen() as p:
        acts.note(p, case.id, "à relire", by=cast.bruno)
        acts.redact(
            p,
            case.id,
            content(justice=True, title="Sans le nom"),
            by=cast.bruno,
            reason="jugement",
            public_note=FIXED_NOTES[0],
        )
    desk.destroy()
    with desk.pen() as p:
        shorter = content(justice=True, title="Sans")
        note = {"reason": "rgpd", "public_note": FIXED_NOTES[0], "passages": ["le nom"]}
        acts.redact(p, case.id, shorter, by=cast.bruno, **note)
        # Another redaction waits.
        acts.reply(p, reply, by=cast.chloe, reason="régulière", second=cast.bruno)
        acts.withdraw(p, case.id, by=cast.bruno, restriction="demande_signalant", reason="r")
        acts.approve(p, case.id, by=cast.ada, purpose="erase")
    desk.draft()
    return build


@pytest.fixture
def files(build_archive):
    return _read_archive(build_archive(1))


def _read_archive(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip_bytes(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _with_fitting_manifest(files, **changes):
    """An archive of these files with a matching manifest, and changes to it."""
    manifest = json.loads(files["manifest.json"])
    other_files = {name: data for name, data in files.items() if name != "manifest.json"}
    manifest["files"] = {
        name: hashlib.sha256(data).hexdigest() for name, data in other_files.items()
    }
    return _zip_bytes({"manifest.json": canonical_json(manifest | changes), **other_files})


@pytest.fixture
def verify(tmp_path):
    """``verify(data, *marks)``: exit status and output of the verifier."""
    (tmp_path / SOURCE.name).write_bytes(SOURCE.read_bytes())
    verifier = VerifierRun(tmp_path)

    def run(data, *marks):
        verifier.write(NAME, data)
        return verifier.verify(*marks, files=(NAME,))

    return run


def test_a_case_file_of_the_command_verifies(build_archive, verify):
    status, output = verify(build_archive(1))
    assert status == 0, output
    assert "Cas nº 1" in output
    assert "12 lignes du cas" in output
    # Six present texts, and three as they were before the second redaction; those before the first
    # are destroyed.
    assert "9 textes" in output
    assert "Par le manifeste seul" in output
    for ledger, seq, digest in ledger_heads(db.session()):
        assert (f"{ledger.value}:{seq}:{digest}" in output) is (ledger.value != "reports")


def test_a_case_file_verifies_after_its_report_was_withdrawn(app, inbox, cast, verify):
    report = inbox.received()
    with inbox.pen() as p:
        case_id = reports.accept(
            p, inbox.store, report.key, by=cast.bruno, reason="r", new=a_case(narrative=WORDS)
        )
    with inbox.pen() as p:
        assert reports.withdraw(p, inbox.store, report.key, nonce())
    with inbox.pen() as p:
        acts.edit(p, case_id, a_case(), by=cast.bruno, reason="r", without_report=True)
        acts.invite(p, case_id, "courriel", by=cast.bruno)
        acts.publish(p, case_id, by=cast.bruno, reason="r", attested=ATTESTATIONS)
    db.session.rollback()
    case_content = case_file.gather(db.session(), 1)
    db.session.rollback()
    status, output = verify(
        b"".join(case_file.build_archive(case_content, b"<!doctype html>", b""))
    )
    assert status == 0, output
    assert "5 lignes du cas" in output
    assert "2 textes" in output


def test_a_case_file_does_not_reveal_a_withdrawal_request(app, inbox, cast, desk, verify):
    """The request destroyed a pending change only, and lines of reports stay out of the file."""
    case = desk.published(justice=True)
    report = inbox.accepted(into=case.id)
    with inbox.pen() as p:
        acts.follow_up(p, case.id, title="Suite", text=WORDS, by=cast.bruno, reason="r")
    with inbox.pen() as p:
        assert not reports.withdraw(p, inbox.store, report.key, nonce())
    db.session.rollback()
    case_content = case_file.gather(db.session(), case.number)
    db.session.rollback()
    data = b"".join(case_file.build_archive(case_content, b"<!doctype html>", b""))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        texts = [file.read(name) for name in file.namelist()]
    assert not any(b"source_withdrawn" in text or b"report_received" in text for text in texts)
    status, output = verify(data)
    assert status == 0, output


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("state", ["merged", "erased", "published"])
def test_case_files_of_every_state_verify(app, desk, verify, state, number):
    getattr(desk, state)()
    db.session.rollback()
    if number == 2 and state != "merged":
        desk.published()
    case_content = case_file.gather(db.session(), number)
    status, output = verify(b"".join(case_file.build_archive(case_content, b"", b"")))
    assert status == 0, output
    if (state, number) == ("erased", 1):
        assert "0 textes" in output


# --- one changed file, unchanged manifest --------------------------------------------------


def test_a_changed_byte_in_any_file_is_found(files, verify):
    for name in files:
        for position in (0, len(files[name]) // 2, len(files[name]) - 1):
            if files[name]:
                data = bytearray(files[name])
                data[position] ^= 1
                changed = _zip_bytes({**files, name: bytes(data)})
                status, output = verify(changed)
                assert (status, "ÉCHEC" in output) == (1, True), (name, position)


def test_a_missing_and_an_added_file_are_found(files, verify):
    for name in files:
        status, output = verify(_zip_bytes({n: d for n, d in files.items() if n != name}))
        assert (status, "ÉCHEC" in output) == (1, True), name
    assert verify(_zip_bytes({**files, "autre.txt": b""}))[0] == 1


def test_two_files_with_the_same_name_are_found(files, verify):
    data = io.BytesIO(_zip_bytes(files))
    with zipfile.ZipFile(data, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("index.html", files["index.html"])
    assert verify(data.getvalue())[0] == 1


@pytest.mark.parametrize("data", [b"", b"PK", b"\x00" * 100, b"PK\x05\x06" + b"\x00" * 18])
def test_a_broken_archive_fails_without_a_traceback(verify, data):
    status, output = verify(data)
    assert (status, "ÉCHEC" in output) == (1, True)


# --- with a matching manifest --------------------------------------------------------------


def _change_json(files, name, change):
    document = json.loads(files[name])
    change(document)
    return {**files, name: canonical_json(document)}


def _replace_text(files, name, old, new):
    assert old.encode() in files[name]
    return {**files, name: files[name].replace(old.encode(), new.encode())}


def _last_path(files, suffix):
    return sorted(name for name in files if name.endswith(suffix))[-1]


def _change_line(files, ledger, index, **changes):
    """Change a line of a ledger, and rebuild the chain from there."""
    name, manifest = f"journal/{ledger}.jsonl", json.loads(files["manifest.json"])
    rows = files[name].splitlines()
    rows[index] = canonical_json(json.loads(rows[index]) | changes)
    ends, digest, marks = manifest["ledgers"][ledger], None, {}
    digest = bytes.fromhex(ends["digest"])
    for seq, row in enumerate(rows, ends["after"] + 1):
        digest = chain_digest(digest, row)
        marks[seq] = digest.hex()
    ends["head"] = digest.hex()
    lines_document = json.loads(files["journal/lines.json"])
    for line in lines_document["lines"]:
        if line["ledger"] == ledger:
            line["digest"] = marks[line["seq"]]
    lines = {
        name: b"".join(row + b"\n" for row in rows),
        "journal/lines.json": canonical_json(lines_document),
    }
    return {**files, **lines, "manifest.json": canonical_json(manifest)}


def _without_files(files, *names):
    return {name: data for name, data in files.items() if name not in names}


FORGERIES = {
    "a text": lambda f: _replace_text(f, _last_path(f, "text.json"), "Sans", "Avec"),
    "a page": lambda f: _replace_text(f, _last_path(f, "page.json"), "filmer", "crier"),
    "a reason": lambda f: _change_json(
        f, _last_path(f, "version.json"), lambda t: t.update(reason="x")
    ),
    "an author": lambda f: _change_json(
        f, _last_path(f, "version.json"), lambda t: t.update(made_by=3)
    ),
    "a moment": lambda f: _change_json(
        f, _last_path(f, "version.json"), lambda t: t.update(made_at="x")
    ),
    "a salt": lambda f: _change_json(
        f, _last_path(f, "version.json"), lambda t: t.update(salt="00" * 32)
    ),
    "a short salt": lambda f: _change_json(
        f, _last_path(f, "version.json"), lambda t: t.update(salt="")
    ),
    "a renderer": lambda f: _change_json(
        f, _last_path(f, "version.json"), lambda t: t.update(renderer="x")
    ),
    "a text left out": lambda f: _without_files(f, _last_path(f, "text.json")),
    "a version left out": lambda f: _without_files(
        f, *(n for n in f if n.startswith(_last_path(f, "text.json").removesuffix("text.json")))
    ),
    "a text that was destroyed": lambda f: {**f, "versions/2/before-1/text.json": b"{}"},
    "a text before a redaction": lambda f: {**f, "versions/3/before-2/text.json": b"{}"},
    "a text before a redaction left out": lambda f: _without_files(
        f, "versions/3/before-2/text.json"
    ),
    "what a redaction left": lambda f: _replace_text(f, "versions/2/text.json", "Sans", "Avec"),
    "a text of no version": lambda f: {**f, "versions/99/text.json": b"{}"},
    "who did it": lambda f: _change_json(
        f, "journal/lines.json", lambda t: t["lines"][0]["private"].update(by=3)
    ),
    "what was attested": lambda f: _change_json(
        f,
        "journal/lines.json",
        lambda t: [
            line["private"].update(attested=[])
            for line in t["lines"]
            if "attested" in line["private"]
        ],
    ),
    "a private salt": lambda f: _change_json(
        f, "journal/lines.json", lambda t: t["lines"][0].update(salt="11" * 32)
    ),
    "a digest": lambda f: _change_json(
        f, "journal/lines.json", lambda t: t["lines"][0].update(digest="11" * 32)
    ),
    "a line left out of those opened": lambda f: _change_json(
        f,
        "journal/lines.json",
        lambda t: t["lines"].remove(next(li for li in t["lines"] if li["ledger"] == "public")),
    ),
    "a line opened twice": lambda f: _change_json(
        f, "journal/lines.json", lambda t: t["lines"].append(t["lines"][0])
    ),
    "an approval more": lambda f: _change_json(
        f, "dossier.json", lambda t: t["approvals"].append(t["approvals"][0])
    ),
    "an approval less": lambda f: _change_json(f, "dossier.json", lambda t: t["approvals"].pop()),
    "who approved": lambda f: _change_json(
        f, "dossier.json", lambda t: t["approvals"][0].update(given_by=3)
    ),
    "a line of the chain": lambda f: _replace_text(
        f, "journal/public.jsonl", '"act":"redacted"', '"act":"corrected"'
    ),
    "a line cut off": lambda f: {
        **f,
        "journal/desk.jsonl": f["journal/desk.jsonl"].rsplit(b"\n", 2)[0] + b"\n",
    },
    "a half line": lambda f: {**f, "journal/desk.jsonl": f["journal/desk.jsonl"][:-1]},
    # Changed lines with a rebuilt chain and head.
    "a commitment under a new chain": lambda f: _change_line(f, "public", 3, content="00" * 32),
    "a destruction under a new chain": lambda f: _change_line(f, "public", 2, act="corrected"),
    "a private commitment under a new chain": lambda f: _change_line(
        f, "desk", 0, private="00" * 32
    ),
    "a case under a new chain": lambda f: _change_line(f, "public", 1, case=1),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_with_a_matching_manifest_is_found(files, verify, forgery):
    assert verify(_with_fitting_manifest(files))[0] == 0
    forged = FORGERIES[forgery](files)
    assert forged != files
    status, output = verify(_with_fitting_manifest(forged))
    assert (status, "ÉCHEC" in output) == (1, True), output


@pytest.mark.parametrize(
    "changes", [{"case": 2}, {"dossier": 1}, {"ledgers": {}}, {"form": 2, "ledgers": {"desk": {}}}]
)
def test_a_changed_manifest_is_found(files, verify, changes):
    assert verify(_with_fitting_manifest(files, **changes))[0] == 1


def test_changes_that_only_the_manifest_covers_are_not_found_as_documented(files, verify):
    forged = _replace_text(files, "dossier.json", '"bruno"', '"quelqu’un"')
    forged["index.html"] = b"<!doctype html><p>autre</p>"
    status, output = verify(_with_fitting_manifest(forged))
    assert status == 0
    assert "Par le manifeste seul : index.html, les noms, les notes" in output


# --- anchors -------------------------------------------------------------------------------


def test_anchors_are_found_in_a_case_file_and_other_anchors_are_refused(
    build_archive, files, verify
):
    data, marks = build_archive(1), []
    for ledger, ends in json.loads(files["manifest.json"])["ledgers"].items():
        digest = bytes.fromhex(ends["digest"])
        marks.append(f"{ledger}:{ends['after']}:{ends['digest']}")
        for seq, row in enumerate(files[f"journal/{ledger}.jsonl"].splitlines(), ends["after"] + 1):
            digest = chain_digest(digest, row)
            marks.append(f"{ledger}:{seq}:{digest.hex()}")
    assert verify(data, *marks)[0] == 0
    public = [mark.removeprefix("public:") for mark in marks if mark.startswith("public:")]
    assert verify(data, *public)[0] == 0
    for mark in (marks[-1][:-1], marks[-1].upper(), "public:999:" + "0" * 64, "x", public[0][1:]):
        status, output = verify(data, mark)
        assert (status, "ne s'y trouve pas" in output) == (1, True), mark


def test_a_rebuilt_chain_is_found_with_an_anchor(files, verify):
    """Only an anchor reveals a changed line of another case."""
    manifest = json.loads(files["manifest.json"])
    head = f"desk:{manifest['ledgers']['desk']['seq']}:{manifest['ledgers']['desk']['head']}"
    last_index = len(files["journal/desk.jsonl"].splitlines()) - 1
    forged = _with_fitting_manifest(
        _change_line(files, "desk", last_index, at="2020-01-01T00:00:00Z")
    )
    assert verify(_with_fitting_manifest(files), head)[0] == 0
    assert verify(forged)[0] == 0
    assert verify(forged, head)[0] == 1
