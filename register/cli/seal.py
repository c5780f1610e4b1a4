"""``webcitoyen seal``: the seal key, replaced while the register is served."""

from __future__ import annotations

import click

from register.cli.console import command, require_schema, settings
from register.cli.i18n import _
from register.db import db
from register.operations import rotation


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
