"""The register that every test starts from, on SQLite and on PostgreSQL, and the people in it.

Amina reports. Bruno and Chloé moderate, Ada is the administrator. Driss is a stranger here: his
account was disabled, and he knows the addresses that he used to open.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pytest
import registers
import served
from filed import AT, Filed
from flask import Flask
from flask.testing import FlaskClient
from people import Cast, Desk, a_case, hire
from registers import BACKENDS, Registers, application, bare, opened
from reported import Inbox
from signed import Signed
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks import cluster
from benchmarks.cluster import PostgresServer
from register.cases.case_content import Content
from register.cases.checklist import ATTESTATIONS
from register.config import Settings
from register.journal import WriteTransaction, writing
from register.operations import setup
from register.report_keys import KeyStore

WEB = Path(__file__).resolve().parent / "web"
DEMO = Path(__file__).resolve().parent.parent / "register" / "demo" / "incidents.csv"


def pytest_configure() -> None:
    """End as on Ctrl-C when asked to stop: the PostgreSQL that was started ends with the run."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    registers.share_what_each_application_makes()


# What these read is words and addresses of pages, forms and feeds, or what queries with tests of
# their own on both databases find; they are asked of PostgreSQL by ``make prove``.
ON_ONE_DATABASE = {
    "test_accounts",
    "test_acts",
    "test_casefile",
    "test_deciding",
    "test_desk",
    "test_events",
    "test_facets",
    "test_filters",
    "test_follower_processes",
    "test_hostile_queries",
    "test_importer",
    "test_invitations",
    "test_journal_verify",
    "test_lost_reports",
    "test_memberlog",
    "test_page_acts",
    "test_proving",
    "test_receipt_command",
    "test_reporting",
    "test_reports_commands",
    "test_reports_verify",
    "test_rotation",
    "test_search_commands",
    "test_searches",
    "test_searching",
    "test_second_person",
    "test_standing",
    "test_statistics",
    "test_validation",
    "test_verifier",
    "test_verifier_case_file",
    "test_verify_desk",
    "test_visibility",
    "test_vouching",
}
# Each page in each state, each form in a hundred ways, each file forged in thirty: minutes, and so
# for ``make prove``. The life of a case in a browser goes through the same pages in ``make test``.
AT_LENGTH = {
    "test_acting_after",
    "test_acting_hostile",
    "test_acting_meanwhile",
    "test_acting_publishing",
    "test_acting_table",
    "test_attack_strings",
    "test_cards",
    "test_editor_bad_input",
    "test_editor_reading",
    "test_editor_together",
    "test_editorial_desk",
    "test_feed_filters",
    "test_finding",
    "test_follower_processes",
    "test_following",
    "test_hostile_fields",
    "test_hostile_searches",
    "test_members_journal",
    "test_reports_accepting",
    "test_reports_list",
    "test_reports_views",
    "test_verifier_case_file",
}
ONE_BY_ONE = (
    "test_a_case_as_large_as_a_case_may_be_is_told_whole",
    "test_a_closed_terminal_ends_what_was_started_in_it",
    "test_a_document_is_the_same_to_the_byte_two_seconds_later",
    "test_a_filter_that_makes_no_sense_is_said_at_its_field",
    "test_a_flood_of_addresses_keeps_the_table_small",
    "test_a_forgery_is_found",
    "test_a_killed_writer_leaves_one_commit_or_the_next",
    "test_a_log_that_nobody_takes",
    "test_a_long_text_is_refused_or_rendered_in_bounded_time",
    "test_a_successor_that_will_not_serve_leaves_the_one_that_does",
    "test_an_installation_without_its_pages_is_one_sentence",
    "test_any_text_is_answered_beside_filters",
    "test_counts_equal_brute_force",
    "test_every_byte_of_a_hashed_line_counts",
    "test_hup_renews_the_follower_and_term_ends_it",
    "test_it_finds_what_the_judge_finds[sample of 1000",
    "test_it_finds_what_the_judge_finds[sample of 3-",
    "test_no_word_hides_that_something_was_taken_back",
    "test_nothing_is_dated_now",
    "test_nothing_sticks_out",
    "test_of_one_end_after_another_the_last_is_told_everywhere",
    "test_pages_are_served_without_a_follower",
    "test_reports_come_to_other_ends",
    "test_the_index_is_made_anew_beside_a_service",
    "test_the_next_request_shows_what_was_done",
    "test_the_parent_of_gunicorn_is_started_again_and_leaves_no_worker",
    "test_the_table_holds_the_lines_of_the_page_and_no_other",
    "test_unknown_revision_is_not_found",
    "test_what_a_member_command_refuses_is_said",
    "test_what_happens_on_the_desk",
    "test_what_is_asked_leaves_nothing_behind",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to ``make prove`` what is long, or would read the same words from another database."""
    for item in items:
        called = getattr(item, "callspec", None)
        read_from = called.params.values() if called else ()
        on_one = WEB in item.path.parents or item.path.stem in ON_ONE_DATABASE
        again = "postgresql" in read_from and on_one
        if again or item.path.stem in AT_LENGTH or item.name.startswith(ONE_BY_ONE):
            item.add_marker(pytest.mark.prove)


def pytest_collection_finish() -> None:
    # Thousands of tests are there to stay: going through them at each collection of garbage
    # would cost what makes many objects, as reading all of the code does, several times its own.
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI nothing may be skipped: a check that did not run proves nothing."""
    told = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and told and told.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# --- the two databases ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """PostgreSQL, started for this run; skipped where there is none, never under CI."""
    tools = cluster.postgres_programs()
    if tools is None:
        why = "PostgreSQL is not installed: initdb is neither in /usr/lib/postgresql nor on PATH"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    quick = ("synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
    with cluster.running_server(tools, *quick) as started:
        yield started


@pytest.fixture(scope="session", name="registers")
def maker(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Registers:
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
    with opened(settings.database_url) as found:
        yield found


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session to read with; it lets go whenever somebody takes the pen."""
    with Session(engine) as opened:
        yield opened


@pytest.fixture
def pen(
    engine: Engine, session: Session
) -> Callable[..., AbstractContextManager[WriteTransaction]]:
    """``with pen() as p:`` takes the pen on 2 March 2026 at 9:30 UTC, or at another moment."""

    def take(at: datetime = AT) -> AbstractContextManager[WriteTransaction]:
        # A reader in the middle of its page would hold back the erasure of words, for seconds.
        session.rollback()
        return writing(engine, at)

    return take


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a register without a case, its context pushed."""
    with application(settings) as made:
        yield made


# --- the people -------------------------------------------------------------------------------


@pytest.fixture
def cast(engine: Engine) -> Cast:
    """Bruno and Chloé, moderators; Ada, administrator; Driss, disabled."""
    return hire(engine)


# --- the cases --------------------------------------------------------------------------------


@pytest.fixture
def content() -> Callable[..., Content]:
    """``content(title=…)``: a publishable case; ``content(justice=True)``: one for two people."""
    return a_case


@pytest.fixture
def desk(pen: Callable[..., AbstractContextManager[WriteTransaction]], cast: Cast) -> Desk:
    """Bruno and Chloé at work."""
    return Desk(pen, cast)


@pytest.fixture
def signed(app: Flask, cast: Cast) -> Callable[[str], Signed]:
    """``signed("bruno")``: a browser in which a member has just signed in."""

    def enter(name: str) -> Signed:
        return Signed(app, getattr(cast, name))

    return enter


# --- the reports ------------------------------------------------------------------------------


@pytest.fixture
def store(settings: Settings, engine: Engine) -> Iterator[KeyStore]:
    """The keys of the register's reports."""
    with Session(engine) as session:
        found = setup.key_store(settings, session)
    yield found
    found.close()


@pytest.fixture
def inbox(
    pen: Callable[..., AbstractContextManager[WriteTransaction]], store: KeyStore, cast: Cast
) -> Inbox:
    """What Amina reports, and what Bruno does with it."""
    return Inbox(pen, store, cast)


@pytest.fixture
def published(desk: Desk) -> Callable[..., Filed]:
    """``published(title=…)``: a public case, as its id and number."""
    return desk.published


@pytest.fixture
def attested() -> tuple[str, ...]:
    """Everything that a moderator attests before publication."""
    return ATTESTATIONS


# --- the demonstration ------------------------------------------------------------------------


@pytest.fixture(scope="session", params=BACKENDS)
def demo_app(
    request: pytest.FixtureRequest,
    registers: Registers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The application with the demonstration's cases, imported and published; only read."""
    from register.exchange.csv_import import PublishOptions, import_file

    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    with registers.new(request.param, folder) as settings:
        with opened(settings.database_url) as engine:
            cast = hire(engine)
            publication = PublishOptions(by=cast.bruno, second=cast.chloe, reason="démonstration")
            report = import_file(engine, DEMO, publish=publication)
            assert report.published == 34, report
        with bare(settings) as app:
            yield app


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
