"""A connection to PostgreSQL that outlives every transaction: for locks, and for being woken."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, Engine, NullPool, create_engine

# A machine that vanished says nothing: both ends ask after 5 s of silence, and give the other up
# some ten seconds later. On a Unix socket there is nothing to ask.
CLIENT_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "webcitoyen follow",
}
SERVER_OPTIONS = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def open_dedicated_connection(engine: Engine) -> Connection:
    """A connection of one's own to the server of an engine, each statement its own transaction.

    :raises SQLAlchemyError: the server does not answer.
    """
    dedicated_engine = create_engine(
        engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=CLIENT_OPTIONS
    )
    connection = dedicated_engine.connect()
    for name, value in SERVER_OPTIONS.items():
        connection.exec_driver_sql(f"SET {name} = {value}")
    return connection


def close_connection(connection: Connection | None) -> None:
    """End such a connection, if there is one, and if the server has not ended it first."""
    if connection is not None:
        with suppress(Exception):
            connection.close()
