"""``webcitoyen case-file NUMBER``: everything about one case, for a lawyer."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
from sqlalchemy.orm import Session

from register.cases.queries import NUMBER_LIMIT
from register.cases.vocabulary import current_vocabulary
from register.cases.web.desk import case_file_html
from register.cli.console import command, require_schema, settings
from register.cli.i18n import _
from register.db import db
from register.errors import SealError
from register.exchange import case_file as casefile
from register.exchange import case_file_zip
from register.operations import setup
from register.report_keys import KeyStore


@click.command("case-file")
@click.argument("number", type=click.IntRange(1, NUMBER_LIMIT))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FICHIER",
    help="Où l’écrire ; dossier-NUMÉRO.zip par défaut.",
)
@click.option("--force", is_flag=True, help="Remplacer le fichier s’il existe.")
@command
def case_file(number: int, output: Path | None, force: bool) -> None:
    """Réunir tout ce qui concerne un cas, pour un avocat, en une archive vérifiable."""
    require_schema()
    session = db.session()
    case_contents = casefile.gather(session, number, _key_store(session))
    page = case_file_html.render_page(
        case_contents, current_vocabulary(session), settings().base_url
    )
    archive_bytes = case_file_zip.build_archive(
        case_contents, page, case_file_html.render_stylesheet()
    )
    session.rollback()
    path = output or Path(f"dossier-{number}.zip")
    replaced = force and path.exists()
    case_file_zip.save(archive_bytes, path, replace=force)
    sentence = _("Archive remplacée : %(path)s") if replaced else _("Archive écrite : %(path)s")
    click.echo(sentence % {"path": path})
    click.echo(_("SHA-256 : %(digest)s", digest=hashlib.sha256(archive_bytes).hexdigest()))
    if case_contents.reports is None:
        click.echo(
            _(
                "Les signalements dont vient ce cas n’y sont pas : la clé de scellement n’est pas "
                "là pour les ouvrir."
            ),
            err=True,
        )
    click.echo(
        _(
            "Elle contient ce que le public ne voit pas, notes internes comprises : remettez-la en "
            "main propre ou chiffrée. Elle se vérifie par : python3 verifier.py %(name)s",
            name=path.name,
        )
    )


def _key_store(session: Session) -> KeyStore | None:
    """The key store; None where it cannot be opened, and the rest is still to be had."""
    try:
        store = setup.key_store(settings(), session)
        store.require()
    except SealError:
        return None
    return store
