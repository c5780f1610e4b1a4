"""Registers for tests, on SQLite and PostgreSQL: built once, copied or emptied for each test."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import CodeType, MethodType
from typing import TypeVar

import pytest
from cast import Cast, hire
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.cluster import PostgresServer
from register import config, create_app, encryption
from register.accounts.sealed_address import address_engines
from register.config import Settings
from register.database_urls import PREFIX
from register.db import Base, configure_engine, db, engine_options, sqlite_path
from register.operations import setup
from register.web import assets, etag

_Filled = TypeVar("_Filled")
BACKENDS = ("sqlite", "postgresql")
# By URL of the database: an engine reads addresses with the key of its register.
_LOADED: dict[str, Settings] = {}
# The seal keys of the registers that others are copied from.
_TEMPLATE_SEALS: set[str] = set()
_STATIC = Path(__file__).resolve().parents[1] / "static"


def load_settings(folder: Path, url: str) -> Settings:
    """Settings read as in production, from an environment without other REGISTER_ variables."""
    with pytest.MonkeyPatch.context() as environ:
        for name in list(os.environ):
            if name.startswith(PREFIX):
                environ.delenv(name)
        environ.setenv("REGISTER_INSTANCE", str(folder / "instance"))
        environ.setenv("REGISTER_SEAL_DIR", str(folder / "seal"))
        environ.setenv("REGISTER_DATABASE_URL", url)
        # The cast signs in by password; the second factor has its own tests.
        environ.setenv("REGISTER_REQUIRE_2FA", "off")
        # Rate limits have their own tests.
        environ.setenv("REGISTER_RATE_LIMITS", "off")
        settings = config.load()
        _LOADED[settings.database_url] = settings
        return settings


def seal_folder(settings: Settings) -> Path:
    """The folder of the seal key and of the keys of reports."""
    assert settings.seal_dir
    return settings.seal_dir


def flush_nothing(engine: Engine) -> None:
    """Have SQLite leave writes to the system: a power cut does not matter here."""
    if engine.dialect.name == "sqlite":
        event.listen(
            engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF").close()
        )


@contextmanager
def open_engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, **engine_options(url))
    configure_engine(engine)
    if url in _LOADED:
        setup.use_address_key(_LOADED[url], engine)
    flush_nothing(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def init_on_server(plain: Settings, **places: object) -> Settings:
    """Make a new register on a PostgreSQL server; settings as ``plain``, with other places."""
    settings = replace(plain, search="postgresql", **places)  # type: ignore[arg-type]
    _LOADED[settings.database_url] = settings
    with open_engine(settings.database_url) as engine:
        setup.init(settings, engine)
    return settings


# Tables that a new register and the hiring of the cast fill, restored after each test.
_INITIAL_TABLES = (
    *("identity", "journal_head", "journal_entry", "term", "dataset", "sealed_names"),
    "member",
)
_INDEXES = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'search%%'"
# A database whose columns or revision changed cannot be reused.
_SHAPE_STATEMENT = """
    SELECT attrelid::regclass || '.' || attname AS what FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0
        AND NOT attisdropped
    UNION ALL SELECT version_num FROM alembic_version
    ORDER BY what
"""
# To truncate all tables and their indexes would take longer than most tests.
_EMPTY_STATEMENT = """
    DO $$
    DECLARE
        name text;
        has_rows boolean;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOREACH name IN ARRAY '{{{tables}}}'::text[] LOOP
            EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || name || ')' INTO has_rows;
            IF has_rows THEN
                EXECUTE 'DELETE FROM ' || name;
            END IF;
        END LOOP;
        PERFORM setval(
            format('%%I.%%I', schemaname, sequencename),
            coalesce(kept.last_value, start_value),
            kept.last_value IS NOT NULL
        )
        FROM pg_sequences used LEFT JOIN kept.sequences kept USING (schemaname, sequencename)
        WHERE schemaname = 'public' AND used.last_value IS NOT NULL;
        {initial_rows}
    END $$
"""
# Deleted rows make the tables of a database longer.
_USES = 50


def _copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database into another one that may be open."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        written.execute("PRAGMA synchronous=OFF")
        read.backup(written)


def _written(path: Path) -> object:
    """Changes with each write to an SQLite database, which is in its log first."""
    log = path.with_name(path.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    return path.stat().st_mtime_ns, size, log.stat().st_mtime_ns if size else 0


class Registers:
    """Makes registers with the vocabularies, without a case; with the cast where it is asked for.

    The first of each kind takes seconds; the others are copies of it. A PostgreSQL database is
    emptied and reused, since copying it would take longer than most tests.
    """

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self.folder = folder
        self.request = request
        self.templates: set[str] = set()
        # By backend: those of its first register; the others differ in their places only.
        self.settings: dict[str, Settings] = {}
        # The ids of the members, by URL of the registers that were made with them.
        self.casts: dict[str, Cast] = {}
        self.idle: dict[str, list[str]] = defaultdict(list)
        # By name: the file of a filled register, and what the test gets.
        self.contents: dict[str, tuple[Path, object]] = {}
        # Of a register on SQLite that has nothing but first cases: their names and its files.
        self.first_cases: dict[Path, tuple[str, object]] = {}
        self.uses: Counter[str] = Counter()
        self.shape: object = None
        self.count = 0

    @contextmanager
    def new(self, backend: str, folder: Path, *, hired: bool = False) -> Iterator[Settings]:
        """The settings of a new register in ``folder``; its database is removed afterwards."""
        template = f"{backend}_cast" if hired else backend
        if template not in self.templates:
            self._make(backend, template)
        shutil.copytree(self.folder / template / "seal", folder / "seal")
        (folder / "instance").mkdir(mode=0o700)
        if backend == "postgresql":
            with self._database(template) as url:
                yield self._load_settings(folder, url, template)
            return
        file = folder / "instance" / "register.sqlite3"
        shutil.copy(self.folder / template / "register.sqlite3", file)
        if hired:
            self.first_cases[file] = "first cases", _written(file)
        try:
            yield self._load_settings(folder, f"sqlite:///{file}", template)
        finally:
            # pytest keeps the folders of three runs; a thousand registers would fill the disk.
            self.first_cases.pop(file, None)
            for leftover in file.parent.glob("register.sqlite3*"):
                leftover.unlink()

    def _load_settings(self, folder: Path, url: str, template: str) -> Settings:
        backend = template.removesuffix("_cast")
        if backend not in self.settings:
            self.settings[backend] = load_settings(folder, url)
        settings = replace(
            self.settings[backend],
            instance=folder / "instance",
            seal_dir=folder / "seal",
            database_url=url,
        )
        _LOADED[url] = settings
        if template in self.casts:
            self.casts[settings.database_url] = self.casts[template]
        return settings

    def filled(self, settings: Settings, name: str, fill: Callable[[], _Filled]) -> _Filled:
        """What ``fill`` returned when it filled this register, or another one before.

        On SQLite it fills one register, whose content the others get: names, numbers and ids, and
        no keys. What it returns must not depend on the test.
        """
        path = sqlite_path(settings.database_url)
        if path is None:
            return fill()
        if name not in self.contents:
            copy = self.folder / f"content-{len(self.contents)}.sqlite3"
            self.contents[name] = copy, fill()
            _copy_database(path, copy)
        else:
            _copy_database(self.contents[name][0], path)
        result: _Filled = deepcopy(self.contents[name][1])
        return result

    def first_case(self, settings: Settings, name: str, add: Callable[[], _Filled]) -> _Filled:
        """What ``add`` returned when it added this case to a register with the same first cases.

        Thousands of tests begin with one or two cases of the same content. ``add`` runs when
        anything else was written to this register before.
        """
        path = sqlite_path(settings.database_url)
        names, files = self.first_cases.get(path, ("", None))
        if path is None or files != _written(path):
            return add()
        names += f", {name}"
        result = self.filled(settings, names, add)
        self.first_cases[path] = names, _written(path)
        return result

    def _make(self, backend: str, template: str) -> None:
        folder, hired = self.folder / template, template != backend
        if hired and backend not in self.templates:
            self._make(backend, backend)
        if hired:
            shutil.copytree(self.folder / backend, folder)
        else:
            (folder / "instance").mkdir(parents=True)
        url = f"sqlite:///{folder / 'register.sqlite3'}"
        if backend == "postgresql":
            original = f" TEMPLATE template_{backend}" if hired else ""
            self._server.execute(f"CREATE DATABASE template_{template}{original}")
            url = self._server.url(f"template_{template}")
        with open_engine(load_settings(folder, url).database_url if hired else url) as engine:
            if hired:
                self.casts[template] = hire(engine)
            else:
                setup.init(load_settings(folder, url), engine)
            if backend == "postgresql":
                self._keep(engine)
        _TEMPLATE_SEALS.add((folder / "seal" / encryption.KEY_FILE).read_text())
        if backend == "sqlite":
            # Without the free pages of tables that migrations dropped: each test copies the file.
            with closing(sqlite3.connect(folder / "register.sqlite3")) as raw:
                raw.execute("VACUUM")
        self.templates.add(template)

    def _keep(self, engine: Engine) -> None:
        """Keep the rows of a template in a schema of its own, to restore used databases."""
        with engine.begin() as connection:
            execute = connection.exec_driver_sql
            for table in Base.metadata.sorted_tables:
                has_rows = execute(f"SELECT EXISTS (SELECT 1 FROM {table.name})").scalar()
                assert table.name in _INITIAL_TABLES or not has_rows, table.name
            execute("DROP SCHEMA IF EXISTS kept CASCADE")
            execute("CREATE SCHEMA kept")
            for name in _INITIAL_TABLES:
                execute(f"CREATE TABLE kept.{name} AS TABLE {name}")
            execute(
                "CREATE TABLE kept.sequences AS SELECT schemaname, sequencename, last_value"
                " FROM pg_sequences WHERE schemaname = 'public'"
            )
            self.shape = execute(_SHAPE_STATEMENT).all()

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        if self.idle[template]:
            name = self.idle[template].pop()
        else:
            self.count += 1
            name = f"copy_{self.count}"
            self._server.execute(f"CREATE DATABASE {name} TEMPLATE template_{template}")
        yield self._server.url(name)
        self.uses[name] += 1
        if self.uses[name] < _USES and self._empty(name):
            self.idle[template].append(name)
        else:
            self._server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _empty(self, name: str) -> bool:
        """Restore a used database; False when its tables have changed."""
        with open_engine(self._server.url(name)) as engine, engine.begin() as connection:
            execute = connection.exec_driver_sql
            # A forgotten connection would lock the tables.
            execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            try:
                # The index of the deleted cases.
                for (schema,) in execute(_INDEXES).all():
                    execute(f'DROP SCHEMA "{schema}" CASCADE')
                if execute(_SHAPE_STATEMENT).all() != self.shape:
                    return False
                tables = ",".join(table.name for table in Base.metadata.sorted_tables)
                initial_rows = "".join(
                    f"INSERT INTO {table} SELECT * FROM kept.{table};" for table in _INITIAL_TABLES
                )
                execute(_EMPTY_STATEMENT.format(tables=tables, initial_rows=initial_rows))
            except SQLAlchemyError:
                connection.rollback()
                return False
        return True

    @property
    def _server(self) -> PostgresServer:
        # Only for tests on PostgreSQL: the others run without it.
        server: PostgresServer = self.request.getfixturevalue("server")
        return server


class _TemplateCache(BytecodeCache):
    """Compiled templates shared by the applications of this run."""

    def __init__(self) -> None:
        self.compiled: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key, bucket.checksum] = bucket.code


def share_between_applications(collected: Path) -> None:
    """Compile templates, routes and SQL statements once a run, and read and write files once.

    Thousands of tests create an application or an engine, which would repeat all of it.

    :param collected: an empty folder for the static files.
    """
    etag.files_digest = cache(etag.files_digest)
    etag.version = cache(etag.version)
    _share_assets(collected)
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _TemplateCache()}
    _share_routes()
    _share_statements()


def _share_assets(collected: Path) -> None:
    collect = assets.collect
    collect_once = cache(lambda: collect(_STATIC, collected))

    def link(source: Path, folder: Path) -> dict[str, str]:
        if source != _STATIC or folder.exists():
            return collect(source, folder)
        names = collect_once()
        folder.symlink_to(collected)
        return names

    assets.collect = link


def _share_routes() -> None:
    compile_route, compiled = Rule.compile, {}

    def compile_once(rule: Rule) -> None:
        # What a rule is compiled from; a builder calls the converters of the rule it is given.
        key = (
            *(rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults)),
            *(rule.map.host_matching, *rule.map.converters.values()),
        )
        if key not in compiled:
            compile_route(rule)
            compiled[key] = (
                {name: getattr(rule, name) for name in ("_parts", "_trace", "_converters")},
                frozenset(rule.arguments),
                (rule._build.__func__, rule._build_unknown.__func__),
            )
            return
        parts, arguments, (build, build_unknown) = compiled[key]
        vars(rule).update(parts, arguments=set(arguments))
        rule._build = MethodType(build, rule)
        rule._build_unknown = MethodType(build_unknown, rule)

    Rule.compile = compile_once


def _share_statements() -> None:
    # The caches of compiled statements have the dialect, which each engine makes, in their keys.
    # Dialects of one class and server version compile alike here, so they are made equal; those of
    # registers with other keys encrypt and decrypt addresses differently.
    def is_same(one: DefaultDialect, other: object) -> bool:
        return (
            type(one) is type(other)
            and one.server_version_info == other.server_version_info  # type: ignore[attr-defined]
            and getattr(one, "seal", None) == getattr(other, "seal", None)
        )

    use_address_key = setup.use_address_key

    def use_and_note_key(settings: Settings, engine: Engine) -> None:
        use_address_key(settings, engine)
        path = seal_folder(settings) / encryption.KEY_FILE if settings.seal_dir else None
        seal = path.read_text() if path and path.exists() else object()
        for each in address_engines(engine):
            each.dialect.seal = seal  # type: ignore[attr-defined]
            openers[seal] = each.dialect.register_address_cipher  # type: ignore[attr-defined]
            each.dialect.register_address_cipher = partial(  # type: ignore[attr-defined]
                open_once, each.dialect, openers[seal]
            )

    def open_once(dialect: DefaultDialect, opener: Callable[[], object]) -> object:
        # A statement keeps the dialect of the first register that compiled it, whose database may
        # be gone: the key is that of the last one, which is the same.
        seal = dialect.seal  # type: ignore[attr-defined]
        if seal not in ciphers:
            ciphers[seal] = openers.get(seal, opener)()
        # Another register may have made another key beside the same seal key.
        return ciphers[seal] if seal in _TEMPLATE_SEALS else ciphers.pop(seal)

    openers: dict[object, Callable[[], object]] = {}
    ciphers: dict[object, object] = {}
    setup.use_address_key = use_and_note_key

    DefaultDialect.__eq__ = is_same  # type: ignore[method-assign, assignment]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    statements = LRUCache(3_000)

    def share_cache(_dialect: type[DefaultDialect], engine: Engine) -> None:
        engine._compiled_cache = statements

    DefaultDialect.engine_created = classmethod(share_cache)  # type: ignore[assignment]


@contextmanager
def plain_app(settings: Settings) -> Iterator[Flask]:
    """The application without a pushed context: each request has its own session."""
    app = create_app(settings)
    app.testing = True
    with app.app_context():
        flush_nothing(db.engine)
    yield app
    # Garbage collection would warn of its open files, in a later test.
    app.extensions["register.search"].close()
    with app.app_context():
        db.engine.dispose()


class _QuietHandler(WSGIRequestHandler):
    """A connection that stays open for the next request, without an access log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_arguments: object) -> None:
        pass


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve an application on a free loopback port; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
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
