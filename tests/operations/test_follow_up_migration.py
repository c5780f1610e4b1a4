"""The migration to follow-ups that say why they have no source, with data: down and up."""

from __future__ import annotations

import attested_acts as acts
from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.models import FollowUp
from register.cases.verify import verify
from register.operations import schema


def test_the_reason_for_no_source_survives_a_downgrade_and_an_upgrade(engine, desk, pen, cast):
    case = desk.published()
    words = {"by": cast.bruno, "reason": "r", "text": "Selon le blog."}
    with pen() as p:
        acts.follow_up(p, case.id, title="Sans", no_source="Acte sur papier.", **words)
        acts.follow_up(p, case.id, title="Avec", source_url="https://exemple.test/a", **words)
    config = schema.alembic_config(engine)
    command.downgrade(config, "0023")
    command.upgrade(config, "head")
    with Session(engine) as session:
        rows = session.execute(select(FollowUp.title, FollowUp.no_source).order_by(FollowUp.id))
        assert list(rows) == [("Sans", "Acte sur papier."), ("Avec", "")]
        assert list(verify(session)) == []
