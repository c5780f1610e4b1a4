"""Which engine a register searches with."""

from __future__ import annotations

from sqlalchemy import Engine as Database

from register.config import POSTGRESQL, Settings
from register.search.engine import SearchEngine


def open_search_engine(settings: Settings, database: Database) -> SearchEngine:
    """The engine that the settings choose; only its own libraries are loaded."""
    if settings.search == POSTGRESQL:
        from register.search.postgres import Postgres

        return Postgres(database)
    from register.search.whoosh import Whoosh

    return Whoosh(settings.instance / "index")
