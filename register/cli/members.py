"""``webcitoyen member``: accounts from the console."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from register.accounts import acts as accounts
from register.accounts import one_use_links, passwords, vouching
from register.accounts.models import Role
from register.cli.console import main
from register.db import db
from register.journal import writing
from register.mail.messages import MailKind
from register.reports.acts import close_account
from register.text.dates import day_words
from register.web import request_context
from register.web.request_context import settings

_role_option = click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True
)
_password_option = click.option(
    "--password-stdin", is_flag=True, help="Lire le mot de passe sur l’entrée standard."
)


@main.group()
def member() -> None:
    """Les comptes des modérateurs et des administrateurs."""


@member.command()
@click.argument("email")
@_role_option
@_password_option
def add(email: str, role: str, password_stdin: bool) -> None:
    """Ouvrir un compte."""
    password = _password(password_stdin)
    with writing() as tx:
        account = accounts.add_member(tx, email, Role(role), password)
    click.echo(f"Compte ouvert : {account.email} ({account.role}).")
    _print_password(password, password_stdin)


@member.command()
@click.argument("email")
@_role_option
def invite(email: str, role: str) -> None:
    """Inviter quelqu’un, par courriel s’il est réglé ; sinon, un lien à lui envoyer."""
    with writing() as tx:
        token = one_use_links.invite(tx, email, Role(role), by=None)
        values = one_use_links.invitation_values(_invitation_link(token), Role(role), tx.at)
        is_mailed = request_context.send_mail(tx, MailKind.MEMBER_INVITATION, email, **values)
    if is_mailed:
        click.echo(f"L’invitation part par courriel à {email}, dès que le suiveur tourne.")
    else:
        print_invitation(token, tx.at + one_use_links.LIFETIME)


@member.command()
@click.argument("email")
def confirm(email: str) -> None:
    """Confirmer un compte nouveau ou rouvert : il vaut alors de seconde personne."""
    with writing() as tx:
        vouching.confirm_member(tx, accounts.find_by_email(tx.session, email).id, by=None)
    click.echo(f"Compte confirmé : {email}.")


@member.command("list")
def list_() -> None:
    """Lister les comptes."""
    for account in accounts.all_members(db.session()):
        closed_at = account.disabled_at
        state = f"fermé le {day_words(closed_at)}" if closed_at else "actif"
        factor = "seconde preuve" if account.has_factor else "sans seconde preuve"
        click.echo(f"{account.email}\t{account.role}\t{state}\t{factor}")


@member.command()
@click.argument("email")
def disable(email: str) -> None:
    """Fermer un compte et rendre ce qu’il avait en main ; ses actes restent à son nom."""
    with writing() as tx:
        closed = close_account(tx, accounts.find_by_email(tx.session, email).id)
    click.echo(f"Compte fermé : {closed.email}.")


@member.command()
@click.argument("email")
@_password_option
@click.option("--factor", is_flag=True, help="Retirer aussi une seconde preuve perdue.")
def reset(email: str, password_stdin: bool, factor: bool) -> None:
    """Donner un nouveau mot de passe ; un compte fermé est rouvert."""
    password = _password(password_stdin)
    with writing() as tx:
        account = accounts.find_by_email(tx.session, email)
        changed = accounts.reset_member(tx, account.id, password)
        lost = factor and changed.has_factor
        if lost:
            accounts.reset_factor(tx, account.id)
    click.echo(f"Nouveau mot de passe pour {changed.email}.")
    if lost:
        click.echo("Seconde preuve retirée : elle se pose à la prochaine connexion.")
    _print_password(password, password_stdin)


def print_invitation(token: str, until: datetime) -> None:
    """Print the link of an invitation, which is not shown again."""
    click.echo(f"Invitation, qui sert une seule fois, jusqu’au {day_words(until)} :")
    click.echo(_invitation_link(token))


def _invitation_link(token: str) -> str:
    return f"{settings().base_url}/compte/invitation/{token}"


def _password(from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_stdin else passwords.generate_password()


def _print_password(password: str, from_stdin: bool) -> None:
    if not from_stdin:
        click.echo(f"Mot de passe, montré une seule fois : {password}")
