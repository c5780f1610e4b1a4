"""``webcitoyen mail test``."""

from __future__ import annotations

import secrets

import click

from register.cli.console import command, fail
from register.db import now
from register.mail.delivery import DeliveryError, DeliveryScope, MailConnection
from register.mail.messages import MailKind, compose
from register.mail_urls import parse_mail_url, sender_domain
from register.web.request_context import settings


@click.group()
def mail() -> None:
    """Le courriel que le registre envoie."""


@mail.command()
@click.argument("address")
@command
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
