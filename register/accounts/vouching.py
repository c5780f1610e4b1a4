"""Second persons: which accounts may vouch for what another member does.

An account that one member opened for another, or opened again, or gave a new way in, may be that
same member a second time. For seven days it vouches for nobody, and changes no other account,
unless somebody else confirms it. Accounts made on the command line vouch from the start: whoever
holds the machine holds everything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

# Long enough for the rest of the team to ask who that is.
WAITING_PERIOD = timedelta(days=7)


def vouches(member: Member, at: datetime) -> bool:
    """Whether a member counts as a second person at a moment."""
    return member.is_active and (member.vouches_from is None or member.vouches_from <= at)


def vouches_clause(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """The same as :func:`vouches`, for a statement that has the members."""
    has_started = or_(Member.vouches_from.is_(None), Member.vouches_from <= at)
    return Member.disabled_at.is_(None) & has_started


def may_second(second: Member, first: Member, at: datetime) -> bool:
    """Whether ``second`` may be the second person for what ``first`` does.

    Whoever opened an account may be its member, so they are no second person for it either.
    """
    if second.id == first.id or not vouches(second, at):
        return False
    return vouches(first, at) or second.id not in admitted_by(first)


def eligible_seconds(
    session: Session, member_ids: Collection[int], first: Member, at: datetime
) -> set[int]:
    """Those of some members who may be the second person for what ``first`` does."""
    members = session.scalars(select(Member).where(Member.id.in_(member_ids))) if member_ids else ()
    return {member.id for member in members if may_second(member, first, at)}


def admitted_by(member: Member) -> set[int]:
    """Who invited a member, and who last reopened the account or took its second factor away."""
    return {by for by in (member.invited_by, member.reopened_by) if by is not None}


def require_vouching(member: Member, at: datetime) -> None:
    """Let a member pass whose account vouches.

    :raises Refused: ``member_vouches_later``, with the moment from which it does.
    """
    if not vouches(member, at):
        raise Refused("member_vouches_later", from_day=member.vouches_from)


def require_second(second: Member, first: Member, at: datetime) -> None:
    """Let a member be the second person for what ``first`` did.

    :raises Refused: ``member_vouches_later``, ``own_change`` for the same member,
        ``own_invitation`` for whoever let ``first`` in.
    """
    require_vouching(second, at)
    if second.id == first.id:
        raise Refused("own_change")
    if not may_second(second, first, at):
        raise Refused("own_invitation", from_day=first.vouches_from)


def postpone_vouching(tx: WriteTransaction, member: Member, by: int | None) -> dict[str, str]:
    """Have a member vouch in seven days, after what ``by`` did to the account.

    :param by: None for the command line, which changes nothing.
    :returns: what the journal line says of it.
    """
    if by is None or by == member.id:
        return {}
    member.vouches_from = tx.at + WAITING_PERIOD
    return {"vouches_from": member.vouches_from.isoformat()}


def confirm_member(tx: WriteTransaction, member_id: int, *, by: Member | None) -> JournalEntry:
    """Say that an account is a person of its own.

    :param by: the member who says so, None for the command line.
    :raises NotFound: no such account.
    :raises Refused: ``member_vouches`` already, ``own_change`` for one's own account,
        ``own_invitation`` for whoever opened it, ``member_vouches_later`` for an account that
        vouches for nobody itself.
    """
    member = tx.load(Member, member_id)
    if vouches(member, tx.at) or not member.is_active:
        raise Refused("member_vouches", email=member.email)
    if by is not None:
        require_second(by, member, tx.at)
    member.vouches_from = None
    return tx.record(Act.MEMBER_CONFIRMED, by=by.id if by else None, details={"member": member.id})


def unconfirmed_accounts(session: Session, at: datetime) -> Sequence[Member]:
    """The accounts that vouch for nobody yet, oldest first."""
    stmt = select(Member).where(Member.disabled_at.is_(None), Member.vouches_from > at)
    return session.scalars(stmt.order_by(Member.id)).all()
