"""The case file, an archive about one case: its contents, its page and its command."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from html.parser import HTMLParser

import attested_acts as acts
import pytest
from report_factory import CONTACT, WORDS

from register.cases.web.desk import content_words
from register.db import db
from register.errors import Invalid, NotFound, Refused
from register.exchange import case_file
from register.journal.models import commitment
from register.web.standalone import standalone_style

pytestmark = pytest.mark.one_database

MARKERS = ("Zinzolin", "Outremer", "Garance")


@pytest.fixture
def full_case(desk, cast, content):
    """A case with every kind of entry; another case contains the markers."""
    desk.draft(title=MARKERS[0], narrative=MARKERS[1])
    case = desk.published(content(justice=True, title="Le titre d’abord"))
    other = desk.published(title=MARKERS[0], summary=MARKERS[1])
    reply = desk.received_reply(case, text="La commune\nconteste.")
    refused = desk.received_reply(case, text="Une réponse injurieuse")
    other_reply = desk.received_reply(other, text=MARKERS[2])
    with desk.pen() as p:
        acts.note(p, case.id, "Note de Bruno :\n<b>à relire</b>", by=cast.bruno)
        acts.note(p, other.id, MARKERS[2], by=cast.ada)
        acts.invite(p, other.id, MARKERS[2], by=cast.ada)
        acts.claim(p, case.id, by=cast.chloe)
        acts.follow_up(
            p,
            case.id,
            by=cast.bruno,
            reason="suite",
            title="Audience",
            text="Elle a eu *lieu*, dit le 01 43 01 43 01.",
            second=cast.chloe,
        )
        acts.reply(p, reply, by=cast.bruno, reason="régulière", second=cast.chloe)
        acts.refuse_reply(p, refused, by=cast.bruno, code="longueur", refusal="injures")
        acts.reply(p, other_reply, by=cast.bruno, reason="r", second=cast.chloe)
        corrected = content(justice=True, title="Le titre « corrigé »")
        acts.correct(
            p,
            case.id,
            corrected,
            by=cast.chloe,
            reason="titre",
            public_note="Titre changé.",
            second=cast.bruno,
        )
    return case


def build_archive(number, store=None):
    """The bytes of the archive of a case, as the command writes them."""
    session = db.session()
    session.rollback()
    gathered = case_file.gather(session, number, store)
    page = content_words.render_case_file(gathered)
    data = b"".join(case_file.build_archive(gathered, page, standalone_style().encode()))
    session.rollback()
    return data


def archive_files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def files(app, full_case):
    return archive_files(build_archive(full_case.number))


def _json(files, name):
    return json.loads(files[name])


def test_each_version_has_its_text_and_the_salt_of_its_commitment(files):
    lines = _json(files, "journal/lines.json")["lines"]
    public_lines = {}
    for ledger in ("public", "desk"):
        for row in files[f"journal/{ledger}.jsonl"].splitlines():
            public_line = json.loads(row)
            public_lines[ledger, public_line["seq"]] = public_line
    texts = [name for name in files if name.endswith("/text.json")]
    assert len(texts) == 5  # drafted, published, followed up, replied, corrected
    for line in lines:
        public_line = public_lines[line["ledger"], line["seq"]]
        if public_line["content"]:
            folder = f"versions/{line['private']['revision']}/"
            version = _json(files, folder + "version.json")
            salt = bytes.fromhex(version["salt"])
            assert commitment(salt, files[folder + "text.json"]) == public_line["content"]
            assert version["reason"]
            assert version["made_by"] == line["private"]["by"]
    reasons = {_json(files, name)["reason"] for name in files if name.endswith("version.json")}
    assert reasons == {"repéré dans la presse", "lu et vérifié", "suite", "régulière", "titre"}


def test_the_acts_of_members_on_the_case_are_included(files, cast):
    document = _json(files, "dossier.json")
    assert document["case"]["state"] == "published"
    assert document["case"]["held_by"] == cast.chloe
    assert [row["given_by"] for row in document["approvals"]] == [cast.chloe]
    assert [row["text"] for row in document["invitations"]] == ["courriel au maire"]
    assert {row["state"]: row["text"] for row in document["replies"]} == {
        "published": "La commune\nconteste.",
        "refused": "Une réponse injurieuse",
    }
    assert [row["refusal"] for row in document["replies"] if row["refusal"]] == ["injures"]
    assert [row["title"] for row in document["follow_ups"]] == ["Audience"]
    assert [row["note"] for row in document["corrections"]] == ["Titre changé."]
    assert [row["text"] for row in document["notes"]] == ["Note de Bruno :\n<b>à relire</b>"]
    # Only the members who acted on this case.
    assert document["members"] == {str(cast.bruno): "bruno", str(cast.chloe): "chloe"}


def test_each_line_of_the_case_is_included_with_the_rest_of_its_ledger(files, full_case):
    lines = _json(files, "journal/lines.json")["lines"]
    assert len(lines) == 12
    assert {line["private"]["dossier"] for line in lines} == {full_case.id}
    manifest = _json(files, "manifest.json")
    for ledger, ends in manifest["ledgers"].items():
        first = min(line["seq"] for line in lines if line["ledger"] == ledger)
        rows = files[f"journal/{ledger}.jsonl"].splitlines()
        assert json.loads(rows[0])["seq"] == first == ends["after"] + 1
        assert json.loads(rows[-1])["seq"] == ends["seq"]


def test_the_archive_contains_no_text_of_another_case(files, app, full_case):
    for name, data in files.items():
        for marker in MARKERS:
            assert marker.encode() not in data, name
    # The archive of the other case has the markers.
    other_contents = b"".join(archive_files(build_archive(full_case.number + 1)).values())
    assert all(marker.encode() in other_contents for marker in MARKERS)


def test_the_archive_contains_no_address_of_a_member(files):
    assert [name for name, data in files.items() if b"register.test" in data] == []


def test_the_manifest_names_every_file_with_its_digest(files):
    manifest = _json(files, "manifest.json")
    digests = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name != "manifest.json"
    }
    assert manifest["files"] == digests


def test_the_same_state_gives_the_same_bytes(app, full_case, desk, monkeypatch):
    first = build_archive(full_case.number)
    monkeypatch.setattr(zipfile.time, "time", lambda: 2_000_000_000.0)
    assert build_archive(full_case.number) == first
    desk.draft()
    assert build_archive(full_case.number) != first


def test_the_retained_reports_are_included_without_the_contact(app, full_case, inbox, store):
    inbox.accepted(into=full_case.id, contact=CONTACT, links=("https://exemple.test/vu",))
    inbox.accepted(account=MARKERS[0])
    files = archive_files(build_archive(full_case.number, store))
    (report,) = _json(files, "signalements.json")["reports"]
    assert (report["recit"], report["liens"]) == (WORDS, ["https://exemple.test/vu"])
    assert WORDS in files["index.html"].decode()
    contents = b"".join(files.values())
    assert CONTACT.encode() not in contents
    assert MARKERS[0].encode() not in contents
    # Without the seal key the archive lacks the reports, and its page says so.
    files = archive_files(build_archive(full_case.number))
    assert "signalements.json" not in files
    assert WORDS.encode() not in b"".join(files.values())
    assert "la clé de scellement n’était pas là" in files["index.html"].decode()


def test_the_command_reports_that_the_reports_could_not_be_decrypted(
    app, full_case, inbox, settings, tmp_path
):
    inbox.accepted(into=full_case.id)
    runner, path = app.test_cli_runner(), tmp_path / "d.zip"
    arguments = ["case-file", str(full_case.number), "--output", str(path), "--force"]
    outcome = runner.invoke(args=arguments)
    assert (outcome.exit_code, "signalements.json" in archive_files(path.read_bytes())) == (0, True)
    (settings.seal_dir / "keys.sqlite3").rename(tmp_path / "ailleurs")
    outcome = runner.invoke(args=arguments)
    assert (outcome.exit_code, "signalements.json" in archive_files(path.read_bytes())) == (
        0,
        False,
    )
    assert "n’y sont pas" in outcome.output


# --- redacted, withdrawn and erased cases -------------------------------------------------------


def test_a_redacted_version_is_in_the_file_twice_until_its_passage_is_destroyed(
    app, desk, cast, content
):
    case = desk.published(title="Un nom de trop")
    with desk.pen() as p:
        acts.note(p, case.id, "Un nom de trop", by=cast.bruno)
        redacted = content(title="Sans")
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="jugement", public_note="Ôté.")
    files = archive_files(build_archive(case.number))
    assert _json(files, "versions/2/text.json")["title"] == "[passage retiré]"
    assert _json(files, "versions/2/before-1/text.json")["title"] == "Un nom de trop"
    assert "avant le caviardage nº" in files["index.html"].decode()
    desk.destroy()
    files = archive_files(build_archive(case.number))
    assert b"Un nom de trop" not in b"".join(files.values())
    texts = {name for name in files if name.endswith("text.json")}
    assert texts == {f"versions/{number}/text.json" for number in (1, 2, 3)}


def test_a_destroyed_version_has_the_line_of_its_destruction(app, desk, cast, content):
    case = desk.published(title="Un nom de trop")
    with desk.pen() as p:
        redacted = content(title="Sans")
        arguments = {"by": cast.bruno, "reason": "jugement", "public_note": "Ôté."}
        acts.redact(p, case.id, redacted, hidden=[1, 2], passages=["de trop"], **arguments)
    desk.destroy()
    files = archive_files(build_archive(case.number))
    destroyed = [_json(files, f"versions/{number}/version.json") for number in (1, 2)]
    line = destroyed[0]["destroyed_by"]
    assert line["ledger"] == "desk"
    assert destroyed[1]["destroyed_by"] == line
    assert [version["salt"] for version in destroyed] == [None, None]
    assert {name for name in files if name.endswith("text.json")} == {"versions/3/text.json"}
    page = files["index.html"].decode()
    assert page.count(f"Texte détruit par la ligne {line['seq']}") == 2


@pytest.mark.parametrize("end", ["withdrawn", "merged", "erased"])
def test_a_case_that_is_no_longer_public_has_its_file(app, desk, end):
    case = getattr(desk, end)(title="Zinzolin")
    files = archive_files(build_archive(case.number))
    document = _json(files, "dossier.json")
    assert document["case"]["state"] == end
    assert (b"inzolin" in b"".join(files.values())) is (end != "erased")
    if end == "merged":
        assert document["case"]["merged_into"] == 1
        assert _json(archive_files(build_archive(1)), "dossier.json")["case"]["merged_here"] == [
            case.number
        ]


@pytest.mark.parametrize("number", [99, 10**9])
def test_an_unknown_number_has_no_case_file(app, desk, number):
    desk.draft()
    with pytest.raises(NotFound) as refused:
        case_file.gather(db.session(), number)
    assert refused.value.key == "no_such_number"


# --- the page -----------------------------------------------------------------------------------


class _Page(HTMLParser):
    """The elements and the words of a page."""

    def __init__(self):
        super().__init__()
        self.elements, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_of_a_case_file_has_every_part_in_words(files):
    page = _Page()
    page.feed(files["index.html"].decode())
    words = " ".join(" ".join(page.words).split())
    for sentence in (
        "Dossier du cas nº 1",
        "Chloe a approuvé une version, pour la publier",
        "Approuvé par\u00a0: chloe",
        "Bruno a refusé un droit de réponse",
        "Motif du refus\u00a0: injures",
        "Le titre d’abord",
        "Le titre «\u202fcorrigé\u202f»",
        "Note de Bruno\u00a0:",
        "Elles n’ont jamais été publiées",
        "courriel au maire",
        "Une réponse injurieuse",
        "«\u202f01 43 01 43 01\u202f»\u00a0: relu",
        "https://exemple.test/gagny",
        "Information, pas un conseil juridique.",
    ):
        assert sentence.replace("\u00a0", " ").replace("\u202f", " ") in words.replace(
            "\u00a0", " "
        ).replace("\u202f", " "), sentence


def test_the_page_loads_its_style_sheet_only_and_has_no_script(files):
    page = _Page()
    page.feed(files["index.html"].decode())
    tags = {tag for tag, _attrs in page.elements}
    assert not tags & {"script", "style", "img", "iframe", "form", "object", "b"}
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name == "style" or name.startswith("on")], tag
    loaded = [attrs["href"] for tag, attrs in page.elements if tag == "link"]
    assert loaded == ["style.css"]
    assert "style.css" in files
    assert b"url(" not in files["style.css"]


def test_the_texts_of_the_case_are_escaped_on_the_page(app, desk, cast):
    case = desk.published(title="<script>alert(1)</script>")
    with desk.pen() as p:
        acts.note(p, case.id, "<img src=x onerror=alert(1)>", by=cast.bruno)
    page = archive_files(build_archive(case.number))["index.html"].decode()
    assert "<script" not in page
    assert "<img" not in page


# --- the file -----------------------------------------------------------------------------------


def test_the_command_writes_a_file_readable_by_its_owner_only(
    app, full_case, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    outcome = app.test_cli_runner().invoke(args=["case-file", str(full_case.number)])
    assert outcome.exit_code == 0, outcome.output
    path = tmp_path / f"dossier-{full_case.number}.zip"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == build_archive(full_case.number)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in outcome.output
    assert "notes internes comprises" in outcome.output
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == [path.name]


def test_the_command_writes_to_the_standard_output(app, full_case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["case-file", str(full_case.number), "--output", "-"]
    outcome = app.test_cli_runner().invoke(args=arguments)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout_bytes == build_archive(full_case.number)
    assert hashlib.sha256(outcome.stdout_bytes).hexdigest() in outcome.stderr
    assert not list(tmp_path.glob("*.zip"))


def test_the_command_overwrites_nothing_without_its_option(app, full_case, tmp_path):
    path = tmp_path / "ici.zip"
    path.write_bytes(b"autre chose")
    runner, arguments = app.test_cli_runner(), ["case-file", "1", "--output", str(path)]
    outcome = runner.invoke(args=arguments)
    assert (outcome.exit_code, path.read_bytes()) == (1, b"autre chose")
    assert "existe déjà" in outcome.output
    outcome = runner.invoke(args=[*arguments, "--force"])
    assert outcome.exit_code == 0, outcome.output
    assert "Archive remplacée" in outcome.output
    assert path.read_bytes() == build_archive(1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", ["0", "-1", "douze", "99", "99999999999999999999"])
def test_an_unknown_number_is_reported_and_leaves_no_file(
    app, full_case, tmp_path, monkeypatch, number
):
    monkeypatch.chdir(tmp_path)
    outcome = app.test_cli_runner().invoke(args=["case-file", "--", number])
    assert outcome.exit_code != 0
    assert outcome.output.strip()
    if number == "99":
        assert outcome.output == "Aucun cas ne porte le numéro 99.\n"
    assert [entry for entry in tmp_path.iterdir() if entry.is_file()] == []


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path):
    target = tmp_path / "aim"
    (tmp_path / "link.zip").symlink_to(target)
    with pytest.raises(Refused) as refused:
        case_file.save([b"data"], tmp_path / "link.zip")
    assert refused.value.key == "file_exists"
    case_file.save([b"data"], tmp_path / "link.zip", replace=True)
    assert not target.exists()
    assert not (tmp_path / "link.zip").is_symlink()


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(Invalid) as refused:
        case_file.save([b"data"], tmp_path / "nowhere" / "x.zip")
    assert refused.value.key == "file_unwritable"


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_no_partial_file(tmp_path, monkeypatch, replace):
    path = tmp_path / "x.zip"
    if replace:
        path.write_bytes(b"avant")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Invalid) as refused:
        case_file.save([b"data"], path, replace=replace)
    assert refused.value.values["cause"] == "No space left on device"
    remaining = [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()]
    assert remaining == ([("x.zip", b"avant")] if replace else [])
