"""The migration that deletes the codes of a case's one place, with data: down and up."""

from __future__ import annotations

from alembic import command
from sqlalchemy import select, text

from register.cases.case_codes import CASE_CODE
from register.operations import schema


def _codes(engine):
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(select(CASE_CODE))}


def test_the_codes_of_places_come_back_by_a_downgrade_and_go_by_an_upgrade(engine, desk):
    commune = desk.published(linked_communes=("13055",))
    departement = desk.published(commune="", departement="988")
    desk.published(commune="", country="BE", place_label="Liège")
    draft = desk.draft()
    codes = _codes(engine)
    config = schema.alembic_config(engine)
    command.downgrade(config, "0029")
    with engine.connect() as connection:
        places = connection.execute(
            text("SELECT incident_id, code, since_line > 0 FROM case_code WHERE axis = 'lieu'")
        )
        assert {tuple(row) for row in places} == {
            (commune.id, "93032", True),
            (departement.id, "988", True),
            (draft.id, "93032", False),
        }
        stored = connection.execute(text("SELECT count(*) FROM dataset WHERE name = 'case_code'"))
        assert stored.scalar() == 0
    command.upgrade(config, "head")
    assert _codes(engine) == codes
