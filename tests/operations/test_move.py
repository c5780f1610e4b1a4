"""A register moves from SQLite to PostgreSQL with all its rows, and says what it leaves behind."""

from __future__ import annotations

import gc
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from databases import open_engine, plain_app
from raw_http import environ
from reports_site import reports_site

from register import cli
from register.accounts.sealed_address import SealedAddress
from register.db import Base, db, sqlite_path
from register.errors import RegisterError
from register.key_store import STORE_FILE, KeyStore
from register.operations import move as moving
from register.operations import schema, setup
from register.operations.doctor import examine

TABLES = Base.metadata.sorted_tables
_GENERATED = {
    SealedAddress: "amina@register.test",
    sa.Integer: 1,
    sa.BigInteger: 1,
    sa.Boolean: True,
    sa.Date: date(2026, 3, 2),
    sa.LargeBinary: b"\x00\xff",
    sa.String: "é’ 🗞",
    sa.Text: '{"a": "é’"}',
}


@pytest.fixture(params=["sqlite"])
def settings(request, registers, tmp_path):
    with registers.new(request.param, tmp_path) as settings:
        yield settings


@pytest.fixture
def target(server):
    """Two empty databases: for the register and for its keys."""
    server.execute("CREATE DATABASE moved", "CREATE DATABASE moved_keys")
    yield server.url("moved"), server.url("moved_keys")
    server.execute("DROP DATABASE moved WITH (FORCE)", "DROP DATABASE moved_keys WITH (FORCE)")


def _no_progress(_done, _total):
    pass


def _rows(engine):
    with engine.connect() as connection:
        return {
            table.name: connection.execute(
                sa.select(table).order_by(*table.primary_key.columns)
            ).all()
            for table in TABLES
        }


def _fill_empty_tables(engine):
    """A row in each table without any, of values that the two databases could store differently."""
    with engine.begin() as connection:
        for table in TABLES:
            if connection.execute(sa.select(table).limit(1)).first():
                continue
            row = {}
            for column in table.columns:
                if column.foreign_keys:
                    (key,) = column.foreign_keys
                    row[column.name] = connection.scalar(sa.select(key.column).limit(1))
                elif type(column.type).__name__ == "UTCDateTime":
                    row[column.name] = datetime(2026, 3, 2, 9, 30, 1, 123456, tzinfo=UTC)
                else:
                    python_type = next(
                        value for kind, value in _GENERATED.items() if isinstance(column.type, kind)
                    )
                    length = getattr(column.type, "length", None)
                    row[column.name] = python_type[:length] if length else python_type
            connection.execute(sa.insert(table), row)


def test_every_row_of_every_table_is_the_same_on_the_other_side(settings, target, monkeypatch):
    _close(reports_site(settings).app)
    with open_engine(settings.database_url) as engine:
        _fill_empty_tables(engine)
        before = _rows(engine)
    # The invented rows follow from no journal line.
    monkeypatch.setattr(moving.database_copy, "problems", lambda _session: iter(()))
    moving.move(settings, target[0], "", _no_progress)
    assert all(before.values())
    with open_engine(target[0]) as engine:
        setup.use_address_key(settings, engine)
        assert _rows(engine) == before
        with engine.begin() as connection:
            for table in TABLES:
                if table.autoincrement_column is not None:
                    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
                    following = connection.scalar(sa.select(sa.func.nextval(sequence)))
                    assert following == max(row.id for row in before[table.name]) + 1


@pytest.mark.prove
def test_a_moved_register_answers_as_before(settings, target):
    """Pages, members, receipts, and the keys of reports in a database of their own."""
    site = reports_site(settings)
    names = [name for name, page in site.pages.items() if page.fields is None]

    def shown(site, name):
        # Each form has tokens of its own, and a preview is of the present second.
        return re.sub(r'value="[^"]{40,}"|datetime="[^"]*"', "", site.answer(name).text)

    before = {name: shown(site, name) for name in names}
    _close(site.app)
    outcome = moving.move(settings, *target, _no_progress)
    moved_settings = replace(
        settings, database_url=target[0], key_store_url=target[1], search="postgresql"
    )
    file = sqlite_path(settings.database_url)
    key_file = Path(settings.seal_dir) / STORE_FILE
    assert outcome.leftovers == [file, key_file]
    assert [
        (finding.code, finding.detail) for finding in examine(moved_settings) if not finding.good
    ] == [("left_over", f"{file}, {key_file}")]
    for path in outcome.leftovers:
        path.unlink()
    with plain_app(moved_settings) as app:
        moved = replace(site, app=app)
        for name in names:
            assert shown(moved, name) == before[name], name
        app.extensions["register.key_store"].close()
    assert all(finding.good for finding in examine(moved_settings))


def _close(app):
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    # What makes the site disposes of an engine whose connection is in use.
    gc.collect()


def test_a_register_in_use_is_not_moved(settings, target):
    with sqlite3.connect(sqlite_path(settings.database_url)) as reader:
        reader.execute("SELECT count(*) FROM journal_head").fetchall()
        with pytest.raises(RegisterError, match="database_in_use"):
            moving.move(settings, target[0], "", _no_progress)
    reader.close()


def test_a_database_that_holds_something_is_not_written_to(settings, target):
    with open_engine(target[0]) as engine, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE others (n integer)")
    with pytest.raises(RegisterError, match="move_not_empty"):
        moving.move(settings, target[0], "", _no_progress)


def test_a_register_with_problems_or_of_another_schema_is_not_moved(settings, target):
    with open_engine(settings.database_url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal_entry SET public_json = X'7b7d'")
    with pytest.raises(RegisterError, match="move_problems"):
        moving.move(settings, target[0], "", _no_progress)
    with open_engine(settings.database_url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(RegisterError, match="schema_other"):
        moving.move(settings, target[0], "", _no_progress)
    with pytest.raises(RegisterError, match="move_backends"):
        moving.move(settings, settings.database_url, "", _no_progress)


def test_an_interrupted_move_serves_nothing_and_begins_again(settings, target):
    def fail_half_way(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moving.move(settings, target[0], target[1], fail_half_way)
    with open_engine(target[0]) as engine, pytest.raises(RegisterError, match="schema_missing"):
        schema.require(engine)
    outcome = moving.move(settings, *target, _no_progress)
    assert outcome.interrupted > 5
    with open_engine(target[0]) as engine:
        schema.require(engine)
        assert not sa.inspect(engine).has_table("unfinished_move")


def test_an_interrupted_move_of_another_register_is_left_alone(
    settings, target, registers, tmp_path
):
    with open_engine(target[0]) as engine, engine.begin() as connection:
        moving._MARK.create(connection)
        connection.execute(moving._MARK.insert().values(instance_id="another", table_name=""))
    with pytest.raises(RegisterError, match="move_not_empty"):
        moving.move(settings, target[0], "", _no_progress)
    store = KeyStore(target[1], bytes(32), "another")
    store.make_store(bytes(32))
    store.close()
    with (
        open_engine(settings.database_url) as engine,
        pytest.raises(RegisterError, match="foreign"),
    ):
        moving._copy_keys(settings, engine, target[1])


def test_the_command_names_what_to_set_and_what_to_destroy(settings, target, monkeypatch):
    for name, setting in environ(settings).items():
        if name.startswith("REGISTER_"):
            monkeypatch.setenv(name, setting)
    outcome = CliRunner().invoke(cli.main, ["move", target[0], "--keys", target[1]])
    assert outcome.exit_code == 0, outcome.output
    assert "REGISTER_DATABASE_URL et REGISTER_KEY_STORE_URL" in outcome.output
    assert str(sqlite_path(settings.database_url)) in outcome.output
