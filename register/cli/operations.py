"""``webcitoyen init``, ``upgrade``, ``serve``, ``check``, ``verify`` and ``demo``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from register import config
from register import demo as demonstration
from register.cases import verify as proofs
from register.cli.console import (
    AppCommand,
    ServiceCommand,
    application,
    error_sentences,
    fail,
    main,
    progress,
)
from register.cli.members import print_invitation
from register.db import db, now
from register.errors import Invalid, RegisterError
from register.journal.verify import Anchor, Problem
from register.operations import doctor as doctors
from register.operations import rotation, schema, setup
from register.operations.database_copy import problems
from register.operations.missing_data import incomplete_files
from register.reports import receipt_codes
from register.reports.receipt_file import receipt_document
from register.reports.report_files import destroyed_files
from register.reports.web.receipt_page import destruction_sentences
from register.server import launch, process_start, startup_checks
from register.text.dates import day_words
from register.web import messages
from register.web.error_messages import finding_sentence, problem_sentence
from register.web.request_context import settings

HOST = "127.0.0.1"
PORT = 5000


@main.command(cls=AppCommand)
def init() -> None:
    """Créer le registre : tables, journal, clé de scellement. Peut être répété."""
    created, seal_path = setup.init(settings(), db.engine)
    if created:
        click.echo(f"Registre créé dans {settings().instance}.")
        click.echo(
            f"Clé de scellement : {seal_path}. Copiez-la dès maintenant en lieu sûr, à part des "
            "sauvegardes : sans elle, les signalements et la seconde preuve des membres "
            "seront illisibles."
        )
    else:
        click.echo("Le registre existe déjà ; ses données sont à jour.")
    invitation = setup.first_invitation(db.engine)
    if invitation is not None:
        print_invitation(*invitation)
        click.echo(
            "Ouvrez-la une fois le site servi : elle crée le premier compte d’administration, "
            "qui invitera les autres. Perdue, « webcitoyen init » en donne une autre."
        )


@main.command(cls=AppCommand)
def upgrade() -> None:
    """Mettre les tables et les données à la version du programme. Peut être répété."""
    schema.upgrade(db.engine, now())
    setup.refresh(db.engine)
    setup.make_key_store(settings(), db.engine)
    if setup.remove_secret(settings()):
        click.echo(
            "Le fichier secret_key du dossier des données ne sert plus : il est supprimé. Les "
            "membres se connecteront de nouveau."
        )
    click.echo("Tables et données à jour.")


@main.command(cls=ServiceCommand)
@click.option("--host", default=HOST, show_default=True)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Processus qui répondent ; au-delà d’un, avec un Redis.",
)
@click.option("--no-worker", is_flag=True, help="Sans le suiveur, que tient « follow » à part.")
@click.option("--check", "checks", is_flag=True, help="D’abord, tout ce que vérifie check.")
def serve(host: str, port: int, workers: int, no_worker: bool, checks: bool) -> None:
    """Servir le site. HUP relance sur le même port, TERM arrête ; rien d’entamé n’est perdu."""
    if checks:
        startup_checks.require_pages(current_app)
    _serve("register:create_app", host, port, workers, with_worker=not no_worker)


def _serve(
    app_spec: str, host: str, port: int, workers: int = 1, *, with_worker: bool = True
) -> None:
    startup_checks.require_local(settings(), host)
    startup_checks.require_servable(current_app)
    rotation.settle(settings(), db.engine)
    # The worker is one process more.
    for finding in doctors.process_findings(settings(), db.session(), max(workers, 1) + 1):
        if not finding.good:
            click.echo(finding_sentence(finding), err=True)
    for name in config.ignored_variables():
        click.echo(f"{name} ne sert plus : la clé racine la remplace. Retirez-la.", err=True)
    sockets = process_start.listen(host, port)
    ready_line = f"Web Citoyen répond sur {_address(host, process_start.port_of(sockets))}"
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # Its connection would be used by several processes, and its transaction never end.
    db.session.remove()
    launch.serve(app, app_spec, sockets, workers, ready_line, with_worker)


@main.command(cls=ServiceCommand)
def check() -> None:
    """Vérifier que le site peut être servi. À lancer avant de le relancer."""
    startup_checks.require_servable(current_app)
    startup_checks.require_pages(current_app)
    click.echo("Le site peut être servi.")


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@main.command()
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="SEQ:EMPREINTE",
    help="Une ligne du journal public notée ailleurs ; peut être répétée.",
)
@click.option(
    "--receipt",
    type=click.Path(path_type=Path),
    metavar="FICHIER",
    help="Dire seulement si le signalement d’un recu.json a été reçu, et quel jour.",
)
def verify(anchors: tuple[str, ...], receipt: Path | None) -> None:
    """Prouver que rien n’a été changé en silence : journal, versions, lignes et HTML."""
    if receipt is not None:
        _verify_receipt(receipt)
        return
    try:
        parsed_anchors = [Anchor.parse(anchor) for anchor in anchors]
    except ValueError as error:
        raise Invalid("anchor", value=str(error)[:120]) from error
    count = 0
    for problem in chain(problems(db.session(), parsed_anchors), _file_problems()):
        count += 1
        click.echo(problem_sentence(problem))
    if count:
        fail(f"{count} anomalies.")
    click.echo("Tout concorde : chaînes, engagements, lignes présentes et HTML affiché.")
    for ledger, seq, digest in proofs.ledger_heads(db.session()):
        click.echo(f"{ledger.value}:{seq}:{digest}")
    if not parsed_anchors:
        click.echo(
            "Sans ancre, une fin de journal coupée ou récrite ne se voit pas. Notez ces têtes "
            "ailleurs et donnez-les la prochaine fois par --anchor."
        )


def _file_problems() -> Iterator[Problem]:
    """Files of reports and cases with missing parts; without the keys, a sentence."""
    try:
        with closing(setup.key_store(settings(), db.session(), reads_only=True)) as store:
            files = setup.sealed_files(settings(), store)
            days, case_ids = incomplete_files(db.session(), store, files)
    except (RegisterError, SQLAlchemyError):
        click.echo("Les fichiers joints n’ont pas été vérifiés : webcitoyen doctor dit pourquoi.")
        return
    for day in days:
        yield Problem("report_file_incomplete", {"day": day.isoformat()})
    for case in sorted(case_ids):
        yield Problem("case_file_incomplete", {"dossier": case})


def _verify_receipt(path: Path) -> None:
    """Print the day on which the report of a receipt was received, or exit with 1."""
    try:
        with path.open("rb") as file:
            document = file.read(receipt_codes.FILE_LIMIT + 1)
    except OSError:
        fail("Le fichier du reçu ne peut pas être lu.")
    proof = receipt_codes.receipt_proof(db.session(), document)
    if proof is None:
        fail("Ce reçu ne correspond à aucun signalement encore gardé ici.")
    click.echo(str(messages.reports.receipt_verdicts[proof.masked]) % {"day": day_words(proof.day)})
    try:
        with closing(setup.key_store(settings(), db.session(), reads_only=True)) as store:
            destructions = destroyed_files(db.session(), store, proof.report)
    except (RegisterError, SQLAlchemyError):
        click.echo("Sans les clés, on ne sait pas si un de ses fichiers a été détruit depuis.")
        return
    for sentence in destruction_sentences(destructions, receipt_document(document)):
        click.echo(sentence)


@main.command(cls=click.Command)
@click.option("--host", default=HOST, show_default=True)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-serve", is_flag=True, help="Préparer seulement.")
def demo(host: str, port: int, no_serve: bool) -> None:
    """Créer l’instance de démonstration et la servir."""
    with application(demonstration.application(port)), error_sentences():
        # Upgraded here, because ``webcitoyen upgrade`` works on the register itself.
        if schema.current_revision(db.engine):
            schema.upgrade(db.engine, now())
        setup.remove_secret(settings())
        setup.init(settings(), db.engine)
        with progress("Import") as step:
            report = demonstration.import_demo_cases(db.engine, settings().instance, step)
        if not report.is_clean:
            fail("L’import de démonstration a des lignes refusées : webcitoyen import les nomme.")
        click.echo(f"Site : {_address(host, port)}")
        for role, email, password in demonstration.sign_ins(settings().instance):
            click.echo(f"{role}: {email}  {password}")
        if not no_serve:
            _serve(f"register.demo:application:{port}", host, port)
