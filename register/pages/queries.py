"""What the administrators wrote into the editorial pages: the newest of each, and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, ScalarSelect, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.db import Base, UTCDateTime
from register.errors import NotFound


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


_REVISION_COLUMNS = PageRevision.__table__.c


def newest_revision(session: Session, page: str) -> PageRevision | None:
    """The last revision of a page; None for one that nobody has changed."""
    stmt = select(PageRevision).where(PageRevision.page == page)
    return session.scalar(stmt.order_by(PageRevision.id.desc()).limit(1))


def newest_revisions(session: Session) -> Mapping[str, PageRevision]:
    """The last revision of every page that has one, by the names of the pages."""
    last_ids = select(func.max(PageRevision.id)).group_by(PageRevision.page)
    revisions = session.scalars(select(PageRevision).where(PageRevision.id.in_(last_ids)))
    return {revision.page: revision for revision in revisions}


def page_revisions(session: Session, page: str) -> Sequence[PageRevision]:
    """All revisions of a page, the newest first."""
    stmt = select(PageRevision).where(PageRevision.page == page)
    return session.scalars(stmt.order_by(PageRevision.id.desc())).all()


def get_revision(session: Session, page: str, revision_id: int) -> PageRevision:
    """One revision of a page.

    :raises NotFound: ``no_such_revision``, also for one of another page.
    """
    page_revision = session.get(PageRevision, revision_id)
    if page_revision is None or page_revision.page != page:
        raise NotFound("no_such_revision")
    return page_revision


def validity_mark() -> ScalarSelect[str]:
    """What tells the pages of now from those of any other moment, as a part of a statement."""
    return (
        select(_REVISION_COLUMNS.mark)
        .order_by(_REVISION_COLUMNS.id.desc())
        .limit(1)
        .scalar_subquery()
    )
