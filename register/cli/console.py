"""Application context, error messages and progress bar of the commands.

Commands speak French only (``docs/decisions/0022-language-in-url-prefix.md``).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import click
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from register import create_app
from register.db import db
from register.errors import RegisterError, TextError
from register.log_priority import priority_prefix
from register.operations import schema
from register.server import startup_checks
from register.web.error_messages import error_sentence


@contextmanager
def application(app: Flask) -> Iterator[None]:
    """Context of an application made for one command, which leaves no connection open."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def command_on_any_schema(run: Callable[..., None]) -> Callable[..., None]:
    """A command that runs whatever the version of the tables; an error is one sentence."""
    return _wrapped(run, lambda _error: 1)


def service_command(run: Callable[..., None]) -> Callable[..., None]:
    """A command of a systemd unit: its exit code says whether another try may succeed."""
    return _wrapped(run, startup_checks.exit_code)


def _wrapped(
    run: Callable[..., None], exit_code: Callable[[RegisterError | TextError], int]
) -> Callable[..., None]:
    @functools.wraps(run)
    def run_in_app(*args: Any, **options: Any) -> None:
        try:
            # A context of its own, so that no session has stale rows.
            with current_app.app_context() if current_app else application(create_app()):
                run(*args, **options)
        except (RegisterError, TextError) as error:
            fail(error_sentence(error), exit_code(error))
        except OperationalError as error:
            fail(f"La base de données ne répond pas : {error.orig}")

    return run_in_app


def command(run: Callable[..., None]) -> Callable[..., None]:
    """A command that stops when the tables are of another version."""

    @functools.wraps(run)
    def run_on_schema(*args: Any, **options: Any) -> None:
        schema.require(db.engine)
        run(*args, **options)

    return command_on_any_schema(run_on_schema)


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Print a sentence on standard error and exit."""
    click.echo(priority_prefix("error") + sentence, err=True)
    sys.exit(code)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; yields the function to call with (done, total)."""
    bar: Any = None
    with ExitStack() as stack:

        def step(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                bar = click.progressbar(length=total, label=label, file=sys.stderr)
                stack.enter_context(bar)
            bar.update(done - bar.pos)

        yield step
