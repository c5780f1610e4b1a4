"""Opening a register: once, whole, and again without harm."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_lines import lines_since
from sqlalchemy import bindparam, delete, func, select, text

from register import encryption
from register.accounts import one_use_links
from register.accounts.models import MemberInvitation
from register.accounts.sessions import digest
from register.cases import vocabulary
from register.cases.models import Revision
from register.cases.persistence import refresh_checklists
from register.cases.vocabulary import VocabularyEntry
from register.db import housekeeping, now
from register.errors import SealError
from register.journal import JournalEntry, Ledger, LedgerHead, head
from register.key_store import KeyStore
from register.operations import setup
from register.operations.setup import Identity
from register.reports import queries


def test_a_new_register_holds_its_identity_and_its_first_line(session, store):
    identity = setup.identity(session)
    (line,) = lines_since(session, 0)
    assert json.loads(line.public_json)["act"] == "opened"
    assert identity.tag_authority == "127.0.0.1"
    assert identity.seal_check == encryption.check_value(store.root, identity.instance_id)
    assert {row.ledger for row in session.scalars(select(LedgerHead))} == set(Ledger)


def test_a_new_register_has_the_vocabularies(session):
    assert session.scalar(select(func.count()).select_from(VocabularyEntry)) > 100


def test_opening_again_changes_nothing(engine, session, settings, desk):
    case = desk.published()
    before = (head(session), setup.identity(session).instance_id)
    key = encryption.load_key(settings.seal_dir)
    session.rollback()
    assert setup.init(settings, engine) == (False, settings.seal_dir / encryption.KEY_FILE)
    session.expire_all()
    assert (head(session), setup.identity(session).instance_id) == before
    assert encryption.load_key(settings.seal_dir) == key
    assert case.number == 1


def test_a_changed_vocabulary_makes_the_stored_checklists_again(
    engine, session, desk, tmp_path, monkeypatch
):
    case = desk.draft(outcome="resolue")
    shipped = vocabulary.VOCABULARY_FILE.read_text("utf-8")
    word = '[[issue]]\ncode = "resolue"\ncourt = '
    changed_file = tmp_path / "vocabulary.toml"
    changed_file.write_text(shipped.replace(f"{word}false", f"{word}true"), "utf-8")
    session.rollback()
    with housekeeping(engine) as housekeeper:
        vocabulary.load_file(housekeeper, now(), changed_file)
        refresh_checklists(housekeeper)
    assert session.scalar(_UNMET, {"case": case.id}) == "court"
    session.rollback()
    setup.refresh(engine)
    assert session.scalar(_UNMET, {"case": case.id}) == ""


_UNMET = select(Revision.unmet).where(Revision.incident_id == bindparam("case"))


def test_an_opening_cut_short_is_finished_the_next_time(engine, session, settings):
    """The power went between the identity and the first line of the public ledger."""
    with housekeeping(engine) as connection:
        connection.execute(delete(JournalEntry))
        connection.execute(delete(LedgerHead))
    setup.init(settings, engine)
    assert [line.act for line in lines_since(session, 0)] == ["opened"]


def test_a_second_register_makes_no_second_key_in_the_same_place(engine, settings):
    with housekeeping(engine) as connection:
        connection.execute(delete(Identity))
    with pytest.raises(SealError) as refusal:
        setup.init(settings, engine)
    assert refusal.value.key == "seal_exists"


def test_the_register_goes_on_with_its_own_key_only(engine, session, settings, tmp_path):
    setup.require_seal(settings, session)
    with pytest.raises(SealError) as refusal:
        setup.require_seal(replace(settings, seal_dir=tmp_path / "nowhere"), session)
    assert refusal.value.key == "seal_missing"
    shutil.copytree(settings.seal_dir, tmp_path / "other")
    (tmp_path / "other" / encryption.KEY_FILE).unlink()
    encryption.make_key(tmp_path / "other")
    with pytest.raises(SealError) as refusal:
        setup.require_seal(replace(settings, seal_dir=tmp_path / "other"), session)
    assert refusal.value.key == "keystore_foreign"


def test_a_key_store_with_another_root_than_the_database_knows_is_refused(session, settings, store):
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key WHERE name = 'root'"))
    with pytest.raises(SealError, match="root_missing"):
        setup.require_seal(settings, session)
    store.make_store(bytes(32))
    with pytest.raises(SealError, match="seal_foreign"):
        setup.require_seal(settings, session)


def test_the_root_of_a_new_register_is_not_its_seal_key(settings, store):
    assert store.root != encryption.load_key(settings.seal_dir)
    assert len(store.root) == 32


def test_the_secret_key_of_former_versions_is_removed_once(settings):
    (settings.instance / "secret_key").write_text("s" * 64)
    assert setup.remove_secret(settings)
    assert not setup.remove_secret(settings)
    assert not (settings.instance / "secret_key").exists()


def test_a_register_that_is_not_initialised_has_no_seal_key(session, settings):
    session.execute(delete(Identity))
    with pytest.raises(SealError) as refusal:
        setup.require_seal(settings, session)
    assert refusal.value.key == "not_initialised"


# --- the key store -------------------------------------------------------------------------------


def _move_away(store):
    """Move the key store's file away; its new path."""
    path = Path(store.where)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    return path.rename(path.with_name("elsewhere"))


def test_a_new_register_has_its_key_store_beside_the_seal_key(settings, session, store):
    assert Path(store.where) == settings.seal_dir / "keys.sqlite3"
    assert Path(store.where).stat().st_mode & 0o777 == 0o600
    setup.require_seal(settings, session)
    assert store.names() == set()


def test_a_register_that_never_had_a_key_store_gets_one(settings, engine, session, store):
    _move_away(store).unlink()
    key = encryption.load_key(settings.seal_dir)
    with pytest.raises(SealError, match="keystore_missing"):
        setup.require_seal(settings, session)
    session.rollback()
    with pytest.raises(SealError, match="keystore_missing"):
        setup.make_key_store(settings, engine)
    # In a register from before there were root keys, the seal key was what all was made from.
    with housekeeping(engine) as transaction:
        identity = setup.identity(transaction)
        identity.seal_check = encryption.check_value(key, identity.instance_id)
    setup.make_key_store(settings, engine)
    setup.require_seal(settings, session)
    key_store = setup.key_store(settings, session)
    assert key_store.root == key
    key_store.close()


def test_with_sealed_reports_a_missing_key_store_is_never_made_anew(
    settings, engine, session, store, inbox
):
    """An empty one in its place would make every report unreadable for good."""
    report = inbox.received()
    elsewhere = _move_away(store)
    for action in (
        lambda: setup.make_key_store(settings, engine),
        lambda: setup.init(settings, engine),
        lambda: setup.require_seal(settings, session),
    ):
        with pytest.raises(SealError) as refusal:
            action()
        assert refusal.value.key == "keystore_missing"
        session.rollback()
    assert not Path(store.where).exists()
    elsewhere.rename(store.where)
    setup.init(settings, engine)
    assert queries.get_report(session, store, report.key).received is not None


def test_another_instances_key_store_is_refused(settings, engine, session, store):
    _move_away(store).unlink()
    foreign_store = KeyStore(f"sqlite:///{store.where}", bytes(32), "another")
    foreign_store.make_store()
    foreign_store.close()
    for action in (
        lambda: setup.make_key_store(settings, engine),
        lambda: setup.require_seal(settings, session),
    ):
        with pytest.raises(SealError) as refusal:
            action()
        assert refusal.value.key == "keystore_foreign"
        session.rollback()


def test_a_key_store_may_stand_elsewhere(settings, engine, session, store, tmp_path):
    url = f"sqlite:///{tmp_path / 'apart' / 'keys.sqlite3'}"
    (tmp_path / "apart").mkdir()
    _move_away(store).rename(tmp_path / "apart" / "keys.sqlite3")
    other_settings = replace(settings, key_store_url=url)
    setup.make_key_store(other_settings, engine)
    setup.require_seal(other_settings, session)
    assert (tmp_path / "apart" / "keys.sqlite3").exists()


# --- the first invitation -------------------------------------------------------------------------


def test_a_register_without_an_account_gets_an_invitation_that_can_be_renewed(engine, session):
    first_token, _until = setup.first_invitation(engine)
    token, until = setup.first_invitation(engine)
    (invitation,) = one_use_links.pending(session, MemberInvitation, now())
    assert invitation.token_hash == digest(token)
    assert (invitation.email, invitation.role, invitation.expires_at) == (
        "",
        "administrator",
        until,
    )
    assert first_token != token


def test_a_register_with_an_account_gets_no_invitation(engine, session, cast):
    assert setup.first_invitation(engine) is None
    assert one_use_links.pending(session, MemberInvitation, now()) == []


def test_opening_alone_invites_nobody(engine, session, settings):
    setup.init(settings, engine)
    assert one_use_links.pending(session, MemberInvitation, now()) == []
