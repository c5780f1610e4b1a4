"""The accounts of moderators and administrators."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
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
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_active(self) -> bool:
        """Whether the member may still act; what they did stays theirs either way."""
        return self.disabled_at is None

    @property
    def is_administrator(self) -> bool:
        """Whether the grave acts are open to this member."""
        return self.role == Role.ADMINISTRATOR
