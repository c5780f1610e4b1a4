"""A streaming replica serves anonymous readers, and only while it has what the primary has."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import attested_acts as acts
import pytest
from case_contents import a_case
from cast import hire, publish_case
from databases import init_on_server, open_engine, plain_app
from raw_http import until
from sqlalchemy import event

from benchmarks import cluster
from register.db import db
from register.journal import writing

pytestmark = pytest.mark.prove

WORD = "zinzolin"


@pytest.fixture(scope="module")
def servers():
    tools = cluster.postgres_programs()
    with cluster.running_server(tools) as primary:
        primary.execute("CREATE DATABASE register")
        with cluster.running_server(tools, primary=primary) as standby:
            yield primary, standby


@pytest.fixture(scope="module")
def settings(servers, registers, tmp_path_factory):
    primary, standby = servers
    folder = tmp_path_factory.mktemp("replicated")
    with registers.new("sqlite", folder) as plain:
        yield init_on_server(
            plain,
            database_url=primary.url("register"),
            replica_url=standby.url("register"),
            seal_dir=folder / "keys",
        )


@contextmanager
def replica_reads(app):
    """The statements that the replica runs inside."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_arguments):
        statements.append(statement)

    replica = app.extensions["register.replica"]
    event.listen(replica, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(replica, "before_cursor_execute", note)


def test_a_replica_serves_readers_unless_it_is_behind_or_away(servers, settings):
    _primary, standby = servers
    with open_engine(settings.database_url) as engine, plain_app(settings) as app:
        cast = hire(engine)

        def has_replayed():
            with (
                open_engine(settings.replica_url) as replica,
                replica.connect() as reader,
                engine.connect() as writer,
            ):
                head = "SELECT max(seq) FROM journal_entry WHERE ledger = 'public'"
                return (
                    reader.exec_driver_sql(head).scalar() == writer.exec_driver_sql(head).scalar()
                )

        def read(address):
            response = app.test_client(use_cookies=False).get(address)
            return response.status_code, WORD in response.text

        with writing(engine) as tx:
            case = publish_case(tx, a_case(title=WORD), by=cast.chloe, second=cast.bruno)
        until(has_replayed)
        address = f"/incidents/{case.number}"
        with replica_reads(app) as statements:
            assert read(address) == (200, True)
            assert len(statements) > 3
        _execute(standby, "SELECT pg_wal_replay_pause()")
        with writing(engine) as tx:
            acts.withdraw(tx, case.id, by=cast.bruno, restriction="erreur", reason="lieu")
        with replica_reads(app) as statements:
            # It still shows the case; its version is read, and nothing else.
            assert read(address)[0] == 410
            assert read("/incidents") == (200, False)
            assert len(statements) == 2
            # Signed-in members and words in the index are the primary's.
            assert read("/incidents?q=zinzolin")[0] == 200
            assert len(statements) == 2
        _execute(standby, "SELECT pg_wal_replay_resume()")
        until(has_replayed)
        with replica_reads(app) as statements:
            assert read("/registre")[0] == 200
            assert len(statements) > 1
        with app.app_context():
            db.engine.dispose()
        app.extensions["register.replica"].dispose()


def test_a_replica_that_cannot_be_reached_changes_nothing(settings):
    away = replace(settings, replica_url="postgresql+psycopg://register@/x?host=/nowhere")
    with plain_app(away) as app:
        assert app.test_client(use_cookies=False).get("/incidents").status_code == 200


def _execute(server, statement):
    with open_engine(server.url("postgres")) as engine, engine.connect() as connection:
        connection.exec_driver_sql(statement)
