"""Identity of an instance: its id, the check of its seal, and its ``tag:`` URIs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.db import Base


class Identity(Base):
    """One row, fixed at ``init``: instance id, authority of its URIs (RFC 4151), seal check."""

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(String(36))
    tag_authority: Mapped[str] = mapped_column(String(253))
    tag_date: Mapped[date] = mapped_column(Date)
    seal_check: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class TagUriMaker:
    """A maker of ``tag:`` URIs (RFC 4151): a host and a day on which it was the register's."""

    authority: str
    day: date

    def uri(self, name: str) -> str:
        """The permanent URI of a thing of this register.

        :param name: already percent-encoded.
        """
        return f"tag:{self.authority},{self.day.isoformat()}:{name}"


def tag_uri_maker(session: Session) -> TagUriMaker:
    """The maker with the authority and day fixed at ``init``."""
    authority, day = session.execute(select(Identity.tag_authority, Identity.tag_date)).one()
    return TagUriMaker(authority, day)
