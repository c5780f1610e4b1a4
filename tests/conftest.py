"""Fixtures of all tests: registers on SQLite and PostgreSQL, their members, cases and reports.

The people are described in ``cast.py``.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from copy import copy
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import databases
import demo_site
import pytest
from case_contents import a_case
from case_files import CaseFiles
from cast import AT, CHEAP_HASHER, COSTLY_HASHER, CaseRef, Cast, Desk, hire
from databases import BACKENDS, Registers, application, flush_nothing, open_engine, plain_app
from desk_site import desk_site
from flask import Flask
from flask.testing import FlaskClient
from followed_tests import FollowedTests
from form_client import MemberClient
from mail_server import Mailbox, mail_server
from page_sites import PageSite
from report_factory import Inbox
from reports_site import reports_site
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks import cluster
from benchmarks.cluster import PostgresServer
from register.accounts import passwords
from register.cases.case_content import Content
from register.cases.checklist import ATTESTATIONS
from register.config import Settings
from register.db import db
from register.journal import WriteTransaction, writing
from register.key_store import KeyStore
from register.operations import setup
from register.territory import places

T = TypeVar("T")
DEMO = Path(__file__).resolve().parent.parent / "register" / "demo" / "incidents.csv"


def pytest_configure(config: pytest.Config) -> None:
    """Treat SIGTERM as Ctrl-C, so that the PostgreSQL server is stopped too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    passwords._HASHER = CHEAP_HASHER
    # A power cut does not matter here.
    os.fsync = lambda _file: None
    collected = TemporaryDirectory(prefix="register-assets-")
    config.add_cleanup(collected.cleanup)
    databases.share_between_applications(Path(collected.name))
    coverage_plugin = config.pluginmanager.get_plugin("_cov")
    if coverage_plugin is not None:
        config.pluginmanager.register(FollowedTests(coverage_plugin))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests marked ``one_database`` to ``make prove`` when they run on PostgreSQL."""
    for item in items:
        call = getattr(item, "callspec", None)
        on_postgresql = call is not None and "postgresql" in call.params.values()
        if on_postgresql and item.get_closest_marker("one_database"):
            item.add_marker(pytest.mark.prove)


def pytest_collection_finish() -> None:
    # Exclude the thousands of collected tests from garbage collection: traversing them would slow
    # down tests that create many objects.
    gc.collect()
    gc.freeze()
    # An application is thousands of objects: each would cause several collections.
    gc.set_threshold(20_000)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# --- the two databases ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """PostgreSQL, started for this run; without one tests are skipped, or fail under CI."""
    tools = cluster.postgres_programs()
    if tools is None:
        why = "PostgreSQL is not installed: initdb is neither in /usr/lib/postgresql nor on PATH"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    quick = ("synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
    with cluster.running_server(tools, *quick) as started:
        yield started


@pytest.fixture(scope="session", name="registers")
def maker(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Registers:
    """Makes registers."""
    return Registers(tmp_path_factory.mktemp("registers"), request)


@pytest.fixture(params=BACKENDS)
def settings(
    request: pytest.FixtureRequest, registers: Registers, tmp_path: Path
) -> Iterator[Settings]:
    """The settings of an empty register; each test that uses it runs on both databases."""
    hired = "cast" in request.fixturenames
    with registers.new(request.param, tmp_path, hired=hired) as settings:
        yield settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The engine of a register without a case."""
    with open_engine(settings.database_url) as engine:
        yield engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session for reading; ``pen`` ends its transaction before it writes."""
    with Session(engine) as session:
        yield session


@pytest.fixture
def pen(
    engine: Engine, session: Session
) -> Callable[..., AbstractContextManager[WriteTransaction]]:
    """``with pen() as p:`` writes at 2 March 2026, 9:30 UTC, or another time."""

    def take(at: datetime = AT) -> AbstractContextManager[WriteTransaction]:
        # An open read transaction would delay the erasure of texts by seconds.
        session.rollback()
        return writing(engine, at)

    return take


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a register without a case, its context pushed."""
    with application(settings) as app:
        yield app


@pytest.fixture
def few_communes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations down to tables of the territory fill them with the communes of four départements.

    All 35,000 take seconds; ``test_territory_migration.py`` reads them.
    """
    few = copy(places.territory())
    few.communes = {
        code: commune
        for code, commune in few.communes.items()
        if commune.departement_code in ("22", "2A", "92", "93")
    }
    few.current_codes = {
        code: current for code, current in few.current_codes.items() if current in few.communes
    }
    few.aliases = {code: found for code, found in few.aliases.items() if code in few.communes}
    monkeypatch.setattr(places, "territory", lambda: few)


# --- the people -------------------------------------------------------------------------------


@pytest.fixture
def cast(settings: Settings, registers: Registers, engine: Engine) -> Cast:
    """Bruno and Chloé, moderators; Ada, administrator; Driss, disabled."""
    return registers.casts.get(settings.database_url) or hire(engine)


@pytest.fixture
def costly_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and verify passwords at the register's own cost."""
    monkeypatch.setattr(passwords, "_HASHER", COSTLY_HASHER)


# --- the cases --------------------------------------------------------------------------------


@pytest.fixture
def content() -> Callable[..., Content]:
    """``content(title=…)``: a publishable case; ``content(justice=True)``: one for two members."""
    return a_case


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    registers: Registers,
    settings: Settings,
    session: Session,
    pen: Callable[..., AbstractContextManager[WriteTransaction]],
    cast: Cast,
) -> Desk:
    """Bruno and Chloé at work."""

    def add_first_case(name: str, add: Callable[[], CaseRef]) -> CaseRef:
        session.rollback()
        return registers.first_case(settings, name, add)

    # What a test replaces may change an act.
    is_plain = "monkeypatch" not in request.fixturenames
    return Desk(pen, cast, add_first_case if is_plain else None)


@pytest.fixture
def signed(app: Flask, cast: Cast) -> Callable[[str], MemberClient]:
    """``signed("bruno")``: the client of a member who has just signed in."""

    def enter(name: str) -> MemberClient:
        return MemberClient(app, getattr(cast, name))

    return enter


# --- the reports ------------------------------------------------------------------------------


@pytest.fixture
def store(settings: Settings, engine: Engine) -> Iterator[KeyStore]:
    """The keys of the register's reports."""
    with Session(engine) as session:
        keys = setup.key_store(settings, session)
    flush_nothing(keys.engine)
    yield keys
    keys.close()


@pytest.fixture
def case_files(
    settings: Settings,
    engine: Engine,
    pen: Callable[..., AbstractContextManager[WriteTransaction]],
    store: KeyStore,
    cast: Cast,
) -> CaseFiles:
    """Files of cases and their clean copies."""
    return CaseFiles(engine, pen, store, setup.sealed_files(settings, store), cast.bruno)


@pytest.fixture
def inbox(
    pen: Callable[..., AbstractContextManager[WriteTransaction]], store: KeyStore, cast: Cast
) -> Inbox:
    """Reports of Amina in each state."""
    return Inbox(pen, store, cast)


@pytest.fixture
def filled(
    request: pytest.FixtureRequest, registers: Registers, settings: Settings, session: Session
) -> Callable[[Callable[[], T]], T]:
    """``filled(fill)``: what ``fill`` returns, which fills the register; once for its test file."""

    def fill_or_copy(fill: Callable[[], T]) -> T:
        session.rollback()
        result = registers.filled(settings, f"{request.path}: {fill.__qualname__}", fill)
        session.rollback()
        return result

    return fill_or_copy


@pytest.fixture
def published(desk: Desk) -> Callable[..., CaseRef]:
    """``published(title=…)``: a published case, as its id and number."""
    return desk.published


@pytest.fixture
def attested() -> tuple[str, ...]:
    """Everything that a moderator attests before publication."""
    return ATTESTATIONS


# --- the mail ---------------------------------------------------------------------------------


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """What a mail server on loopback got."""
    with mail_server(Mailbox()) as served:
        yield served


# --- the demonstration ------------------------------------------------------------------------


@pytest.fixture(scope="session", params=BACKENDS)
def demo_app(
    request: pytest.FixtureRequest, registers: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The application with the demonstration's cases, imported and published; only read."""
    from register.exchange.case_csv_import import PublishOptions, RowEffect, import_file

    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    with registers.new(request.param, folder) as settings:
        with open_engine(settings.database_url) as engine:
            cast = hire(engine)
            publish = PublishOptions(cast.chloe)
            report = import_file(
                engine, DEMO, by=cast.bruno, reason="démonstration", publish=publish
            )
            assert report.count(RowEffect.PUBLISHED) == 34, report
        with plain_app(settings) as app:
            yield app


@pytest.fixture
def client(demo_app: Flask) -> FlaskClient:
    """A stranger's client of the demonstration."""
    return demo_app.test_client()


@pytest.fixture(scope="session")
def site(
    registers: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[demo_site.Site]:
    """The demonstration on a real server, with the additional cases of ``demo_site``."""
    with (
        registers.new("sqlite", tmp_path_factory.mktemp("site")) as settings,
        demo_site.site(settings) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def page_sites(
    registers: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, PageSite]]:
    """Two registers with every page: of the desk and accounts, and of reports."""
    with ExitStack() as stack:
        sites = {}
        for name, fill in (("desk", desk_site), ("reports", reports_site)):
            folder = tmp_path_factory.mktemp(name)
            settings = stack.enter_context(registers.new("sqlite", folder))
            sites[name] = fill(settings)
        yield sites
        for site in sites.values():
            with site.app.app_context():
                db.engine.dispose()
