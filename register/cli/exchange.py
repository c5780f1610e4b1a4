"""``webcitoyen import`` and ``case-file``."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.cases.queries import NUMBER_LIMIT
from register.cases.vocabulary import current_vocabulary
from register.cases.web.desk import case_file_html
from register.cli.console import _, command, fail, progress, require_schema, settings
from register.db import db
from register.errors import SealError
from register.exchange import case_file as case_file_zip
from register.exchange import case_file as casefile
from register.exchange.csv_import import (
    BlockedRow,
    ImportReport,
    PublishOptions,
    import_file,
)
from register.operations import setup
from register.report_keys import KeyStore
from register.web.error_messages import check_sentence, error_sentence, reason_sentence


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--publish", is_flag=True, help="Publier ce que la liste de contrôle laisse passer.")
@click.option("--by", "by", metavar="EMAIL", help="Qui écrit et atteste.")
@click.option("--second", metavar="EMAIL", help="Qui relit et approuve.")
@click.option("--reason", metavar="TEXTE", help="Pourquoi ; gardé avec chaque version.")
@click.option("--dry-run", is_flag=True, help="Tout vérifier, ne rien écrire.")
@command
def import_(
    file: Path, publish: bool, by: str | None, second: str | None, reason: str | None, dry_run: bool
) -> None:
    """Importer un fichier de cas (CSV en UTF-8) comme brouillons, ou les publier."""
    require_schema()
    author = _author(by)
    if publish and not reason:
        fail(_("--publish demande --reason : pourquoi ces cas sont publiés."))
    publish_options = None
    if publish:
        second_member = accounts.find_by_email(db.session(), second).id if second else None
        single = settings().single_moderator
        publish_options = PublishOptions(author, reason or "", second=second_member, single=single)
    db.session.rollback()
    with progress(_("Import")) as step:
        report = import_file(
            db.engine,
            file,
            by=author,
            publish=publish_options,
            reason=reason or _("Import du fichier %(name)s", name=file.name),
            dry_run=dry_run,
            progress=step,
        )
    _print_report(report, dry_run)
    if not report.is_clean:
        raise SystemExit(1)


def _author(by: str | None) -> int:
    """The id of the member given by --by; without it, of the only active member."""
    if by is not None:
        return accounts.find_by_email(db.session(), by).id
    active = [member for member in accounts.all_members(db.session()) if member.is_active]
    if len(active) != 1:
        fail(_("Dites qui importe : --by ADRESSE (webcitoyen member list les montre)."))
    return active[0].id


def _print_report(report: ImportReport, dry_run: bool) -> None:
    for row_fault in report.faults:
        click.echo(
            _(
                "Ligne %(line)s, %(id)s, colonne %(column)s : %(why)s",
                line=row_fault.line,
                id=row_fault.id or _("sans identifiant"),
                column=row_fault.fault.field,
                why=reason_sentence(row_fault.fault.key, row_fault.fault.values),
            )
        )
    for blocked in report.blocked:
        click.echo(_blocked_sentence(blocked))
    if dry_run:
        click.echo(_("Essai : rien n’a été écrit."))
    click.echo(
        _(
            "%(drafted)s nouveaux, %(published)s publiés, %(unchanged)s inchangés, "
            "%(blocked)s restés brouillons, %(faults)s refusés.",
            drafted=report.drafted,
            published=report.published,
            unchanged=report.unchanged,
            blocked=len(report.blocked),
            faults=len({row_fault.line for row_fault in report.faults}),
        )
    )


def _blocked_sentence(blocked: BlockedRow) -> str:
    lines = blocked.error.values.get("lines")
    whys = (
        [check_sentence(line) for line in lines]
        if isinstance(lines, list)
        else [error_sentence(blocked.error)]
    )
    return _(
        "Ligne %(line)s, %(id)s, reste un brouillon : %(why)s",
        line=blocked.line,
        id=blocked.id,
        why=" ".join(whys),
    )


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
    """The key store; None when it cannot be opened, for a case file without reports."""
    try:
        store = setup.key_store(settings(), session)
        store.require()
    except SealError:
        return None
    return store
