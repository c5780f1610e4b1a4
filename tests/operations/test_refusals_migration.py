"""The migration to refusals of versions, with cases and a refused change, up and down."""

from __future__ import annotations

import attested_acts as acts
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from register.cases.models import Revision
from register.cases.second_person import PendingChange
from register.cases.verify import verify
from register.operations import schema

BEFORE = "0025"


def test_a_refused_change_keeps_its_reason_and_versions_have_no_refusal(engine, desk, cast):
    case = desk.published(justice=True)
    with desk.pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Suite", text="Un texte.")
        change = p.session.scalars(select(PendingChange.id)).one()
        acts.refuse_change(p, change, by=cast.chloe, refusal="Qui le dit ?")
    command.downgrade(schema.alembic_config(engine), BEFORE)
    with engine.connect() as connection:
        refusal = connection.execute(text("SELECT refusal FROM pending_change")).scalar_one()
    assert refusal == "Qui le dit ?"
    schema.migrate(engine)
    with Session(engine) as session:
        row = session.get_one(PendingChange, change)
        assert (row.refusal, row.passage, row.refused_by) == ("Qui le dit ?", "", cast.chloe)
        versions = session.scalars(select(Revision)).all()
        assert {(version.refused_at, version.refusal) for version in versions} == {(None, "")}
        assert list(verify(session)) == []
