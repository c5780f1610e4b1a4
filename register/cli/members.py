"""``webcitoyen member``: accounts from the console."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from register.accounts import acts as accounts
from register.accounts import invitations, passwords, vouching
from register.accounts.models import Role
from register.cli.console import _, command, require_schema, settings
from register.db import db
from register.journal import writing
from register.text.dates import day_words


@click.group()
def member() -> None:
    """Les comptes des modérateurs et des administrateurs."""


@member.command()
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--password-stdin", is_flag=True, help="Lire le mot de passe sur l’entrée standard.")
@command
def add(email: str, role: str, password_stdin: bool) -> None:
    """Ouvrir un compte."""
    require_schema()
    password = _password(password_stdin)
    with writing() as tx:
        account = accounts.add_member(tx, email, Role(role), password)
    click.echo(_("Compte ouvert : %(email)s (%(role)s).", email=account.email, role=account.role))
    _print_password(password, password_stdin)


@member.command()
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@command
def invite(email: str, role: str) -> None:
    """Inviter quelqu’un : une adresse à lui envoyer, où il ouvre son compte lui-même."""
    require_schema()
    with writing() as tx:
        token = invitations.invite(tx, email, Role(role), by=None)
    print_invitation(token, tx.at + invitations.LIFETIME)


@member.command()
@click.argument("email")
@command
def confirm(email: str) -> None:
    """Confirmer un compte nouveau ou rouvert : il vaut alors de seconde personne."""
    require_schema()
    with writing() as tx:
        vouching.confirm_member(tx, accounts.find_by_email(tx.session, email).id, by=None)
    click.echo(_("Compte confirmé : %(email)s.", email=email))


@member.command("list")
@command
def list_() -> None:
    """Lister les comptes."""
    require_schema()
    for account in accounts.all_members(db.session()):
        state = (
            _("fermé le %(day)s", day=day_words(account.disabled_at))
            if account.disabled_at
            else _("actif")
        )
        factor = _("seconde preuve") if account.has_factor else _("sans seconde preuve")
        click.echo(f"{account.email}\t{account.role}\t{state}\t{factor}")


@member.command()
@click.argument("email")
@command
def disable(email: str) -> None:
    """Fermer un compte ; ce que son titulaire a fait reste à son nom."""
    require_schema()
    with writing() as tx:
        closed = accounts.disable_member(tx, email)
    click.echo(_("Compte fermé : %(email)s.", email=closed.email))


@member.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Lire le mot de passe sur l’entrée standard.")
@click.option("--factor", is_flag=True, help="Retirer aussi une seconde preuve perdue.")
@command
def reset(email: str, password_stdin: bool, factor: bool) -> None:
    """Donner un nouveau mot de passe ; un compte fermé est rouvert."""
    require_schema()
    password = _password(password_stdin)
    with writing() as tx:
        changed = accounts.reset_member(tx, email, password)
        lost = factor and changed.has_factor
        if lost:
            accounts.reset_factor(tx, email)
    click.echo(_("Nouveau mot de passe pour %(email)s.", email=changed.email))
    if lost:
        click.echo(_("Seconde preuve retirée : elle se pose à la prochaine connexion."))
    _print_password(password, password_stdin)


def print_invitation(token: str, until: datetime) -> None:
    """Print the link of an invitation, which is not shown again."""
    address = f"{settings().base_url}/compte/invitation/{token}"
    day = day_words(until)
    click.echo(_("Invitation, qui sert une seule fois, jusqu’au %(day)s :", day=day))
    click.echo(address)


def _password(from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_stdin else passwords.generate_password()


def _print_password(password: str, from_stdin: bool) -> None:
    if not from_stdin:
        click.echo(_("Mot de passe, montré une seule fois : %(password)s", password=password))
