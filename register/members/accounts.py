"""The only door that changes an account; each change writes its line on the desk's ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.errors import Invalid, NotFound, Refused
from register.journal import Act, Pen
from register.members import passwords
from register.members.models import Member, Role

# One address, no display name, no comment: the least that a mail server will take.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[a-z0-9.-]{1,253}\.[a-z]{2,63}")


def add(pen: Pen, email: str, role: Role, password: str, *, by: int | None = None) -> Member:
    """Make an account. ``by`` is None from the console.

    :raises Invalid: an address or password that cannot be.
    :raises Refused: ``member_exists``.
    """
    email = _address(email)
    if pen.session.scalar(select(Member.id).where(Member.email == email)) is not None:
        raise Refused("member_exists", email=email)
    member = Member(
        email=email,
        role=Role(role).value,
        password_hash=passwords.hashed(password),
        created_at=pen.at,
    )
    pen.session.add(member)
    pen.session.flush()
    pen.record(Act.MEMBER_ADDED, by=by, details={"member": member.id, "role": member.role})
    return member


def disable(pen: Pen, email: str, *, by: int | None = None) -> Member:
    """Close an account to its member; their authorship stays.

    :raises NotFound: no such address.
    :raises Refused: already disabled, or the last administrator.
    """
    member = named(pen.session, email)
    if not member.is_active:
        raise Refused("member_disabled", email=member.email)
    if member.is_administrator and _administrators(pen.session) == 1:
        # Nobody could invite, erase or enable again.
        raise Refused("member_last_administrator", email=member.email)
    member.disabled_at = pen.at
    pen.record(Act.MEMBER_DISABLED, by=by, details={"member": member.id})
    return member


def reset(pen: Pen, email: str, password: str, *, by: int | None = None) -> Member:
    """Give an account a new password, and open it again when it was disabled.

    :raises NotFound: no such address.
    """
    member = named(pen.session, email)
    member.password_hash = passwords.hashed(password)
    member.disabled_at = None
    pen.record(Act.MEMBER_RESET, by=by, details={"member": member.id})
    return member


def acting(pen: Pen, member_id: int) -> Member:
    """The member who acts, read under the pen: disabled a second ago is disabled.

    :raises Refused: unknown or disabled.
    """
    member = pen.session.get(Member, member_id)
    if member is None or not member.is_active:
        raise Refused("member_may_not_act")
    pen.keep(member)
    return member


def named(session: Session, email: str) -> Member:
    """The account of an address.

    :raises NotFound: there is none.
    """
    member = session.scalar(select(Member).where(Member.email == email.strip().lower()))
    if member is None:
        raise NotFound("member_unknown", email=email.strip())
    return member


def everyone(session: Session) -> Sequence[Member]:
    """All accounts, oldest first, disabled ones too."""
    return session.scalars(select(Member).order_by(Member.id)).all()


def names(session: Session) -> dict[int, str]:
    """What each member is called on the desk, disabled ones too."""
    return {member.id: member.called for member in everyone(session)}


def _administrators(session: Session) -> int:
    active = select(func.count()).where(
        Member.role == Role.ADMINISTRATOR.value, Member.disabled_at.is_(None)
    )
    return session.scalar(active) or 0


def _address(email: str) -> str:
    email = email.strip().lower()
    if len(email) > 254 or not _ADDRESS.fullmatch(email):
        raise Invalid("member_email", email=email[:254])
    return email
