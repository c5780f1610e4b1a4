"""``webcitoyen purge``, ``seal rotate`` and ``follow``."""

from __future__ import annotations

import click
from flask import current_app
from sqlalchemy.orm import Session

from register.cli.console import _, command, fail, require_schema, settings
from register.db import db, now
from register.operations import rotation, setup
from register.reports.acts.purging import PurgeCounts, run_retention
from register.server.follower import follow as run
from register.text.dates import day_words
from register.worker.loop import StopSignal


@click.command()
@click.option("--confirm", is_flag=True, help="La date d’aujourd’hui est juste : j’ai vérifié.")
@command
def purge(confirm: bool) -> None:
    """Détruire les signalements dont le jour est venu. Le suiveur le fait déjà chaque jour."""
    require_schema()
    with Session(db.engine) as session:
        store = setup.key_store(settings(), session)
    at = now()
    try:
        outcome = run_retention(db.engine, store, at, settings().undecided_after, confirmed=confirm)
    finally:
        store.close()
    for line in _count_lines(outcome.done):
        click.echo(line)
    if outcome.waits_since is not None:
        fail(
            _(
                "L’horloge marque le %(today)s, et la dernière purge date du %(since)s : rien "
                "d’autre n’a été détruit. Si la date est juste, lancez « webcitoyen purge "
                "--confirm » ; sinon, remettez l’horloge à l’heure.",
                today=day_words(at),
                since=day_words(outcome.waits_since),
            )
        )
    if outcome.done == PurgeCounts():
        click.echo(_("Rien à purger aujourd’hui."))


def _count_lines(purged: PurgeCounts) -> list[str]:
    counts = [
        (purged.returned, _("Revenus dans la file, leur question étant restée sans réponse")),
        (purged.expired, _("Écartés, faute de décision avant le terme")),
        (purged.purged, _("Signalements détruits, avec leur clé")),
        (purged.destroyed, _("Passages retirés : versions d’avant détruites, leur terme venu")),
        (purged.retained, _("Copies détruites avec les textes de leur cas")),
        (purged.counted, _("Signalements oubliés, sauf dans les comptes")),
    ]
    return [_("%(what)s : %(count)s", what=what, count=count) for count, what in counts if count]


@click.group()
def seal() -> None:
    """La clé de scellement."""


@seal.command()
@click.option(
    "--prepare",
    is_flag=True,
    help="Préparer seulement la nouvelle clé, à copier d’abord sur les autres machines.",
)
@command
def rotate(prepare: bool) -> None:
    """Changer la clé de scellement pendant que le registre est servi. Aucun code n’est perdu."""
    require_schema()
    if prepare:
        path = rotation.prepare(settings(), db.engine)
        click.echo(
            _(
                "Nouvelle clé prête : %(path)s. Copiez-la sur chaque machine, sous ce nom, puis "
                "lancez « webcitoyen seal rotate » ici.",
                path=path,
            )
        )
        return
    path, count = rotation.rotate(settings(), db.engine)
    click.echo(
        _(
            "Clé de scellement changée : %(path)s (%(count)s clés enveloppées de nouveau). "
            "Copiez-la dès maintenant en lieu sûr, et le magasin des clés avec elle : leurs "
            "anciennes copies ne s’ouvrent qu’avec l’ancienne clé.",
            path=path,
            count=count,
        )
    )


@click.command()
@command
def follow() -> None:
    """Tenir l’index à jour, purger à leur date. serve le fait déjà ; TERM arrête."""
    require_schema()
    click.echo(_("Web Citoyen suit le journal."))
    run(current_app._get_current_object(), StopSignal())  # type: ignore[attr-defined]
