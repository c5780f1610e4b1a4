"""Links that work once: an invitation opens an account, a password link sets a new password.

Only the digest of a link is stored. Every invitation is to an e-mail address, except the first one,
which ``webcitoyen init`` prints: whoever accepts it gives their own address. A password link is for
a member who has forgotten theirs, and is handed over by an administrator. Until it is used the
former password still signs in, so that a link made by mistake locks nobody out. It does not replace
the second factor.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, ScalarResult, or_, select
from sqlalchemy.orm import Session, aliased

from register.accounts import acts as accounts
from register.accounts import vouching
from register.accounts.models import Member, MemberInvitation, OneUseLink, PasswordLink, Role
from register.accounts.sessions import digest
from register.errors import NotFound, Refused
from register.journal import Act, WriteTransaction
from register.text.dates import day_words

# Long enough for somebody on holiday, short enough against mailboxes that others read later.
LIFETIME = timedelta(days=7)
# Mails are in French, whatever the language of the page.
_ROLE_WORDS = {Role.MODERATOR: "modération", Role.ADMINISTRATOR: "administration"}
# Handed over within the team, unlike an invitation: shorter.
PASSWORD_LINK_LIFETIME = timedelta(hours=48)

LinkType = TypeVar("LinkType", bound=OneUseLink)


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


def _create_invitation(tx: WriteTransaction, email: str, role: Role, by: int | None) -> str:
    for earlier in _valid(tx.session, MemberInvitation, tx.at, MemberInvitation.email == email):
        earlier.closed_at = tx.at
    invitation = MemberInvitation(
        email=email, role=Role(role).value, invited_at=tx.at, invited_by=by
    )
    token = _add(tx, invitation, LIFETIME)
    details = {"invitation": invitation.id, "role": invitation.role}
    tx.record(Act.MEMBER_INVITED, by=by, details=details)
    return token


def invitation_values(link: str, role: Role, at: datetime) -> dict[str, str]:
    """The values of the mail of an invitation that was made at a time."""
    return {"link": link, "role": _ROLE_WORDS[role], "day": day_words(at + LIFETIME)}


def revoke(tx: WriteTransaction, invitation_id: int, *, by: int | None) -> MemberInvitation:
    """Revoke an unused invitation.

    :raises NotFound: no such invitation.
    :raises Refused: it is used, revoked or expired already, or ``by`` may not.
    """
    vouching.require_administrator(tx, by)
    invitation = tx.load(MemberInvitation, invitation_id)
    _close(tx, invitation)
    tx.record(Act.MEMBER_UNINVITED, by=by, details={"invitation": invitation.id})
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
    invitation = find(tx.session, MemberInvitation, token, tx.at)
    invitation.closed_at = tx.at
    return accounts.add_member(
        tx,
        invitation.email or email,
        Role(invitation.role),
        password,
        name=name,
        invitation=invitation,
    )


def make_link(tx: WriteTransaction, member_id: int, *, by: int) -> str:
    """Make a link for another member; its token, which is not shown again.

    It replaces an earlier one.

    :raises NotFound: no such account.
    :raises Refused: ``member_disabled``, ``own_change`` for one's own account, or ``by`` may not.
    """
    vouching.require_administrator(tx, by)
    member = tx.load(Member, member_id)
    if not member.is_active:
        raise Refused("member_disabled", email=member.email)
    if member.id == by:
        raise Refused("own_change")
    accounts.close_password_links(tx, member.id)
    link = PasswordLink(member_id=member.id, made_at=tx.at, made_by=by)
    token = _add(tx, link, PASSWORD_LINK_LIFETIME)
    details = {"member": member.id, "link": link.id}
    tx.record(Act.MEMBER_PASSWORD_LINK, by=by, details=details)
    return token


def revoke_link(tx: WriteTransaction, link_id: int, *, by: int) -> PasswordLink:
    """Revoke an unused link.

    :param by: an administrator, or the member that it is for.
    :raises NotFound: no such link.
    :raises Refused: ``invitation_over``: used, revoked or expired already; or ``by`` may not.
    """
    link = tx.load(PasswordLink, link_id)
    if by == link.member_id:
        vouching.load_acting_member(tx, by)
    else:
        vouching.require_administrator(tx, by)
    _close(tx, link)
    details = {"member": link.member_id, "link": link.id}
    tx.record(Act.MEMBER_LINK_REVOKED, by=by, details=details)
    return link


def use_link(tx: WriteTransaction, token: str, password: str) -> Member:
    """Set the password that a member chose by a link, after the proof of their second factor.

    :raises NotFound: ``invitation_unknown``.
    :raises Invalid: an invalid password.
    """
    link = find(tx.session, PasswordLink, token, tx.at)
    return accounts.change_password(tx, link.member_id, password, by_link=link)


def pending(session: Session, model: type[LinkType], at: datetime) -> Sequence[LinkType]:
    """The valid links of a kind, newest first."""
    return sorted(_valid(session, model, at), key=lambda link: -link.id)


def member_link(session: Session, member_id: int, at: datetime) -> PasswordLink | None:
    """The valid password link of a member."""
    return _valid(session, PasswordLink, at, PasswordLink.member_id == member_id).first()


def find(session: Session, model: type[LinkType], token: str, at: datetime) -> LinkType:
    """The valid link with a token.

    :raises NotFound: ``invitation_unknown``, for a link that was used, replaced or revoked, has
        expired, was made by somebody who is no administrator any more, or never existed.
    """
    # The token comes from a URL, which may contain lone surrogates.
    token_hash = digest(token.encode("ascii", "replace").decode())
    link = _valid(session, model, at, model.token_hash == token_hash).first()
    if link is None:
        raise NotFound("invitation_unknown")
    return link


def _valid(
    session: Session, model: type[LinkType], at: datetime, *conditions: ColumnElement[bool]
) -> ScalarResult[LinkType]:
    """The valid links; those of members who are not active administrators any more are not."""
    maker = aliased(Member)
    is_administrator = maker.role == Role.ADMINISTRATOR.value
    stmt = select(model).outerjoin(maker, maker.id == model.maker_id)
    if model is PasswordLink:
        is_active = Member.disabled_at.is_(None)
        stmt = stmt.join(Member, Member.id == PasswordLink.member_id).where(is_active)
    return session.scalars(
        stmt.where(
            model.closed_at.is_(None),
            model.expires_at > at,
            # Made from the console, or by an active administrator.
            or_(model.maker_id.is_(None), is_administrator & maker.disabled_at.is_(None)),
            *conditions,
        )
    )


def _add(tx: WriteTransaction, link: OneUseLink, lifetime: timedelta) -> str:
    """Store a new link; its token."""
    token = secrets.token_urlsafe(32)
    link.token_hash, link.expires_at = digest(token), tx.at + lifetime
    tx.session.add(link)
    tx.session.flush()
    return token


def _close(tx: WriteTransaction, link: OneUseLink) -> None:
    if link.closed_at is not None or link.expires_at <= tx.at:
        raise Refused("invitation_over")
    link.closed_at = tx.at
