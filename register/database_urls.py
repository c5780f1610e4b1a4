"""URLs of the databases in the settings: the register's, its replica and its key store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from register.errors import ConfigError

PREFIX = "REGISTER_"  # of every variable


def parse_key_store_url(raw: str, database_url: str, instance: Path) -> str:
    """Empty for the default, which depends on the instance's id."""
    if not raw:
        return ""
    store_url = parse_database_url(raw, "KEY_STORE_URL")
    url = make_url(store_url)
    is_file = url.get_backend_name() == "sqlite"
    is_same = _database_identity(url) == _database_identity(make_url(database_url))
    if is_same or (is_file and is_inside(Path(url.database or ""), instance)):
        raise ConfigError("config_key_store", name=PREFIX + "KEY_STORE_URL")
    return store_url


def _database_identity(url: URL) -> tuple[object, ...]:
    """The database of a URL, without user and options."""
    if url.get_backend_name() == "sqlite":
        return ("sqlite", Path(url.database or "").resolve())
    return (url.get_backend_name(), url.host, url.port or 5432, url.database)


def is_inside(path: Path, instance: Path) -> bool:
    """Whether a path is in a folder."""
    # Resolved, because of symbolic links into the data folder.
    resolved, folder = path.resolve(), instance.resolve()
    return resolved == folder or folder in resolved.parents


def parse_database_url(raw: str, name: str = "DATABASE_URL") -> str:
    """The URL of a database, with the driver that is installed."""
    try:
        url = make_url(raw)
    except ArgumentError as error:
        raise ConfigError("config_database", name=PREFIX + name) from error
    if url.get_backend_name() == "postgresql":
        # Only psycopg 3 is installed; a bare "postgresql://" would load psycopg 2.
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    file = url.database if url.get_backend_name() == "sqlite" else ""
    # Only a file given by its path, so that the commits can be checked to be in that file.
    if file and file != ":memory:" and not file.startswith("file:"):
        return raw
    raise ConfigError("config_database", name=PREFIX + name)


def parse_replica_url(raw: str, database_url: str) -> str:
    """Empty for none; both databases are PostgreSQL's otherwise."""
    url = raw and parse_database_url(raw, "REPLICA_URL")
    if url and "sqlite" in (make_url(name).get_backend_name() for name in (url, database_url)):
        raise ConfigError("config_replica", name=PREFIX + "REPLICA_URL")
    return url
