"""The tables of copies of sources come and go; a downgrade deletes the rows."""

from __future__ import annotations

from alembic import command
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from register.cases import acts, cited_sources
from register.cases.models import SourceCopy
from register.evidence.sealed_files import FileManifest
from register.operations import schema

TABLES = {"source_copy", "source_request", "source_check"}


def test_the_tables_come_back_empty(engine, desk, cast, pen, content):
    draft = desk.draft()
    source = cited_sources.digest(content().sources[0].url)
    file = FileManifest("a" * 32, bytes(32))
    with pen() as p:
        acts.add_source_copy(p, draft.id, source, file, bytes(32), by=cast.bruno)
    command.downgrade(schema.alembic_config(engine), "0033")
    assert not TABLES & set(inspect(engine).get_table_names())
    schema.migrate(engine)
    assert set(inspect(engine).get_table_names()) >= TABLES
    with Session(engine) as session:
        assert session.scalars(select(SourceCopy)).all() == []
