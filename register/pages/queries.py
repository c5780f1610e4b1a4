"""What the administrators wrote into the editorial pages: the newest of each, and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from register.errors import NotFound
from register.pages.models import PageRevision

_REVISION = PageRevision.__table__.c


def newest(session: Session, page: str) -> PageRevision | None:
    """The last revision of a page; None for one that nobody has changed."""
    of_page = select(PageRevision).where(PageRevision.page == page)
    return session.scalar(of_page.order_by(PageRevision.id.desc()).limit(1))


def newest_of_each(session: Session) -> Mapping[str, PageRevision]:
    """The last revision of every page that has one, by the names of the pages."""
    last = select(func.max(PageRevision.id)).group_by(PageRevision.page)
    rows = session.scalars(select(PageRevision).where(PageRevision.id.in_(last)))
    return {row.page: row for row in rows}


def history(session: Session, page: str) -> Sequence[PageRevision]:
    """All revisions of a page, the newest first."""
    of_page = select(PageRevision).where(PageRevision.page == page)
    return session.scalars(of_page.order_by(PageRevision.id.desc())).all()


def one(session: Session, page: str, revision: int) -> PageRevision:
    """One revision of a page.

    :raises NotFound: ``no_such_revision``, also for one of another page.
    """
    row = session.get(PageRevision, revision)
    if row is None or row.page != page:
        raise NotFound("no_such_revision")
    return row


def mark() -> ScalarSelect[str]:
    """What tells the pages of now from those of any other moment, as a part of a statement."""
    return select(_REVISION.mark).order_by(_REVISION.id.desc()).limit(1).scalar_subquery()
