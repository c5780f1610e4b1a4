"""Verification of public cases: rows, snapshots and HTML agree with the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import attested_acts as acts
import pytest
from case_contents import decided
from sqlalchemy import delete, func, inspect, select, update
from sqlalchemy.exc import DataError

from register.cases.case_codes import CaseCode
from register.cases.case_content import LinkContent, RequestContent, StepContent
from register.cases.models import Codes, Correction, FollowUp, Incident, Reply, Revision
from register.cases.verify import ledger_heads, verify
from register.db import UTCDateTime
from register.journal import Ledger, head

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def _problems(session):
    return [(problem.key, problem.values.get("number")) for problem in verify(session)]


@pytest.fixture
def rich_case(pen, desk, cast, content):
    """A public case with a row in every table."""
    other = desk.published()
    rich_content = content(
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
            decided(
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
    case = desk.published(rich_content)
    with pen(LATER) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Relaxe", text="La cour.")
        acts.correct(
            p,
            case.id,
            replace(rich_content, title="Titre"),
            by=cast.chloe,
            reason="r",
            public_note="Titre.",
        )
    reply = desk.received_reply(case)
    with pen(LATER) as p:
        acts.reply(p, reply, by=cast.bruno, reason="r")
    return case


def test_a_register_with_every_act_has_no_problem(session, pen, desk, cast, rich_case):
    for add in (desk.draft, desk.ready, desk.discarded, desk.withdrawn, desk.merged, desk.erased):
        add()
    redacted = desk.published()
    restored = desk.withdrawn()
    with pen(LATER) as p:
        incident = p.session.get_one(Incident, redacted.id)
        assert incident.number
        acts.invite(p, rich_case.id, "relance", by=cast.bruno)
        acts.restore(
            p,
            restored.id,
            by=cast.bruno,
            reason="r",
            attested=("attribution", "no_private_person", "no_private_life"),
        )
    assert _problems(session) == []


# The tables of a public case, and the columns that are not verified.
TABLES = (Incident, FollowUp, Reply, Correction, Revision)
# Columns of replies that only the desk reads; and the keys of rows.
UNVERIFIED = {("reply", "due_on"), ("reply", "refusal")}
KEYS = {"id", "incident_id", "revision_id"}


def _columns():
    return [
        (model, column.name)
        for model in TABLES
        for column in inspect(model).columns
        if column.name not in KEYS and (model.__tablename__, column.name) not in UNVERIFIED
    ]


def _altered(value, column, seed):
    if column.foreign_keys:
        return value % 4 + 1  # another of the four members
    if isinstance(column.type, Codes):
        return (*value, "autre")
    kind = column.type.python_type
    if kind is bool:
        return not value
    if kind is bytes:
        value = value or b"{}"
        at = seed % len(value)
        return value[:at] + bytes([value[at] ^ (seed % 255 + 1)]) + value[at + 1 :]
    if kind is str:
        value = value or ""
        at = seed % (len(value) or 1)
        letter = "abcdefghij"[seed % 10]
        changed = value[:at] + ("k" if value[at : at + 1] == letter else letter) + value[at + 1 :]
        return changed[: column.type.length]
    if kind is int:
        return (value or 0) + 1 + seed
    if isinstance(column.type, UTCDateTime):
        return (value or LATER) + timedelta(seconds=1 + seed)
    return (value or date(2000, 1, 1)) + timedelta(days=1 + seed)


def _rows_of(session, model, case):
    """The conditions that select the rows of the rich case in a table."""
    if model is Incident:
        return (model.id == case.id,)
    if model is Revision:
        last = select(Incident.revision_id).where(Incident.id == case.id).scalar_subquery()
        return (model.id == last,)
    return (model.incident_id == case.id,)


def test_a_changed_value_in_any_column_of_a_public_case_is_reported(session, rich_case):
    """One value in one column at a time, in every column of the models, new ones too."""
    unreported = []
    for model, name in _columns():
        where = _rows_of(session, model, rich_case)
        rows = session.execute(select(getattr(model, name)).where(*where)).scalars().all()
        assert rows, f"the rich case has no row in {model.__tablename__}"
        column = inspect(model).columns[name]
        value = next((row for row in rows if row is not None), None)
        session.execute(
            update(model).where(*where).values({name: _altered(value, column, 7)}),
            execution_options={"synchronize_session": False},
        )
        if not _problems(session):
            unreported.append((model.__tablename__, name))
        session.rollback()
    assert unreported == []


@pytest.mark.parametrize("model", [FollowUp, Correction])
def test_a_deleted_row_is_reported(session, rich_case, model):
    row = session.scalars(select(model).where(model.incident_id == rich_case.id).limit(1)).one()
    session.delete(row)
    session.flush()
    assert ("case_rows", rich_case.number) in _problems(session)
    session.rollback()


def test_a_changed_earlier_snapshot_is_reported_too(session, rich_case):
    first = session.scalars(
        select(Revision).where(Revision.incident_id == rich_case.id).order_by(Revision.id)
    ).first()
    first.html = first.html.replace(b"blog", b"bloc")
    session.flush()
    assert _problems(session) == [("html_changed", rich_case.number)]
    session.rollback()


@pytest.mark.parametrize("change", [{"unmet": "source"}, {"unmet": None}, {"needs_second": True}])
def test_a_stored_checklist_that_its_text_does_not_give_is_reported(session, rich_case, change):
    for name, stored in change.items():
        setattr(session.get_one(Revision, _last_revision_id(session, rich_case)), name, stored)
    session.flush()
    assert _problems(session) == [("revision_checklist", rich_case.number)]
    session.rollback()


def test_a_checklist_that_outlasts_its_destroyed_text_is_reported(session, desk):
    erased = desk.erased()
    revision = session.get_one(Revision, _last_revision_id(session, erased))
    assert (revision.content, revision.unmet) == (None, None)
    revision.unmet = "flags"
    session.flush()
    assert _problems(session) == [("revision_checklist", erased.number)]
    session.rollback()


def _last_revision_id(session, case):
    return session.scalar(select(func.max(Revision.id)).where(Revision.incident_id == case.id))


def test_an_unreadable_date_is_reported_and_does_not_stop_the_verification(
    session, engine, rich_case, desk
):
    change = f"UPDATE incident SET date_first = '2008-0x-17' WHERE id = {rich_case.id}"
    if engine.dialect.name != "sqlite":
        with pytest.raises(DataError):
            session.connection().exec_driver_sql(change)
        return
    session.connection().exec_driver_sql(change)
    assert _problems(session)[0][0] == "case_unreadable"


def test_a_deleted_case_is_reported(session, desk):
    case = desk.draft()
    for model in (CaseCode, Revision):
        session.execute(delete(model).where(model.incident_id == case.id))
    session.execute(delete(Incident).where(Incident.id == case.id))
    assert {key for key, _ in _problems(session)} == {"case_missing", "content_missing"}
    session.rollback()


@pytest.mark.parametrize("pointed", ["nowhere", "to an earlier one"])
def test_a_case_that_points_to_another_snapshot_is_reported(session, rich_case, pointed):
    first = session.scalars(
        select(Revision.id).where(Revision.incident_id == rich_case.id).order_by(Revision.id)
    ).first()
    incident = session.get_one(Incident, rich_case.id)
    incident.revision_id = None if pointed == "nowhere" else first
    session.flush()
    assert ("case_snapshot", rich_case.number) in _problems(session)
    session.rollback()


def test_a_deleted_snapshot_is_reported(session, desk, pen, cast, content):
    case = desk.draft()
    with pen() as p:
        acts.edit(p, case.id, content(title="Autre"), by=cast.bruno, reason="r")
    first = session.scalars(select(Revision).order_by(Revision.id)).first()
    session.delete(first)
    session.flush()
    assert {key for key, _ in _problems(session)} == {"revision_missing", "content_missing"}
    session.rollback()


def test_the_heads_have_the_last_line_and_digest_of_each_ledger(session, rich_case):
    heads = {ledger: (seq, digest) for ledger, seq, digest in ledger_heads(session)}
    assert set(heads) == set(Ledger)
    position = head(session)
    assert heads[Ledger.PUBLIC] == (position.seq, position.digest)
