"""Invitations: links that open one account, once, within a week.

Only the digest of a link is stored. Every invitation is to an e-mail address, except the first one,
which ``webcitoyen init`` prints: whoever accepts it gives their own address.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import vouching
from register.accounts.models import Member, MemberInvitation, Role
from register.accounts.sessions import digest
from register.errors import NotFound, Refused
from register.journal import Act, WriteTransaction

# Long enough for somebody on holiday, short enough against mailboxes that others read later.
LIFETIME = timedelta(days=7)


def invite(tx: WriteTransaction, email: str, role: Role, *, by: int | None) -> str:
    """Invite somebody; the token of the link, which is not shown again.

    It replaces an earlier invitation to the same address.

    :param by: the administrator who invites, None from the console.
    :raises Invalid: ``member_email``.
    :raises Refused: the address has an account, or ``by`` may not invite.
    """
    vouching.require_administrator(tx, by)
    email = accounts.validate_email(email)
    if accounts.has_account(tx.session, email):
        raise Refused("member_exists", email=email)
    return _create_invitation(tx, email, role, by)


def invite_first_administrator(tx: WriteTransaction) -> str:
    """Invite the first administrator, who will give their address; the token.

    A new invitation replaces the previous one, whose link may be lost.

    :raises Refused: ``member_not_first`` once there is an account.
    """
    if accounts.all_members(tx.session):
        raise Refused("member_not_first")
    return _create_invitation(tx, "", Role.ADMINISTRATOR, None)


def revoke(tx: WriteTransaction, invitation_id: int, *, by: int | None) -> MemberInvitation:
    """Revoke an unused invitation.

    :raises NotFound: no such invitation.
    :raises Refused: it is used, revoked or expired already, or ``by`` may not.
    """
    vouching.require_administrator(tx, by)
    invitation = tx.load(MemberInvitation, invitation_id)
    if invitation.closed_at is not None or invitation.expires_at <= tx.at:
        raise Refused("invitation_over")
    invitation.closed_at = tx.at
    tx.record(Act.MEMBER_UNINVITED, by=by, details={"invitation": invitation.id})
    return invitation


def pending(session: Session, at: datetime) -> Sequence[MemberInvitation]:
    """The valid invitations, newest first."""
    return session.scalars(_select_open(at).order_by(MemberInvitation.id.desc())).all()


def find_invitation(session: Session, token: str, at: datetime) -> MemberInvitation:
    """The invitation of a link.

    :raises NotFound: ``invitation_unknown``, for an invitation that was used or revoked, has
        expired, was made by somebody who may not invite any more, or never existed.
    """
    # The token comes from a URL, which may contain lone surrogates.
    token_hash = digest(token.encode("ascii", "replace").decode())
    invitation = session.scalar(_select_open(at, MemberInvitation.token_hash == token_hash))
    if invitation is None:
        raise NotFound("invitation_unknown")
    return invitation


def accept(
    tx: WriteTransaction, token: str, name: str, password: str, *, email: str = ""
) -> Member:
    """Open the account of an invitation.

    :param name: the display name.
    :param email: the address, for the first administrator, whose invitation has none.
    :raises NotFound: ``invitation_unknown``.
    :raises Invalid: an invalid address, name or password.
    :raises Refused: ``member_exists``, added from the console meanwhile.
    """
    invitation = find_invitation(tx.session, token, tx.at)
    invitation.closed_at = tx.at
    return accounts.add_member(
        tx,
        invitation.email or email,
        Role(invitation.role),
        password,
        name=name,
        invitation=invitation,
    )


def _create_invitation(tx: WriteTransaction, email: str, role: Role, by: int | None) -> str:
    for earlier in tx.session.scalars(_select_open(tx.at, MemberInvitation.email == email)):
        earlier.closed_at = tx.at
    token = secrets.token_urlsafe(32)
    invitation = MemberInvitation(
        email=email,
        role=Role(role).value,
        token_hash=digest(token),
        invited_at=tx.at,
        invited_by=by,
        expires_at=tx.at + LIFETIME,
    )
    tx.session.add(invitation)
    tx.session.flush()
    details = {"invitation": invitation.id, "role": invitation.role}
    tx.record(Act.MEMBER_INVITED, by=by, details=details)
    return token


def _select_open(at: datetime, *conditions: ColumnElement[bool]) -> Select[MemberInvitation]:
    """The valid invitations.

    Those of members who are not administrators any more are not valid.
    """
    may_invite = and_(Member.role == Role.ADMINISTRATOR.value, Member.disabled_at.is_(None))
    return (
        select(MemberInvitation)
        .outerjoin(Member, Member.id == MemberInvitation.invited_by)
        .where(
            MemberInvitation.closed_at.is_(None),
            MemberInvitation.expires_at > at,
            or_(MemberInvitation.invited_by.is_(None), may_invite),
            *conditions,
        )
    )
