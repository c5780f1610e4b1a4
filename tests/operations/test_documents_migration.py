"""The migration to documents, down to the tables that repeated them and up again, with data."""

from __future__ import annotations

from datetime import UTC, datetime

import attested_acts as acts
import pytest
from alembic import command
from case_contents import a_case, full_case, rich_case
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from register.cases.case_content import content_of
from register.cases.models import Incident, Revision
from register.cases.verify import verify
from register.journal import JournalEntry
from register.operations import schema, setup

pytestmark = pytest.mark.usefixtures("few_communes")

BEFORE = "0014"
LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
WORDS = "depuis le balcon d’en face, à vingt heures"


@pytest.fixture
def cases(desk, pen, cast):
    """A case in each state, one of them with every field, and one with a withdrawn report."""
    linked = desk.published(rich_case())
    whole = desk.published(full_case(linked.number))
    with pen(LATER) as p:
        acts.follow_up(
            p, linked.id, by=cast.bruno, second=cast.chloe, reason="r", title="T", text="T"
        )
    for add in (desk.withdrawn, desk.merged, desk.erased, desk.discarded):
        add()
    draft = desk.draft(narrative=WORDS)
    with pen(LATER) as p:
        acts.withdraw_report(p, draft.id, [WORDS])
    return {"linked": linked.id, "whole": whole.id, "draft": draft.id}


def _stored(engine):
    """Every journal line and revision, and the derived columns and content of each case."""
    # The stored checklist is made again from the texts.
    hashed = [
        column
        for column in Revision.__table__.columns
        if column.name not in ("unmet", "needs_second")
    ]
    with Session(engine) as session:
        assert list(verify(session)) == []
        return {
            "lines": session.execute(
                select(JournalEntry.__table__).order_by("ledger", "seq")
            ).all(),
            "revisions": session.execute(select(*hashed).order_by("id")).all(),
            "cases": [
                {
                    **{
                        column.name: getattr(case, column.name)
                        for column in Incident.__table__.columns
                        if column.name != "remaining_content"
                    },
                    "content": content_of(case),
                }
                for case in session.scalars(select(Incident).order_by(Incident.id))
            ],
        }


def _rows(engine, stmt, **parameters):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(stmt), parameters)]


def test_cases_survive_the_way_down_and_up(engine, cases):
    before = _stored(engine)
    command.downgrade(schema.alembic_config(engine), BEFORE)
    whole = full_case(1)
    of_whole = {"case": cases["whole"]}
    assert _rows(
        engine,
        "SELECT code FROM incident_type WHERE incident_id = :case ORDER BY position",
        **of_whole,
    ) == [(code,) for code in whole.types]
    assert _rows(
        engine,
        "SELECT code, scope FROM incident_place WHERE incident_id = :case ORDER BY position",
        **of_whole,
    ) == [(whole.commune, "autorite"), *((code, "liee") for code in whole.linked_communes)]
    assert _rows(
        engine,
        "SELECT url, title FROM incident_source JOIN source ON source.id = source_id"
        " WHERE incident_id = :case ORDER BY position",
        **of_whole,
    ) == [(source.url, source.title) for source in whole.sources]
    assert _rows(
        engine,
        "SELECT proceeding.direction, proceeding_step.step FROM proceeding"
        " JOIN proceeding_step ON proceeding.id = proceeding_id WHERE incident_id = :case"
        " ORDER BY proceeding.position, proceeding_step.position",
        **of_whole,
    ) == [(part.direction, step.step) for part in whole.proceedings for step in part.steps]
    assert _rows(
        engine,
        "SELECT asked, opinion FROM information_request WHERE incident_id = :case",
        **of_whole,
    ) == [(whole.request.asked, whole.request.opinion)]
    assert _rows(
        engine, "SELECT narrative FROM incident WHERE id = :case", case=cases["draft"]
    ) == [("",)]
    schema.migrate(engine)
    setup.refresh(engine)
    assert _stored(engine) == before
    # Both tables and documents say what was written.
    with Session(engine) as session:
        linked = session.get_one(Incident, cases["linked"])
        assert (linked.commune, linked.types, linked.appealed) == (
            rich_case().commune,
            rich_case().types,
            True,
        )
        draft = session.get_one(Incident, cases["draft"])
        assert content_of(draft) == a_case(narrative="")
