"""What administrators write into the editorial pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime


class PageRevision(Base):
    """One version of an editorial page; the newest one of a page is what readers see.

    ``shipped`` says that the page went back to the text that comes with the code, whatever that
    is in the version that runs; ``title`` and ``text`` then tell what it was on that day.
    """

    __tablename__ = "page_revision"
    __table_args__ = (Index("ix_page_revision_page", "page", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(40))
    shipped: Mapped[bool]
    title: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    # Rendered and sanitised when written, its markers still to be filled; by which renderer.
    html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[str] = mapped_column(String(80))
    # What the code's own text was then, so that one sees when an upgrade has changed it.
    base: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str] = mapped_column(Text)
    # Drawn at random: a page's validity holds it, and a number could come again after a restore.
    mark: Mapped[str] = mapped_column(String(32))
