"""Application context, error messages and progress bar of the commands."""

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
    """Run a command inside the current application or a new one; print errors as one sentence."""

    @functools.wraps(run)
    def run_in_app(*args: Any, **options: Any) -> None:
        try:
            owns_app = not current_app
            app: Flask = create_app() if owns_app else current_app._get_current_object()  # type: ignore[attr-defined]
            with app.app_context():
                try:
                    run(*args, **options)
                finally:
                    if owns_app:
                        # An application made for one command must leave no connection open.
                        db.session.remove()
                        db.engine.dispose()
        except (RegisterError, TextError) as error:
            fail(error_sentence(error))
        except OperationalError as error:
            fail(_("La base de données ne répond pas : %(cause)s", cause=str(error.orig)))

    return run_in_app


def settings() -> Settings:
    """The settings of the running command."""
    app_settings: Settings = current_app.extensions["register.settings"]
    return app_settings


def require_schema() -> None:
    """Stop a command when the tables are of another version."""
    schema.require(db.engine)


def fail(sentence: str) -> NoReturn:
    """Print a sentence on standard error and exit with 1."""
    click.echo(sentence, err=True)
    sys.exit(1)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; yields the function to call with (done, total)."""
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
