"""Rows, snapshots and the HTML that readers see are what the journal says they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.exc import DataError

from register.cases import acts
from register.cases.case_content import LinkContent, ProceedingContent, RequestContent, StepContent
from register.cases.models import (
    CaseLink,
    Correction,
    FollowUp,
    Incident,
    IncidentPlace,
    IncidentType,
    InformationRequest,
    Outlet,
    Proceeding,
    ProceedingStep,
    Reply,
    Revision,
    Source,
    SourceUse,
)
from register.cases.verify import ledger_heads, verify
from register.db import UTCDateTime
from register.journal import Ledger, head

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def _found(session):
    return [(problem.key, problem.values.get("number")) for problem in verify(session)]


@pytest.fixture
def rich(pen, desk, cast, content):
    """A public case on which everything that can grow has grown."""
    other = desk.published()
    told = content(
        end_date="2010",
        departement="93",
        region="11",
        linked_communes=("93066",),
        precision_note="deux dates",
        place_label="la mairie",
        actor_text="le maire",
        steps_taken="CADA",
        amount="1 euro",
        proceedings=(
            ProceedingContent(
                direction="par_cible",
                nature="penale",
                court="TGI",
                docket="12",
                legal_basis="art. 29",
                amount="1",
                steps=(StepContent("appel", date="2009", note="n", source_url="https://a.test"),),
            ),
        ),
        request=RequestContent(asked="le budget", asked_of="la mairie", opinion="favorable"),
        links=(LinkContent("voir_aussi", other.number),),
    )
    filed = desk.published(told)
    with pen(LATER) as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="Relaxe", text="La cour.")
        acts.correct(
            p,
            filed.id,
            replace(told, title="Titre"),
            by=cast.chloe,
            reason="r",
            public_note="Titre.",
        )
    reply = desk.received_reply(filed)
    with pen(LATER) as p:
        acts.reply(p, reply, by=cast.bruno, reason="r")
    return filed


def test_a_register_in_which_everything_happened_has_no_problem(session, pen, desk, cast, rich):
    for thing in (desk.draft, desk.ready, desk.discarded, desk.withdrawn, desk.merged, desk.erased):
        thing()
    redacted = desk.published()
    restored = desk.withdrawn()
    with pen(LATER) as p:
        told = p.session.get_one(Incident, redacted.id)
        assert told.number
        acts.invite(p, rich.id, "relance", by=cast.bruno)
        acts.restore(
            p,
            restored.id,
            by=cast.bruno,
            reason="r",
            attested=("attribution", "no_private_person", "no_private_life"),
        )
    assert _found(session) == []


# Where the words and codes of a public case stand, and what need not be watched there.
TABLES = (
    Incident,
    IncidentType,
    IncidentPlace,
    Outlet,
    Source,
    Proceeding,
    ProceedingStep,
    InformationRequest,
    CaseLink,
    FollowUp,
    Reply,
    Correction,
    Revision,
)
# Desk matters of a reply that readers never see; and the keys that tie rows together.
UNWATCHED = {("reply", "due_on"), ("reply", "refusal")}
KEYS = {"id", "incident_id", "position", "source_id", "proceeding_id", "revision_id"}


def _columns():
    return [
        (model, column.name)
        for model in TABLES
        for column in inspect(model).columns
        if column.name not in KEYS and (model.__tablename__, column.name) not in UNWATCHED
    ]


def _other(value, column, draw):
    if column.foreign_keys:
        return value % 4 + 1  # another of the four members
    kind = column.type.python_type
    if kind is bool:
        return not value
    if kind is bytes:
        at = draw % len(value)
        return value[:at] + bytes([value[at] ^ (draw % 255 + 1)]) + value[at + 1 :]
    if kind is str:
        value = value or ""
        at = draw % (len(value) or 1)
        letter = "abcdefghij"[draw % 10]
        changed = value[:at] + ("k" if value[at : at + 1] == letter else letter) + value[at + 1 :]
        return changed[: column.type.length]
    if kind is int:
        return (value or 0) + 1 + draw
    if isinstance(column.type, UTCDateTime):
        return (value or LATER) + timedelta(seconds=1 + draw)
    return (value or date(2000, 1, 1)) + timedelta(days=1 + draw)


def _rows_of(session, model, filed):
    """The rows of the rich case in a table."""
    if model is Incident:
        return (model.id == filed.id,)
    if model is ProceedingStep:
        own = select(Proceeding.id).where(Proceeding.incident_id == filed.id)
        return (model.proceeding_id.in_(own),)
    if model is Source:
        cited = select(SourceUse.source_id).where(SourceUse.incident_id == filed.id)
        return (model.id.in_(cited),)
    if model is Revision:
        last = select(Incident.revision_id).where(Incident.id == filed.id).scalar_subquery()
        return (model.id == last,)
    return (model.incident_id == filed.id,)


def test_a_changed_value_in_any_column_of_a_public_case_is_named(session, rich):
    """One value in one column at a time; a new column is changed here the day it exists."""
    unseen = []
    for model, name in _columns():
        where = _rows_of(session, model, rich)
        rows = session.execute(select(getattr(model, name)).where(*where)).scalars().all()
        assert rows, f"the rich case has no row in {model.__tablename__}"
        column = inspect(model).columns[name]
        value = next((row for row in rows if row is not None), None)
        session.execute(
            update(model).where(*where).values({name: _other(value, column, 7)}),
            execution_options={"synchronize_session": False},
        )
        if not _found(session):
            unseen.append((model.__tablename__, name))
        session.rollback()
    assert unseen == []


@pytest.mark.parametrize(
    "model", [IncidentType, IncidentPlace, Outlet, CaseLink, FollowUp, Correction]
)
def test_a_row_taken_away_is_named(session, rich, model):
    row = session.scalars(select(model).where(model.incident_id == rich.id).limit(1)).one()
    session.delete(row)
    session.flush()
    assert ("case_rows", rich.number) in _found(session)
    session.rollback()


def test_an_earlier_snapshot_that_was_changed_is_named_too(session, rich):
    first = session.scalars(
        select(Revision).where(Revision.incident_id == rich.id).order_by(Revision.id)
    ).first()
    first.html = first.html.replace(b"blog", b"bloc")
    session.flush()
    assert _found(session) == [("html_changed", rich.number)]
    session.rollback()


def test_a_byte_that_is_no_date_any_more_is_named_and_stops_nothing(session, engine, rich, desk):
    change = f"UPDATE incident SET date_first = '2008-0x-17' WHERE id = {rich.id}"
    if engine.dialect.name != "sqlite":
        with pytest.raises(DataError):
            session.connection().exec_driver_sql(change)
        return
    session.connection().exec_driver_sql(change)
    assert _found(session)[0][0] == "case_unreadable"


def test_a_whole_case_taken_away_is_named(session, desk):
    filed = desk.draft()
    for model in (IncidentType, IncidentPlace, Outlet, SourceUse, Revision):
        session.execute(delete(model).where(model.incident_id == filed.id))
    session.execute(delete(Incident).where(Incident.id == filed.id))
    assert {key for key, _ in _found(session)} == {"case_missing", "content_missing"}
    session.rollback()


@pytest.mark.parametrize("pointed", ["nowhere", "to an earlier one"])
def test_a_case_that_shows_no_longer_its_last_snapshot_is_named(session, rich, pointed):
    first = session.scalars(
        select(Revision.id).where(Revision.incident_id == rich.id).order_by(Revision.id)
    ).first()
    case = session.get_one(Incident, rich.id)
    case.revision_id = None if pointed == "nowhere" else first
    session.flush()
    assert ("case_snapshot", rich.number) in _found(session)
    session.rollback()


def test_a_snapshot_taken_away_is_named(session, desk, pen, cast, content):
    filed = desk.draft()
    with pen() as p:
        acts.edit(p, filed.id, content(title="Autre"), by=cast.bruno, reason="r")
    first = session.scalars(select(Revision).order_by(Revision.id)).first()
    session.delete(first)
    session.flush()
    assert {key for key, _ in _found(session)} == {"revision_missing", "content_missing"}
    session.rollback()


def test_the_heads_are_what_an_outsider_keeps(session, rich):
    told = {ledger: (seq, digest) for ledger, seq, digest in ledger_heads(session)}
    assert set(told) == set(Ledger)
    position = head(session)
    assert told[Ledger.PUBLIC] == (position.seq, position.digest)
