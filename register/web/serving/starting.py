"""What a process does before it serves: make the application, and refuse what may not be served."""

from __future__ import annotations

import resource
from contextlib import suppress
from importlib import import_module

from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register.config import Settings, missing_for_public
from register.db import db
from register.errors import ConfigError, RegisterError
from register.operations import opening, schema
from register.web import assets
from register.web.wording import say

# Beside its connections a process has its databases, its index, its pipes.
_OTHER_FILES = 200


def made(spec: str) -> Flask:
    """The application that ``module:function`` makes; ``:5000`` after it is handed over.

    By name, as every WSGI server takes it: what serves an application need not know it.
    """
    module, name, *numbers = spec.split(":")
    app: Flask = getattr(import_module(module), name)(*map(int, numbers))
    return app


def refusal(spec: str) -> str:
    """Why an application may not be served, in one sentence; empty when it may."""
    try:
        require_startable(made(spec))
    except (RegisterError, OperationalError) as error:
        return worded(error)
    return ""


def worded(error: RegisterError | OperationalError) -> str:
    """The sentence of an error that keeps a process from starting."""
    if isinstance(error, OperationalError):
        # Not the driver's words, which name hosts and roles: this goes to the log.
        return say(ConfigError("config_database_down"))
    return say(error)


def require_startable(app: Flask) -> None:
    """Let a register pass that may be served.

    :raises RegisterError: another schema, no seal key, no legal notice at a public address, or
        a data folder that cannot be written.
    """
    settings: Settings = app.extensions["register.settings"]
    missing = missing_for_public(settings)
    if missing:
        raise ConfigError("config_legal", names=missing)
    with app.app_context():
        schema.require(db.engine)
        with Session(db.engine) as session:
            opening.require_seal(settings, session)
    assets.require(app)


def room_for(connections: int) -> None:
    """Allow as many open files as connections need, as far as the system lets a process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
