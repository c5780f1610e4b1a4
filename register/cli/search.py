"""``webcitoyen search rebuild`` and ``search status``."""

from __future__ import annotations

import click
from flask import current_app
from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError

from register.cli.console import _, command, fail, progress, require_schema, settings
from register.db import db
from register.search.engine_interface import IndexNotReady, SearchEngine
from register.search.indexer import IndexStatus, catch_up, read_index_status
from register.search.leader_election import index_lease

PATIENCE = 30  # seconds to wait for the follower to release the lease


@click.group()
def search() -> None:
    """L’index de la recherche par mots."""


@search.command()
@command
def rebuild() -> None:
    """Refaire l’index à partir de la base ; l’ancien répond jusqu’à ce que le nouveau soit là."""
    require_schema()
    lease, index = index_lease(settings(), db.engine), _search_engine()
    try:
        if not lease.claim(PATIENCE):
            fail(_("Un autre écrit l’index et ne l’a pas lâché en %(count)s s.", count=PATIENCE))
        with progress(_("Index")) as step:
            catch_up(db.engine, index, step, force_rebuild=True)
        click.echo(_("Index refait."))
    except (OSError, SQLAlchemyError, IndexNotReady) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        fail(_("L’index ne peut pas être écrit : %(cause)s.", cause=cause))
    finally:
        lease.release_all()
        index.close()


@search.command()
@command
def status() -> None:
    """Dire où en est l’index ; code de sortie 1 quand il n’est pas utilisable."""
    require_schema()
    index_state = current_status()
    click.echo(_("Moteur : %(name)s", name=index_state.engine))
    click.echo(_("Index : %(state)s", state=_state_sentence(index_state)))
    if index_state.cursor is not None:
        seq, digest = index_state.cursor.seq, index_state.cursor.digest
        click.echo(_("Cas : %(count)s", count=index_state.cases))
        click.echo(_("Ligne : %(seq)s, empreinte %(digest)s", seq=seq, digest=digest))
        click.echo(_("Lignes de retard : %(count)s", count=index_state.lines_behind))
    follower_state = _("à l’œuvre") if index_state.has_follower else _("absent")
    click.echo(_("Suiveur : %(state)s", state=follower_state))
    if not index_state.is_usable:
        raise SystemExit(1)


def current_status(database: Database | None = None) -> IndexStatus:
    """The state of the index.

    :param database: a read-only engine for ``doctor``; that of the application by default.
    """
    lease, index = index_lease(settings(), db.engine), _search_engine()
    try:
        return read_index_status(database or db.engine, index, lease)
    except OSError as error:
        fail(_("L’index ne peut pas être lu : %(cause)s.", cause=error.strerror))
    finally:
        lease.release_all()
        index.close()


def _state_sentence(index_state: IndexStatus) -> str:
    if index_state.cursor is None:
        return _("absent ou illisible ; le suiveur le refera")
    if not index_state.intact:
        return _("abîmé ; le suiveur le refera")
    if not index_state.on_this_ledger:
        return _("celui d’un autre journal, comme après une restauration ; le suiveur le refera")
    if not index_state.is_current_version:
        return _("fait par une autre version ; le suiveur le refera")
    return _("entier")


def _search_engine() -> SearchEngine:
    engine: SearchEngine = current_app.extensions["register.search"]
    return engine
