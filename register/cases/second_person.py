"""Second person: valid approvals, and the changes and destructions that wait for one."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, LargeBinary, Select, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.sql import ColumnElement

from register.accounts import vouching
from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases.checklist import needs_second
from register.cases.core_tables import CASE, REVISION
from register.cases.models import ID_LIMIT, CaseRow, CaseState, Incident, Refusable, Reply, Revision
from register.cases.risk_flags import Flag, GivenReasons, document_flags, risk_flags
from register.cases.vocabulary import Vocabulary
from register.db import Base, UTCDateTime
from register.errors import NotFound
from register.journal import Act
from register.journal.models import canonical_json, rfc3339
from register.text.normalisation import one_line

# Public acts that always need a second person, whatever the text.
ALWAYS_BY_TWO = frozenset({Act.MERGED, Act.PARTED})


class Approval(CaseRow, Base):
    """A second member's approval of one revision for one purpose; a later revision voids it."""

    __tablename__ = "approval"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    purpose: Mapped[str] = mapped_column(String(10))  # publish, erase, or change
    given_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PendingChange(CaseRow, Refusable, Base):
    """A change of a public case that waits for a second person, or that one refused.

    ``payload`` is the proposal in canonical form (see :meth:`Proposal.payload`). The row is
    deleted when the change is made or cancelled, or when the texts of its base version are
    destroyed.
    """

    __tablename__ = "pending_change"

    act: Mapped[str] = mapped_column(String(20))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    # The base version; the change is stale once readers see another one.
    revision_id: Mapped[int]
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    case: Mapped[Incident] = relationship(viewonly=True, lazy="joined")

    @property
    def proposal(self) -> Proposal:
        """The proposal, parsed; one from before attestations and flags' reasons has none."""
        payload = json.loads(self.payload)
        if payload["content"]:
            payload["content"] = contents.parse_content(payload["content"])
        return Proposal(Act(self.act), **payload)

    @property
    def is_stale(self) -> bool:
        """Whether readers see another version than the base version."""
        return self.revision_id != self.case.revision_id


class Destruction(CaseRow, Base):
    """The destruction of what a redaction hid: by a second person, or on its due day.

    ``passages`` are the removed ones, a JSON list, until its end; null for a redaction by the
    former rule, which destroys every earlier version whole.
    """

    __tablename__ = "destruction"

    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    due_on: Mapped[date] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ending: Mapped[str] = mapped_column(String(10), default="")  # confirmed, kept, term
    passages: Mapped[bytes | None] = mapped_column(LargeBinary)

    @property
    def removed_passages(self) -> Sequence[str] | None:
        """The removed passages, parsed."""
        return None if self.passages is None else json.loads(self.passages)


@dataclass(frozen=True)
class Proposal:
    """A proposed act with its reason, the new content and its text arguments.

    ``words`` are the act's own arguments by name (``title``, ``text``, ``public_note``, …, ``into``
    of a merge);
    ``reply`` is the id of the reply to publish; ``attested`` and ``flag_reasons`` are what its
    author attests, and the reason of each new risk flag by its key.
    """

    act: Act
    reason: str
    content: contents.Content | None = None
    words: Mapping[str, str] | None = None
    reply: int | None = None
    attested: Collection[str] = ()
    flag_reasons: GivenReasons = ""

    def texts(self) -> list[str]:
        """Everything that its author wrote, apart from the content."""
        reasons = self.flag_reasons
        texts = [self.reason, *(self.words or {}).values()]
        return [*texts, *([reasons] if isinstance(reasons, str) else reasons.values())]

    def payload(self) -> bytes:
        """The canonical bytes that are stored until a second person decides."""
        fields = asdict(replace(self, words=self.words or {}, attested=sorted(self.attested)))
        del fields["act"]  # has a column of its own
        return canonical_json(fields)


def list_changes(session: Session, viewer: Member, incident_id: int) -> Sequence[PendingChange]:
    """The waiting and refused changes of a case, oldest first; none for an inactive member."""
    changes = select(PendingChange).filter_by(incident_id=incident_id).order_by(PendingChange.id)
    return session.scalars(changes).all() if viewer.is_active else ()


def get_change(session: Session, viewer: Member, change_id: int) -> PendingChange:
    """A change by its id.

    :raises NotFound: ``no_such_change``: it was decided, cancelled, or never existed.
    """
    change = session.get(PendingChange, min(max(change_id, 0), ID_LIMIT))
    if change is None or not viewer.is_active:
        raise NotFound("no_such_change")
    return change


def list_destructions(session: Session, viewer: Member, incident_id: int) -> Sequence[Destruction]:
    """The destructions of a case that are not done; none for an inactive member."""
    destructions = (
        select(Destruction)
        .join(Incident, Incident.id == Destruction.incident_id)
        .where(
            Incident.id == incident_id,
            Incident.state != CaseState.ERASED,
            Destruction.ending.in_(("", "kept")),
        )
        .order_by(Destruction.id)
    )
    return session.scalars(destructions).all() if viewer.is_active else ()


def preview_change(
    base: Mapping[str, Any], proposal: Proposal, at: datetime, reply: Reply | None = None
) -> contents.CaseSnapshot:
    """The case as readers would see it with the change made to the document ``base``.

    :param reply: the row of the reply that the proposal publishes.
    :raises register.errors.TextError: a text is too long or hostile to be rendered.
    """
    fragments = {name: base[name] for name in contents.FRAGMENT_NAMES}
    arguments = dict(proposal.words or {})
    if proposal.act is Act.FOLLOWED_UP:
        fragments["follow_ups"] = [*base["follow_ups"], {"added_at": rfc3339(at), **arguments}]
    if proposal.act is Act.CORRECTED:
        note = {"made_at": rfc3339(at), "note": arguments["public_note"], "redaction": False}
        fragments["corrections"] = [*base["corrections"], note]
    if reply is not None:
        fragments["replies"] = [*base["replies"], contents.canonical_reply(reply, at)]
    content = proposal.content or contents.parse_content(base)
    document = contents.canonical_content(content, fragments)
    return contents.parse_snapshot(document, contents.render_texts(document)[0])


def added_texts(proposal: Proposal, reply: Reply | None = None) -> Sequence[tuple[str, str]]:
    """The texts that the act adds to the case apart from its content, with their fields."""
    arguments = proposal.words or {}
    texts = [(name, arguments[name]) for name in arguments if name not in _UNREAD_ARGUMENTS]
    if reply is not None:
        texts += [("author", one_line(reply.author)), ("capacity", one_line(reply.capacity))]
        texts.append(("text", reply.text))
    return texts


def new_flags(
    base: Mapping[str, Any], proposal: Proposal, reply: Reply | None = None
) -> Sequence[Flag]:
    """The risk flags of a proposed change that the document ``base`` does not have."""
    public_flags = document_flags(base)
    content = proposal.content or contents.parse_content(base)
    flags = risk_flags(content, added_texts(proposal, reply))
    return [flag for flag in flags if flag not in public_flags]


# Arguments of an act that are no text of the register.
_UNREAD_ARGUMENTS = ("happened_on", "source_url", "into")


def may_take_up(session: Session, change: PendingChange, member: Member) -> bool:
    """Whether a member may edit a change again, or drop it.

    Its writer may, and everybody once the account of its writer is closed.
    """
    return member.id == change.made_by or not session.get_one(Member, change.made_by).is_active


APPROVAL = Approval.__table__
# An alias, because the enclosing statement may use the table of cases itself.
_APPROVED_CASE = CASE.alias()


def valid_approvals(at: datetime | ColumnElement[datetime], *columns: Any) -> Select[Any]:
    """A statement on the valid approvals.

    Approvals of members who may not vouch at that time are left out: they were disabled since, or
    the credentials of their account changed.

    :param at: the time, or the expression for it.
    """
    return (
        select(*columns)
        .select_from(APPROVAL)
        .join(vouching.MEMBER, vouching.MEMBER.c.id == APPROVAL.c.given_by)
        .join(_APPROVED_CASE, _APPROVED_CASE.c.id == APPROVAL.c.incident_id)
        .where(vouching.vouches_clause(at), _APPROVED_CASE.c.report_withdrawn.is_(False))
    )


# Built once, because an import executes it for every row.
_OF_CASE = REVISION.c.incident_id == bindparam("case")
_REFUSED = select(REVISION.c.id).where(_OF_CASE, REVISION.c.refused_at.is_not(None)).limit(1)


def needed_before(session: Session, case: Incident, vocabulary: Vocabulary) -> bool:
    """Whether a case needed a second person when it was published, or needs one now.

    It does once a reader refused a version or a change of it, so that the writer alone does not
    answer; a refused change is in ``needs_second`` of the publication.
    """
    if session.scalar(_REFUSED, {"case": case.id}) is not None:
        return True
    if case.number is None:
        return False
    if case.single_review or needs_second(contents.content_of(case), vocabulary):
        return True
    publication = select(Revision.needs_second).where(
        Revision.incident_id == case.id, Revision.act == Act.PUBLISHED.value
    )
    return bool(session.scalar(publication))
