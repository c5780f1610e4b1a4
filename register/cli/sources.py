"""``webcitoyen sources archive``, ``sources status`` and ``sources import``."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click

from register.cases import source_queue
from register.cases.source_queue import SourceProgress
from register.cli.console import main, progress
from register.cli.maintenance import has_worker
from register.db import db, now
from register.exchange.capture_import import MANIFEST, CaptureEffect, CaptureImport
from register.operations import setup
from register.web.error_messages import reason_sentence
from register.web.request_context import settings

_POLL_SECONDS = 2.0


@main.group()
def sources() -> None:
    """Les copies gardées des sources des cas publics."""


@sources.command()
@click.option("--dry-run", is_flag=True, help="Compter seulement ; rien n’est demandé.")
@click.option("--wait", is_flag=True, help="Attendre la fin, en disant où elle en est.")
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
def status() -> None:
    """Dire où en sont les copies et les liens ; code de sortie 1 quand une copie a échoué."""
    figures = source_queue.read_progress(db.session())
    _print(figures)
    if figures.failed:
        raise SystemExit(1)


@sources.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--dry-run", is_flag=True, help="Tout vérifier, ne rien écrire.")
def import_(folder: Path, dry_run: bool) -> None:
    """Apporter les captures d’un dossier, que captures.csv décrit. Peut être répété.

    Colonnes : fichier (nom dans le dossier), adresse (celle de la source, comme dans la fiche),
    jour (AAAA-MM-JJ ; il peut manquer pour une archive WARC).
    """
    with closing(setup.key_store(settings(), db.session())) as store:
        store.require()
        files = setup.sealed_files(settings(), store)
        db.session.rollback()
        limit = settings().evidence_file_bytes
        captures = CaptureImport(db.engine, store, files, limit, dry_run=dry_run)
        with progress("Captures") as step:
            report = captures.run(folder, step)
    for outcome in report.outcomes:
        if outcome.fault is not None:
            reason = reason_sentence(outcome.fault.key, outcome.fault.values)
            click.echo(f"Ligne {outcome.row.number}, colonne {outcome.fault.field} : {reason}")
        elif outcome.effect is CaptureEffect.DESTROYED:
            click.echo(f"Ligne {outcome.row.number} : apportée, puis détruite par un membre.")
    if report.unnamed:
        click.echo(f"Fichiers du dossier que {MANIFEST} ne nomme pas : {report.unnamed}.")
    counts = (
        f"{report.count(CaptureEffect.ADDED)} apportées, "
        f"{report.count(CaptureEffect.PRESENT)} déjà là, "
        f"{report.count(CaptureEffect.DESTROYED)} détruites depuis, "
        f"{report.count(CaptureEffect.REFUSED)} refusées."
    )
    start = "Essai : rien n’a été écrit. " if dry_run else ""
    click.echo(f"{start}{len(report.outcomes)} captures : {counts}")
    if report.count(CaptureEffect.REFUSED):
        raise SystemExit(1)


def _wait() -> None:
    """Print the progress while copies wait; ends with them, or on Ctrl-C, which stops nothing."""
    printed = None
    while True:
        figures = source_queue.read_progress(db.session())
        db.session.rollback()
        if figures != printed:
            click.echo(f"{figures.copied} sur {figures.sources}, {figures.waiting} en attente")
            printed = figures
        if not figures.waiting:
            return
        time.sleep(_POLL_SECONDS)


def _print(figures: SourceProgress) -> None:
    click.echo(f"Sources des cas publics : {figures.sources}")
    click.echo(f"Avec une copie : {figures.copied}")
    click.echo(f"En attente : {figures.waiting}")
    click.echo(f"Échecs : {figures.failed}")
    click.echo(f"Liens morts : {figures.dead}")
