"""Acts that change an account; each writes a line in the desk ledger.

No other module changes accounts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from register.accounts import passkeys, passwords, sessions, two_factor, vouching
from register.accounts.models import Member, MemberInvitation, PasswordLink, RecoveryCode, Role
from register.accounts.sealed_address import MAX_ADDRESS_LENGTH
from register.accounts.sign_in_attempts import fold_email
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, WriteTransaction
from register.text.normalisation import one_line

# One address without display name or comment.
_EMAIL_PATTERN = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[a-z0-9.-]{1,253}\.[a-z]{2,63}")
MAX_NAME_LENGTH = 80


def add_member(
    tx: WriteTransaction,
    email: str,
    role: Role,
    password: str,
    *,
    by: int | None = None,
    name: str = "",
    invitation: MemberInvitation | None = None,
) -> Member:
    """Create an account.

    :param by: the acting member, None for the console.
    :param name: the display name; the local part of the address when empty.
    :param invitation: the accepted invitation, if any; the new member is then the actor.
    :raises Invalid: an invalid address, name or password.
    :raises Refused: ``member_exists``, or a member who is no administrator.
    """
    vouching.require_administrator(tx, by)
    email, name = validate_email(email), one_line(name)
    if len(name) > MAX_NAME_LENGTH:
        raise Invalid("member_name", limit=MAX_NAME_LENGTH)
    if has_account(tx.session, email):
        raise Refused("member_exists", email=email)
    member = Member(
        email=email,
        name=name,
        role=Role(role).value,
        password_hash=passwords.hash_password(password, email, name),
        created_at=tx.at,
        invited_by=invitation.invited_by if invitation else by,
    )
    tx.session.add(member)
    tx.session.flush()
    vouching_details = vouching.postpone_vouching(tx, member, member.invited_by)
    details = {"member": member.id, "role": member.role, **vouching_details}
    if invitation is not None:
        by, details = member.id, {**details, "invitation": invitation.id}
    tx.record(Act.MEMBER_ADDED, by=by, details=details)
    return member


def disable_member(tx: WriteTransaction, member_id: int, *, by: int | None = None) -> Member:
    """Disable an account, close its sessions and delete its passkeys; its authorship stays.

    :raises NotFound: no such account.
    :raises Refused: already disabled, the last administrator, or ``by`` may not.
    """
    member = _load_for_administrator(tx, member_id, by)
    if not member.is_active:
        raise Refused("member_disabled", email=member.email)
    _require_other_administrator(tx, member)
    member.disabled_at = tx.at
    passkeys.delete_passkeys(tx.session, member.id)
    _revoke_access(tx, member.id)
    tx.record(Act.MEMBER_DISABLED, by=by, details={"member": member.id})
    return member


def enable_member(tx: WriteTransaction, member_id: int, *, by: int | None = None) -> Member:
    """Open a disabled account again, with the password and second factor that it had.

    :raises NotFound: no such account.
    :raises Refused: not disabled, or ``by`` may not.
    """
    member = _load_for_administrator(tx, member_id, by)
    if member.is_active:
        raise Refused("member_enabled", email=member.email)
    member.disabled_at = None
    tx.record(Act.MEMBER_ENABLED, by=by, details=_reopen_details(tx, member, by))
    return member


def reset_member(
    tx: WriteTransaction, member_id: int, password: str, *, by: int | None = None
) -> Member:
    """Give an account a new password, and open it again when it was disabled.

    Its passkeys are deleted: each of them opens the account without the password.

    :raises NotFound: no such account.
    :raises Invalid: an invalid password.
    """
    member = _load_for_administrator(tx, member_id, by)
    member.password_hash = passwords.hash_password(password, member.email, member.name)
    member.disabled_at = None
    member.totp_whole_at = 0
    passkeys.delete_passkeys(tx.session, member.id)
    _revoke_access(tx, member.id)
    tx.record(Act.MEMBER_RESET, by=by, details=_reopen_details(tx, member, by))
    return member


def set_role(tx: WriteTransaction, member_id: int, role: Role, *, by: int | None = None) -> Member:
    """Give a member another role.

    :raises NotFound: no such account.
    :raises Refused: they have the role already, the last administrator, or ``by`` may not.
    """
    member = _load_for_administrator(tx, member_id, by)
    role = Role(role)
    if member.role == role:
        raise Refused("member_has_role", email=member.email)
    if role is not Role.ADMINISTRATOR:
        _require_other_administrator(tx, member)
    member.role = role.value
    tx.record(Act.MEMBER_ROLE, by=by, details={"member": member.id, "role": member.role})
    return member


def change_password(
    tx: WriteTransaction,
    member_id: int,
    password: str,
    *,
    except_session: int | None = None,
    by_link: PasswordLink | None = None,
) -> Member:
    """Set a member's new password, end their other sessions and forget their browsers.

    :param except_session: the current session, which stays open.
    :param by_link: the link that an administrator made, who may have used it themself: the account
        does not vouch for seven days.
    :raises Invalid: an invalid password.
    :raises Refused: a member who may not act any more.
    """
    member = vouching.load_acting_member(tx, member_id)
    member.password_hash = passwords.hash_password(password, member.email, member.name)
    # Whoever guessed codes knew the former password: the budget of wrong codes is full again.
    member.totp_whole_at = 0
    _revoke_access(tx, member.id, except_session)
    details: dict[str, object] = {"member": member.id}
    if by_link is not None:
        details = {**_reopen_details(tx, member, by_link.made_by), "link": by_link.id}
    tx.record(Act.MEMBER_PASSWORD, by=member.id, details=details)
    return member


def set_factor(
    tx: WriteTransaction,
    member_id: int,
    secret: str,
    root_key: bytes,
    codes: Sequence[str],
    step: int,
    *,
    except_session: int | None = None,
) -> Member:
    """Set up or replace a member's second factor, and end their other sessions.

    :param codes: the new recovery codes, which replace the former ones.
    :param step: the time step of the code that proved the setup; no code works twice.
    :param except_session: the current session, which stays open.
    :raises Refused: a member who may not act any more.
    """
    member = vouching.load_acting_member(tx, member_id)
    member.totp_secret = two_factor.seal_secret(root_key, member.id, secret)
    member.totp_step = step
    member.totp_whole_at = 0
    _replace_codes(tx, member, codes)
    sessions.delete_sessions(tx.session, member.id, except_session)
    tx.record(Act.MEMBER_FACTOR, by=member.id, details={"member": member.id, "what": "secret"})
    return member


def renew_codes(tx: WriteTransaction, member_id: int, codes: Sequence[str]) -> Member:
    """Replace a member's recovery codes.

    :raises Refused: a member who may not act any more, or who has no second factor.
    """
    member = vouching.load_acting_member(tx, member_id)
    _require_factor(member)
    _replace_codes(tx, member, codes)
    tx.record(Act.MEMBER_FACTOR, by=member.id, details={"member": member.id, "what": "codes"})
    return member


def reset_factor(tx: WriteTransaction, member_id: int, *, by: int | None = None) -> Member:
    """Remove a lost second factor and all passkeys; the member sets another one up at sign-in.

    Their sessions end, because a lost telephone may be signed in.

    :raises NotFound: no such account.
    :raises Refused: there is no second factor, or ``by`` may not.
    """
    member = _load_for_administrator(tx, member_id, by)
    _require_factor(member)
    member.totp_secret = None
    _replace_codes(tx, member, ())
    passkeys.delete_passkeys(tx.session, member.id)
    sessions.delete_sessions(tx.session, member.id)
    tx.record(Act.MEMBER_FACTOR_RESET, by=by, details=_reopen_details(tx, member, by))
    return member


def find_by_email(session: Session, email: str) -> Member:
    """The account of an address.

    :raises NotFound: there is none.
    """
    member = session.scalar(select(Member).where(Member.email == fold_email(email)))
    if member is None:
        raise NotFound("member_unknown", email=email.strip())
    return member


def has_account(session: Session, email: str) -> bool:
    """Whether an address has an account, disabled or not."""
    return session.scalar(select(Member.id).where(Member.email == fold_email(email))) is not None


def open_address(session: Session, member_id: int) -> str:
    """The address of a member for a mail; empty when the account is closed."""
    member = session.get(Member, member_id)
    return member.email if member is not None and member.is_active else ""


def all_members(session: Session) -> Sequence[Member]:
    """All accounts, oldest first, disabled ones too."""
    return session.scalars(select(Member).order_by(Member.id)).all()


def display_names(session: Session) -> dict[int, str]:
    """Display names by member id, of disabled members too."""
    return {member.id: member.display_name for member in all_members(session)}


def count_unused_codes(session: Session, member_id: int) -> int:
    """Number of a member's unused recovery codes."""
    unused = select(func.count()).where(
        RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def validate_email(email: str) -> str:
    """An address as it is stored: lower case, without surrounding spaces.

    :raises Invalid: ``member_email``.
    """
    email = fold_email(email)
    if len(email.encode()) > MAX_ADDRESS_LENGTH or not _EMAIL_PATTERN.fullmatch(email):
        raise Invalid("member_email", email=email[:254])
    return email


def _reopen_details(tx: WriteTransaction, member: Member, by: int | None) -> dict[str, object]:
    """Postpone the vouching of an account that another member reopened; details of its line."""
    vouching_details = vouching.postpone_vouching(tx, member, by)
    if vouching_details:
        member.reopened_by = by
    return {"member": member.id, **vouching_details}


def _load_for_administrator(tx: WriteTransaction, member_id: int, by: int | None) -> Member:
    """An account that an administrator or the console is about to change.

    :raises Refused: ``by`` is no administrator.
    """
    vouching.require_administrator(tx, by)
    member = tx.load(Member, member_id)
    tx.keep_alive(member)
    return member


def _revoke_access(tx: WriteTransaction, member_id: int, except_session: int | None = None) -> None:
    """End a member's sessions but one, forget their browsers, and close their password links."""
    sessions.delete_sessions(tx.session, member_id, except_session)
    sessions.delete_browsers(tx.session, member_id)
    close_password_links(tx, member_id)


def close_password_links(tx: WriteTransaction, member_id: int) -> None:
    """Close the open links by which a member could choose a new password."""
    links = update(PasswordLink).where(
        PasswordLink.member_id == member_id, PasswordLink.closed_at.is_(None)
    )
    tx.session.execute(links.values(closed_at=tx.at))


def _require_other_administrator(tx: WriteTransaction, member: Member) -> None:
    """Refuse to lose the last administrator, without whom nobody could invite or erase."""
    active_count = select(func.count()).where(
        Member.role == Role.ADMINISTRATOR.value, Member.disabled_at.is_(None)
    )
    # Another one may have been disabled in this transaction.
    tx.session.flush()
    if member.is_administrator and member.is_active and tx.session.scalar(active_count) == 1:
        raise Refused("member_last_administrator", email=member.email)


def _require_factor(member: Member) -> None:
    if not member.has_factor:
        raise Refused("member_factor_none", email=member.email)


def _replace_codes(tx: WriteTransaction, member: Member, codes: Sequence[str]) -> None:
    tx.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    tx.session.add_all(
        RecoveryCode(member_id=member.id, code_hash=two_factor.recovery_digest(code))
        for code in codes
    )
