"""Application context, error messages and progress bar of the commands.

Commands speak French only (``docs/decisions/0022-language-in-url-prefix.md``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import click
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from register import create_app
from register.db import db
from register.errors import RegisterError
from register.log_priority import priority_prefix
from register.operations import schema
from register.server import process_start, startup_checks
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


@contextmanager
def error_sentences(exit_code: Callable[[RegisterError], int] = lambda _error: 1) -> Iterator[None]:
    """Print an error as one sentence, and exit."""
    try:
        yield
    except RegisterError as error:
        fail(error_sentence(error), exit_code(error))
    except OperationalError as error:
        fail(f"La base de données ne répond pas : {error.orig}")


class AppCommand(click.Command):
    """A command in the context of the application, whatever the version of the tables."""

    requires_schema = False

    def exit_code(self, _error: RegisterError) -> int:
        """The exit code of an error."""
        return 1

    def invoke(self, ctx: click.Context) -> Any:
        """Run in a context of its own, so that no session has stale rows."""
        with (
            error_sentences(self.exit_code),
            current_app.app_context() if current_app else application(create_app()),
        ):
            if self.requires_schema:
                schema.require(db.engine)
            return super().invoke(ctx)


class SchemaCommand(AppCommand):
    """A command that stops when the tables are of another version."""

    requires_schema = True


class ServiceCommand(AppCommand):
    """A command of a systemd unit: its exit code says whether another try may succeed."""

    def exit_code(self, error: RegisterError) -> int:
        """As :func:`startup_checks.exit_code`."""
        return startup_checks.exit_code(error)


class CommandGroup(click.Group):
    """A group of commands, which are :class:`SchemaCommand` unless they say otherwise."""

    command_class = SchemaCommand
    group_class = type


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="webcitoyen")
def main() -> None:
    """Web Citoyen : le registre public des intimidations de blogueurs."""
    # Every command may read the seal key, and some decrypt reports.
    process_start.protect()


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
