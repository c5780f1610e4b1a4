"""Public address of the authority that a case is about, for members: never that of a person.

The contact of a commune serves every case in which it is the authority; any other serves its case.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Date, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.accounts.sealed_address import SealedAddress, SealedUrl
from register.cases.models import Incident
from register.db import Base
from register.territory import place_queries


class AuthorityContact(Base):
    """The e-mail address of a public office, which a member has checked.

    ``incident_id`` is the case for which it was noted; ``commune`` the code of today of a commune
    that it stands for, or empty. ``source`` is the page that publishes the address.
    """

    __tablename__ = "authority_contact"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    commune: Mapped[str] = mapped_column(String(5), index=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    address: Mapped[str] = mapped_column(SealedAddress)
    source: Mapped[str] = mapped_column(SealedUrl)
    checked_on: Mapped[dt.date] = mapped_column(Date)
    checked_by: Mapped[int] = mapped_column(ForeignKey("member.id"))


def commune_of_authority(case: Incident) -> str:
    """The commune of today whose town hall acts in a case; empty for another authority."""
    if case.level != "commune" or not case.commune:
        return ""
    return place_queries.current_code(case.commune) or ""


def contact_of(session: Session, case: Incident) -> AuthorityContact | None:
    """The contact of a case: its own, or that of its commune."""
    own = (AuthorityContact.incident_id == case.id) & (AuthorityContact.commune == "")
    commune = commune_of_authority(case)
    is_its = own | (AuthorityContact.commune == commune) if commune else own
    stmt = select(AuthorityContact).where(is_its).order_by(AuthorityContact.commune)
    return session.scalars(stmt.limit(1)).first()
