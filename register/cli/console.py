"""What every command shares: the application, a clear sentence for an error, a progress bar."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click
import flask_babel
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from register import create_app
from register.config import Settings
from register.db import db
from register.errors import RegisterError, TextError
from register.operations import schema
from register.web.error_messages import error_sentence


def _(sentence: str, **values: object) -> str:
    return str(flask_babel.gettext(sentence, **values))


def command(run: Callable[..., None]) -> Callable[..., None]:
    """Run inside the application; an error that a person can understand is one sentence."""

    @functools.wraps(run)
    def run_in_app(*args: Any, **options: Any) -> None:
        try:
            owns_app = not current_app
            with _application().app_context():
                try:
                    run(*args, **options)
                finally:
                    if owns_app:
                        # An application made for one command leaves no connection behind.
                        db.session.remove()
                        db.engine.dispose()
        except (RegisterError, TextError) as error:
            fail(error_sentence(error))
        except OperationalError as error:
            fail(_("La base de données ne répond pas : %(cause)s", cause=str(error.orig)))

    return run_in_app


def _application() -> Flask:
    """The running application, or a new one when the command stands alone."""
    if current_app:
        return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]
    return create_app()


def settings() -> Settings:
    """The settings of the running command."""
    app_settings: Settings = current_app.extensions["register.settings"]
    return app_settings


def require_schema() -> None:
    """Stop a command that would meet tables of another version."""
    schema.require(db.engine)


def fail(sentence: str) -> NoReturn:
    """Say why on standard error and end with 1."""
    click.echo(sentence, err=True)
    sys.exit(1)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar for work that tells how much is done; shown on standard error."""
    bar: Any = None

    def step(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = click.progressbar(length=total, label=label, file=sys.stderr)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield step
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
