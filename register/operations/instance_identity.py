"""Which register this is, for whatever needs to name it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.operations.models import Identity


@dataclass(frozen=True)
class TagUriMaker:
    """The maker of ``tag:`` URIs (RFC 4151): an authority and a day it was the register's."""

    authority: str
    day: date

    def uri(self, name: str) -> str:
        """The URI of something of this register; it never changes.

        :param name: characters that a URI may hold, already quoted.
        """
        return f"tag:{self.authority},{self.day.isoformat()}:{name}"


def tag_uri_maker(session: Session) -> TagUriMaker:
    """The maker fixed at ``init``."""
    identity_row = session.execute(select(Identity.tag_authority, Identity.tag_date)).one()
    return TagUriMaker(identity_row.tag_authority, identity_row.tag_date)
