"""The register that every test starts from, on SQLite and on PostgreSQL, and the people in it.

Amina reports. Bruno and Chloé moderate, Ada is the administrator. Driss is a stranger here: his
account was disabled, and he knows the addresses that he used to open.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pytest
import served
from argon2 import PasswordHasher
from filed import AT, Filed
from flask import Flask
from flask.testing import FlaskClient
from signed import Signed
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from benchmarks import cluster
from benchmarks.cluster import Server
from register import config, create_app
from register.config import Settings
from register.db import Base, db, engine_options, prepare
from register.incidents import acts
from register.incidents.checklist import ATTESTED
from register.incidents.content import Content, ProceedingContent, SourceContent
from register.incidents.models import Incident
from register.journal import Pen, writing
from register.members import accounts, passwords
from register.members.models import Role
from register.operations import opening

BACKENDS = ("sqlite", "postgresql")
DEMO = Path(__file__).resolve().parent.parent / "register" / "demo" / "incidents.csv"


def pytest_configure() -> None:
    """End as on Ctrl-C when asked to stop: the PostgreSQL that was started ends with the run."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


# What these modules read is words and addresses of pages and feeds. The queries behind them have
# tests of their own on both databases; these are read on PostgreSQL by ``make prove``.
PAGES_OF_WORDS = {
    "test_feed_addresses",
    "test_feed_filters",
    "test_feeds",
    "test_following",
    "test_hostile_searches",
    "test_list_pages",
    "test_members_journal",
    "test_pages",
    "test_phrase",
    "test_places_pages",
    "test_registre",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to ``make prove`` what would read the same words from the other database."""
    for item in items:
        called = getattr(item, "callspec", None)
        read_from = called.params.values() if called else ()
        once = item.path.stem in PAGES_OF_WORDS or "not_one_byte" in item.name
        if "postgresql" in read_from and once:
            item.add_marker(pytest.mark.prove)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI nothing may be skipped: a check that did not run proves nothing."""
    told = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and told and told.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# --- the two databases ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL, started for this run; skipped where there is none, never under CI."""
    tools = cluster.programs()
    if tools is None:
        why = "PostgreSQL is not installed: initdb is neither in /usr/lib/postgresql nor on PATH"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    quick = ("synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
    with cluster.started(tools, *quick) as started:
        yield started


def _settings(folder: Path, url: str) -> Settings:
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
        return config.load()


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = create_engine(url, **engine_options(url))
    prepare(engine)
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
                yield _settings(folder, url)
            return
        file = folder / "instance" / "register.sqlite3"
        shutil.copyfile(self.folder / backend / "register.sqlite3", file)
        try:
            yield _settings(folder, f"sqlite:///{file}")
        finally:
            # pytest keeps the folders of three runs; a thousand registers would fill the disk.
            for left in file.parent.glob("register.sqlite3*"):
                left.unlink()

    def _make(self, backend: str) -> None:
        folder = self.folder / backend
        (folder / "instance").mkdir(parents=True)
        url = f"sqlite:///{folder / 'register.sqlite3'}"
        if backend == "postgresql":
            self._server.say("CREATE DATABASE template_register")
            url = self._server.url("template_register")
        with _opened(url) as engine:
            opening.init(_settings(folder, url), engine)
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
            self._server.say(f"CREATE DATABASE {name} TEMPLATE template_register")
        yield self._server.url(name)
        if self._emptied(name):
            self.idle.append(name)
        else:
            self._server.say(f"DROP DATABASE {name} WITH (FORCE)")

    def _emptied(self, name: str) -> bool:
        """Make a used database as it was; False when its tables are no longer the same."""
        with _opened(self._server.url(name)) as engine, engine.begin() as connection:
            ask = connection.exec_driver_sql
            # Whoever forgot to let go would hold the tables for ever.
            ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            try:
                # Its index is of cases that are no more.
                for (schema,) in ask(_INDEXES).all():
                    ask(f'DROP SCHEMA "{schema}" CASCADE')
                if ask(_SHAPE).all() != self.shape:
                    return False
                tables = [
                    table.name
                    for table in Base.metadata.sorted_tables
                    if not table.name.startswith(_TERRITORY)
                ]
                ask(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
                for table in _OPENED:
                    ask(f"INSERT INTO {table} SELECT * FROM kept.{table}")
            except SQLAlchemyError:
                connection.rollback()
                return False
        return True

    @property
    def _server(self) -> Server:
        # Asked for only when a test wants PostgreSQL: the others run where there is none.
        found: Server = self.request.getfixturevalue("server")
        return found


@pytest.fixture(scope="session")
def registers(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Registers:
    """The maker of registers."""
    return Registers(tmp_path_factory.mktemp("registers"), request)


@pytest.fixture(params=BACKENDS)
def settings(
    request: pytest.FixtureRequest, registers: Registers, tmp_path: Path
) -> Iterator[Settings]:
    """The settings of a register without a case; each test that asks runs on both databases."""
    with registers.new(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The engine of a register without a case."""
    with _opened(settings.database_url) as opened:
        yield opened


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session to read with; it lets go whenever somebody takes the pen."""
    with Session(engine) as opened:
        yield opened


@pytest.fixture
def pen(engine: Engine, session: Session) -> Callable[..., AbstractContextManager[Pen]]:
    """``with pen() as p:`` takes the pen on 2 March 2026 at 9:30 UTC, or at another moment."""

    def take(at: datetime = AT) -> AbstractContextManager[Pen]:
        # A reader in the middle of its page would hold back the erasure of words, for seconds.
        session.rollback()
        return writing(engine, at)

    return take


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a register without a case, its context pushed."""
    with _application(settings) as made:
        yield made


@contextmanager
def _application(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.testing = True
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


# --- the people -------------------------------------------------------------------------------

PASSWORD = "une-phrase-de-passe"


@dataclass(frozen=True)
class Cast:
    """The ids of the members, as acts take them."""

    bruno: int
    chloe: int
    ada: int
    driss: int

    def email(self, name: str) -> str:
        """The address of one of them, by first name."""
        return f"{name}@register.test"


@contextmanager
def _cheap_passwords() -> Iterator[None]:
    # An honest argon2id takes 50 ms and 64 MiB; here only the accounts matter.
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", cheap)
        yield


def _hire(engine: Engine) -> Cast:
    roles = {
        "bruno": Role.MODERATOR,
        "chloe": Role.MODERATOR,
        "ada": Role.ADMINISTRATOR,
        "driss": Role.MODERATOR,
    }
    with _cheap_passwords(), writing(engine, AT) as p:
        made = {
            name: accounts.add(p, f"{name}@register.test", role, PASSWORD).id
            for name, role in roles.items()
        }
        accounts.disable(p, "driss@register.test")
    return Cast(**made)


@pytest.fixture
def cast(engine: Engine) -> Cast:
    """Bruno and Chloé, moderators; Ada, administrator; Driss, disabled."""
    return _hire(engine)


# --- the cases --------------------------------------------------------------------------------


def _content(*, justice: bool = False, **changes: object) -> Content:
    """A case that the checklist lets pass; ``justice`` makes it one that asks for two people."""
    told = Content(
        title="Interdiction de filmer le conseil municipal de Gagny",
        summary="Selon le blog, le maire interdit de filmer la séance du conseil.",
        narrative="Selon le blog, le maire a interdit de **filmer** la séance.",
        date="2008-03-17",
        commune="93032",
        level="commune",
        actor="maire",
        target="blogueur",
        outlets=("Gagny Libre",),
        types=("interdiction_filmer",),
        evidence="documente",
        outcome="inconnue",
        sources=(SourceContent(url="https://exemple.test/gagny", kind="presse", label="presse"),),
    )
    if justice:
        suit = ProceedingContent(direction="contre_cible", nature="penale", plaintiff="maire")
        told = replace(told, types=("plainte_diffamation",), proceedings=(suit,))
    return replace(told, **changes)


@pytest.fixture
def content() -> Callable[..., Content]:
    """``content(title=…)``: a publishable case; ``content(justice=True)``: one for two people."""
    return _content


class Desk:
    """What Bruno and Chloé do all day, in one word each, so that a test tells only its own act."""

    def __init__(self, pen: Callable[..., AbstractContextManager[Pen]], cast: Cast) -> None:
        self.pen = pen
        self.cast = cast

    def draft(self, content: Content | None = None, **changes: object) -> Filed:
        """Bruno's draft."""
        with self.pen() as p:
            return Filed(self._draft(p, content, changes).id)

    def ready(self, content: Content | None = None, **changes: object) -> Filed:
        """Bruno's draft, its authority invited, approved by Chloé."""
        with self.pen() as p:
            return Filed(self._ready(p, content, changes).id)

    def published(self, content: Content | None = None, **changes: object) -> Filed:
        """A case that Bruno published with Chloé's approval."""
        with self.pen() as p:
            case = self._ready(p, content, changes)
            acts.publish(
                p,
                case.id,
                by=self.cast.bruno,
                reason="lu et vérifié",
                attested=ATTESTED,
                flags_reason="relu",
            )
            return Filed(case.id, case.number)

    def withdrawn(self, content: Content | None = None, **changes: object) -> Filed:
        """A published case that Bruno withdrew as a mistake."""
        filed = self.published(content, **changes)
        with self.pen() as p:
            acts.withdraw(
                p, filed.id, by=self.cast.bruno, restriction="erreur", reason="erreur de lieu"
            )
        return filed

    def merged(self, **changes: object) -> Filed:
        """A published case that was merged into another one."""
        other = self.published()
        filed = self.published(**changes)
        with self.pen() as p:
            acts.merge(p, filed.id, into=other.number, by=self.cast.bruno, reason="même affaire")
        return filed

    def erased(self, **changes: object) -> Filed:
        """A published case that Ada erased with Chloé's approval."""
        filed = self.published(**changes)
        with self.pen() as p:
            acts.approve(p, filed.id, by=self.cast.chloe, purpose="erase")
            acts.erase(p, filed.id, by=self.cast.ada, restriction="donnee_personnelle")
        return filed

    def discarded(self, **changes: object) -> Filed:
        """A draft that Bruno gave up."""
        filed = self.draft(**changes)
        with self.pen() as p:
            acts.discard(p, filed.id, by=self.cast.bruno)
        return filed

    def received_reply(self, filed: Filed, text: str = "La commune conteste.") -> int:
        """A right of reply from the mairie, received on 2 March; the reply's id."""
        with self.pen() as p:
            row = acts.receive_reply(
                p,
                filed.id,
                by=self.cast.bruno,
                author="Ville de Gagny",
                capacity="la commune",
                text=text,
                received_on=date(2026, 3, 2),
            )
            return row.id

    def _draft(self, p: Pen, content: Content | None, changes: dict[str, object]) -> Incident:
        told = content or _content(**changes)
        return acts.draft(p, told, by=self.cast.bruno, reason="repéré dans la presse")

    def _ready(self, p: Pen, content: Content | None, changes: dict[str, object]) -> Incident:
        case = self._draft(p, content, changes)
        acts.invite(p, case.id, "courriel au maire", by=self.cast.bruno, on=date(2026, 2, 20))
        acts.approve(p, case.id, by=self.cast.chloe)
        return case


@pytest.fixture
def desk(pen: Callable[..., AbstractContextManager[Pen]], cast: Cast) -> Desk:
    """Bruno and Chloé at work."""
    return Desk(pen, cast)


@pytest.fixture
def signed(app: Flask, cast: Cast) -> Callable[[str], Signed]:
    """``signed("bruno")``: a browser in which a member has just signed in."""

    def enter(name: str) -> Signed:
        return Signed(app, getattr(cast, name))

    return enter


@pytest.fixture
def published(desk: Desk) -> Callable[..., Filed]:
    """``published(title=…)``: a public case, as its id and number."""
    return desk.published


@pytest.fixture
def attested() -> tuple[str, ...]:
    """Everything that a moderator attests before publication."""
    return ATTESTED


# --- the demonstration ------------------------------------------------------------------------


@pytest.fixture(scope="session", params=BACKENDS)
def demo_app(
    request: pytest.FixtureRequest,
    registers: Registers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The application with the demonstration's cases, imported and published; only read."""
    from register.exchange.importer import Publication, import_file

    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    with registers.new(request.param, folder) as settings:
        with _opened(settings.database_url) as engine:
            cast = _hire(engine)
            publication = Publication(by=cast.bruno, second=cast.chloe, reason="démonstration")
            report = import_file(engine, DEMO, publish=publication)
            assert report.published == 34, report
        app = create_app(settings)
        app.testing = True
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def client(demo_app: Flask) -> FlaskClient:
    """A stranger at the door of the demonstration."""
    return demo_app.test_client()


@pytest.fixture(scope="session")
def site(registers: Registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[served.Site]:
    """The demonstration on a real server, with a case that has everything and a withdrawn one."""
    with (
        registers.new("sqlite", tmp_path_factory.mktemp("site")) as settings,
        served.site(settings) as running,
    ):
        yield running
