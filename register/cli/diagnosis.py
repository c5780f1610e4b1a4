"""``webcitoyen doctor`` and ``mail test``."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import click
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from register.cli.backups import rehearse_restore
from register.cli.console import AppCommand, fail, main
from register.cli.maintenance import has_worker, index_status
from register.db import db, now, read_only_engine
from register.errors import ConfigError
from register.mail.delivery import DeliveryError, DeliveryScope, MailConnection
from register.mail.messages import MailKind, compose
from register.mail_urls import parse_mail_url, sender_domain
from register.operations import doctor as doctors
from register.operations.outages import Finding
from register.server import startup_checks
from register.web import rate_limits
from register.web.error_messages import finding_sentence
from register.web.request_context import settings
from register.worker.lock import worker_lock

# What the worker does: without it, it is late for no reason of its own.
_BY_WORKER = frozenset({"search", "late_texts", "retention", "evidence_left", "mail"})


@main.command(cls=AppCommand)
@click.option(
    "--rehearse",
    is_flag=True,
    help="D’abord, restaurer la dernière sauvegarde à côté d’elle, la vérifier, et l’enlever.",
)
def doctor(rehearse: bool) -> None:
    """Vérifier que base, journal, données, clé et réglages s’accordent."""
    if rehearse:
        rehearse_restore()
    findings = list(doctors.examine(settings()))
    if findings[-1].is_outage:
        # What else is wrong may follow from it, and is looked at once it is over.
        findings = findings[-1:]
    else:
        findings += [*_page_findings(), *_index_findings(), *_limiter_findings()]
        worker = list(_worker_findings())
        if not all(finding.good for finding in worker):
            findings = [each for each in findings if each.good or each.code not in _BY_WORKER]
        findings += worker
    for finding in findings:
        click.echo(_line(finding))
    if not all(finding.good for finding in findings):
        raise SystemExit(1)


def _line(finding: Finding) -> str:
    sentence = f"{'✓' if finding.good else '✗'} {finding_sentence(finding)}"
    return f"{sentence} ({finding.detail})" if finding.detail else sentence


def _worker_findings() -> Iterator[Finding]:
    """Whether a worker runs, and does something."""
    try:
        lock = worker_lock(settings(), db.engine)
        is_held, is_still = lock.is_held(), lock.stands_still()
    except (OSError, SQLAlchemyError):
        return
    if is_still:
        yield Finding("worker_still", False)
    elif is_held:
        yield Finding("worker", True)
    elif not settings().is_loopback:  # a demonstration may have none
        yield Finding("worker", False)


def _limiter_findings() -> Iterator[Finding]:
    """Whether the Redis answers, where there is one."""
    is_away = rate_limits.is_redis_away()
    if is_away is not None:
        yield Finding("redis", not is_away)


def _page_findings() -> Iterator[Finding]:
    try:
        startup_checks.require_pages(current_app)
    except ConfigError as error:
        yield Finding("pages", False, str(error.values.get("path", "")))
    else:
        yield Finding("pages", True)


def _index_findings() -> Iterator[Finding]:
    engine = read_only_engine(settings().database_url)
    try:
        index_state = index_status(engine)
    except SQLAlchemyError as error:
        yield Finding("search", False, type(error).__name__)
    else:
        # Outdated without follower is good: ``serve`` will bring it up.
        lines_behind = f" -{index_state.lines_behind}" if index_state.is_usable else ""
        is_good = index_state.is_usable or not has_worker()
        yield Finding("search", is_good, f"{index_state.engine}{lines_behind}")
    finally:
        engine.dispose()


@main.group()
def mail() -> None:
    """Le courriel que le registre envoie."""


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Envoyer un message d’essai, tout de suite, et dire ce que répond le serveur."""
    current = settings()
    if not current.mail_url:
        fail("Aucun serveur de courriel : réglez REGISTER_MAIL_URL et REGISTER_MAIL_FROM.")
    domain = sender_domain(current.mail_from)
    try:
        message = compose(
            MailKind.TEST,
            {"link": current.base_url},
            sender=current.mail_from,
            recipient=address,
            message_id=f"<{secrets.token_hex(16)}@{domain}>",
            at=now(),
        )
        with MailConnection(parse_mail_url(current.mail_url), domain) as connection:
            connection.send(message)
    except ValueError:
        fail("Ce n’est pas une adresse à laquelle le registre peut écrire.")
    except DeliveryError as error:
        answer = f", réponse {error.reply_code}" if error.reply_code else ""
        what = "Le serveur de courriel ne répond pas, ou refuse le registre"
        if error.scope is not DeliveryScope.SERVER:
            what = "Le serveur refuse ce message"
        fail(f"{what} ({error.cause}{answer}).")
    click.echo("Envoyé : le serveur a pris le message.")
