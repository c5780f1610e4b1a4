"""What cases wait for, as clauses: each said once, for the home of the desk and for its lists.

The checklist decides before an act, with the whole content in hand. These clauses say the same of
thousands of drafts without reading them: everything that the checklist computes stands in columns,
but for the risk flags, which are found in texts. See :mod:`~register.cases.draft_flags`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_

from register.accounts.models import Member
from register.accounts.vouching import vouches
from register.cases.approvals import vouching
from register.cases.checklist import SUMMARY_LIMIT
from register.cases.core_tables import CASE, KIND, PLACE, PROCEEDING, REPLY, REVISION
from register.cases.deadlines import add_months
from register.cases.models import Approval, Invitation, Scope, SourceUse, State
from register.cases.pending import Destruction, PendingChange
from register.cases.sql_in import among
from register.cases.vocabulary import Book
from register.text.dates import PARIS, paris_day

Clause = ColumnElement[bool]

# An outcome that nobody has looked for since a year may have come: half of the affairs whose end
# is known took longer than that.
OUTCOME_MONTHS = 12
OPEN_OUTCOMES = ("", "inconnue", "en_cours")

_INVITATION = Invitation.__table__
_CITED = SourceUse.__table__
# Whoever asks may have joined the revisions for a purpose of their own.
_OF = REVISION.alias()


class Kind(StrEnum):
    """What a case waits for."""

    REPLY = "reponse"  # a right of reply was received, and nobody has decided
    HELD = "en_main"  # the member who asks has it in hand
    APPROVE = "a_relire"  # a second person is asked for, and the member may be that person
    SECOND = "second"  # a second person is asked for, whoever it is
    CHANGE = "changement"  # a change of a public case that the member may approve
    RETURNED = "retour"  # one's own change that was refused, or overtaken by another
    DESTRUCTION = "destruction"  # what a redaction hid, which the member may have destroyed
    READY = "pret"  # the checklist lacks nothing but what is attested when publishing
    OUTCOME = "issue"  # nothing public has happened for long, and the outcome is not known


@dataclass(frozen=True)
class Moment:
    """What a list is made with: the vocabularies, the time, and what is known of the drafts.

    ``flagged``: the current revisions of drafts whose texts raise a risk flag. ``single``: the
    register has one moderator, and no second person is asked for.
    """

    book: Book
    at: datetime
    flagged: Collection[int] = ()
    single: bool = False

    @property
    def today(self) -> date:
        """The civil day in Paris."""
        return paris_day(self.at)


def clause(kind: Kind, viewer: Member, moment: Moment) -> Clause:
    """The cases that wait for something.

    :param viewer: who asks: nobody approves what they wrote themselves.
    """
    if kind is Kind.REPLY:
        return _has_reply()
    if kind is Kind.HELD:
        return and_(CASE.c.held_by == viewer.id, CASE.c.held_until > moment.at)
    if kind is Kind.OUTCOME:
        return _outcome_is_late(moment)
    if kind is Kind.READY:
        return _is_ready(moment)
    if kind is Kind.RETURNED:
        return _has_change(PendingChange.made_by == viewer.id, _is_back())
    if kind in (Kind.CHANGE, Kind.DESTRUCTION):
        return _for_second(kind, viewer, moment)
    waits = _waits_for_second(moment)
    if kind is Kind.APPROVE:
        may = vouches(viewer, moment.at)
        return and_(waits, _is_of_another(viewer)) if may else false()
    return waits


def _has_reply() -> Clause:
    received = exists().where(REPLY.c.incident_id == CASE.c.id, REPLY.c.state == "received")
    return and_(CASE.c.state == State.PUBLISHED, received)


def _outcome_is_late(moment: Moment) -> Clause:
    day = add_months(moment.today, -OUTCOME_MONTHS)
    since = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    return and_(
        CASE.c.state == State.PUBLISHED,
        CASE.c.moved_at < since,
        CASE.c.outcome.in_(OPEN_OUTCOMES),
    )


# --- the second person ----------------------------------------------------------------------


def _is_back() -> Clause:
    """A change that nobody can approve any more as it is."""
    return or_(
        PendingChange.refused_at.is_not(None), PendingChange.revision_id != CASE.c.revision_id
    )


def _has_change(*such: Clause) -> Clause:
    return exists().where(PendingChange.incident_id == CASE.c.id, *such)


def _for_second(kind: Kind, viewer: Member, moment: Moment) -> Clause:
    if not vouches(viewer, moment.at):
        return false()
    if kind is Kind.CHANGE:
        others = () if moment.single else (PendingChange.made_by != viewer.id,)
        return _has_change(not_(_is_back()), *others)
    own = () if moment.single else (Destruction.made_by != viewer.id,)
    return exists().where(
        Destruction.incident_id == CASE.c.id, Destruction.ended_at.is_(None), *own
    ) & (CASE.c.state != State.ERASED)


def _asks_second(moment: Moment) -> Clause:
    """As ``checklist.asks_second``: a type of the family justice, or a risk flag."""
    justice = exists().where(
        KIND.c.incident_id == CASE.c.id, KIND.c.code.in_(moment.book.types_of(["justice"]))
    )
    return or_(justice, among(CASE.c.revision_id, moment.flagged))


def _is_approved(at: datetime) -> Clause:
    """As ``acts.beats.approvers``: of the current revision, and by whoever still vouches."""
    given = vouching(at, Approval.id).where(
        Approval.incident_id == CASE.c.id,
        Approval.revision_id == CASE.c.revision_id,
        Approval.purpose == "publish",
    )
    return given.exists()


def _waits_for_second(moment: Moment) -> Clause:
    if moment.single:
        return false()
    return and_(CASE.c.state == State.DRAFT, _asks_second(moment), not_(_is_approved(moment.at)))


def _is_of_another(viewer: Member) -> Clause:
    own = exists().where(_OF.c.id == CASE.c.revision_id, _OF.c.made_by == viewer.id)
    return not_(own)


# --- the checklist --------------------------------------------------------------------------


def _is_ready(moment: Moment) -> Clause:
    """As ``checklist.checklist`` without attestations and reasons, which come with the act."""
    told = [
        CASE.c.state == State.DRAFT,
        CASE.c.report_withdrawn.is_(False),
        *(CASE.c[name] != "" for name in _WRITTEN),
        func.length(CASE.c.summary) <= SUMMARY_LIMIT,
        exists().where(_INVITATION.c.incident_id == CASE.c.id),
        exists().where(_CITED.c.incident_id == CASE.c.id),
        exists().where(KIND.c.incident_id == CASE.c.id),
        _has_place(),
        _court_is_told(moment.book),
    ]
    if not moment.single:
        told.append(or_(not_(_asks_second(moment)), _is_approved(moment.at)))
    return and_(*told)


_WRITTEN = ("title", "summary", "actor", "target", "level", "evidence", "outcome")


def _has_place() -> Clause:
    authority = exists().where(
        PLACE.c.incident_id == CASE.c.id, PLACE.c.scope == Scope.AUTHORITY.value
    )
    return or_(
        CASE.c.country != "FR",
        CASE.c.departement != "",
        CASE.c.region != "",
        CASE.c.place_label != "",
        authority,
    )


def _court_is_told(book: Book) -> Clause:
    """A court's outcome carries court, date and appeal status: only silence blocks."""
    ruled = (PROCEEDING.c.incident_id == CASE.c.id, PROCEEDING.c.outcome.in_(book.court_outcomes))
    silent = exists().where(
        *ruled,
        or_(
            PROCEEDING.c.court == "",
            PROCEEDING.c.outcome_date == "",
            PROCEEDING.c.appeal == "",
        ),
    )
    ruling = or_(CASE.c.outcome.not_in(book.court_outcomes), exists().where(*ruled))
    return and_(not_(silent), ruling)
