"""The tables: made by migrations alone, and the same as the models."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import attested_acts as acts
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, or_, select, text
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.models import Incident, Revision
from register.cases.verify import verify
from register.db import Base, now, sqlite_path, write_engine
from register.errors import RegisterError
from register.operations import schema, setup
from register.operations.schema import SchemaError


def test_the_migrations_make_the_tables_of_the_models(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_difference_between_models_and_migrations_is_found(engine):
    with write_engine(engine).begin() as connection:
        connection.execute(text("DROP TABLE note"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) != []


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_postgresql_samples_no_text(engine, desk):
    """What ANALYZE samples of a text would outlast an erasure, in a table of the server's own."""
    desk.published()
    with write_engine(engine).connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
        sampled = connection.execute(
            text(
                "SELECT tablename, attname FROM pg_stats JOIN information_schema.columns"
                " ON (table_schema, table_name, column_name) = (schemaname, tablename, attname)"
                " WHERE data_type IN ('text', 'json', 'jsonb') AND schemaname = 'public'"
            )
        )
        assert sampled.all() == []


def test_migrating_again_changes_nothing(engine, desk):
    case = desk.published()
    schema.migrate(engine)
    assert schema.current_revision(engine) == schema.EXPECTED_REVISION != ""
    with Session(engine) as session:
        assert session.get_one(Incident, case.id).number == case.number


def test_the_migrations_have_one_head(engine):
    script = ScriptDirectory.from_config(schema.alembic_config(engine))
    assert script.get_heads() == [schema.EXPECTED_REVISION]


@pytest.mark.usefixtures("few_communes")
def test_every_migration_goes_down_and_up_again(engine):
    script = ScriptDirectory.from_config(schema.alembic_config(engine))
    config = schema.alembic_config(engine)
    for revision in script.walk_revisions():
        command.downgrade(config, revision.down_revision or "base")
        assert schema.current_revision(engine) == (revision.down_revision or "")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    schema.migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def _stored_checklists(session):
    """Of revisions whose text is destroyed, only those of publications are asked."""
    stmt = select(Revision.id, Revision.unmet, Revision.needs_second).order_by(Revision.id)
    is_asked = or_(Revision.content.is_not(None), Revision.act == "published")
    stored = session.execute(stmt.where(is_asked)).all()
    session.rollback()
    return stored


@pytest.mark.usefixtures("few_communes")
def test_an_upgrade_makes_the_checklists_of_all_revisions(engine, session, desk, cast, content):
    """A publication that two persons made needs two for ever, even once its text is destroyed."""
    flagged = content(narrative="Joindre le maire au 01 23 45 67 89.", sources=())
    with desk.pen() as p:
        acts.draft(p, flagged, by=cast.bruno, reason="r", flag_reasons="")
    desk.withdrawn(justice=True)
    hidden = desk.published(content(justice=True))
    with desk.pen() as p:
        shorter = content(justice=True, narrative="")
        versions = list(
            p.session.scalars(select(Revision.id).where(Revision.incident_id == hidden.id))
        )
        note = {"reason": "r", "public_note": "Un passage a été retiré."}
        acts.redact(p, hidden.id, shorter, by=cast.bruno, hidden=versions, passages=(), **note)
    desk.destroy()
    desk.discarded()
    before = _stored_checklists(session)
    assert {unmet for _id, unmet, _two in before} == {"source flags", "", None}
    assert (None, True) in {(unmet, two) for _id, unmet, two in before}
    script = ScriptDirectory.from_config(schema.alembic_config(engine))
    command.downgrade(schema.alembic_config(engine), str(script.get_revision("0017").down_revision))
    schema.migrate(engine)
    setup.refresh(engine)
    assert _stored_checklists(session) == before
    assert list(verify(session)) == []


def _stamp(engine, revision):
    with write_engine(engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": revision})


def test_another_schema_is_refused_and_named(engine):
    schema.require(engine)
    _stamp(engine, "0000_of_old")
    with pytest.raises(SchemaError) as refusal:
        schema.require(engine)
    assert (refusal.value.key, refusal.value.values) == (
        "schema_other",
        {"present": "0000_of_old", "expected": schema.EXPECTED_REVISION},
    )


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_restore_that_stopped_before_its_end_is_named_as_such(engine, settings):
    engine.dispose()
    path = sqlite_path(settings.database_url)
    path.rename(path.with_name(path.name + schema.UNFINISHED_FILE))
    with pytest.raises(SchemaError, match="restore_unfinished"):
        schema.require(engine)


def test_a_database_without_tables_is_refused(engine):
    with write_engine(engine).begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(SchemaError) as refusal:
        schema.require(engine)
    assert refusal.value.key == "schema_missing"


def test_an_upgrade_that_is_not_needed_touches_nothing(engine, settings, monkeypatch):
    monkeypatch.setattr(schema, "migrate", lambda engine: pytest.fail("it migrated"))
    schema.upgrade(engine, now())
    assert list(settings.instance.glob("*.copy")) == []


def _pretend_old(engine, monkeypatch, migrate):
    """As if this code brought a newer schema than the database has."""
    revision = schema.current_revision(engine)
    monkeypatch.setattr(schema, "EXPECTED_REVISION", "9999_of_tomorrow")
    monkeypatch.setattr(schema, "migrate", migrate)
    return revision


def test_an_upgrade_keeps_the_data_and_leaves_no_copy_behind(
    engine, desk, session, settings, monkeypatch
):
    """A copy that stayed would go on holding words that are erased later."""
    case = desk.published()
    content_before = contents.content_of(session.get_one(Incident, case.id))
    session.rollback()
    copies = []

    def migrate(engine):
        copies.extend(settings.instance.glob("*.copy"))
        with write_engine(engine).begin() as connection:
            connection.execute(text("ALTER TABLE note ADD COLUMN tomorrow INTEGER"))

    _pretend_old(engine, monkeypatch, migrate)
    schema.upgrade(engine, now())
    assert contents.content_of(session.get_one(Incident, case.id)) == content_before
    assert list(verify(session)) == []
    assert len(copies) == (1 if engine.dialect.name == "sqlite" else 0)
    assert list(settings.instance.glob("*.copy")) == []


def test_a_failed_upgrade_leaves_the_database_as_before_and_no_copy(
    engine, desk, settings, monkeypatch
):
    desk.published(title="Le titre d’avant")

    def migrate(engine):
        with write_engine(engine).begin() as connection:
            connection.execute(text("UPDATE incident SET title = ''"))
            connection.execute(text("INSERT INTO incident (title) VALUES ('mot d’un signalement')"))

    revision = _pretend_old(engine, monkeypatch, migrate)
    with pytest.raises(SchemaError) as refusal:
        schema.upgrade(engine, now())
    assert refusal.value.key == "schema_unchanged"
    assert "mot d’un signalement" not in refusal.value.values["cause"]
    assert schema.current_revision(engine) == revision
    assert list(settings.instance.glob("*.copy")) == []
    with Session(engine) as session:
        assert session.scalars(select(Incident.title)).all() == ["Le titre d’avant"]


def test_a_failed_upgrade_of_another_database_says_where_the_copy_is(
    engine, desk, settings, monkeypatch
):
    case = desk.published(title="Le titre d’avant")

    def migrate(engine):
        _stamp(engine, "5000_half_way")
        raise RuntimeError("the file is damaged")

    _pretend_old(engine, monkeypatch, migrate)
    with pytest.raises(SchemaError) as refusal:
        schema.upgrade(engine, now())
    assert refusal.value.key == "schema_failed"
    assert refusal.value.values["cause"] == "the file is damaged"
    if engine.dialect.name != "sqlite":
        assert refusal.value.values["copy"] == ""
        return
    copy = Path(refusal.value.values["copy"])
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute("SELECT title FROM incident WHERE number = ?", (case.number,))
        assert rows.fetchall() == [("Le titre d’avant",)]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_upgrade_without_room_for_copy_and_log_changes_nothing(engine, settings, monkeypatch):
    """The copy takes the size of the database, and the log of a migration at most as much."""
    size = sqlite_path(settings.database_url).stat().st_size
    free = shutil.disk_usage(settings.instance)._replace(free=2 * size)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: free)
    _pretend_old(engine, monkeypatch, lambda engine: pytest.fail("it migrated"))
    with pytest.raises(RegisterError, match="backup_no_room"):
        schema.upgrade(engine, now())
    assert list(settings.instance.glob("*.copy")) == []


def test_tables_in_use_are_not_migrated(engine, settings, monkeypatch):
    _pretend_old(engine, monkeypatch, lambda engine: pytest.fail("it migrated"))
    other = create_engine(settings.database_url)
    if engine.dialect.name == "postgresql":
        name = {"application_name": "webcitoyen elsewhere 12"}
        other = create_engine(settings.database_url, connect_args=name)
    with other.connect() as connection:
        connection.scalar(select(func.count()).select_from(Incident))
        connection.rollback()
        with pytest.raises(RegisterError, match="database_in_use"):
            schema.upgrade(engine, now())
    other.dispose()
    assert list(settings.instance.glob("*.copy")) == []


def test_a_database_of_a_newer_version_is_named_as_such_and_left_alone(engine, settings):
    _stamp(engine, "9999")
    for act in (schema.require, lambda engine: schema.upgrade(engine, now())):
        with pytest.raises(SchemaError) as refusal:
            act(engine)
        assert (refusal.value.key, refusal.value.values["present"]) == ("schema_newer", "9999")
    with pytest.raises(SchemaError, match="schema_newer"):
        setup.init(settings, engine)
    assert schema.current_revision(engine) == "9999"
    assert list(settings.instance.glob("*.copy")) == []


def test_every_case_table_falls_under_the_proof_of_erasure():
    """A new table has to be thought of: what does ``erase`` do to it, what does ``verify``?"""
    assert {table.name for table in Base.metadata.sorted_tables} == EXAMINED_TABLES


EXAMINED_TABLES = {
    # Words of a case: emptied or deleted by erase, compared by verify.
    "incident",
    "follow_up",
    "reply",
    "correction",
    "revision",
    # Known to members only, and deleted by erase.
    "pending_change",
    "invitation",
    "note",
    # Codes outlive a case, so that feeds of its places have its last entry; words do not.
    "case_code",
    # The passages of a redaction, and the texts that had them, until they are destroyed.
    "destruction",
    "redacted_original",
    # Copies of sources, sealed under the key of the case, and the work on them: deleted by erase.
    "source_copy",
    "source_request",
    "source_check",
    # No words: who approved which revision, and a digest that erase empties.
    "approval",
    "incident_origin",
    # Reports: sealed, and purged on their day; a case's copy is destroyed with the case.
    "report",
    "report_message",
    "report_note",
    "report_kept",
    # What is sealed beside a reply that was sent online: destroyed on its day, or with the case.
    "incoming",
    "incoming_file",
    # Reasons and complaints, sealed with the notice that they are about; its clock has no word.
    "notice_review",
    # Evidence files: sealed; those of a case and their clean copies are destroyed with the case.
    "evidence_file",
    "report_evidence",
    "report_destroyed_file",
    "case_evidence",
    "case_copy",
    "case_copy_page",
    # No words: how many reports ended how, and the last day on which retention was looked at.
    "report_tally",
    "retention_clock",
    # Public offices' addresses, encrypted: erased with their case, or by themselves.
    "authority_contact",
    # The journal, the accounts, the register itself.
    "journal_head",
    "journal_entry",
    "member",
    "identity",
    # No words: what came by post, and the case that it is about.
    "received_post",
    # Of members, not of cases: how they come in. Housekeeping, or digests that open nothing.
    "member_invitation",
    "password_link",
    "recovery_code",
    "passkey",
    "sign_in_session",
    "sign_in_tries",
    "sign_in_failures",
    "known_browser",
    # Mails and what members were told: sealed until sent, without a word of a report or case.
    "outgoing_mail",
    "mail_preference",
    "noticed_thing",
    # Data that comes with a release.
    "term",
    "sealed_names",
    "dataset",
    # What the site says of itself: no word of a case, kept with its history.
    "page_revision",
}


def test_init_leaves_tables_of_another_version_to_upgrade(engine, settings, monkeypatch):
    _pretend_old(engine, monkeypatch, lambda engine: pytest.fail("it migrated without a copy"))
    with pytest.raises(SchemaError) as refusal:
        setup.init(settings, engine)
    assert refusal.value.key == "schema_other"
