"""Everything about one case in one archive: what is in it, and what is not."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from html.parser import HTMLParser

import pytest
from report_factory import CONTACT, WORDS

from register.cases import acts
from register.cases.vocabulary import current_vocabulary
from register.cases.web.desk import content_words
from register.db import db
from register.errors import Invalid, NotFound, Refused
from register.exchange import case_file
from register.journal.models import commitment

pytestmark = pytest.mark.one_database

MARKERS = ("Zinzolin", "Outremer", "Garance")


@pytest.fixture
def whole(desk, cast, content):
    """A case with everything in it, and around it another one full of words of its own."""
    desk.draft(title=MARKERS[0], narrative=MARKERS[1])
    filed = desk.published(content(justice=True, title="Le titre d’abord"))
    other = desk.published(title=MARKERS[0], summary=MARKERS[1])
    reply = desk.received_reply(filed, text="La commune\nconteste.")
    refused = desk.received_reply(filed, text="Une réponse injurieuse")
    theirs = desk.received_reply(other, text=MARKERS[2])
    with desk.pen() as p:
        acts.note(p, filed.id, "Note de Bruno :\n<b>à relire</b>", by=cast.bruno)
        acts.note(p, other.id, MARKERS[2], by=cast.ada)
        acts.invite(p, other.id, MARKERS[2], by=cast.ada)
        acts.claim(p, filed.id, by=cast.chloe)
        acts.follow_up(
            p,
            filed.id,
            by=cast.bruno,
            reason="suite",
            title="Audience",
            text="Elle a eu *lieu*.",
            second=cast.chloe,
        )
        acts.reply(p, reply, by=cast.bruno, reason="régulière", second=cast.chloe)
        acts.refuse_reply(p, refused, by=cast.bruno, refusal="injures")
        acts.reply(p, theirs, by=cast.bruno, reason="r", second=cast.chloe)
        told = content(justice=True, title="Le titre « corrigé »")
        acts.correct(
            p,
            filed.id,
            told,
            by=cast.chloe,
            reason="titre",
            public_note="Titre changé.",
            second=cast.bruno,
        )
    return filed


def made(number, store=None):
    """The archive of a case as the command makes it."""
    session = db.session()
    session.rollback()
    found = case_file.gather(session, number, store)
    page = content_words.render_case_file(
        found, current_vocabulary(session), "http://127.0.0.1:5000"
    )
    data = case_file.build_archive(found, page, content_words.render_case_file_style())
    session.rollback()
    return data


def opened(data):
    with zipfile.ZipFile(io.BytesIO(data)) as there:
        assert there.testzip() is None
        return {name: there.read(name) for name in there.namelist()}


@pytest.fixture
def files(app, whole):
    return opened(made(whole.number))


def _json(files, name):
    return json.loads(files[name])


def test_each_version_is_there_with_what_binds_it(files):
    lines = _json(files, "journal/lines.json")["lines"]
    sealed = {}
    for ledger in ("public", "desk"):
        for row in files[f"journal/{ledger}.jsonl"].splitlines():
            told = json.loads(row)
            sealed[ledger, told["seq"]] = told
    texts = [name for name in files if name.endswith("/text.json")]
    assert len(texts) == 5  # drafted, published, followed up, replied, corrected
    for line in lines:
        told = sealed[line["ledger"], line["seq"]]
        if told["content"]:
            here = f"versions/{line['private']['revision']}/"
            about = _json(files, here + "version.json")
            salt = bytes.fromhex(about["salt"])
            assert commitment(salt, files[here + "text.json"]) == told["content"]
            assert about["reason"]
            assert about["made_by"] == line["private"]["by"]
    reasons = {_json(files, name)["reason"] for name in files if name.endswith("version.json")}
    assert reasons == {"repéré dans la presse", "lu et vérifié", "suite", "régulière", "titre"}


def test_what_members_did_around_it_is_there(files, cast):
    told = _json(files, "dossier.json")
    assert told["case"]["state"] == "published"
    assert told["case"]["held_by"] == cast.chloe
    assert [row["given_by"] for row in told["approvals"]] == [cast.chloe]
    assert [row["text"] for row in told["invitations"]] == ["courriel au maire"]
    assert {row["state"]: row["text"] for row in told["replies"]} == {
        "published": "La commune\nconteste.",
        "refused": "Une réponse injurieuse",
    }
    assert [row["refusal"] for row in told["replies"] if row["refusal"]] == ["injures"]
    assert [row["title"] for row in told["follow_ups"]] == ["Audience"]
    assert [row["note"] for row in told["corrections"]] == ["Titre changé."]
    assert [row["text"] for row in told["notes"]] == ["Note de Bruno :\n<b>à relire</b>"]
    # Who did something to this case, and nobody else.
    assert told["members"] == {str(cast.bruno): "bruno", str(cast.chloe): "chloe"}


def test_each_line_of_the_case_is_opened_and_stands_in_its_ledger(files, whole):
    lines = _json(files, "journal/lines.json")["lines"]
    assert len(lines) == 12
    assert {line["private"]["dossier"] for line in lines} == {whole.id}
    manifest = _json(files, "manifest.json")
    for ledger, ends in manifest["ledgers"].items():
        first = min(line["seq"] for line in lines if line["ledger"] == ledger)
        rows = files[f"journal/{ledger}.jsonl"].splitlines()
        assert json.loads(rows[0])["seq"] == first == ends["after"] + 1
        assert json.loads(rows[-1])["seq"] == ends["seq"]


def test_no_word_of_another_case_is_in_it(files, app, whole):
    for name, data in files.items():
        for marker in MARKERS:
            assert marker.encode() not in data, name
    # The markers are where they belong.
    others = b"".join(opened(made(whole.number + 1)).values())
    assert all(marker.encode() in others for marker in MARKERS)


def test_no_address_of_a_member_is_in_it(files):
    assert [name for name, data in files.items() if b"register.test" in data] == []


def test_the_manifest_names_every_file_with_its_digest(files):
    manifest = _json(files, "manifest.json")
    there = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name != "manifest.json"
    }
    assert manifest["files"] == there


def test_the_same_state_gives_the_same_bytes(app, whole, desk, monkeypatch):
    first = made(whole.number)
    monkeypatch.setattr(zipfile.time, "time", lambda: 2_000_000_000.0)
    assert made(whole.number) == first
    desk.draft()
    assert made(whole.number) != first


def test_what_the_case_keeps_of_reports_is_there_without_the_contact(app, whole, inbox, store):
    inbox.accepted(into=whole.id, contact=CONTACT, links=("https://exemple.test/vu",))
    inbox.accepted(account=MARKERS[0])
    files = opened(made(whole.number, store))
    (told,) = _json(files, "signalements.json")["reports"]
    assert (told["recit"], told["liens"]) == (WORDS, ["https://exemple.test/vu"])
    assert WORDS in files["index.html"].decode()
    everything = b"".join(files.values())
    assert CONTACT.encode() not in everything
    assert MARKERS[0].encode() not in everything
    # Without the seal key the rest is to be had, and the page says what is missing.
    files = opened(made(whole.number))
    assert "signalements.json" not in files
    assert WORDS.encode() not in b"".join(files.values())
    assert "la clé de scellement n’était pas là" in files["index.html"].decode()


def test_the_command_says_what_it_could_not_open(app, whole, inbox, settings, tmp_path):
    inbox.accepted(into=whole.id)
    runner, path = app.test_cli_runner(), tmp_path / "d.zip"
    told = ["case-file", str(whole.number), "--output", str(path), "--force"]
    done = runner.invoke(args=told)
    assert (done.exit_code, "signalements.json" in opened(path.read_bytes())) == (0, True)
    (settings.seal_dir / "keys.sqlite3").rename(tmp_path / "ailleurs")
    done = runner.invoke(args=told)
    assert (done.exit_code, "signalements.json" in opened(path.read_bytes())) == (0, False)
    assert "n’y sont pas" in done.output


# --- what became of it --------------------------------------------------------------------------


def test_a_redacted_version_names_the_line_that_destroyed_it(app, desk, cast, content):
    filed = desk.published(title="Un nom de trop")
    with desk.pen() as p:
        acts.note(p, filed.id, "Un nom de trop", by=cast.bruno)
        told = content(title="Sans")
        acts.redact(p, filed.id, told, by=cast.bruno, reason="jugement", public_note="Un nom.")
    desk.destroy()
    files = opened(made(filed.number))
    assert b"Un nom de trop" not in b"".join(files.values())
    gone = [_json(files, f"versions/{number}/version.json") for number in (1, 2)]
    line = gone[0]["destroyed_by"]
    assert line["ledger"] == "desk"
    assert gone[1]["destroyed_by"] == line
    assert [told["salt"] for told in gone] == [None, None]
    assert {name for name in files if name.endswith("text.json")} == {"versions/3/text.json"}
    page = files["index.html"].decode()
    assert page.count(f"Texte détruit par la ligne {line['seq']}") == 2


@pytest.mark.parametrize("what", ["withdrawn", "merged", "erased"])
def test_a_case_that_is_no_longer_shown_has_its_file(app, desk, what):
    filed = getattr(desk, what)(title="Zinzolin")
    files = opened(made(filed.number))
    told = _json(files, "dossier.json")
    assert told["case"]["state"] == what
    assert (b"inzolin" in b"".join(files.values())) is (what != "erased")
    if what == "merged":
        assert told["case"]["merged_into"] == 1
        assert _json(opened(made(1)), "dossier.json")["case"]["merged_here"] == [filed.number]


@pytest.mark.parametrize("number", [99, 10**9])
def test_there_is_no_file_of_an_unknown_number(app, desk, number):
    desk.draft()
    with pytest.raises(NotFound) as refused:
        case_file.gather(db.session(), number)
    assert refused.value.key == "no_such_number"


# --- the page -----------------------------------------------------------------------------------


class _Page(HTMLParser):
    """What a page is made of."""

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
    for said in (
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
        "Réponse aux signaux de risque",
        "https://exemple.test/gagny",
        "Information, pas un conseil juridique.",
    ):
        assert said.replace("\u00a0", " ").replace("\u202f", " ") in words.replace(
            "\u00a0", " "
        ).replace("\u202f", " "), said


def test_the_page_stands_alone_and_runs_nothing(files):
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


def test_what_people_wrote_is_text_on_the_page(app, desk, cast):
    filed = desk.published(title="<script>alert(1)</script>")
    with desk.pen() as p:
        acts.note(p, filed.id, "<img src=x onerror=alert(1)>", by=cast.bruno)
    page = opened(made(filed.number))["index.html"].decode()
    assert "<script" not in page
    assert "<img" not in page


# --- the file -----------------------------------------------------------------------------------


def test_the_command_writes_a_file_for_its_owner_alone(app, whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = app.test_cli_runner().invoke(args=["case-file", str(whole.number)])
    assert done.exit_code == 0, done.output
    path = tmp_path / f"dossier-{whole.number}.zip"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == made(whole.number)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in done.output
    assert "notes internes comprises" in done.output
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == [path.name]


def test_the_command_overwrites_nothing_without_its_option(app, whole, tmp_path):
    path = tmp_path / "ici.zip"
    path.write_bytes(b"autre chose")
    runner, told = app.test_cli_runner(), ["case-file", "1", "--output", str(path)]
    done = runner.invoke(args=told)
    assert (done.exit_code, path.read_bytes()) == (1, b"autre chose")
    assert "existe déjà" in done.output
    done = runner.invoke(args=[*told, "--force"])
    assert done.exit_code == 0, done.output
    assert "Archive remplacée" in done.output
    assert path.read_bytes() == made(1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", ["0", "-1", "douze", "99", "99999999999999999999"])
def test_an_unknown_number_is_reported_and_leaves_no_file(
    app, whole, tmp_path, monkeypatch, number
):
    monkeypatch.chdir(tmp_path)
    done = app.test_cli_runner().invoke(args=["case-file", "--", number])
    assert done.exit_code != 0
    assert done.output.strip()
    if number == "99":
        assert done.output == "Aucun cas ne porte le numéro 99.\n"
    assert [found for found in tmp_path.iterdir() if found.is_file()] == []


def test_a_link_is_never_written_through(tmp_path):
    aim = tmp_path / "aim"
    (tmp_path / "link.zip").symlink_to(aim)
    with pytest.raises(Refused) as refused:
        case_file.save(b"data", tmp_path / "link.zip")
    assert refused.value.key == "file_exists"
    case_file.save(b"data", tmp_path / "link.zip", replace=True)
    assert not aim.exists()
    assert not (tmp_path / "link.zip").is_symlink()


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(Invalid) as refused:
        case_file.save(b"data", tmp_path / "nowhere" / "x.zip")
    assert refused.value.key == "file_unwritable"


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, replace):
    path = tmp_path / "x.zip"
    if replace:
        path.write_bytes(b"avant")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(case_file.os, "fsync", full)
    with pytest.raises(Invalid) as refused:
        case_file.save(b"data", path, replace=replace)
    assert refused.value.values["cause"] == "No space left on device"
    left = [(found.name, found.read_bytes()) for found in tmp_path.iterdir()]
    assert left == ([("x.zip", b"avant")] if replace else [])
