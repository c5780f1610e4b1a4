"""``webcitoyen follow``: the follower alone, where something else than ``serve`` watches it."""

from __future__ import annotations

import click
from flask import current_app

from register.cli.common import command, require_schema
from register.cli.words import _
from register.followers.wake import Ending
from register.web.serving.follower import follow as run


@click.command()
@command
def follow() -> None:
    """Tenir l’index à jour, purger à leur date. serve le fait déjà ; TERM arrête."""
    require_schema()
    click.echo(_("Web Citoyen suit le journal."))
    run(current_app._get_current_object(), Ending())  # type: ignore[attr-defined]
