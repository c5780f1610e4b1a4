"""``webcitoyen sources archive`` and ``sources status``."""

from __future__ import annotations

import time

import click

from register.cases import source_queue
from register.cases.source_queue import SourceProgress
from register.cli.console import command
from register.cli.maintenance import has_worker
from register.db import db, now

_POLL_SECONDS = 2.0


@click.group()
def sources() -> None:
    """Les copies gardées des sources des cas publics."""


@sources.command()
@click.option("--dry-run", is_flag=True, help="Compter seulement ; rien n’est demandé.")
@click.option("--wait", is_flag=True, help="Attendre la fin, en disant où elle en est.")
@command
def archive(dry_run: bool, wait: bool) -> None:
    """Demander une copie de chaque source publique qui n’en a pas. Peut être répété.

    Le suiveur les fait l’une après l’autre ; interrompu, il reprend où il en était. Le site de
    chaque source voit l’adresse du registre.
    """
    if dry_run:
        missing = source_queue.count_missing(db.engine)
        click.echo(f"Essai : rien n’est demandé. {missing} copies le seraient.")
        return
    count = source_queue.request_missing(db.engine, by=None, at=now())
    click.echo(f"{count} copies demandées.")
    if not has_worker():
        click.echo("Aucun suiveur n’est à l’œuvre : « serve » ou « follow » les fera.", err=True)
    elif wait:
        _wait()
    _print(source_queue.read_progress(db.session()))


@sources.command("status")
@command
def status() -> None:
    """Dire où en sont les copies et les liens ; code de sortie 1 quand une copie a échoué."""
    progress = source_queue.read_progress(db.session())
    _print(progress)
    if progress.failed:
        raise SystemExit(1)


def _wait() -> None:
    """Print the progress while copies wait; ends with them, or on Ctrl-C, which stops nothing."""
    shown = None
    while True:
        progress = source_queue.read_progress(db.session())
        db.session.rollback()
        if progress != shown:
            click.echo(f"{progress.copied} sur {progress.sources}, {progress.waiting} en attente")
            shown = progress
        if not progress.waiting:
            return
        time.sleep(_POLL_SECONDS)


def _print(progress: SourceProgress) -> None:
    click.echo(f"Sources des cas publics : {progress.sources}")
    click.echo(f"Avec une copie : {progress.copied}")
    click.echo(f"En attente : {progress.waiting}")
    click.echo(f"Échecs : {progress.failed}")
    click.echo(f"Liens morts : {progress.dead}")
