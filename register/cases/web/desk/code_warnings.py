"""Warnings of the desk's home about wrong codes typed with a member's right password."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext as _

from register.accounts import acts as accounts
from register.accounts import code_budget
from register.accounts.models import Member
from register.accounts.web import current_member
from register.db import db, now
from register.web.l10n import typeset


def wrong_code_warnings() -> Iterator[str]:
    """One sentence about oneself; for administrators, one about each other member."""
    me, at = current_member.member(), now()
    if me.has_factor and code_budget.remaining_tries(me, at) <= code_budget.WARN_BELOW:
        yield typeset(_own_warning(code_budget.remaining_tries(me, at)))
    if me.is_administrator:
        for member in accounts.all_members(db.session()):
            if member.id != me.id and _is_guessed_at(member):
                yield typeset(_member_warning(member))


def _is_guessed_at(member: Member) -> bool:
    has_few = code_budget.remaining_tries(member, now()) <= code_budget.WARN_BELOW
    return member.is_active and member.has_factor and has_few


def _own_warning(remaining: int) -> str:
    if remaining:
        return str(
            _(
                "Beaucoup de codes faux ont été tapés avec votre mot de passe. Si ce n’était pas "
                "vous, quelqu’un le connaît : changez-le dès maintenant dans « Votre compte »."
            )
        )
    return str(
        _(
            "Trop de codes faux ont été tapés avec votre mot de passe : seul un code de secours "
            "est accepté. Si ce n’était pas vous, quelqu’un connaît ce mot de passe : changez-le "
            "dans « Votre compte », et les codes du téléphone serviront de nouveau."
        )
    )


def _member_warning(member: Member) -> str:
    return str(
        _(
            "Beaucoup de codes faux ont été tapés avec le mot de passe de %(name)s. Demandez-lui "
            "de vive voix si c’était bien cette personne ; sinon, donnez-lui un autre mot de passe "
            "(webcitoyen member reset) avant d’ôter sa seconde preuve.",
            name=member.display_name,
        )
    )
