"""The only door that changes an account; each change writes its line on the desk's ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from register.accounts import browsers, passwords, sessions, two_factor, vouching
from register.accounts.login_attempts import folded
from register.accounts.models import Member, RecoveryCode, Role
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, Pen
from register.text.sanitize import one_line

# One address, no display name, no comment: the least that a mail server will take.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[a-z0-9.-]{1,253}\.[a-z]{2,63}")
NAME_LENGTH = 80


def add(
    pen: Pen,
    email: str,
    role: Role,
    password: str,
    *,
    by: int | None = None,
    name: str = "",
    invitation: int | None = None,
    invited_by: int | None = None,
) -> Member:
    """Make an account. ``by`` is None from the console.

    :param name: what other members will call them; the address's own name when empty.
    :param invitation: the one that it is opened by; the member is then who did it.
    :param invited_by: who made that invitation, None for the console.
    :raises Invalid: an address, name or password that cannot be.
    :raises Refused: ``member_exists``, or a member who is no administrator.
    """
    administering(pen, by)
    email, name = address(email), _name(name)
    if exists(pen.session, email):
        raise Refused("member_exists", email=email)
    member = Member(
        email=email,
        name=name,
        role=Role(role).value,
        password_hash=passwords.hashed(password, email, name),
        created_at=pen.at,
        invited_by=invited_by if invitation is not None else by,
    )
    pen.session.add(member)
    pen.session.flush()
    later = vouching.postpone(pen, member, member.invited_by)
    told = {"member": member.id, "role": member.role, **later}
    if invitation is not None:
        by, told = member.id, {**told, "invitation": invitation}
    pen.record(Act.MEMBER_ADDED, by=by, details=told)
    return member


def disable(pen: Pen, who: str | int, *, by: int | None = None) -> Member:
    """Close an account to its member, and their sessions; their authorship stays.

    :param who: address or id.
    :raises NotFound: no such account.
    :raises Refused: already disabled, the last administrator, or ``by`` may not.
    """
    administering(pen, by)
    member = _one(pen, who)
    if not member.is_active:
        raise Refused("member_disabled", email=member.email)
    _require_another(pen, member)
    member.disabled_at = pen.at
    _shut(pen, member.id)
    pen.record(Act.MEMBER_DISABLED, by=by, details={"member": member.id})
    return member


def enable(pen: Pen, who: str | int, *, by: int | None = None) -> Member:
    """Open a disabled account again, with the password and second factor that it had.

    :param who: address or id.
    :raises NotFound: no such account.
    :raises Refused: not disabled, or ``by`` may not.
    """
    administering(pen, by)
    member = _one(pen, who)
    if member.is_active:
        raise Refused("member_enabled", email=member.email)
    member.disabled_at = None
    pen.record(Act.MEMBER_ENABLED, by=by, details=_reopened(pen, member, by))
    return member


def reset(pen: Pen, who: str | int, password: str, *, by: int | None = None) -> Member:
    """Give an account a new password, and open it again when it was disabled.

    :param who: address or id.
    :raises NotFound: no such account.
    :raises Invalid: a password that cannot be.
    """
    administering(pen, by)
    member = _one(pen, who)
    member.password_hash = passwords.hashed(password, member.email, member.name)
    member.disabled_at = None
    member.totp_whole_at = 0
    _shut(pen, member.id)
    pen.record(Act.MEMBER_RESET, by=by, details=_reopened(pen, member, by))
    return member


def set_role(pen: Pen, who: str | int, role: Role, *, by: int | None = None) -> Member:
    """Give a member another role.

    :param who: address or id.
    :raises NotFound: no such account.
    :raises Refused: the role is theirs already, the last administrator, or ``by`` may not.
    """
    administering(pen, by)
    member = _one(pen, who)
    role = Role(role)
    if member.role == role:
        raise Refused("member_has_role", email=member.email)
    if role is not Role.ADMINISTRATOR:
        _require_another(pen, member)
    member.role = role.value
    pen.record(Act.MEMBER_ROLE, by=by, details={"member": member.id, "role": member.role})
    return member


def change_password(pen: Pen, member_id: int, password: str, *, but: int | None = None) -> Member:
    """A member's new password; their sessions end, but for ``but``, the one they are in.

    None of their browsers is known any more.

    :raises Invalid: a password that cannot be.
    :raises Refused: a member who may not act any more.
    """
    member = acting(pen, member_id)
    member.password_hash = passwords.hashed(password, member.email, member.name)
    # Whoever tried codes had the former one.
    member.totp_whole_at = 0
    _shut(pen, member.id, but)
    pen.record(Act.MEMBER_PASSWORD, by=member.id, details={"member": member.id})
    return member


def set_factor(
    pen: Pen,
    member_id: int,
    secret: str,
    root_key: bytes,
    codes: Sequence[str],
    step: int,
    *,
    but: int | None = None,
) -> Member:
    """Set up a member's second factor, or put a new one in the place of the one they have.

    Their sessions end, but for ``but``, the one they are in.

    :param codes: their recovery codes; those they had before are worth nothing any more.
    :param step: the half-minute of the code that showed the application to be set up; a code
        works once, also this one.
    :raises Refused: a member who may not act any more.
    """
    member = acting(pen, member_id)
    member.totp_secret = two_factor.closed(root_key, member.id, secret)
    member.totp_step = step
    member.totp_whole_at = 0
    _replace_codes(pen, member, codes)
    sessions.close_all(pen.session, member.id, but)
    pen.record(Act.MEMBER_FACTOR, by=member.id, details={"member": member.id, "what": "secret"})
    return member


def renew_codes(pen: Pen, member_id: int, codes: Sequence[str]) -> Member:
    """Give a member new recovery codes; the former ones are worth nothing any more.

    :raises Refused: a member who may not act any more, or who has no second factor.
    """
    member = acting(pen, member_id)
    _require_factor(member)
    _replace_codes(pen, member, codes)
    pen.record(Act.MEMBER_FACTOR, by=member.id, details={"member": member.id, "what": "codes"})
    return member


def reset_factor(pen: Pen, who: str | int, *, by: int | None = None) -> Member:
    """Take away a lost second factor; the member sets up another one when they next sign in.

    Their sessions end: whoever has the lost telephone may be in one.

    :param who: address or id.
    :raises NotFound: no such account.
    :raises Refused: there is no second factor, or ``by`` may not.
    """
    administering(pen, by)
    member = _one(pen, who)
    _require_factor(member)
    member.totp_secret = None
    _replace_codes(pen, member, ())
    sessions.close_all(pen.session, member.id)
    pen.record(Act.MEMBER_FACTOR_RESET, by=by, details=_reopened(pen, member, by))
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


def administering(pen: Pen, by: int | None) -> None:
    """Let an administrator pass, or the console, which has no account.

    An account that vouches for nobody yet changes no other: whoever opened it could open, by it,
    a third one, and confirm that.

    :raises Refused: unknown, disabled, a moderator, or ``member_vouches_later``.
    """
    if by is None:
        return
    member = acting(pen, by)
    if not member.is_administrator:
        raise Refused("member_administrators_only")
    vouching.require(member, pen.at)


def named(session: Session, email: str) -> Member:
    """The account of an address.

    :raises NotFound: there is none.
    """
    member = session.scalar(select(Member).where(Member.email == folded(email)))
    if member is None:
        raise NotFound("member_unknown", email=email.strip())
    return member


def exists(session: Session, email: str) -> bool:
    """Whether an address has an account, disabled or not."""
    return session.scalar(select(Member.id).where(Member.email == folded(email))) is not None


def everyone(session: Session) -> Sequence[Member]:
    """All accounts, oldest first, disabled ones too."""
    return session.scalars(select(Member).order_by(Member.id)).all()


def names(session: Session) -> dict[int, str]:
    """What each member is called on the desk, disabled ones too."""
    return {member.id: member.called for member in everyone(session)}


def codes_left(session: Session, member_id: int) -> int:
    """How many of a member's recovery codes have not been used."""
    unused = select(func.count()).where(
        RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def address(email: str) -> str:
    """An address as it is kept: in small letters, without spaces around it.

    :raises Invalid: ``member_email``.
    """
    email = folded(email)
    if len(email) > 254 or not _ADDRESS.fullmatch(email):
        raise Invalid("member_email", email=email[:254])
    return email


def _name(name: str) -> str:
    name = one_line(name)
    if len(name) > NAME_LENGTH:
        raise Invalid("member_name", limit=NAME_LENGTH)
    return name


def _reopened(pen: Pen, member: Member, by: int | None) -> dict[str, object]:
    """Have an account that another member gave a new way in vouch later; what its line says."""
    later = vouching.postpone(pen, member, by)
    if later:
        member.reopened_by = by
    return {"member": member.id, **later}


def _one(pen: Pen, who: str | int) -> Member:
    member = pen.load(Member, who) if isinstance(who, int) else named(pen.session, who)
    pen.keep(member)
    return member


def _shut(pen: Pen, member_id: int, but: int | None = None) -> None:
    """End a member's sessions, but for one, and know none of their browsers any more."""
    sessions.close_all(pen.session, member_id, but)
    browsers.forget_all(pen.session, member_id)


def _require_another(pen: Pen, member: Member) -> None:
    """Refuse to lose the last administrator: nobody could invite, erase or enable again."""
    active = select(func.count()).where(
        Member.role == Role.ADMINISTRATOR.value, Member.disabled_at.is_(None)
    )
    # Another one may have been disabled under this very pen.
    pen.session.flush()
    if member.is_administrator and member.is_active and pen.session.scalar(active) == 1:
        raise Refused("member_last_administrator", email=member.email)


def _require_factor(member: Member) -> None:
    if not member.has_factor:
        raise Refused("member_factor_none", email=member.email)


def _replace_codes(pen: Pen, member: Member, codes: Sequence[str]) -> None:
    pen.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    pen.session.add_all(
        RecoveryCode(member_id=member.id, code_hash=two_factor.recovery_digest(code))
        for code in codes
    )
