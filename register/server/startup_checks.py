"""What a process does before it serves: make the application, and refuse what may not be served."""

from __future__ import annotations

import os
import resource
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register.cases import case_codes
from register.cases.vocabulary import LANGUAGES
from register.config import Settings, missing_for_public
from register.db import db, sqlite_path
from register.errors import ConfigError, RegisterError
from register.operations import schema, setup
from register.pages import content as editorial
from register.reports import form_vocabulary
from register.territory import dataset
from register.territory.map_ground import map_ground
from register.territory.places import territory
from register.web import assets, template_env
from register.web.error_messages import error_sentence
from register.web.request_context import key_store

# Beside its connections a process has its databases, its index, its pipes.
_OTHER_FILES = 200
_LOOKING = 5  # seconds


def made(spec: str) -> Flask:
    """The application that ``module:function`` makes; ``:5000`` after it is handed over.

    By name, as every WSGI server takes it: what serves an application need not know it.
    """
    module, name, *numbers = spec.split(":")
    app: Flask = getattr(import_module(module), name)(*map(int, numbers))
    return app


def worded(error: RegisterError | OperationalError) -> str:
    """The sentence of an error that keeps a process from starting."""
    if isinstance(error, OperationalError):
        # Not the driver's words, which name hosts and roles: this goes to the log.
        return error_sentence(ConfigError("config_database_down"))
    return error_sentence(error)


def require_startable(app: Flask) -> None:
    """Let a register pass that may be served, by this process.

    :raises RegisterError: see :func:`require_servable`, and :func:`require_pages`.
    """
    require_servable(app)
    require_pages(app)


def require_servable(app: Flask) -> None:
    """Let a register pass that may be served, by whichever process reads the pages for itself.

    :raises RegisterError: another schema, an unfinished upgrade, no seal key, no legal notice at a
        public address, or a data folder that cannot be written, or the program has come without
        its pages.
    """
    settings: Settings = app.extensions["register.settings"]
    missing = missing_for_public(settings)
    if missing:
        raise ConfigError("config_legal", names=missing)
    _require_writable(settings)
    with app.app_context():
        schema.require(db.engine)
        with Session(db.engine) as session:
            # Without them, the page of a commune would say that nothing happened there.
            if not case_codes.has_present_territory(session):
                raise schema.SchemaError("codes_outdated")
            setup.require_seal(settings, session)
        # What signs cookies and forms is in memory then: a store that goes away later does not
        # take a form along that somebody is filling in.
        store = key_store()
        store.require()
        store.close()
    template_env.template_names(app)
    assets.require(app)


def require_pages(app: Flask) -> None:
    """Read all that pages are made of, so that a process needs no file of the program any more.

    An upgrade in place changes these files under a process that is serving: without this, the
    first reader of a page after it would get half of each version.

    :raises ConfigError: templates or style sheets are not there, or cannot be read.
    """
    template_env.require(app)
    assets.read_sources(Path(app.static_folder or ""))
    editorial.prepare()
    territory()
    map_ground()
    dataset.read_manifest()
    schema.expected_revision()
    for language in LANGUAGES:
        form_vocabulary.families(language)


def _require_writable(settings: Settings) -> None:
    path = sqlite_path(settings.database_url)
    # SQLite writes its log beside its file.
    for needed in (path, path.parent) if path and path.exists() else ():
        if not os.access(needed, os.W_OK):
            raise ConfigError("config_database_read_only", path=needed)


def let_go(app: Flask) -> None:
    """Have the index look each few seconds whether what it has open is of the past.

    A search does so by itself; a process that nobody searches in would go on holding an index with
    words that were erased since.
    """

    def look() -> None:
        while True:
            time.sleep(_LOOKING)
            app.extensions["register.search"].stamp()

    threading.Thread(target=look, daemon=True).start()


def room_for(connections: int) -> None:
    """Allow as many open files as connections need, as far as the system lets a process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
