"""The tables of evidence files come and go with their rows."""

from __future__ import annotations

from alembic import command
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from register.evidence.models import EvidenceFile, register_file
from register.operations import schema
from register.reports.models import ReportEvidence

TABLES = {"evidence_file", "report_evidence", "case_evidence", "case_copy", "case_copy_page"} | {
    "report_destroyed_file"
}


def test_the_tables_come_back_empty(engine, inbox):
    report = inbox.received()
    with Session(engine) as session, session.begin():
        register_file(session, "a" * 32)
        file_row = ReportEvidence(
            key="b" * 32, report_key=report.key, position=0, file_id="a" * 32, sealed=b"x"
        )
        session.add(file_row)
    command.downgrade(schema.alembic_config(engine), "0032")
    assert not TABLES & set(inspect(engine).get_table_names())
    schema.migrate(engine)
    with Session(engine) as session:
        assert session.scalars(select(EvidenceFile)).all() == []
        assert session.scalars(select(ReportEvidence)).all() == []
