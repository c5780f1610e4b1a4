"""The ``webcitoyen`` command."""

from __future__ import annotations

from flask import Flask

# Each module adds its commands to the main one.
from register.cli import backups, diagnosis, exchange, maintenance, members, operations, sources  # noqa: F401
from register.cli.console import main

__all__ = ["attach", "main"]


def attach(app: Flask) -> None:
    """Add the commands to ``flask --app register``."""
    for command in main.commands.values():
        app.cli.add_command(command)
