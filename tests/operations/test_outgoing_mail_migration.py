"""The table of the outbox comes and goes with its rows."""

from __future__ import annotations

from alembic import command
from cast import AT
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from register.db import housekeeping
from register.mail.messages import MailKind
from register.mail.models import OutgoingMail
from register.mail.outbox import Outbox
from register.operations import schema


def test_the_outbox_comes_back_empty(engine):
    with housekeeping(engine) as session:
        Outbox(bytes(32), "a.test").enqueue(session, MailKind.TEST, "a@b.test", AT, link="x")
    command.downgrade(schema.alembic_config(engine), "0036")
    assert "outgoing_mail" not in inspect(engine).get_table_names()
    schema.migrate(engine)
    with Session(engine) as session:
        assert session.scalars(select(OutgoingMail)).all() == []
