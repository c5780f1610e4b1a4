"""Tables of members, invitations, sessions, second factors and failed sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Date, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from register.accounts.sealed_address import SealedAddress
from register.db import Base, UTCDateTime

SESSION_NAME_LENGTH = 40
PASSKEY_NAME_LENGTH = 40


class Role(StrEnum):
    """The role of a member; an administrator may do all that a moderator may."""

    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class Member(Base):
    """An account, which is never deleted, because journal lines refer to its id."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(SealedAddress, unique=True)
    # The display name for other members; empty for the local part of the address. Never public.
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When the account begins to vouch for others (see ``vouching``); None if it always does.
    vouches_from: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Who invited the member, and who last reopened the account or removed its second factor; None
    # for the command line.
    invited_by: Mapped[int | None]
    reopened_by: Mapped[int | None]
    # The secret of the second factor, encrypted; None until it is set up.
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The last time step whose code was used: a code works once (RFC 6238 §5.2).
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    # When the budget of wrong codes is full again, in seconds since 1970 (sign_in_attempts).
    totp_whole_at: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def is_active(self) -> bool:
        """Whether the account is not disabled."""
        return self.disabled_at is None

    @property
    def display_name(self) -> str:
        """The name shown on the desk."""
        return self.name or self.email.partition("@")[0]

    @property
    def has_factor(self) -> bool:
        """Whether a second factor is set up."""
        return self.totp_secret is not None

    @property
    def is_administrator(self) -> bool:
        """Whether the member is an administrator, also if disabled."""
        return self.role == Role.ADMINISTRATOR


class OneUseLink:
    """A link that works once before its expiry; only its digest is stored."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Used, revoked, replaced by a newer one, or made needless by another change of the account.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Who made it; None for the console.
    maker_id: ClassVar[Any]


class MemberInvitation(OneUseLink, Base):
    """A link that opens one account."""

    __tablename__ = "member_invitation"

    email: Mapped[str] = mapped_column(SealedAddress)
    role: Mapped[str] = mapped_column(String(16))
    invited_at: Mapped[datetime] = mapped_column(UTCDateTime)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    maker_id = synonym("invited_by")


class PasswordLink(OneUseLink, Base):
    """A link by which one member chooses a new password."""

    __tablename__ = "password_link"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    maker_id = synonym("made_by")

    member: Mapped[Member] = relationship(foreign_keys=[member_id])


class RecoveryCode(Base):
    """A single-use code for a lost second factor; only its digest is stored."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Passkey(Base):
    """A passkey (WebAuthn) of a member: see :mod:`register.accounts.passkeys`."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    # Keyed digest of the credential id.
    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    # Name, credential id and public key, encrypted for the member.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    # Of signatures, as the authenticator counts them; 0 for one that does not.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When the counter went back: another authenticator has the same key, and it opens nothing.
    copied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInSession(Base):
    """An open session of a member, without address or user agent.

    Members recognise their sessions by the name that they gave, and by the times of opening and
    last use.
    """

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # When password and code were last given; grave acts ask for them again after some minutes.
    confirmed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Typed by the member, such as "téléphone"; taken over from the browser at a sign-in.
    name: Mapped[str] = mapped_column(String(SESSION_NAME_LENGTH), default="")

    member: Mapped[Member] = relationship(lazy="raise")


class SignInAttempts(Base):
    """Failed sign-ins at one address from all unknown browsers, or from one known browser.

    ``key`` is an HMAC of the address (and of the known browser's id): unknown addresses have rows
    too, and the table reveals no address.
    """

    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInFailures(Base):
    """Number of failed sign-ins of one account on one day, until its journal line is written.

    ``account`` is a member's id, or a number below one for addresses without account, so that a
    failure costs the same work for both.
    """

    __tablename__ = "sign_in_failures"

    account: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class KnownBrowser(Base):
    """A browser with which a member has signed in: digest of the token in its cookie."""

    __tablename__ = "known_browser"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    name: Mapped[str] = mapped_column(String(SESSION_NAME_LENGTH), default="")
