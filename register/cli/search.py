"""``webcitoyen search rebuild | status``: the index, which may be made anew at any time."""

from __future__ import annotations

import click
from flask import current_app
from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError

from register.cli.console import command, fail, progress, require_schema, settings
from register.cli.i18n import _
from register.db import db
from register.search.advisory_locks import lease_of
from register.search.engine import Engine, Unready
from register.search.index_status import Condition, condition
from register.search.indexer import catch_up

PATIENCE = 30  # seconds that the follower is given to let go of the lease


@click.group()
def search() -> None:
    """L’index de la recherche par mots."""


@search.command()
@command
def rebuild() -> None:
    """Refaire l’index à partir de la base ; l’ancien répond jusqu’à ce que le nouveau soit là."""
    require_schema()
    lease, index = lease_of(settings(), db.engine), _index()
    try:
        if not lease.claim(PATIENCE):
            fail(_("Un autre écrit l’index et ne l’a pas lâché en %(count)s s.", count=PATIENCE))
        with progress(_("Index")) as step:
            catch_up(db.engine, index, step, anew=True)
        click.echo(_("Index refait."))
    except (OSError, SQLAlchemyError, Unready) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        fail(_("L’index ne peut pas être écrit : %(cause)s.", cause=cause))
    finally:
        lease.leave()
        index.close()


@search.command()
@command
def status() -> None:
    """Dire où en est l’index ; code de sortie 1 quand il n’est pas utilisable."""
    require_schema()
    found = looked_at()
    for line in _lines(found):
        click.echo(line)
    if not found.is_usable:
        raise SystemExit(1)


def looked_at(database: Database | None = None) -> Condition:
    """How the running command's index stands.

    :param database: an engine that writes nothing, for ``doctor``.
    """
    lease, index = lease_of(settings(), db.engine), _index()
    try:
        return condition(database or db.engine, index, lease)
    except OSError as error:
        fail(_("L’index ne peut pas être lu : %(cause)s.", cause=error.strerror))
    finally:
        lease.leave()
        index.close()


def _lines(found: Condition) -> list[str]:
    return [
        _("Moteur : %(name)s", name=found.engine),
        _("Index : %(state)s", state=_state(found)),
        *_place(found),
        _("Suiveur : %(state)s", state=_("à l’œuvre") if found.followed else _("absent")),
    ]


def _state(found: Condition) -> str:
    if found.cursor is None:
        return _("absent ou illisible ; le suiveur le refera")
    if not found.intact:
        return _("abîmé ; le suiveur le refera")
    if not found.ours:
        return _("celui d’un autre journal, comme après une restauration ; le suiveur le refera")
    if not found.present:
        return _("fait par une autre version ; le suiveur le refera")
    return _("entier")


def _place(found: Condition) -> list[str]:
    if found.cursor is None:
        return []
    seq, digest = found.cursor.seq, found.cursor.digest
    return [
        _("Cas : %(count)s", count=found.cases),
        _("Ligne : %(seq)s, empreinte %(digest)s", seq=seq, digest=digest),
        _("Lignes de retard : %(count)s", count=found.behind),
    ]


def _index() -> Engine:
    found: Engine = current_app.extensions["register.search"]
    return found
