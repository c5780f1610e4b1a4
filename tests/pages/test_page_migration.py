"""A downgrade and an upgrade of the table of page revisions leave all other tables unchanged."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from register.cases.models import Incident
from register.cases.verify import verify
from register.journal import JournalEntry, Ledger, head, writing
from register.operations import schema, setup
from register.pages import acts, content
from register.pages.content import PageRevision


@pytest.mark.usefixtures("few_communes")
def test_an_earlier_schema_keeps_its_cases_and_lines_both_ways(engine, desk, cast):
    case = desk.published()
    with writing(engine) as pen:
        acts.save_page(
            pen, "suivre", "Suivre", "Un texte.", by=cast.ada, reason="essai", seen_revision=0
        )
    with Session(engine) as session:
        before = {ledger: head(session, ledger) for ledger in Ledger}
        assert list(verify(session, [])) == []
    config = schema.alembic_config(engine)

    command.downgrade(config, "0007")
    assert "page_revision" not in inspect(engine).get_table_names()
    with Session(engine) as session:
        # Later columns are missing: only the number is read.
        number = select(Incident.number).where(Incident.id == case.id)
        assert session.scalar(number) == case.number
        assert {ledger: head(session, ledger) for ledger in Ledger} == before

    schema.migrate(engine)
    setup.refresh(engine)
    with Session(engine) as session:
        # The texts are gone with the table: the pages have their shipped texts again.
        assert content.newest_revision(session, "suivre") is None
        assert content.current_page(session, "suivre").html == content.shipped_page("suivre").html
        statement = (
            select(func.count()).select_from(JournalEntry).where(JournalEntry.act == "page_changed")
        )
        assert session.scalar(statement) == 1
        # Nothing else is missing than the text that was lost with the table.
        assert [problem.key for problem in verify(session, [])] == ["page_revision"]
    with writing(engine) as pen:
        acts.save_page(
            pen, "suivre", "Suivre", "Un autre.", by=cast.ada, reason="essai", seen_revision=0
        )
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(PageRevision)) == 1
        assert content.current_page(session, "suivre").html == "<p>Un autre.</p>"
