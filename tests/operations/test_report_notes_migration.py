"""Notes on reports come and go; a report stays, with a receipt of its whole text."""

from __future__ import annotations

from alembic import command
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from register.operations import schema
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.acts.masking import get_notes
from register.reports.verify import problems


def test_a_report_loses_its_notes_and_keeps_its_first_receipt(engine, inbox, store, pen, cast):
    report = inbox.received()
    with Session(engine) as session:
        view = queries.get_report(session, store, report.key)
    receipt = report_content.receipt_document(view.received, view.summary.day, "registre.test")
    with pen() as p:
        acts.note(p, store, report.key, "À rappeler.", by=cast.bruno)
    with pen() as p:
        acts.mask(p, store, report.key, "conseil", "securite", by=cast.bruno)
    command.downgrade(schema.alembic_config(engine), "0027")
    tables = inspect(engine)
    assert "report_note" not in tables.get_table_names()
    assert "masked_digest" not in {column["name"] for column in tables.get_columns("report")}
    schema.migrate(engine)
    with Session(engine) as session:
        masked = queries.get_report(session, store, report.key)
        assert "[passage masqué]" in masked.received.sent.account
        assert get_notes(session, store, report.key) == []
        # It is no longer known that a passage was masked.
        assert receipt_codes.receipt_proof(session, receipt)[:2] == (view.summary.day, "")
        assert list(problems(session)) == []
