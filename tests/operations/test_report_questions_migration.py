"""The migration to the day of a question, with reports, up and down."""

from __future__ import annotations

from datetime import timedelta

from alembic import command
from cast import AT
from report_factory import QUESTION
from sqlalchemy import text

from register.operations import schema
from register.reports import acts

BEFORE = "0024"
_COLUMNS = "SELECT state, asked_on, moved_on, purge_on FROM report WHERE key = :key"


def _days(engine, report, columns=_COLUMNS):
    with engine.connect() as connection:
        row = connection.execute(text(columns), {"key": report.key}).one()
    return tuple(None if day is None else str(day) for day in row)


def test_questions_and_the_days_of_accepted_reports_survive_up_and_down(
    engine, inbox, pen, store, cast
):
    waiting, accepted = inbox.waiting(), inbox.accepted()
    for report in (waiting, accepted):
        with pen(AT + timedelta(days=10)) as p:
            acts.ask_reporter(p, store, report.key, QUESTION, by=cast.bruno)
    command.downgrade(schema.alembic_config(engine), BEFORE)
    # Former versions count an unanswered question from the last move, and purge what has a day.
    former = _COLUMNS.replace("asked_on, ", "")
    assert _days(engine, waiting, former) == ("waiting", "2026-03-12", None)
    assert _days(engine, accepted, former) == ("accepted", "2026-03-02", "2026-05-31")
    schema.migrate(engine)
    assert _days(engine, waiting) == ("waiting", "2026-03-12", "2026-03-12", None)
    assert _days(engine, accepted) == ("accepted", None, "2026-03-02", "2026-05-31")
