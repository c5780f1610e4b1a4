"""The findings of ``doctor``, and its answer to each fault."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from case_contents import a_case
from cast import AT
from report_factory import a_report, nonce
from s3_server import s3_bucket
from sqlalchemy import NullPool, create_engine, text

from register import encryption
from register.config import LEGAL_FIELDS
from register.db import now, write_engine
from register.evidence.clean_copy import copies
from register.evidence.sealed_files import new_file
from register.incoming import acts as incoming
from register.incoming.content import ReplyContent
from register.key_store import KeyStore
from register.operations import doctor, outages, replay_list, setup
from register.operations.doctor import examine
from register.reports import acts
from register.reports.acts import purging
from register.text.dates import paris_day


def _faults(settings):
    return {finding.code: finding.detail for finding in examine(settings) if not finding.good}


def test_a_sound_register_has_nothing_wrong(settings, engine, desk, inbox):
    desk.published()
    inbox.accepted(now())
    codes = [finding.code for finding in examine(settings)]
    assert _faults(settings) == {}
    assert codes == [
        "account",
        "disk",
        "database",
        "schema",
        "seal",
        "key_store",
        "territory",
        "vocabulary",
        "texts",
        "journal",
        "journal",
        "journal",
        "clock",
        "mode",
        "owner",
        "copies",
        "report_keys",
        "evidence_store",
        "evidence_left",
        "evidence_versions",
        "evidence_files",
        "overdue",
        "late_texts",
        "retention",
        "service_mode",
        "addresses",
        "copy_child",
        "ffmpeg" if copies.has_ffmpeg() else "no_ffmpeg",
        "legal",
    ]


def test_a_system_that_does_not_restrict_copies_is_reported(settings, engine, monkeypatch):
    monkeypatch.setattr(copies, "missing_protections", lambda: ["network", "files"])
    monkeypatch.setattr(copies, "has_ffmpeg", lambda: False)
    assert _faults(settings) == {"copy_child": "network, files"}
    assert "no_ffmpeg" in {finding.code for finding in examine(settings)}


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("schema", "UPDATE alembic_version SET version_num = '0000'"),
        ("schema", "UPDATE alembic_version SET version_num = '9999'"),
        ("territory", "UPDATE dataset SET version = 'old' WHERE name = 'case_code'"),
        ("vocabulary", "DELETE FROM dataset WHERE name = 'vocabulary'"),
        ("journal", "UPDATE journal_head SET seq = 9 WHERE ledger = 'desk'"),
        ("key_store", "UPDATE identity SET seal_check = 'x'"),
    ],
)
def test_each_fault_of_the_database_is_reported_alone(settings, engine, code, statement):
    with write_engine(engine).begin() as connection:
        connection.execute(text(statement))
    assert set(_faults(settings)) == {code}


def test_a_place_of_a_case_that_the_territory_does_not_know_is_named(settings, engine, desk):
    desk.published()
    with write_engine(engine).begin() as connection:
        connection.execute(
            text("UPDATE case_code SET code = '99999' WHERE axis = 'commune_saisie'")
        )
    assert _faults(settings) == {"territory": "99999"}


@pytest.mark.parametrize("table", ["dataset", "journal_head", "retention_clock", "report_kept"])
def test_a_missing_table_is_reported_without_a_crash(settings, engine, table):
    with write_engine(engine).begin() as connection:
        connection.execute(text(f"DROP TABLE {table}"))
    assert _faults(settings)


def test_a_missing_seal_key_is_named(settings, engine):
    (settings.seal_dir / encryption.KEY_FILE).unlink()
    assert set(_faults(settings)) == {"seal"}


def test_a_missing_or_foreign_key_store_is_named(settings, engine, store):
    path = Path(store.where)
    moved = path.with_name("kept")
    store.close()
    for file in path.parent.glob("keys.sqlite3*"):
        file.rename(file.with_name(file.name.replace("keys.sqlite3", "kept")))
    assert set(_faults(settings)) == {"key_store"}
    assert not path.exists()
    foreign_store = KeyStore(f"sqlite:///{path}", bytes(32), "another")
    foreign_store.make_store()
    foreign_store.close()
    assert set(_faults(settings)) == {"key_store"}
    moved.replace(path)
    assert _faults(settings) == {}


def test_reports_that_lost_their_key_are_counted(settings, engine, store, inbox):
    keys = [inbox.received(now()).key for _ in range(3)][:2]
    store.destroy(keys)
    assert _faults(settings) == {"report_keys": "2"}


def test_reports_late_for_a_decision_or_their_destruction_are_counted(settings, engine, inbox):
    inbox.received(now() - timedelta(days=367))
    inbox.received(now() - timedelta(days=360))
    inbox.declined(now() - timedelta(days=367))
    # The declined one should have been destroyed long ago.
    assert _faults(settings) == {"overdue": "1", "late_texts": "1"}


def test_a_clock_that_jumped_is_named_with_the_last_day_known(settings, engine, store):
    purging.run_retention(engine, store, now() - timedelta(days=40), 24)
    day = paris_day(now() - timedelta(days=40)).isoformat()
    assert _faults(settings) == {"retention": day}
    purging.run_retention(engine, store, now(), 24, confirmed=True)
    assert _faults(settings) == {}


def test_a_key_store_that_others_may_read_is_named_with_its_mode(settings, engine, store):
    Path(store.where).chmod(0o644)
    assert _faults(settings) == {"mode": f"{store.where} 644"}


def test_a_data_folder_that_others_may_read_is_named_with_its_mode(settings, engine):
    settings.instance.chmod(0o755)
    assert _faults(settings) == {"mode": f"{settings.instance} 755"}


@pytest.mark.skipif(os.geteuid() != 0, reason="files of another account need root")
def test_secrets_of_another_account_are_named(settings, engine, store):
    key = settings.seal_dir / encryption.KEY_FILE
    os.chown(key, 65534, -1)
    assert _faults(settings) == {"owner": f"{key} nobody"}


def test_a_file_of_a_setting_that_others_may_read_is_named(settings, engine, tmp_path, monkeypatch):
    password = tmp_path / "mail"
    password.write_text("smtp://registre:secret@courriel.test")
    monkeypatch.setenv("REGISTER_MAIL_URL_FILE", str(password))
    password.chmod(0o640)
    assert _faults(settings) == {"mode": f"{password} 640"}
    password.chmod(0o600)
    assert _faults(settings) == {}


def test_open_folders_of_backups_and_what_they_keep_too_long_are_named(
    settings, engine, store, tmp_path
):
    folder, keys = tmp_path / "backup", tmp_path / "keys"
    for place in (folder, keys):
        place.mkdir(mode=0o700)
    at = {"at": now().isoformat(), "folder": str(folder), "keys": str(keys)}
    replay_list.note(store, replay_list.BACKUP, at)
    old, young = folder / ".unfinished-1", keys / ".rehearsal-2"
    for place in (old, young):
        place.mkdir()
    os.utime(old, (0, 0))
    assert _faults(settings) == {"copies": str(old)}
    old.rmdir()
    keys.chmod(0o750)
    assert _faults(settings) == {"mode": f"{keys} 750"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["20261129T010203.copy", "restoring"])
def test_a_copy_that_an_upgrade_or_a_restore_left_is_named(settings, engine, name):
    copy = settings.instance / f"register.sqlite3.{name}"
    copy.touch(mode=0o600)
    assert _faults(settings) == {"copies": str(copy)}


def test_a_clock_behind_the_journal_is_named(settings, engine, desk, monkeypatch):
    desk.published()
    monkeypatch.setattr("register.operations.doctor.now", lambda: AT - timedelta(days=1))
    assert set(_faults(settings)) == {"clock"}


def test_a_disk_that_is_nearly_full_is_named_beside_all_else(settings, engine, monkeypatch):
    monkeypatch.setattr(outages, "_LOW", 1 << 60)
    monkeypatch.setattr(outages, "_LOW_SHARE", 1)
    assert set(_faults(settings)) == {"disk"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("publisher_name", "Association fictive (démonstration)"),
        ("publisher_address", "1 rue de l’Exemple, 93000 Bobigny"),
        ("hosting_phone", "01 99 00 56 78"),
        ("publisher_phone", "+33 1 99 00 12 34"),
        ("contact_email", "contact@registre.example"),
    ],
)
def test_a_legal_notice_of_an_example_is_named(settings, engine, field, value):
    legal = dict.fromkeys(LEGAL_FIELDS, "Ligue des blogueurs, 01 42 00 12 34")
    public = replace(settings, base_url="https://registre.test", **{**legal, field: value})
    faults = _faults(public)
    assert faults["legal_words"] == f"REGISTER_{field.upper()}"
    assert "legal_words" not in _faults(replace(public, **legal))
    assert "legal_words" not in _faults(replace(settings, **{field: value}))


def test_a_public_register_without_its_legal_notice_is_named(settings, engine):
    public = replace(settings, base_url="https://registre.exemple.test")
    assert set(_faults(public)) == {"legal", "backup", "rehearsal"}
    assert _faults(replace(public, **dict.fromkeys(LEGAL_FIELDS, "x"))).keys() == {
        "backup",
        "rehearsal",
    }


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_missing_database_is_reported_and_no_empty_file_is_made(settings, engine):
    engine.dispose()
    for file in settings.instance.glob("register.sqlite3*"):
        file.unlink()
    path = settings.instance / "register.sqlite3"
    assert _faults(settings) == {"database_missing": str(path)}
    assert not path.exists()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("served", [True, False])
def test_doctor_changes_no_file(settings, engine, store, inbox, served):
    inbox.received(now())
    if not served:
        engine.dispose()
        store.close()
    folders = (settings.instance, settings.seal_dir)

    def files():
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_size)
            for folder in folders
            for path in folder.rglob("*")
        }

    before = files()
    assert _faults(settings) == {}
    assert files() == before


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_processes_that_count_apart_or_open_too_many_connections_are_reported(settings):
    many = replace(settings, rate_limits=True, database_connections=99)
    with ExitStack() as stack:
        for number in range(3):
            name = {"application_name": f"webcitoyen machine {number}"}
            other = create_engine(settings.database_url, poolclass=NullPool, connect_args=name)
            stack.enter_context(other.connect())
        assert _faults(many) == {"limiter": "", "connections": "297 / 97"}
        shared = replace(many, limiter_url="redis://127.0.0.1/0", database_connections=8)
        assert _faults(shared) == {}


def test_a_file_that_lost_a_part_is_counted_with_its_day(settings, engine, store, pen, cast):
    files = setup.sealed_files(settings, store)
    whole, torn = (files.write(new_file(), [bytes(2_000_000)], 10**7) for _ in range(2))
    with pen() as tx:
        report = acts.receive(tx, store, a_report(), nonce(), files=[whole, torn])
    assert _faults(settings) == {}
    files.store.delete(list(files.blob_names(torn.file_id))[1])
    # What remains of it still belongs to it.
    assert _faults(settings) == {"evidence_files": "1 : 2026-03-02"}
    with pen() as tx:
        case = acts.accept(tx, store, report.key, by=cast.bruno, reason="Signalé.", new=a_case())
    assert _faults(settings) == {"evidence_files": f"2 : 2026-03-02, {case}"}


def test_a_document_of_an_online_reply_that_lost_a_part_is_counted(
    settings, engine, store, pen, published
):
    case, files = published(), setup.sealed_files(settings, store)
    torn = files.write(new_file(), [bytes(2_000_000)], 10**7)
    sent = ReplyContent("Commune", "le maire", "Non.", "authority", "Standard", "« filmer »")
    with pen() as tx:
        incoming.receive(tx, store, case.number, sent, nonce(), files=[torn])
    assert _faults(settings) == {}
    files.store.delete(list(files.blob_names(torn.file_id))[1])
    assert _faults(settings) == {"evidence_files": f"1 : {case.id}"}


def test_a_store_of_files_that_is_away_is_reported(settings, engine, tmp_path):
    away = replace(settings, evidence_url=str(tmp_path / "not mounted" / "evidence"))
    assert _faults(away) == {"evidence_store": away.evidence_url}


def test_a_missing_bucket_is_reported_before_any_file_is_in_it(settings, engine):
    with s3_bucket("evidence") as url:
        away = replace(settings, evidence_url=url.replace("s3://evidence", "s3://missing"))
        assert _faults(away) == {"evidence_store": away.evidence_url}


def test_a_quick_look_asks_no_other_server_and_lists_no_file(settings, engine, desk, monkeypatch):
    desk.published()
    monkeypatch.setattr(doctor, "incomplete_files", lambda *_: pytest.fail("files are listed"))
    codes = {finding.code for finding in examine(settings, quickly=True)}
    assert {"database", "schema", "seal", "journal", "retention", "legal"} <= codes
    assert "mail" not in codes
    nowhere = replace(settings, database_url=f"sqlite:///{settings.instance}/none.sqlite3")
    assert [f.code for f in examine(nowhere, quickly=True) if not f.good] == ["database_missing"]
