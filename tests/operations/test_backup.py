"""A backup taken while the register is written, and its restore in an empty place."""

from __future__ import annotations

import errno
import json
import shutil
import stat
import tarfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import attested_acts as acts
import pyrage
import pytest
from backup_places import no_progress
from case_files import picture
from cast import AT
from databases import open_engine
from report_factory import nonce
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import passkeys
from register.accounts.models import Member, Role
from register.cases.case_evidence import case_evidence
from register.cases.models import CaseState, Incident
from register.journal import Act
from register.operations import age_archive, replay, replay_list, setup
from register.operations import backup as backups
from register.operations import restore as restores
from register.operations.backup_sets import BackupError, sets
from register.reports import acts as reports
from register.reports.models import Report
from register.web import messages


def test_a_backup_is_restored_with_its_cases_reports_and_files(
    places, engine, desk, inbox, store, settings, case_files
):
    case = desk.published()
    report = inbox.received()
    photo = picture() + bytes(1_500_000)
    case_files.added(case.id, photo)
    made = places.back_up(engine)
    assert made.manifest.problems == 0
    assert (made.manifest.blobs, made.copied) == (2, 2)
    assert places.back_up(engine).copied == 0
    restored = places.restore()
    assert (restored.problems, restored.keyless, restored.replay.by_hand) == (0, 0, {})
    with open_engine(places.empty.database_url) as copy, Session(copy) as session:
        assert session.get_one(Incident, case.id).state == CaseState.PUBLISHED
        with closing(setup.key_store(places.empty, session)) as keys:
            assert keys.key(report.key) == store.key(report.key)
            files = setup.sealed_files(places.empty, keys)
            ((_row, file),) = case_evidence(session, keys, case.id)
            assert b"".join(files.parts(file)) == photo
    modes = {
        stat.S_IMODE(path.stat().st_mode) & 0o077
        for top in (places.folder, places.keys, places.empty.instance, places.empty.seal_dir)
        for path in (top, *top.rglob("*"))
    }
    assert modes == {0}


def _note_like_the_worker(engine, store):
    with Session(engine) as session:
        replay_list.update(session, store)


@pytest.mark.parametrize("has_own_keys", [True, False], ids=["own keys", "copied keys"])
def test_what_was_destroyed_or_hidden_after_the_backup_is_so_again(
    places, engine, desk, inbox, store, pen, cast, content, has_own_keys
):
    erased, withdrawn, redacted = (desk.published(title=f"Cas {n}") for n in range(3))
    draft = desk.draft()
    gone, taken_back, purged, kept = (inbox.received() for _count in range(4))
    with pen() as p:
        accounts.set_factor(p, cast.bruno, "A" * 32, store.root, ["a"], 1)
        for name in (b"lost", b"safe"):
            credential = passkeys.Credential(name, b"a key", 0, ())
            passkeys.add_passkey(p, cast.bruno, store.root, name.decode(), credential)
    first = places.back_up(engine, AT)
    with pen() as p:
        lost = passkeys.list_passkeys(p.session, store.root, cast.bruno)[0]
        assert passkeys.remove_passkey(p, cast.bruno, lost.row.id)
        acts.approve(p, erased.id, by=cast.chloe, purpose="erase")
        acts.erase(p, erased.id, by=cast.ada, restriction="donnee_personnelle")
        acts.withdraw(p, withdrawn.id, by=cast.bruno, restriction="securite", reason="r")
        acts.discard(p, draft.id, by=cast.bruno)
        corrected = content(title="Cas 2", summary="Selon le blog, le maire interdit de filmer.")
        acts.redact(p, redacted.id, corrected, by=cast.bruno, reason="r", public_note="n")
        reports.withdraw(p, store, taken_back.key, nonce())
        reports.withdraw(p, store, gone.key, nonce(), destroys=True)
        reports.decline(p, store, purged.key, "insuffisant", by=cast.bruno, sentence="s")
    with pen(AT + timedelta(days=91)) as p:
        reports.purge(p, store, undecided_after=24)
    last = desk.published(title="Un cas de plus")
    with pen() as p:
        accounts.disable_member(p, cast.chloe)
    if has_own_keys:
        _note_like_the_worker(engine, store)
        places.empty = replace(places.empty, seal_dir=places.settings.seal_dir)
    else:
        places.back_up(engine, AT + timedelta(days=2))
    restored = places.restore(name=first.manifest.name)
    assert restored.problems == restored.keyless == 0
    assert restored.replay.by_hand == {Act.REDACTED: [str(redacted.number)]}
    assert restored.case_number == last.number
    with open_engine(places.empty.database_url) as copy, Session(copy) as session:
        states = dict(session.execute(select(Incident.id, Incident.state)).all())
        assert states == {
            erased.id: "erased",
            withdrawn.id: "withdrawn",
            redacted.id: "withdrawn",
            draft.id: "erased",
        }
        rows = {row.key: row for row in session.scalars(select(Report))}
        assert {key: (row.sealed is None, row.state) for key, row in rows.items()} == {
            gone.key: (True, "withdrawn"),
            taken_back.key: (True, "withdrawn"),
            purged.key: (True, "declined"),
            kept.key: (False, "received"),
        }
        assert not session.get_one(Member, cast.chloe).is_active
        (safe,) = passkeys.list_passkeys(session, store.root, cast.bruno)
        assert safe.name == "safe"
        with closing(setup.key_store(places.empty, session)) as keys:
            assert {name.split()[0] for name in keys.names()} == {kept.key}
            session.rollback()
            # Nothing of it is done a second time.
            assert replay.replay(copy, keys, replay_list.entries(keys)).done == {}


@pytest.mark.one_database
def test_an_account_that_cannot_be_closed_again_is_named_by_its_id(places, engine, pen, cast):
    first = places.back_up(engine, AT)
    with pen() as p:
        zoe = accounts.add_member(p, "zoe@register.test", Role.ADMINISTRATOR, "une phrase de Zoé")
        accounts.disable_member(p, cast.ada, by=zoe.id)
    places.back_up(engine, AT + timedelta(days=2))
    restored = places.restore(name=first.manifest.name)
    assert restored.replay.by_hand == {Act.MEMBER_DISABLED: [str(cast.ada)]}


def test_every_act_of_the_list_is_done_again_and_has_its_words():
    acts = {act.value for act in replay_list.SUBJECTS}
    by_hand_only = {Act.REPORT_MASKED, Act.SOURCE_WITHDRAWN, *replay_list.SECRET_ACTS}
    assert messages.console.by_hand.keys() == acts
    assert messages.console.replayed.keys() == acts - {act.value for act in by_hand_only}


@pytest.mark.one_database
def test_a_list_that_cannot_be_read_does_not_pass_for_an_empty_one(engine, store):
    assert replay_list.entries(store) == []  # no table yet
    _note_like_the_worker(engine, store)
    with store.write_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE replay_entry RENAME COLUMN details TO other")
    with pytest.raises(DBAPIError):
        replay_list.entries(store)


@pytest.mark.one_database
def test_the_list_of_what_is_to_be_done_again_holds_no_text(
    places, engine, desk, inbox, store, pen, cast
):
    case = desk.erased(title="Mots à ne pas garder")
    inbox.purged()
    _note_like_the_worker(engine, store)
    entries = [each for each in replay_list.entries(store) if each.event]
    assert {each.act for each in entries} >= {"erased", "report_purged", "member_disabled"}
    assert case.id
    allowed = {"by", "restriction", "state", "reason", "ending"}
    assert {name for each in entries for name in each.details} <= allowed


@pytest.mark.one_database
def test_keys_of_another_place_and_time_are_refused(places, engine, registers, tmp_path, cast):
    with pytest.raises(BackupError, match="backup_same_device"):
        places.back_up(engine, same_device=False)
    places.back_up(engine)
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(BackupError, match="restore_no_keys"):
        restores.restore(places.empty, places.folder, elsewhere, no_progress)
    (key_set,) = sets(places.keys)
    (key_set / "seal.key").write_text("00" * 32)
    with pytest.raises(BackupError, match="restore_keys"):
        places.restore()
    assert not places.empty.instance.exists()
    assert not places.empty.seal_dir.exists()


DAMAGE = (
    (lambda made: _edit_manifest(made, problems=7), "restore_manifest"),
    (lambda made: _edit_manifest(made, instance_id="/tmp"), "backup_manifest"),
    (lambda made: made.rename(made.with_name("20991231T000000Z")), "backup_manifest"),
    (lambda made: (made / "manifest.json").unlink(), "backup_manifest"),
    (lambda made: _flip(next(made.glob("register.*"))), "restore_changed"),
    (lambda made: (made / "evidence.txt").write_text(""), "restore_changed"),
    (lambda made: _flip(next(made.parent.glob("evidence/sealed/*/*"))), "restore_changed"),
)


@pytest.mark.one_database
def test_a_changed_backup_is_refused_before_anything_is_written(places, engine, desk, case_files):
    case_files.added(desk.published().id)
    made = places.back_up(engine)
    sound = places.folder
    for count, (damage, error) in enumerate(DAMAGE):
        places.folder = sound.with_name(f"damaged-{count}")
        shutil.copytree(sound, places.folder)
        damage(places.folder / made.manifest.name)
        with pytest.raises(BackupError, match=error) as refused:
            places.restore()
        assert error != "restore_changed" or Path(refused.value.values["path"]).is_file()
        assert not places.empty.instance.exists()
    # It stops no later backup either; a copy of a blob that was cut is made again.
    (blob,) = (sound.with_name("damaged-4") / "evidence").glob("sealed/*/*")
    blob.write_bytes(blob.read_bytes()[:-1])
    for count in (3, 4, 5):
        places.folder = sound.with_name(f"damaged-{count}")
        places.back_up(engine)
        assert places.restore().problems == 0
        places.clear()


def _edit_manifest(made, **changes):
    path = made / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.one_database
def test_a_place_that_is_not_empty_is_left_as_it_is(places, engine, settings):
    places.back_up(engine)
    with pytest.raises(BackupError, match="restore_not_empty"):
        restores.restore(settings, places.folder, places.keys, no_progress)


@pytest.mark.one_database
def test_old_sets_are_destroyed_and_the_last_one_never_is(places, engine, desk, case_files, store):
    case_files.added(desk.published().id)
    first = places.back_up(engine, AT)
    second = places.back_up(engine, AT + timedelta(days=8))
    assert second.removed == [first.folder.name]
    assert len(sets(places.folder)) == 2
    places.back_up(engine, AT + timedelta(days=60))
    assert len(sets(places.folder)) == len(sets(places.keys)) == 1
    assert list(places.folder.glob("evidence/sealed/*/*"))


@pytest.mark.one_database
@pytest.mark.parametrize("step", ["copied", "copy_blobs", "_copy_keys"])
def test_a_backup_that_fails_leaves_the_last_one_and_no_trace(
    places, engine, desk, case_files, monkeypatch, step
):
    case_files.added(desk.published().id)
    made = places.back_up(engine)

    def fill(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        owners = {"copied": backups.database_copy, "copy_blobs": backups.backup_blobs}
        owner = owners.get(step, backups)
        patch.setattr(owner, step, fill)
        with pytest.raises(BackupError, match="backup_disk_full"):
            places.back_up(engine)
    assert [path.name for path in places.folder.iterdir() if path.name.startswith(".")] == []
    # Without its keys, the newest reports of a set could not be read.
    assert sets(places.folder) == [made.folder]
    # Killed, it leaves a folder without its name, which the next one removes.
    (places.folder / ".unfinished-x").mkdir()
    places.back_up(engine)
    assert not list(places.folder.glob(".unfinished*"))
    assert places.restore(name=made.folder.name).problems == 0


@pytest.mark.one_database
def test_a_set_sealed_by_age_is_restored_with_its_identity_alone(
    places, engine, desk, case_files, tmp_path
):
    case_files.added(desk.published(title="Des mots à chercher").id)
    identity, other = (pyrage.x25519.Identity.generate() for _count in range(2))
    files = [tmp_path / "own.txt", tmp_path / "other.txt"]
    for file, secret in zip(files, (identity, other), strict=True):
        file.write_text(f"# created: today\n{secret}\n")
    with pytest.raises(BackupError, match="age_recipient"):
        places.back_up(engine, recipients=["age1x"])
    for _count in range(2):
        made = places.back_up(engine, recipients=[str(identity.to_public())])
    (archive,) = places.folder.glob("*.age")
    assert archive.stem == made.folder.name
    assert "Des mots à chercher".encode() not in archive.read_bytes()
    cut = tmp_path / "cut.age"
    cut.write_bytes(archive.read_bytes()[:-1000])
    other_content = tmp_path / "film.age"
    other_content.write_bytes(pyrage.encrypt(b"film" * 50_000, [identity.to_public()]))
    places.folder = tmp_path / "none"
    for sealed, file in (
        *((archive, files[1]), (archive, tmp_path / "absent")),
        *((cut, files[0]), (other_content, files[0])),
    ):
        with pytest.raises(BackupError, match="age_"):
            restores.restore(places.empty, sealed, places.keys, no_progress, identity=file)
        assert list(places.empty.instance.glob(".*")) == []
    options = {"identity": files[0]}
    absent = tmp_path / "absent.age"
    with pytest.raises(BackupError, match="restore_none"):
        restores.restore(places.empty, absent, places.keys, no_progress, **options)
    restored = restores.restore(places.empty, archive, places.keys, no_progress, **options)
    assert (restored.problems, len(restored.manifest.files)) == (0, 2)
    assert list(places.empty.instance.glob(".*")) == []
    assert list(places.empty.instance.glob("evidence/*/*/*"))


def test_a_full_disk_is_told_by_its_number_at_either_end_of_an_archive(tmp_path, monkeypatch):
    def fill(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    identity = pyrage.x25519.Identity.generate()
    file, archive = tmp_path / "part", tmp_path / "set.age"
    file.write_bytes(bytes(1_000_000))
    recipients = [identity.to_public()]
    age_archive.seal_files(archive, [("part", file)], recipients)
    monkeypatch.setattr(tarfile.TarFile, "extractall", fill)
    with pytest.raises(OSError, match="No space"):
        age_archive.open_files(archive, tmp_path, [identity])
    monkeypatch.setattr(shutil, "copyfileobj", fill)
    with pytest.raises(OSError, match="No space"):
        age_archive.seal_files(tmp_path / "other.age", [("part", file)], recipients)


@pytest.mark.one_database
def test_a_disk_that_is_too_small_is_refused_before_anything_is_copied(places, engine, monkeypatch):
    usage = shutil.disk_usage(places.settings.instance)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=10_000))
    with pytest.raises(BackupError, match="backup_no_room"):
        places.back_up(engine)
    assert sets(places.folder) == []
