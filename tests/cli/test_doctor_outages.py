"""``webcitoyen doctor`` in an outage: one sentence on its cause, and no harmful advice."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager

import pytest
from report_factory import a_report, nonce

from register import encryption
from register.evidence.sealed_files import new_file
from register.operations import outages, setup
from register.reports import acts

# What no outage is a reason for.
DANGEROUS = ("purge --confirm", "search rebuild", "upgrade", "détruisez")
NOBODY = 65534


@pytest.fixture
def sentence(run_on_register):
    """``sentence()``: all that doctor says, which is one line."""

    def run():
        result = run_on_register("doctor")
        assert result.exit_code == 1, result.output
        lines = result.output.splitlines()
        assert len(lines) == 1, result.output
        assert lines[0].startswith(("✗ ", "Le dossier des données"))
        return lines[0]

    return run


def _database(settings):
    return settings.instance / "register.sqlite3"


@contextmanager
def _missing_database(settings):
    _database(settings).rename(settings.instance / "away")
    yield "n’est pas à sa place"


@contextmanager
def _empty_database(settings):
    _database(settings).write_bytes(b"")
    yield "La base de données est vide"


@contextmanager
def _foreign_bytes(settings):
    _database(settings).write_bytes(os.urandom(65536))
    yield "La base de données est abîmée"


@contextmanager
def _torn_pages(settings):
    with _database(settings).open("r+b") as file:
        file.seek(40_000)
        file.write(os.urandom(200_000))
    yield "La base de données est abîmée"


@contextmanager
def _held_by_a_writer(settings):
    with closing(sqlite3.connect(_database(settings), isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("BEGIN IMMEDIATE")
        yield f"({os.getpid()})"


@contextmanager
def _held_by_one_that_excludes_readers(settings):
    with closing(sqlite3.connect(_database(settings), isolation_level=None)) as owner:
        owner.execute("PRAGMA locking_mode=EXCLUSIVE")
        owner.execute("BEGIN EXCLUSIVE")
        yield "est tenue par un autre programme"


@contextmanager
def _unreadable_by_this_account(settings):
    settings.instance.chmod(0o700)
    os.seteuid(NOBODY)
    try:
        yield "Lancez la commande sous le compte du service"
    finally:
        os.seteuid(0)


@contextmanager
def _interrupted_restore(settings):
    _database(settings).rename(settings.instance / "register.sqlite3.restoring")
    yield "Une restauration s’est arrêtée avant sa fin"


@contextmanager
def _newer_tables(settings):
    with closing(sqlite3.connect(_database(settings))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    yield "version plus récente du programme"


@contextmanager
def _missing_key_folder(settings):
    settings.seal_dir.rename(settings.seal_dir.with_name("unmounted"))
    yield "Le dossier de la clé de scellement n’est pas là"


@contextmanager
def _missing_key(settings):
    (settings.seal_dir / encryption.KEY_FILE).unlink()
    yield "La clé de scellement est introuvable"


@contextmanager
def _missing_key_store(settings):
    for file in settings.seal_dir.glob("keys.sqlite3*"):
        file.unlink()
    yield "Le magasin des clés des signalements manque"


@contextmanager
def _locked_key_store(settings):
    with closing(sqlite3.connect(settings.seal_dir / "keys.sqlite3", isolation_level=None)) as own:
        own.execute("PRAGMA locking_mode=EXCLUSIVE")
        own.execute("BEGIN EXCLUSIVE")
        yield "Aucune clé n’est perdue"


@contextmanager
def _full_disk(settings):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outages, "_LEAST_FREE", 1 << 60)
        patch.setattr(outages, "_FULL_SHARE", 1)
        yield "Un disque est plein"


OUTAGES = [
    _missing_database,
    _empty_database,
    _foreign_bytes,
    _torn_pages,
    _held_by_a_writer,
    _held_by_one_that_excludes_readers,
    _interrupted_restore,
    _newer_tables,
    _missing_key_folder,
    _missing_key,
    _missing_key_store,
    _locked_key_store,
    _full_disk,
    *([_unreadable_by_this_account] if os.geteuid() == 0 else []),
]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__.strip("_"))
def test_an_outage_is_one_sentence_on_its_cause(settings, sentence, outage, monkeypatch):
    for module in ("register.db", "register.operations.outages"):
        monkeypatch.setattr(f"{module}.BUSY_TIMEOUT_MS", 200)
    before = sorted(settings.instance.iterdir())
    with outage(settings) as words:
        said = sentence()
        assert words in said
    harmful = [advice for advice in DANGEROUS if advice in said]
    # Only where there never was a store of keys, which the sentence says.
    assert harmful == (["upgrade"] if outage is _missing_key_store else [])
    made = {path.name for path in settings.instance.iterdir()} - {path.name for path in before}
    assert not made & {"register.sqlite3", "keys.sqlite3"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_postgresql_server_that_is_stopped_is_one_sentence(
    settings, sentence, monkeypatch, tmp_path
):
    monkeypatch.setenv("REGISTER_DATABASE_URL", f"postgresql://register@/register?host={tmp_path}")
    said = sentence()
    assert "Le serveur PostgreSQL ne répond pas" in said
    assert not [advice for advice in DANGEROUS if advice in said]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_evidence_folder_that_is_not_mounted_is_one_sentence(
    settings, engine, store, pen, run_on_register
):
    files = setup.sealed_files(settings, store)
    with pen() as tx:
        file = files.write(new_file(), [b"bytes"], 10**6)
        acts.receive(tx, store, a_report(), nonce(), files=[file])
    folder = settings.instance / "evidence"
    folder.rename(settings.instance / "unmounted")
    for is_made in (False, True):
        if is_made:
            folder.mkdir()
        bad = [line for line in run_on_register("doctor").output.splitlines() if line[0] == "✗"]
        assert len(bad) == 1
        assert "La place des fichiers joints est vide" in bad[0]
    folder.rmdir()
    (settings.instance / "unmounted").rename(folder)
    assert run_on_register("doctor").exit_code == 0
