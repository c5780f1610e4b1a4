"""``webcitoyen backup`` and ``webcitoyen restore``.

Exit codes: 0 when all is well, 1 when it was refused and nothing has changed, 3 when it was done
and something is left for a person to look at.
"""

from __future__ import annotations

from pathlib import Path

import click

from register.cli.console import AppCommand, fail, main, progress
from register.db import db, now
from register.operations import backup as backups
from register.operations import rehearsal
from register.operations import restore as restores
from register.operations.backup_sets import Manifest
from register.operations.restore import Restoration
from register.text.dates import day_words
from register.web import messages
from register.web.request_context import settings

TO_LOOK_AT = 3  # exit code
_FOLDER = click.Path(file_okay=False, path_type=Path, resolve_path=True)


@main.command()
@click.argument("folder", metavar="DOSSIER", type=_FOLDER)
@click.option("--keys", required=True, type=_FOLDER, metavar="DOSSIER", help="Où vont les clés.")
@click.option("--same-device", is_flag=True, help="Les deux dossiers peuvent être sur un disque.")
@click.option(
    "--keep",
    default=backups.KEPT_DAYS,
    show_default=True,
    type=click.IntRange(1, 3650),
    metavar="JOURS",
    help="Jours après lesquels une sauvegarde est détruite.",
)
@click.option(
    "--age",
    "recipients",
    multiple=True,
    metavar="age1…",
    help="Sceller aussi le tout en un fichier pour cette clé publique (age-keygen).",
)
def backup(
    folder: Path, keys: Path, same_device: bool, keep: int, recipients: tuple[str, ...]
) -> None:
    """Sauvegarder le registre pendant qu’il est servi ; les clés vont ailleurs."""
    with progress("Fichiers") as step:
        new_backup = backups.back_up(
            settings(),
            db.engine,
            folder,
            keys,
            now(),
            step,
            same_device=same_device,
            kept_days=keep,
            recipients=recipients,
        )
    manifest = new_backup.manifest
    click.echo(f"Sauvegarde faite : {new_backup.folder}")
    click.echo(
        f"Lignes : {sum(manifest.rows.values())}. Fichiers scellés : {manifest.blobs}, dont "
        f"{new_backup.copied} nouveaux. {_heads(manifest)}"
    )
    click.echo(
        f"Clés : {keys / manifest.name}. Leurs copies de plus de {backups.KEY_DAYS} jours sont "
        "détruites à chaque sauvegarde."
    )
    if recipients:
        click.echo(f"À emporter, scellé par age : {new_backup.folder}.age")
    if new_backup.removed:
        click.echo(f"Trop anciennes, détruites : {', '.join(new_backup.removed)}")
    if manifest.problems:
        click.echo(
            f"{manifest.problems} anomalies dans la copie, comme dans le registre : webcitoyen "
            "verify les nomme. Gardez aussi la sauvegarde d’avant.",
            err=True,
        )
        raise SystemExit(TO_LOOK_AT)
    click.echo("Copie vérifiée : entière, et tout y concorde.")


@main.command(cls=AppCommand)
@click.argument("folder", metavar="DOSSIER", type=click.Path(path_type=Path, resolve_path=True))
@click.option("--keys", required=True, type=_FOLDER, metavar="DOSSIER", help="Où sont les clés.")
@click.option("--set", "name", default="", metavar="NOM", help="Une autre que la dernière.")
@click.option(
    "--identity",
    type=click.Path(path_type=Path, dir_okay=False, resolve_path=True),
    metavar="FICHIER",
    help="La clé secrète (age-keygen) ; DOSSIER est alors le fichier scellé.",
)
def restore(folder: Path, keys: Path, name: str, identity: Path | None) -> None:
    """Restaurer une sauvegarde dans un emplacement vide, et refaire les destructions d’après."""
    db.session.remove()
    with progress("Fichiers") as step:
        restored = restores.restore(settings(), folder, keys, step, name=name, identity=identity)
    _print_restoration(restored)
    if not restored.is_sound or restored.replay.by_hand:
        raise SystemExit(TO_LOOK_AT)


def rehearse_restore() -> None:
    """Restore the last backup beside itself, and exit with 1 when it is not sound."""
    with progress("Fichiers") as step:
        restored = rehearsal.rehearse(settings(), db.engine, now(), step)
    if not restored.is_sound:
        fail(
            f"La sauvegarde {restored.manifest.name} se restaure avec {restored.problems} "
            f"anomalies et {restored.keyless} clés qui manquent."
        )
    click.echo(f"Répétition : la sauvegarde {restored.manifest.name} se restaure entière.")


def _print_restoration(restored: Restoration) -> None:
    """Say what was restored, what was done again and what is left to do."""
    manifest = restored.manifest
    click.echo(f"Sauvegarde du {day_words(manifest.at)} restaurée ({manifest.name}).")
    click.echo(_heads(manifest))
    seq, _digest = manifest.heads["public"]
    if restored.public_seq > seq:
        click.echo(
            f"Le journal public allait au moins à la ligne {restored.public_seq} : les lignes "
            f"{seq + 1} à {restored.public_seq} ont pu être lues et sont perdues. Leurs numéros "
            "serviront de nouveau, avec d’autres empreintes : dites-le à qui garde des repères."
        )
    if restored.case_number > manifest.case_number:
        click.echo(
            f"Les cas {manifest.case_number + 1} à {restored.case_number} ont pu être lus et sont "
            "perdus ; leurs numéros serviront de nouveau."
        )
    for act, count in restored.replay.done.items():
        click.echo(f"{messages.console.replayed[act.value]} : {count}")
    for act, subjects in restored.replay.by_hand.items():
        click.echo(
            f"À refaire à la main. {messages.console.by_hand[act.value]} : {', '.join(subjects)}"
        )
    if restored.keyless:
        click.echo(f"Clés qui manquent, dont les textes ne s’ouvrent plus : {restored.keyless}")
    if restored.problems:
        click.echo(f"{restored.problems} anomalies : webcitoyen verify les nomme.")
    else:
        click.echo("Tout concorde. Lancez webcitoyen doctor, puis le service ; il refera l’index.")


def _heads(manifest: Manifest) -> str:
    return "Têtes : " + " ".join(
        f"{ledger}:{seq}:{digest}" for ledger, (seq, digest) in manifest.heads.items()
    )
