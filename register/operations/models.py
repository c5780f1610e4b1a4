"""Table of the instance's identity."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base


class Identity(Base):
    """One row, fixed at ``init``: instance id, authority of its URIs (RFC 4151), seal check."""

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(String(36))
    tag_authority: Mapped[str] = mapped_column(String(253))
    tag_date: Mapped[date] = mapped_column(Date)
    seal_check: Mapped[str] = mapped_column(String(64))
