"""A register that is reset and used again, and clients of applications on it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table

from register import create_app
from register.cases import facet_index
from register.cases.data_version import VersionedMapCache
from register.config import Settings
from register.db import Base, db
from register.web import fragments, page_cache

# Written by ``init`` and when members come: no act on a case touches them.
_SETTLED = ("identity", "term", "dataset", "member")


@dataclass(frozen=True)
class AppAnswer:
    """An answer to a stranger, to the byte."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """One of its headers; empty without it."""
        return dict(self.headers).get(name, "")


def _forget_counts() -> None:
    """Empty the caches that modules have for each position of the register."""
    facet_index._cached_indexes.clear()
    modules = [module for name, module in sys.modules.items() if name.startswith("register.")]
    for cache in [cache for module in modules for cache in vars(module).values()]:
        if isinstance(cache, VersionedMapCache):
            cache.clear()


class AppClient:
    """An application on a register, and its test client."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        self.app.testing = True
        self._client = self.app.test_client(use_cookies=False)
        layer: Any = self.app.wsgi_app
        while not isinstance(layer, page_cache.PageCacheMiddleware):
            layer = layer.app
        self._shelves = layer.caches

    def get(self, address: str, tag: str = "") -> AppAnswer:
        """Ask for an address, with the tag of an answer that is known."""
        # A test's own context would be taken for the request's.
        return Context().run(self._get, address, tag)

    def _get(self, address: str, tag: str) -> AppAnswer:
        conditions = {"If-None-Match": tag} if tag else {}
        with self._client.get(address, headers=conditions) as response:
            headers = sorted(field for field in response.headers if field[0] != "Date")
            return AppAnswer(response.status_code, headers, response.data)

    def forget(self) -> None:
        """Empty the caches: no page, no entry, no count of any position remains."""
        self._shelves.find("elsewhere", "")
        fragments.attach(self.app)
        _forget_counts()

    def close(self) -> None:
        """Close the connections to the database."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


class RegisterReset:
    """Makes a register as it was when this was made, in milliseconds, on both databases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables: list[Table] = [
            table for table in Base.metadata.tables.values() if not table.name.startswith(_SETTLED)
        ]
        with engine.begin() as connection:
            for table in self._tables:
                connection.exec_driver_sql(
                    f"CREATE TABLE kept_{table.name} AS SELECT * FROM {table.name}"
                )

    def restart(self) -> None:
        """Make the register as it was."""
        with self._engine.begin() as connection:
            self._free(connection)
            for table in self._tables:
                connection.exec_driver_sql(f"DELETE FROM {table.name}")
            for table in self._tables:
                connection.exec_driver_sql(
                    f"INSERT INTO {table.name} SELECT * FROM kept_{table.name}"
                )

    def rows(self) -> list[list[tuple[Any, ...]]]:
        """Everything that acts may change, in a fixed order."""
        with self._engine.connect() as connection:
            return [
                sorted(
                    map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table.name}")), key=repr
                )
                for table in self._tables
            ]

    def _free(self, connection: Connection) -> None:
        """Rows may be written in any order: all of them are there at the end."""
        free = {
            "sqlite": "PRAGMA defer_foreign_keys = ON",
            "postgresql": "SET LOCAL session_replication_role = replica",
        }
        connection.exec_driver_sql(free[self._engine.dialect.name])
