"""The revisions of a case for members: who changed what, when and why.

A revision whose texts were destroyed keeps its row; one that a redaction changed is read as it was
before, until that is destroyed. Viewers who are not active members get ``NotFound``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.case_content import CaseSnapshot, Content, parse_content, parse_snapshot
from register.cases.core_tables import CASE, REVISION
from register.cases.models import ID_LIMIT, CaseState, RedactedOriginal
from register.cases.risk_flags import FlagReason, parse_reasons
from register.errors import NotFound
from register.journal import Act
from register.text.dates import day_start


@dataclass(frozen=True)
class RevisionSummary:
    """A revision without its texts; ``reason`` is None where they were destroyed.

    ``is_redacted``: readers see it without a passage that members still read.
    """

    id: int
    act: Act
    made_at: datetime
    made_by: int
    reason: str | None
    flag_reasons: Sequence[FlagReason]
    is_destroyed: bool
    is_current: bool
    is_redacted: bool


@dataclass(frozen=True)
class CaseAtRevision:
    """The whole public content of a case in one revision, with its rendered texts."""

    version: RevisionSummary
    snapshot: CaseSnapshot

    @property
    def content(self) -> Content:
        """The fields that an editor can write."""
        return parse_content(self.snapshot.content)


_ORIGINAL = RedactedOriginal.__table__
_first_original = _ORIGINAL.alias("first")
# The texts before the first redaction that is not destroyed: those of a later one lack more.
_WITH_ORIGINAL = REVISION.outerjoin(
    _ORIGINAL,
    _ORIGINAL.c.id
    == select(func.min(_first_original.c.id))
    .where(_first_original.c.revision_id == REVISION.c.id)
    .scalar_subquery(),
)


def _former(name: str) -> ColumnElement[Any]:
    """A column of the original, or of the revision where there is none."""
    return func.coalesce(_ORIGINAL.c[name], REVISION.c[name]).label(name)


_SUMMARIES = (
    select(
        REVISION.c.id,
        REVISION.c.act,
        REVISION.c.made_at,
        REVISION.c.made_by,
        _former("reason"),
        _former("flags_reason").label("flag_reasons"),
        REVISION.c.content.is_(None).label("is_destroyed"),
        (REVISION.c.id == CASE.c.revision_id).label("is_current"),
        _ORIGINAL.c.id.is_not(None).label("is_redacted"),
    )
    .select_from(_WITH_ORIGINAL)
    .join(CASE, CASE.c.id == REVISION.c.incident_id)
    .where(CASE.c.id == bindparam("case"))
)
_TEXTS = (
    select(_former("content"), _former("html"))
    .select_from(_WITH_ORIGINAL)
    .where(REVISION.c.id == bindparam("revision"))
)


def list_revisions(session: Session, viewer: Member, incident_id: int) -> Sequence[RevisionSummary]:
    """Every revision of a case, newest first.

    :raises NotFound: ``no_such_case``.
    """
    summaries = _list_summaries(
        session, viewer, incident_id, _SUMMARIES.order_by(REVISION.c.id.desc())
    )
    if not summaries:
        raise NotFound("no_such_case")
    return summaries


def case_at_revision(
    session: Session, viewer: Member, incident_id: int, revision_id: int
) -> CaseAtRevision:
    """A case in one of its revisions.

    :raises NotFound: ``no_such_revision``: it is no revision of this case, or its texts were
        destroyed.
    """
    stmt = _SUMMARIES.where(REVISION.c.id == min(max(revision_id, 0), ID_LIMIT))
    return _open_revision(session, viewer, incident_id, stmt)


def case_at_day(session: Session, viewer: Member, incident_id: int, day: date) -> CaseAtRevision:
    """A case as it was at the end of a civil day in Paris.

    :raises NotFound: ``no_such_revision``: it did not exist yet, or its texts were destroyed.
    """
    end = day_start(min(day, date.max - timedelta(1)) + timedelta(1))
    stmt = _SUMMARIES.where(REVISION.c.made_at < end).order_by(REVISION.c.id.desc()).limit(1)
    return _open_revision(session, viewer, incident_id, stmt)


def last_public_content(session: Session, viewer: Member, incident_id: int) -> Mapping[str, Any]:
    """The content of a case when readers saw it last: at its withdrawal, else at present.

    :raises NotFound: ``no_such_revision``: its texts were destroyed.
    """
    stmt = _SUMMARIES.where(
        or_(
            REVISION.c.act == Act.WITHDRAWN.value,
            and_(CASE.c.state == CaseState.PUBLISHED.value, REVISION.c.id == CASE.c.revision_id),
        )
    )
    newest = stmt.order_by(REVISION.c.id.desc()).limit(1)
    return _open_revision(session, viewer, incident_id, newest).snapshot.content


def _list_summaries(
    session: Session, viewer: Member, incident_id: int, stmt: Select[Any]
) -> list[RevisionSummary]:
    if not viewer.is_active or not 0 < incident_id <= ID_LIMIT:
        raise NotFound("no_such_case")
    revision_rows = session.execute(stmt, {"case": incident_id})
    return [
        RevisionSummary(
            **{
                **revision_row._mapping,
                "act": Act(revision_row.act),
                "flag_reasons": parse_reasons(revision_row.flag_reasons),
                "is_current": bool(revision_row.is_current),
            }
        )
        for revision_row in revision_rows
    ]


def _open_revision(
    session: Session, viewer: Member, incident_id: int, stmt: Select[Any]
) -> CaseAtRevision:
    summaries = _list_summaries(session, viewer, incident_id, stmt)
    if not summaries or summaries[0].is_destroyed:
        raise NotFound("no_such_revision")
    text_row = session.execute(_TEXTS, {"revision": summaries[0].id}).one()
    return CaseAtRevision(summaries[0], parse_snapshot(text_row.content, text_row.html))
