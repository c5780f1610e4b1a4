"""Folders of a backup and the place of its restore, for tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from benchmarks.cluster import PostgresServer
from register.config import Settings
from register.db import now, sqlite_path
from register.operations import backup as backups
from register.operations import restore as restores


def no_progress(_done: int, _total: int) -> None:
    """Nothing."""


class Places:
    """The two folders of a backup, and the place of a restore."""

    def __init__(
        self, tmp_path: Path, settings: Settings, url: str, server: PostgresServer | None = None
    ) -> None:
        self.settings, self._server = settings, server
        self.folder, self.keys = tmp_path / "backup", tmp_path / "keys"
        self.empty = replace(
            settings,
            instance=tmp_path / "new",
            database_url=url or f"sqlite:///{tmp_path / 'new' / 'register.sqlite3'}",
            seal_dir=tmp_path / "new-seal",
        )

    def back_up(self, engine: Engine, at: datetime | None = None, **options: Any) -> backups.Backup:
        return backups.back_up(
            self.settings,
            engine,
            self.folder,
            self.keys,
            at or now(),
            no_progress,
            **{"same_device": True, **options},
        )

    def restore(self, **options: Any) -> restores.Restoration:
        return restores.restore(self.empty, self.folder, self.keys, no_progress, **options)

    def clear(self) -> None:
        """Remove what was restored, so that a restore may follow."""
        shutil.rmtree(self.empty.instance)
        shutil.rmtree(self.empty.seal_dir)
        if self._server is not None:
            self._server.execute("DROP DATABASE restored WITH (FORCE)")
            self._server.execute("CREATE DATABASE restored")


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[Places]:
    """Empty ones."""
    if sqlite_path(settings.database_url):
        yield Places(tmp_path, settings, "")
        return
    server = request.getfixturevalue("server")
    server.execute("CREATE DATABASE restored")
    yield Places(tmp_path, settings, server.url("restored"), server)
    server.execute("DROP DATABASE restored WITH (FORCE)")
