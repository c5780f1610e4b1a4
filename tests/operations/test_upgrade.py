"""Registers of earlier versions are upgraded to this one without loss.

``instances/`` has their databases as SQL, without the rows of the territory, which are now files:
``b`` is the demonstration as it was made before cases could be found by their words, ``c`` as it
was before there was a desk: with a draft, replies, a follow-up, a correction, and cases withdrawn,
merged and erased. ``d`` is as it was before anybody could report: beside the demonstration's cases
it has one of everything that the desk can do. Its seal key is 32 times the letter d.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
from datetime import date
from pathlib import Path

import attested_acts as acts
import facet_data
import pytest
from report_factory import a_report, nonce
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register import encryption
from register.accounts import acts as accounts
from register.accounts import two_factor
from register.accounts.models import SignInSession
from register.cases import result_lists, vocabulary
from register.cases.filters import CaseQuery
from register.cases.models import CaseState, Incident, Note, Reply
from register.cases.verify import verify
from register.db import configure_engine, engine_options, now, sqlite_path
from register.errors import SealError
from register.journal import JournalEntry, head, writing
from register.operations import schema, setup
from register.reports import acts as reports
from register.reports.queries import retained_reports
from register.reports.verify import problems
from register.search import engine_interface as factory
from register.search import indexer, query_parser, service

INSTANCES = Path(__file__).with_name("instances")


KEY_OF_D = b"d" * 32


@pytest.fixture
def upgraded(settings, request):
    """An earlier version's register, as ``webcitoyen upgrade`` leaves it."""
    path = sqlite_path(settings.database_url)
    if path is None:
        pytest.fail("an earlier register is an SQLite file here")
    path.unlink()
    statements = gzip.decompress((INSTANCES / f"{request.param}.sql.gz").read_bytes()).decode(
        "utf-8"
    )
    with sqlite3.connect(path) as connection:
        connection.executescript(statements)
    connection.close()
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    configure_engine(engine)
    setup.use_address_key(settings, engine)
    # Its statements are not those of registers with other keys.
    engine.dialect.seal = f"of {request.param}"
    schema.upgrade(engine, now())
    setup.refresh(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("upgraded", ["b"], indirect=True)
def test_an_earlier_register_has_all_its_cases_and_finds_them_by_words(upgraded, settings):
    schema.require(upgraded)
    with Session(upgraded) as session:
        statement = (
            select(func.count()).select_from(Incident).where(Incident.state == CaseState.PUBLISHED)
        )
        assert session.scalar(statement) == 34
        assert list(verify(session, [])) == []
    index = factory.open_search_engine(settings, upgraded)
    assert indexer.catch_up(upgraded, index)
    with Session(upgraded) as session:
        current, journal_head = vocabulary.current_vocabulary(session), head(session)
        search = service.CaseSearch(session, index, current, journal_head)
        matches = search.find(query_parser.parse("vidéaste gagny"))
        assert matches.reach == service.Reach.EVERYWHERE
        (case,) = result_lists.load_case_summaries(session, list(matches.strength)).values()
        assert case.commune == "93032"
        assert (
            facet_data.list_page(
                session, CaseQuery({"commune": ("93032",)}), current, journal_head
            ).total
            == 2
        )
    index.close()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("upgraded", ["c"], indirect=True)
def test_a_register_without_a_desk_has_one_with_all_its_work(upgraded, settings):
    schema.require(upgraded)
    with Session(upgraded) as session:
        states = dict(
            session.execute(select(Incident.state, func.count()).group_by(Incident.state)).all()
        )
        assert states == {"published": 31, "draft": 1, "withdrawn": 1, "merged": 1, "erased": 1}
        assert list(verify(session, [])) == []
        (administrator, moderator) = accounts.all_members(session)
        assert (moderator.display_name, moderator.has_factor) == ("moderation", False)
        (draft,) = session.scalars(select(Incident).where(Incident.state == CaseState.DRAFT))
        assert (draft.held_by, draft.held_until) == (None, None)
        (waiting,) = session.scalars(select(Reply).where(Reply.state == "received"))
        assert waiting.due_on == date(2026, 11, 8)
        case, number = draft.id, waiting.incident_id
    with writing(upgraded) as pen:
        acts.claim(pen, case, by=moderator.id)
        acts.note(pen, number, "Relu après la mise à niveau.", by=administrator.id)
        acts.reply(pen, waiting.id, by=moderator.id, reason="reçue avant la mise à niveau")
    with Session(upgraded) as session:
        assert session.get_one(Incident, case).held_by == moderator.id
        assert list(verify(session, [])) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("upgraded", ["d"], indirect=True)
def test_a_register_without_reports_keeps_every_line_and_can_receive_one(upgraded, settings):
    schema.require(upgraded)
    for file in settings.seal_dir.iterdir():
        file.unlink()
    (settings.seal_dir / encryption.KEY_FILE).write_text(KEY_OF_D.hex() + "\n")
    statements = gzip.decompress((INSTANCES / "d.sql.gz").read_bytes()).decode("utf-8")
    lines = re.findall(
        r"^INSERT INTO \"journal_entry\" VALUES\('(\w+)',(\d+),", statements, re.MULTILINE
    )
    with Session(upgraded) as session:
        assert [*verify(session, []), *problems(session)] == []
        entries = session.execute(
            select(JournalEntry.ledger, JournalEntry.seq).order_by(
                JournalEntry.ledger, JournalEntry.seq
            )
        )
        # The last one seals labels, place names and pages.
        lines.append(("public", "51"))
        assert [(ledger, str(seq)) for ledger, seq in entries] == sorted(
            lines, key=lambda line: (line[0], int(line[1]))
        )
        states = dict(
            session.execute(select(Incident.state, func.count()).group_by(Incident.state)).all()
        )
        assert states == {"published": 37, "draft": 2, "withdrawn": 1, "merged": 2, "erased": 2}
        people = {row.display_name: row for row in accounts.all_members(session)}
        assert {name: (row.is_active, row.has_factor) for name, row in people.items()} == {
            "ada": (True, True),
            "bruno": (True, False),
            "chloe": (True, True),
            "driss": (False, False),
        }
        assert session.scalar(select(func.count()).select_from(SignInSession)) == 2
        (claimed,) = session.scalars(select(Incident).where(Incident.held_by.is_not(None)))
        case, by = claimed.id, people["bruno"].id
        assert claimed.held_by == by
        assert session.scalar(select(func.count()).select_from(Note)) > 0
        inspector = inspect(upgraded)
        index_names = {index["name"] for index in inspector.get_indexes("journal_entry")}
        assert index_names == {index.name for index in JournalEntry.__table__.indexes}
        with pytest.raises(OperationalError, match="rowid"):
            session.execute(text("SELECT rowid FROM journal_entry"))
        session.rollback()
        with pytest.raises(SealError, match="keystore_missing"):
            setup.require_seal(settings, session)
        session.rollback()
        setup.make_key_store(settings, upgraded)
        setup.require_seal(settings, session)
        store = setup.key_store(settings, session)
        # The root is the former seal key, so that what it sealed is still readable.
        assert store.root == KEY_OF_D
        for name in ("ada", "chloe"):
            assert (
                len(two_factor.open_secret(store.root, people[name].id, people[name].totp_secret))
                == 32
            )
    with writing(upgraded) as pen:
        report = reports.receive(pen, store, a_report(), nonce())
    with writing(upgraded) as pen:
        reports.accept(pen, store, report.key, by=by, reason="signalé", into=case)
    with Session(upgraded) as session:
        assert retained_reports(session, store, case) == [a_report()]
        assert [*verify(session, []), *problems(session)] == []
    store.close()
