"""``webcitoyen import``, ``case-file`` and ``mirror``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from contextvars import Context
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy import select
from werkzeug import Response
from werkzeug.test import Client

from register.accounts import acts as accounts
from register.cases.models import Incident
from register.cases.validation import NUMBER_LIMIT
from register.cases.web.desk import content_words
from register.cli.console import fail, main, progress
from register.db import db, now
from register.exchange import case_file as casefile
from register.exchange import mirror as copies
from register.exchange.case_csv_import import ImportReport, PublishOptions, RowEffect, import_file
from register.exchange.csv_syntax import STANDARD_INPUT
from register.exchange.mirror import Fetch
from register.web.error_messages import check_sentence, error_sentence, reason_sentence
from register.web.request_context import COPY_KEY, settings

_STANDARD_OUTPUT = Path("-")


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--publish", is_flag=True, help="Publier ce que la liste de contrôle laisse passer.")
@click.option("--by", "by", metavar="EMAIL", help="Qui écrit et atteste.")
@click.option("--second", metavar="EMAIL", help="Qui relit et approuve.")
@click.option("--reason", metavar="TEXTE", help="Pourquoi ; gardé avec chaque version.")
@click.option("--dry-run", is_flag=True, help="Tout vérifier, ne rien écrire.")
def import_(
    file: Path, publish: bool, by: str | None, second: str | None, reason: str | None, dry_run: bool
) -> None:
    """Importer des cas (CSV ; « - » : l’entrée standard) comme brouillons, ou les publier."""
    active = [member for member in accounts.all_members(db.session()) if member.is_active]
    # A trial of drafts writes in nobody's name.
    has_any_author = dry_run and not publish and active
    if by is None and len(active) != 1 and not has_any_author:
        fail("Dites qui importe : --by ADRESSE (webcitoyen member list les montre).")
    author = active[0].id if by is None else accounts.find_by_email(db.session(), by).id
    publish_options = None
    if publish:
        if not reason:
            fail("--publish demande --reason : pourquoi ces cas sont publiés.")
        second_member = accounts.find_by_email(db.session(), second).id if second else None
        single = settings().single_moderator
        publish_options = PublishOptions(second_member, single)
    db.session.rollback()
    source = "de l’entrée standard" if file == STANDARD_INPUT else f"du fichier {file.name}"
    with progress("Import") as step:
        report = import_file(
            db.engine,
            file,
            by=author,
            publish=publish_options,
            reason=reason or f"Import {source}",
            dry_run=dry_run,
            progress=step,
        )
    _print_report(report, dry_run)
    if not report.is_clean:
        raise SystemExit(1)


def _print_report(report: ImportReport, dry_run: bool) -> None:
    for row, fault in report.faults:
        click.echo(
            f"Ligne {row.number}, {row.id or 'sans identifiant'}, "
            f"colonne {fault.field} : {reason_sentence(fault.key, fault.values)}"
        )
    for row, error in report.blocked:
        lines = error.values.get("lines")
        why = (
            " ".join(check_sentence(line) for line in lines)
            if isinstance(lines, list)
            else error_sentence(error)
        )
        click.echo(f"Ligne {row.number}, {row.id}, reste un brouillon : {why}")
    counts = (
        f"{report.count(RowEffect.PUBLISHED)} publiés, "
        f"{report.count(RowEffect.DRAFTED, RowEffect.BLOCKED)} brouillons, "
        f"{report.count(RowEffect.UNCHANGED)} inchangés, "
        f"{report.count(RowEffect.REFUSED)} refusés."
    )
    if dry_run:
        click.echo(f"Essai : rien n’a été écrit. {len(report.outcomes)} cas seraient : {counts}")
    else:
        click.echo(f"{len(report.outcomes)} cas : {counts}")


@main.command("case-file")
@click.argument("number", type=click.IntRange(1, NUMBER_LIMIT))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FICHIER",
    help="Où l’écrire ; dossier-NUMÉRO.zip par défaut.",
)
@click.option("--force", is_flag=True, help="Remplacer le fichier s’il existe.")
def case_file(number: int, output: Path | None, force: bool) -> None:
    """Réunir tout ce qui concerne un cas, pour un avocat, en une archive vérifiable."""
    parts, case_contents = content_words.case_file_archive(number)
    path = output or Path(f"dossier-{number}.zip")
    is_piped = path == _STANDARD_OUTPUT
    if is_piped:
        digest = _write_to_output(parts)
    else:
        replaced = force and path.exists()
        casefile.save(parts, path, replace=force)
        with path.open("rb") as archive:
            digest = hashlib.file_digest(archive, "sha256").hexdigest()
        click.echo(f"Archive {'remplacée' if replaced else 'écrite'} : {path}")
    click.echo(f"SHA-256 : {digest}", err=is_piped)
    if case_contents.reports is None:
        click.echo(
            "Les signalements dont vient ce cas n’y sont pas : la clé de scellement n’est pas "
            "là pour les ouvrir.",
            err=True,
        )
    name = f"dossier-{number}.zip" if is_piped else path.name
    click.echo(
        "Elle contient ce que le public ne voit pas, notes internes comprises : remettez-la en "
        f"main propre ou chiffrée. Elle se vérifie par : python3 verifier.py {name}",
        err=is_piped,
    )


def _write_to_output(parts: Iterable[bytes]) -> str:
    """Write an archive to the standard output, for the caller to keep; its SHA-256."""
    output, digest = sys.stdout.buffer, hashlib.sha256()
    if output.isatty():
        fail("L’archive n’est pas faite pour un écran : ajoutez > FICHIER.")
    try:
        for part in parts:
            digest.update(part)
            output.write(part)
        output.flush()
    except OSError as error:
        fail(f"L’archive n’a pas pu être écrite : {error.strerror}.")
    return digest.hexdigest()


def site_reader(app: Flask) -> Fetch:
    """Reads addresses of an application as an anonymous reader would, without a network."""
    copied_at, base_url = now(), app.extensions["register.settings"].base_url

    def fetch(address: str, tag: str, path: Path) -> Response:
        environ = {COPY_KEY: copied_at, "HTTP_IF_NONE_MATCH": tag}
        client = Client(app, use_cookies=False)
        with (
            client.get(address, base_url, environ_overrides=environ) as response,
            path.open("wb") as file,
        ):
            file.writelines(response.iter_encoded())
        return response

    # A context of its own for each, as on a server: nothing of one page is kept for the next.
    return lambda address, tag, path: Context().run(fetch, address, tag, path)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def mirror(folder: Path) -> None:
    """Copier le site public dans un dossier, pour un serveur de fichiers ; peut être répété."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    cases = [number for number in db.session.scalars(select(Incident.number)) if number]
    db.session.remove()
    outcome = copies.mirror(site_reader(app), settings().base_url, folder, cases)
    site = folder / copies.SITE
    if outcome is None:
        click.echo(f"Rien n’a changé depuis la dernière copie : {site}")
        return
    click.echo(
        f"Copie du site : {site}, {outcome.files} fichiers, dont {outcome.changed} nouveaux ou "
        "changés."
    )
