"""The migration to one projection of codes, with data: down, up, and what lost codes become."""

from __future__ import annotations

import attested_acts as acts
import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE
from register.cases.verify import verify
from register.db import write_engine
from register.operations import schema, setup


def _rows(engine):
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(select(CASE_CODE))}


@pytest.mark.usefixtures("few_communes")
def test_codes_of_today_and_of_before_survive_a_downgrade_and_an_upgrade(
    engine, desk, pen, cast, content
):
    case = desk.published(linked_communes=("93059",), place_label="La mairie", end_date="2011")
    with pen() as p:
        corrected = content(commune="93048", date="2009", end_date="2010-02")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="r", public_note="n")
    redacted = desk.published(outlets=("Un nom",), date="")
    with pen() as p:
        removed = content(outlets=(), date="")
        acts.redact(p, redacted.id, removed, by=cast.bruno, reason="r", public_note="n")
    with pen() as p:
        acts.confirm_destruction(p, 1, by=cast.chloe)
    for make in (desk.draft, desk.withdrawn, desk.merged, desk.erased, desk.discarded):
        make()
    before = _rows(engine)
    assert len([row for row in before if row[3]]) > 20

    config = schema.alembic_config(engine)
    command.downgrade(config, "0017")
    with engine.connect() as connection:
        former = connection.execute(text("SELECT incident_id, axis, code, seq FROM former_code"))
        former_codes = {tuple(row) for row in former}
    assert (case.id, "commune", "93059", 3) in former_codes
    command.upgrade(config, "head")
    setup.refresh(write_engine(engine))
    # A lost code has no first line.
    expected = {(*row[:4], 0) if row[3] else row for row in before}
    assert _rows(engine) == expected
    with Session(engine) as session:
        assert list(verify(session)) == []
