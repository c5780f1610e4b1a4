"""``webcitoyen purge``: what the follower does each day, by hand; and after a clock that jumped."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from register.cli.console import command, fail, require_schema, settings
from register.cli.i18n import _
from register.db import db, now
from register.operations import setup
from register.reports import retention
from register.reports.acts.retention import PurgeCounts
from register.text.dates import day_words


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
        outcome = retention.run_retention(
            db.engine, store, at, settings().undecided_after, confirmed=confirm
        )
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
