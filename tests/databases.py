"""Registers for tests, on SQLite and on PostgreSQL: made once, copied or emptied for each test."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from benchmarks.cluster import PostgresServer
from register import config, create_app
from register.config import Settings
from register.db import Base, configure_engine, db, engine_options
from register.operations import setup
from register.server.process_start import listen
from register.server.waitress_server import Server
from register.territory import dataset
from register.territory.gazetteer import Gazetteer
from register.web import request_context

BACKENDS = ("sqlite", "postgresql")


def load_settings(folder: Path, url: str) -> Settings:
    """Settings read as in production, from an environment that holds nothing else of ours."""
    with pytest.MonkeyPatch.context() as environ:
        for name in list(os.environ):
            if name.startswith(config.PREFIX):
                environ.delenv(name)
        environ.setenv("REGISTER_INSTANCE", str(folder / "instance"))
        environ.setenv("REGISTER_SEAL_DIR", str(folder / "seal"))
        environ.setenv("REGISTER_DATABASE_URL", url)
        # The cast signs in by password; what a second factor changes has tests of its own.
        environ.setenv("REGISTER_REQUIRE_2FA", "off")
        # What limits do has tests of its own too.
        environ.setenv("REGISTER_RATE_LIMITS", "off")
        return config.load()


def seal_folder(settings: Settings) -> Path:
    """The folder of the seal key and of the keys of reports."""
    assert settings.seal_dir
    return settings.seal_dir


@contextmanager
def open_engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, **engine_options(url))
    configure_engine(engine)
    if engine.dialect.name == "sqlite":
        # Nothing here has to survive a power cut.
        event.listen(
            engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF").close()
        )
    try:
        yield engine
    finally:
        engine.dispose()


# What an opened register holds beside its territory, and what a test may have written over.
_OPENED = ("identity", "journal_head", "journal_entry", "term", "dataset")
_TERRITORY = ("commune", "departement", "region", "intercommunalite")
_INDEXES = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'search%%'"
# What makes a database unfit to be used again: other columns, another revision, another territory.
_SHAPE = """
    SELECT table_name || '.' || column_name AS what FROM information_schema.columns
    WHERE table_schema = 'public'
    UNION ALL SELECT version_num FROM alembic_version
    UNION ALL SELECT version FROM dataset WHERE name = 'territory'
    ORDER BY what
"""


class Registers:
    """Makes registers that hold the territory, the vocabularies and no case.

    The first of each backend takes seconds; the others are copies of it, and a PostgreSQL one is
    emptied and used again: copying it would take longer than most tests.
    """

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self.folder = folder
        self.request = request
        self.made: set[str] = set()
        self.idle: list[str] = []
        self.shape: object = None
        self.count = 0

    @contextmanager
    def new(self, backend: str, folder: Path) -> Iterator[Settings]:
        """The settings of a new register in ``folder``; its database is gone afterwards."""
        if backend not in self.made:
            self._make(backend)
        shutil.copytree(self.folder / backend / "seal", folder / "seal")
        (folder / "instance").mkdir(mode=0o700)
        if backend == "postgresql":
            with self._database() as url:
                yield load_settings(folder, url)
            return
        file = folder / "instance" / "register.sqlite3"
        shutil.copyfile(self.folder / backend / "register.sqlite3", file)
        try:
            yield load_settings(folder, f"sqlite:///{file}")
        finally:
            # pytest keeps the folders of three runs; a thousand registers would fill the disk.
            for leftover in file.parent.glob("register.sqlite3*"):
                leftover.unlink()

    def _make(self, backend: str) -> None:
        folder = self.folder / backend
        (folder / "instance").mkdir(parents=True)
        url = f"sqlite:///{folder / 'register.sqlite3'}"
        if backend == "postgresql":
            self._server.execute("CREATE DATABASE template_register")
            url = self._server.url("template_register")
        with open_engine(url) as engine:
            setup.init(load_settings(folder, url), engine)
            if backend == "postgresql":
                with engine.begin() as connection:
                    connection.exec_driver_sql("CREATE SCHEMA kept")
                    for table in _OPENED:
                        connection.exec_driver_sql(f"CREATE TABLE kept.{table} AS TABLE {table}")
                    self.shape = connection.exec_driver_sql(_SHAPE).all()
        self.made.add(backend)

    @contextmanager
    def _database(self) -> Iterator[str]:
        if self.idle:
            name = self.idle.pop()
        else:
            self.count += 1
            name = f"copy_{self.count}"
            self._server.execute(f"CREATE DATABASE {name} TEMPLATE template_register")
        yield self._server.url(name)
        if self._emptied(name):
            self.idle.append(name)
        else:
            self._server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _emptied(self, name: str) -> bool:
        """Make a used database as it was; False when its tables are no longer the same."""
        with open_engine(self._server.url(name)) as engine, engine.begin() as connection:
            execute = connection.exec_driver_sql
            # Whoever forgot to let go would hold the tables for ever.
            execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            try:
                # Its index is of cases that are no more.
                for (schema,) in execute(_INDEXES).all():
                    execute(f'DROP SCHEMA "{schema}" CASCADE')
                if execute(_SHAPE).all() != self.shape:
                    return False
                tables = [
                    table.name
                    for table in Base.metadata.sorted_tables
                    if not table.name.startswith(_TERRITORY)
                ]
                execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
                for table in _OPENED:
                    execute(f"INSERT INTO {table} SELECT * FROM kept.{table}")
            except SQLAlchemyError:
                connection.rollback()
                return False
        return True

    @property
    def _server(self) -> PostgresServer:
        # Asked for only when a test wants PostgreSQL: the others run where there is none.
        server: PostgresServer = self.request.getfixturevalue("server")
        return server


class _Compiled(BytecodeCache):
    """Templates as they were compiled for another application of this run."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


def share_between_applications() -> None:
    """Compile templates and routes, and read the territory, once a run.

    A thousand tests make an application of their own, and would do all of it a thousand times.
    """
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}
    read, gazetteers = request_context.load_gazetteer, {}

    def shared(session: Session) -> Gazetteer:
        version = dataset.loaded_version(session)
        if version not in gazetteers:
            gazetteers[version] = read(session)
        return gazetteers[version]

    request_context.load_gazetteer = shared
    compile_builder, builders = Rule._compile_builder, {}

    def shared_builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        # All that a builder is made of; the converters it calls are those of the rule it gets.
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    Rule._compile_builder = shared_builder


@contextmanager
def plain_app(settings: Settings) -> Iterator[Flask]:
    """The application without a context of its own: each request reads the register anew."""
    app = create_app(settings)
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve an application on a free loopback port; its address."""
    server = Server(app, listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(15)
        with suppress(RuntimeError), app.app_context():
            db.engine.dispose()
    assert not thread.is_alive()


@contextmanager
def application(settings: Settings) -> Iterator[Flask]:
    """The application, its context pushed."""
    with plain_app(settings) as app, app.app_context():
        yield app
        db.session.remove()
