"""The accounts of moderators and administrators."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime


class Role(StrEnum):
    """What a member may do; an administrator can do all that a moderator can."""

    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class Member(Base):
    """A member is never deleted: the lines that carry their id must go on naming somebody."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    # What other members call them; the address's own name when empty. Never public.
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # From when on the account vouches for others (see ``vouching``); None where it always does.
    vouches_from: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Who invited the member, and who last reopened the account or took its second factor away;
    # None for the command line.
    invited_by: Mapped[int | None]
    reopened_by: Mapped[int | None]
    # The second factor's secret, closed with the seal key; None until it is set up.
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The last half-minute whose code was used: a code works once (RFC 6238 §5.2).
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    # When its budget of wrong codes is whole again, in seconds since 1970 (code_budget).
    totp_whole_at: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def is_active(self) -> bool:
        """Whether the member may still act; what they did stays theirs either way."""
        return self.disabled_at is None

    @property
    def display_name(self) -> str:
        """The name by which the desk calls them."""
        return self.name or self.email.partition("@")[0]

    @property
    def has_factor(self) -> bool:
        """Whether a second factor is set up."""
        return self.totp_secret is not None

    @property
    def is_administrator(self) -> bool:
        """Whether the grave acts are open to this member."""
        return self.role == Role.ADMINISTRATOR


class MemberInvitation(Base):
    """A link that opens one account, once, until a day; only its digest is kept."""

    __tablename__ = "member_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    invited_at: Mapped[datetime] = mapped_column(UTCDateTime)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Used, taken back, or replaced by a newer one to the same address.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RecoveryCode(Base):
    """A code that stands in once for a lost second factor; only its digest is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInSession(Base):
    """A browser that a member signed in with; lines say that it was opened or closed, no more.

    No address, no user agent: a member knows their sessions by when they were opened and used.
    """

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # When password and code were last given; grave acts ask for both again after some minutes.
    confirmed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SignInTries(Base):
    """Failed sign-ins at one account from browsers it does not know, or from one that it does.

    ``key`` is an HMAC of the address (and of the known browser's number): an unknown account has a
    row like any other, and the table tells nobody's address.
    """

    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInFailures(Base):
    """How many sign-ins failed on one day at one account, until a journal line says so.

    ``account`` is a member's id. Addresses that no account has are counted under numbers below
    one, so that a failure costs the same work for both.
    """

    __tablename__ = "sign_in_failures"

    account: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class KnownBrowser(Base):
    """A browser that a member has signed in with; its cookie holds a token, this row its digest."""

    __tablename__ = "known_browser"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)
