"""``webcitoyen import``: a file of cases, row by row."""

from __future__ import annotations

from pathlib import Path

import click

from register.accounts import acts as accounts
from register.cli.console import command, fail, progress, require_schema, settings
from register.cli.i18n import _
from register.db import db
from register.exchange.importer import Blocked, Publication, Report, RowFault, import_file
from register.web.error_messages import say, say_line, say_reason


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
    told = None
    if publish:
        reader = accounts.named(db.session(), second).id if second else None
        single = settings().single_moderator
        told = Publication(author, reason or "", second=reader, single=single)
    db.session.rollback()
    with progress(_("Import")) as step:
        report = import_file(
            db.engine,
            file,
            by=author,
            publish=told,
            reason=reason or _("Import du fichier %(name)s", name=file.name),
            dry_run=dry_run,
            progress=step,
        )
    _print(report, dry_run)
    if not report.clean:
        raise SystemExit(1)


def _author(by: str | None) -> int:
    """The member named by --by; without it, the only one who can be meant."""
    if by is not None:
        return accounts.named(db.session(), by).id
    active = [member for member in accounts.everyone(db.session()) if member.is_active]
    if len(active) != 1:
        fail(_("Dites qui importe : --by ADRESSE (webcitoyen member list les montre)."))
    return active[0].id


def _print(report: Report, dry_run: bool) -> None:
    for row in report.faults:
        click.echo(_fault(row))
    for blocked in report.blocked:
        click.echo(_blocked(blocked))
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
            faults=len({row.line for row in report.faults}),
        )
    )


def _fault(row: RowFault) -> str:
    return _(
        "Ligne %(line)s, %(id)s, colonne %(column)s : %(why)s",
        line=row.line,
        id=row.id or _("sans identifiant"),
        column=row.fault.field,
        why=say_reason(row.fault.key, row.fault.values),
    )


def _blocked(blocked: Blocked) -> str:
    lines = blocked.error.values.get("lines")
    whys = [say_line(line) for line in lines] if isinstance(lines, list) else [say(blocked.error)]
    return _(
        "Ligne %(line)s, %(id)s, reste un brouillon : %(why)s",
        line=blocked.line,
        id=blocked.id,
        why=" ".join(whys),
    )
