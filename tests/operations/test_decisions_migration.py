"""The migration to outcomes that follow from decisions, with documents of format 1, up and down."""

from __future__ import annotations

import json

from alembic import command
from case_contents import decided
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from register.cases.case_content import content_of
from register.cases.models import Incident, Revision
from register.operations import schema

BEFORE = "0020"
RULING = {"court": "TGI", "outcome": "relaxe", "outcome_date": "2010", "appeal": "oui"}


def _columns(engine) -> tuple[str, str, bool]:
    with engine.connect() as connection:
        row = connection.execute(text("SELECT outcome, evidence, appealed FROM incident")).one()
    return row.outcome, row.evidence, bool(row.appealed)


def _make_former(engine) -> None:
    """Make the case's document one of format 1 whose follow-up left the evidence level behind."""
    with Session(engine) as session, session.begin():
        revision = session.scalars(select(Revision).order_by(Revision.id.desc())).first()
        document = json.loads(revision.content)
        (suit,) = document["proceedings"]
        former = {**suit, **RULING, "steps": []}
        former = {**document, "form": 1, "proceedings": [former], "evidence": "documente"}
        session.execute(
            update(Revision)
            .where(Revision.id == revision.id)
            .values(content=json.dumps({**former, "outcome": "en_cours"}).encode())
        )


def test_columns_follow_the_reading_of_a_former_document(engine, desk, content):
    fields = {"court": "TGI", "outcome": "deboute", "outcome_date": "2009", "appeal": "non"}
    suit = decided("contre_cible", **fields)
    case_id = desk.published(content(justice=True, proceedings=(suit,))).id
    assert _columns(engine) == ("deboute", "juge", False)
    _make_former(engine)
    command.downgrade(schema.alembic_config(engine), BEFORE)
    assert _columns(engine) == ("en_cours", "documente", False)
    schema.migrate(engine)
    assert _columns(engine) == ("relaxe", "juge", True)
    with Session(engine) as session:
        present = content_of(session.get_one(Incident, case_id))
        assert (present.outcome, present.proceedings[0].steps[0].court) == ("relaxe", "TGI")


def test_documents_of_the_current_format_stay_as_they_are(engine, desk, content):
    fields = {"court": "TGI", "outcome": "deboute", "outcome_date": "2009", "appeal": "oui"}
    desk.published(content(justice=True, proceedings=(decided("contre_cible", **fields),)))
    command.downgrade(schema.alembic_config(engine), BEFORE)
    assert _columns(engine) == ("deboute", "juge", True)
    schema.migrate(engine)
    assert _columns(engine) == ("deboute", "juge", True)
