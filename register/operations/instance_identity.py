"""``tag:`` URIs of this register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.operations.models import Identity


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
