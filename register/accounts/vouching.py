"""Rules on who may act, and on second persons, who vouch for an act of another member.

An account that a member opened, reopened or gave a new password or factor may be a second account
of that same member. For seven days it cannot vouch for anybody or change other accounts, unless
somebody else confirms it. Accounts made on the command line vouch at once, because access to the
machine gives access to everything anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

# Time for the rest of the team to ask who the new member is.
WAITING_PERIOD = timedelta(days=7)
MEMBER = Member.__table__


def load_acting_member(tx: WriteTransaction, member_id: int) -> Member:
    """The acting member, read under the write lock.

    :raises Refused: unknown or disabled.
    """
    member = tx.session.get(Member, member_id)
    if member is None or not member.is_active:
        raise Refused("member_may_not_act")
    tx.keep_alive(member)
    return member


def require_administrator(tx: WriteTransaction, by: int | None) -> None:
    """Require an administrator or the console (None).

    An account that cannot vouch yet may not change others: whoever opened it could use it to open
    a third one, and confirm that.

    :raises Refused: unknown, disabled, a moderator, or ``member_vouches_later``.
    """
    if by is None:
        return
    member = load_acting_member(tx, by)
    if not member.is_administrator:
        raise Refused("member_administrators_only")
    require_vouching(member, tx.at)


def vouches(member: Member, at: datetime) -> bool:
    """Whether a member counts as a second person at a time."""
    return member.is_active and (member.vouches_from is None or member.vouches_from <= at)


def vouches_clause(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """:func:`vouches` as an SQL condition on members."""
    has_started = or_(MEMBER.c.vouches_from.is_(None), MEMBER.c.vouches_from <= at)
    return MEMBER.c.disabled_at.is_(None) & has_started


def may_second(second: Member, first: Member, at: datetime) -> bool:
    """Whether ``second`` may be the second person for an act of ``first``.

    Not the same member, nor the member who admitted a ``first`` that does not vouch yet.
    """
    if second.id == first.id or not vouches(second, at):
        return False
    # Who invited the first, and who last reopened the account or removed its second factor.
    return vouches(first, at) or second.id not in (first.invited_by, first.reopened_by)


def eligible_seconds(
    session: Session, member_ids: Collection[int], first: Member, at: datetime
) -> set[int]:
    """The members, among some, who may be the second person for an act of ``first``."""
    # An act has loaded most of them already.
    members = (session.get_one(Member, member_id) for member_id in member_ids)
    return {member.id for member in members if may_second(member, first, at)}


def require_vouching(member: Member, at: datetime) -> None:
    """Require that an account vouches.

    :raises Refused: ``member_vouches_later``, with the time from which it does.
    """
    if not vouches(member, at):
        raise Refused("member_vouches_later", from_day=member.vouches_from)


def require_second(second: Member, first: Member, at: datetime) -> None:
    """Require that a member may be the second person for an act of ``first``.

    :raises Refused: ``member_vouches_later``, ``own_change`` for the same member,
        ``own_invitation`` for a member who admitted ``first``.
    """
    require_vouching(second, at)
    if second.id == first.id:
        raise Refused("own_change")
    if not may_second(second, first, at):
        raise Refused("own_invitation", from_day=first.vouches_from)


def postpone_vouching(tx: WriteTransaction, member: Member, by: int | None) -> dict[str, str]:
    """Postpone the vouching of a member by seven days, after a change of the account by another.

    :param by: who changed the account; nothing is postponed for None, the command line.
    :returns: details for the journal line.
    """
    if by is None or by == member.id:
        return {}
    member.vouches_from = tx.at + WAITING_PERIOD
    return {"vouches_from": member.vouches_from.isoformat()}


def confirm_member(tx: WriteTransaction, member_id: int, *, by: int | None) -> JournalEntry:
    """Confirm that an account belongs to a separate person, so that it vouches at once.

    :param by: the confirming member, None for the command line.
    :raises NotFound: no such account.
    :raises Refused: ``member_vouches`` already, ``own_change`` for one's own account,
        ``own_invitation`` for a member who admitted it, ``member_vouches_later`` for a member who
        does not vouch yet.
    """
    second = load_acting_member(tx, by) if by is not None else None
    member = tx.load(Member, member_id)
    if vouches(member, tx.at) or not member.is_active:
        raise Refused("member_vouches", email=member.email)
    if second is not None:
        require_second(second, member, tx.at)
    member.vouches_from = None
    return tx.record(Act.MEMBER_CONFIRMED, by=by, details={"member": member.id})


def unconfirmed_accounts(session: Session, at: datetime) -> Sequence[Member]:
    """The active accounts that do not vouch yet, oldest first."""
    stmt = select(Member).where(Member.disabled_at.is_(None), Member.vouches_from > at)
    return session.scalars(stmt.order_by(Member.id)).all()
