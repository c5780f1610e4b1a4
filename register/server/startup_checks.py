"""Checks before a register is served, and preparation of the process that serves it."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.cases import case_codes
from register.config import Settings, missing_for_public
from register.db import db, sqlite_path
from register.errors import ConfigError, RegisterError, SealError
from register.hosts import is_loopback
from register.journal import Ledger, LedgerPosition, head
from register.operations import schema, setup
from register.server.process_start import CANNOT_START
from register.territory.gazetteer import gazetteer
from register.territory.places import territory
from register.web import assets, template_env
from register.web.request_context import key_store

_REFRESH_SECONDS = 5
# Errors that may pass by themselves: another process has the port, a server starts.
_PASSING = frozenset({"config_listen", "config_database_down", "keystore_away"})


def load(spec: str) -> Flask:
    """The application that ``module:function`` makes; ``:5000`` after it is its argument.

    By name, as every WSGI server takes it: what serves an application need not know it.
    """
    module, name, *numbers = spec.split(":")
    app: Flask = getattr(import_module(module), name)(*map(int, numbers))
    return app


def exit_code(error: RegisterError) -> int:
    """The exit code of a command that an error has ended."""
    is_lasting = isinstance(error, ConfigError | SealError | schema.SchemaError)
    return CANNOT_START if is_lasting and error.key not in _PASSING else 1


def require_servable(app: Flask) -> None:
    """Require a register that may be served.

    :raises RegisterError: another schema, an unfinished upgrade, no seal key, no legal notice at a
        public address, or a data folder that cannot be written.
    """
    settings: Settings = app.extensions["register.settings"]
    if missing := missing_for_public(settings):
        raise ConfigError("config_legal", names=missing)
    path = sqlite_path(settings.database_url)
    # SQLite writes its log beside its file.
    for writable in (path, path.parent) if path and path.exists() else ():
        if not os.access(writable, os.W_OK):
            raise ConfigError("config_database_read_only", path=writable)
    with app.app_context():
        schema.require(db.engine)
        with Session(db.engine) as session:
            # Without them, the page of a commune would say that nothing happened there.
            if not case_codes.has_present_territory(session):
                raise schema.SchemaError("codes_outdated")
            setup.require_seal(settings, session)
        # What signs cookies and forms is in memory then: a store that goes away later does not
        # take a form along that somebody is filling in.
        with closing(key_store()) as store:
            store.require()
    assets.require(app)


def require_local(settings: Settings, host: str) -> None:
    """Require an address of this machine, unless a proxy stands in front.

    Slow clients would occupy every thread of a server that reads their requests itself.

    :raises ConfigError: ``config_proxy``.
    """
    if not (settings.trusted_proxies or is_loopback(host)):
        raise ConfigError("config_proxy", host=host)


def require_pages(app: Flask) -> None:
    """Require templates without a fault, and all that pages and searches are made of, at once.

    :raises ConfigError: templates or style sheets are not there, cannot be read or have a fault.
    """
    read_pages(app)
    assets.read_sources(Path(app.static_folder or ""))
    template_env.require(app)
    gazetteer()


def read_pages(app: Flask) -> None:
    """Read what pages are made of, so that a process needs no file of the program any more.

    An upgrade in place changes these files under a process that is serving: without this, the
    first reader of a page after it would get half of each version. Smaller files are read with the
    modules. Templates are compiled at their first use: all together take a second.

    :raises ConfigError: templates are not there, or cannot be read.
    """
    template_env.read(app)
    territory()


def start_refresher(app: Flask) -> None:
    """Start a thread that refreshes the process every 5 s, so that erased words leave memory.

    The first time at once: by a connection, which stays in the pool, ``upgrade`` sees that a
    process serves.
    """
    first = refresh(app, [])

    def repeat() -> None:
        former = latest = first
        while True:
            time.sleep(_REFRESH_SECONDS)
            # Twice after an act: a page may have been under way, with the texts before it.
            former, latest = latest, refresh(app, former)

    threading.Thread(target=repeat, daemon=True).start()


def refresh(app: Flask, former: list[LedgerPosition]) -> list[LedgerPosition]:
    """Reopen the search index and, after an act, drop typeset texts; the heads of all ledgers.

    A search reopens the index by itself; a process without searches would keep one with these
    words. Texts of drafts and reports are typeset too, so that the public ledger is not enough.
    """
    app.extensions["register.search"].stamp()
    with app.app_context(), suppress(SQLAlchemyError):
        heads = [head(db.session(), ledger) for ledger in Ledger]
        if heads != former:
            template_env.drop_texts()
        return heads
    return former
