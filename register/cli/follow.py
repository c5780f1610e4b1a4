"""``webcitoyen follow``: the follower alone, where something else than ``serve`` watches it."""

from __future__ import annotations

import click
from flask import current_app

from register.cli.console import command, require_schema
from register.cli.i18n import _
from register.server.follower import follow as run
from register.worker.commit_notifications import StopSignal


@click.command()
@command
def follow() -> None:
    """Tenir l’index à jour, purger à leur date. serve le fait déjà ; TERM arrête."""
    require_schema()
    click.echo(_("Web Citoyen suit le journal."))
    run(current_app._get_current_object(), StopSignal())  # type: ignore[attr-defined]
