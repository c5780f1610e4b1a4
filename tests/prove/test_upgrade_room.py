"""An upgrade on a small disk: refused before it begins, or undone when the disk fills up midway."""

from __future__ import annotations

import os
import shutil

import pytest
from alembic import command
from full_disk import MEANS
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.models import Incident
from register.cases.verify import verify
from register.db import now
from register.errors import RegisterError
from register.operations import schema

pytestmark = [
    pytest.mark.prove,
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
    pytest.mark.skipif("disk" not in MEANS, reason="nothing can be mounted here"),
]
FORMER = "0040"


def test_an_upgrade_that_runs_out_of_room_leaves_the_database_as_before(
    engine, desk, settings, monkeypatch
):
    for _number in range(30):
        desk.published(title="Le titre d’avant")
    command.downgrade(schema.alembic_config(engine), FORMER)
    engine.dispose()
    migrate = schema.migrate
    with MEANS["disk"](settings.instance) as disk:

        def copies():
            return list(settings.instance.glob("*.copy"))

        def leave(size):
            """Leave so many bytes of the disk."""
            disk.filled(0)
            ballast = settings.instance / "ballast"
            os.truncate(ballast, ballast.stat().st_size - size)

        def refuse(key):
            with pytest.raises(RegisterError, match=key):
                schema.upgrade(engine, now())
            assert copies() == []
            engine.dispose()
            assert schema.current_revision(engine) == FORMER

        leave(64 * 1024)
        refuse("backup_no_room")

        # As if another program took the room meanwhile: during the copy, then after it.
        monkeypatch.setattr(schema, "require_room", lambda _folder, _size: None)
        refuse("schema_unchanged")
        disk.freed(0)

        def migrate_on_a_full_disk(engine):
            assert len(copies()) == 1
            disk.filled(0)
            migrate(engine)

        monkeypatch.setattr(schema, "migrate", migrate_on_a_full_disk)
        refuse("schema_unchanged")
        disk.freed(0)

        monkeypatch.setattr(schema, "migrate", migrate)
        schema.upgrade(engine, now())
        schema.require(engine)
        assert copies() == []
        with Session(engine) as session:
            assert set(session.scalars(select(Incident.title))) == {"Le titre d’avant"}
            assert list(verify(session)) == []
        engine.dispose()
        assert shutil.disk_usage(settings.instance).free > 0
