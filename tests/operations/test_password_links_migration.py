"""Links for a new password and names of sessions come and go; accounts and sessions stay."""

from __future__ import annotations

from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from register.accounts import one_use_links, sessions
from register.accounts.models import PasswordLink
from register.cases.verify import verify
from register.journal import writing
from register.operations import schema


def test_a_session_stays_open_without_its_name_both_ways(engine, cast):
    with writing(engine) as pen:
        one_use_links.make_link(pen, cast.bruno, by=cast.ada)
        token = sessions.sign_in(pen, cast.bruno)
        at = pen.at
        sessions.name_session(pen.session, cast.bruno, 1, "téléphone")
    config = schema.alembic_config(engine)
    command.downgrade(config, "0026")
    tables = inspect(engine)
    assert "password_link" not in tables.get_table_names()
    assert "name" not in {column["name"] for column in tables.get_columns("sign_in_session")}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sign_in_session")) == 1
    schema.migrate(engine)
    with Session(engine) as session:
        assert sessions.find_session(session, token, at).member.id == cast.bruno
        assert [row.name for row in sessions.list_sessions(session, cast.bruno, at)] == [""]
        assert one_use_links.pending(session, PasswordLink, at) == []
        assert list(verify(session)) == []
