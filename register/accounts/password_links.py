"""Links by which a member chooses a new password: once, within two days.

An administrator makes one for a member who has forgotten theirs, and hands it over. Only its digest
is stored. Until it is used the former password still signs in, so that a link made by mistake locks
nobody out. It does not replace the second factor.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from register.accounts import acts as accounts
from register.accounts import vouching
from register.accounts.models import Member, PasswordLink, Role
from register.accounts.sessions import digest
from register.errors import NotFound, Refused
from register.journal import Act, WriteTransaction

# Handed over within the team, unlike an invitation: shorter.
LIFETIME = timedelta(hours=48)


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
    token = secrets.token_urlsafe(32)
    link = PasswordLink(
        member_id=member.id,
        token_hash=digest(token),
        made_at=tx.at,
        made_by=by,
        expires_at=tx.at + LIFETIME,
    )
    tx.session.add(link)
    tx.session.flush()
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
    if link.closed_at is not None or link.expires_at <= tx.at:
        raise Refused("invitation_over")
    link.closed_at = tx.at
    details = {"member": link.member_id, "link": link.id}
    tx.record(Act.MEMBER_LINK_REVOKED, by=by, details=details)
    return link


def pending_links(session: Session, at: datetime) -> Sequence[PasswordLink]:
    """The valid links, newest first."""
    return session.scalars(_select_open(at).order_by(PasswordLink.id.desc())).all()


def member_link(session: Session, member_id: int, at: datetime) -> PasswordLink | None:
    """The valid link of a member."""
    return session.scalar(_select_open(at, PasswordLink.member_id == member_id))


def find_link(session: Session, token: str, at: datetime) -> PasswordLink:
    """The valid link with a token.

    :raises NotFound: ``invitation_unknown``, for a link that was used, replaced or revoked, has
        expired, was made by somebody who is no administrator any more, or never existed.
    """
    # The token comes from a URL, which may contain lone surrogates.
    token_hash = digest(token.encode("ascii", "replace").decode())
    link = session.scalar(_select_open(at, PasswordLink.token_hash == token_hash))
    if link is None:
        raise NotFound("invitation_unknown")
    return link


def use_link(tx: WriteTransaction, token: str, password: str) -> Member:
    """Set the password that a member chose by a link, after the proof of their second factor.

    :raises NotFound: ``invitation_unknown``.
    :raises Invalid: an invalid password.
    """
    link = find_link(tx.session, token, tx.at)
    return accounts.change_password(tx, link.member_id, password, by_link=link)


def _select_open(at: datetime, *conditions: ColumnElement[bool]) -> Select[PasswordLink]:
    maker = aliased(Member)
    return (
        select(PasswordLink)
        .join(Member, Member.id == PasswordLink.member_id)
        .join(maker, maker.id == PasswordLink.made_by)
        .where(
            PasswordLink.closed_at.is_(None),
            PasswordLink.expires_at > at,
            Member.disabled_at.is_(None),
            maker.disabled_at.is_(None),
            maker.role == Role.ADMINISTRATOR.value,
            *conditions,
        )
    )
