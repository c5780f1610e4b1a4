"""What the administrators wrote into the editorial pages: the newest of each, and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from register.errors import NotFound
from register.pages.models import PageRevision

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
