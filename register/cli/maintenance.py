"""``webcitoyen purge``, ``mode``, ``seal rotate``, ``follow``, ``move`` and ``search …``."""

from __future__ import annotations

from contextlib import closing

import click
from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from register.accounts import sessions
from register.cli.console import ServiceCommand, fail, main, progress
from register.database_urls import parse_database_url, parse_key_store_url
from register.db import db, now
from register.incoming import acts as incoming
from register.journal import writing
from register.journal.service_mode import ServiceMode, read_mode
from register.operations import move as moving
from register.operations import rotation, schema, setup
from register.reports.acts.purging import PurgeCounts, run_retention
from register.search.engine_interface import IndexNotReady, SearchEngine
from register.search.indexer import IndexStatus, catch_up, read_index_status
from register.server.follower import run_worker
from register.text.dates import day_words
from register.web import l10n, messages
from register.web.request_context import settings
from register.worker.lock import worker_lock


@main.command()
@click.option("--confirm", is_flag=True, help="La date d’aujourd’hui est juste : j’ai vérifié.")
def purge(confirm: bool) -> None:
    """Détruire les signalements dont le jour est venu. Le suiveur le fait déjà chaque jour."""
    at = now()
    with closing(setup.open_key_store(settings(), db.engine)) as store:
        outcome = run_retention(db.engine, store, at, settings().undecided_after, confirmed=confirm)
        identities = incoming.run_retention(
            db.engine, store, at, only_erased=outcome.waits_since is not None
        )
    if identities:
        click.echo(f"Textes scellés détruits (réponses, signalements de contenu) : {identities}")
    for field, sentence in messages.console.purged.items():
        if count := getattr(outcome.done, field):
            click.echo(f"{sentence} : {count}")
    if outcome.waits_since is not None:
        fail(
            f"L’horloge marque le {day_words(at)}, et la dernière purge date du "
            f"{day_words(outcome.waits_since)} : rien d’autre n’a été détruit. Si la date est "
            "juste, lancez « webcitoyen purge --confirm » ; sinon, remettez l’horloge à l’heure."
        )
    if outcome.done == PurgeCounts() and not identities:
        click.echo("Rien à purger aujourd’hui.")


@main.command()
@click.argument("url", metavar="postgresql://…")
@click.option("--keys", "keys_url", metavar="postgresql://…", help="Une autre base, pour les clés.")
def move(url: str, keys_url: str | None) -> None:
    """Déménager le registre de SQLite dans une base PostgreSQL vide, le service arrêté."""
    target_url = parse_database_url(url)
    key_store_url = parse_key_store_url(keys_url or "", target_url, settings().instance)
    db.session.remove()
    db.engine.dispose()
    with progress("Tables") as step:
        outcome = moving.move(settings(), target_url, key_store_url, step)
    if outcome.interrupted is not None:
        click.echo(
            f"Un déménagement interrompu avait copié {outcome.interrupted} tables : tout a été "
            "repris depuis le début."
        )
    click.echo(f"Registre copié : {outcome.rows} lignes, vérifiées des deux côtés.")
    variables = "REGISTER_DATABASE_URL"
    if outcome.keys:
        click.echo(f"Magasin des clés copié : {outcome.keys} clés.")
        variables += " et REGISTER_KEY_STORE_URL"
    click.echo(f"Réglez {variables}, lancez webcitoyen doctor, puis le service.")
    click.echo("Ensuite, détruisez ce qui reste du registre d’avant, avec tous ses textes :")
    for path in outcome.leftovers:
        click.echo(f"  {path}")


@main.command()
@click.argument("new_mode", required=False, type=click.Choice([mode.value for mode in ServiceMode]))
def mode(new_mode: str | None) -> None:
    """Dire si le registre prend des formulaires ; l’ouvrir, ou le fermer. Les pages restent."""
    if new_mode:
        with writing() as tx:
            sessions.change_mode(tx, ServiceMode(new_mode))
    state = read_mode(db.session())
    at = state.since
    since = f", depuis le {l10n.day_words(at)} à {l10n.clock(at)}" if at else ""
    click.echo(f"{messages.console.modes[state.mode]}{since}.")


@main.group()
def seal() -> None:
    """La clé de scellement."""


@seal.command()
@click.option(
    "--prepare",
    is_flag=True,
    help="Préparer seulement la nouvelle clé, à copier d’abord sur les autres machines.",
)
def rotate(prepare: bool) -> None:
    """Changer la clé de scellement pendant que le registre est servi. Aucun code n’est perdu."""
    if prepare:
        path = rotation.prepare(settings(), db.engine)
        click.echo(
            f"Nouvelle clé prête : {path}. Copiez-la sur chaque machine, sous ce nom, puis "
            "lancez « webcitoyen seal rotate » ici."
        )
        return
    path, count = rotation.rotate(settings(), db.engine)
    click.echo(
        f"Clé de scellement changée : {path} ({count} clés enveloppées de nouveau). "
        "Copiez-la dès maintenant en lieu sûr, et le magasin des clés avec elle : leurs "
        "anciennes copies ne s’ouvrent qu’avec l’ancienne clé."
    )


@main.command(cls=ServiceCommand)
def follow() -> None:
    """Tenir l’index à jour, purger à leur date. serve le fait déjà ; TERM arrête."""
    schema.require(db.engine)
    click.echo("Web Citoyen suit le journal.")
    run_worker(current_app)


@main.group()
def search() -> None:
    """L’index de la recherche par mots."""


@search.command()
def rebuild() -> None:
    """Refaire l’index à partir de la base ; l’ancien répond jusqu’à ce que le nouveau soit là."""
    with closing(_index()) as index:
        try:
            with progress("Index") as step:
                catch_up(db.engine, index, step, force_rebuild=True)
            click.echo("Index refait.")
        except IndexNotReady:
            fail("Le suiveur écrit l’index : réessayez quand il aura fini.")
        except (OSError, SQLAlchemyError) as error:
            cause = getattr(error, "strerror", None) or type(error).__name__
            fail(f"L’index ne peut pas être écrit : {cause}.")


@search.command()
def status() -> None:
    """Dire où en est l’index ; code de sortie 1 quand il n’est pas utilisable."""
    index_state = index_status(db.engine)
    if index_state.cursor is None:
        sentence = "absent ou illisible ; le suiveur le refera"
    elif not index_state.intact:
        sentence = "abîmé ; le suiveur le refera"
    elif not index_state.on_this_ledger:
        sentence = "celui d’un autre journal, comme après une restauration ; le suiveur le refera"
    elif not index_state.is_current_version:
        sentence = "fait par une autre version ; le suiveur le refera"
    else:
        sentence = "entier"
    click.echo(f"Moteur : {index_state.engine}")
    click.echo(f"Index : {sentence}")
    if index_state.cursor is not None:
        click.echo(f"Cas : {index_state.cases}")
        click.echo(f"Ligne : {index_state.cursor.seq}, empreinte {index_state.cursor.digest}")
        click.echo(f"Lignes de retard : {index_state.lines_behind}")
    click.echo(f"Suiveur : {'à l’œuvre' if has_worker() else 'absent'}")
    if not index_state.is_usable:
        raise SystemExit(1)


def index_status(database: Engine) -> IndexStatus:
    """The state of the index, compared with a database."""
    with closing(_index()) as index:
        return read_index_status(database, index)


def has_worker() -> bool:
    """Whether a worker runs, here or on another machine that shares the index."""
    try:
        return worker_lock(settings(), db.engine).is_held()
    except OSError as error:
        fail(f"L’index ne peut pas être lu : {error.strerror}.")


def _index() -> SearchEngine:
    index: SearchEngine = current_app.extensions["register.search"]
    return index
