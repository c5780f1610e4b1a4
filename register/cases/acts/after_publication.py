"""What happens to a case after its publication, up to its erasure."""

from __future__ import annotations

from sqlalchemy import select

from register.cases import case_content as contents
from register.cases import former_codes, rules
from register.cases.acts._steps import (
    address,
    allow,
    as_seen,
    begin,
    corrected_by,
    day,
    erased,
    load,
    needed,
    public_event,
    require_computed,
    restrict,
    snapshot_and_record,
    valid,
)
from register.cases.acts.changes import told, waits
from register.cases.case_content import Content
from register.cases.changes import Proposal
from register.cases.models import Correction, FollowUp, Incident, State
from register.cases.persistence import apply
from register.errors import Refused
from register.journal import Act, Entry, Pen

TITLE_LIMIT = 300


def follow_up(
    pen: Pen,
    incident_id: int,
    *,
    by: int,
    reason: str,
    title: str,
    text: str,
    happened_on: str = "",
    source_url: str = "",
    content: Content | None = None,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> Entry:
    """Add a dated fragment; ``content`` may move outcome and steps, nothing else.

    :param second: a member who approves it in this same act. Without one, what needs a second
        person waits for it, and the line is that of the proposal.
    :raises Refused: ``needs_correction`` when ``content`` moves more than that.
    """
    case, member = begin(pen, incident_id, Act.FOLLOWED_UP, by, seen)
    before = former_codes.codes_of(case)
    if content is not None:
        content = valid(pen, content, case)
        rules.require_follow_up(contents.of(case), content)
        require_computed(pen, content)
    words = {
        "happened_on": day("happened_on", happened_on),
        "title": needed("title", title, limit=TITLE_LIMIT),
        "text": needed("text", text, multiline=True),
        "source_url": address(source_url),
    }
    proposal = Proposal(Act.FOLLOWED_UP, needed("reason", reason), content, words)
    waiting = waits(pen, case, member, proposal, second, single=single)
    if waiting is not None:
        return waiting
    if content is not None:
        apply(pen.session, case, content)
    row = FollowUp(added_at=pen.at, **words)
    case.follow_ups.append(row)
    pen.session.flush()
    details = {"follow_up": row.id, **told(second)}
    return public_event(pen, case, Act.FOLLOWED_UP, member, reason, before=before, details=details)


def correct(
    pen: Pen,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    public_note: str,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> Entry:
    """Change a published text, with a note that readers see; the text before stays in its revision.

    :param second: as for :func:`follow_up`.
    :raises Refused: ``nothing_changed``.
    """
    case, member = begin(pen, incident_id, Act.CORRECTED, by, seen)
    before = former_codes.codes_of(case)
    content, note = rewritten(pen, case, content), needed("public_note", public_note)
    words = {"public_note": note}
    proposal = Proposal(Act.CORRECTED, needed("reason", reason), content, words)
    waiting = waits(pen, case, member, proposal, second, single=single)
    if waiting is not None:
        return waiting
    apply(pen.session, case, content)
    details = corrected_by(pen, case, Correction(made_at=pen.at, note=note)) | told(second)
    return public_event(pen, case, Act.CORRECTED, member, reason, before=before, details=details)


def rewritten(pen: Pen, case: Incident, content: Content, *, or_else: bool = False) -> Content:
    """Another content of a published case, if it may have it.

    :param or_else: whether something beside the content changes, so that it may stay as it is.
    """
    content = valid(pen, content, case)
    if not or_else and not rules.changed(contents.of(case), content):
        raise Refused("nothing_changed", state=case.state)
    require_computed(pen, content)
    return content


def merge(
    pen: Pen, incident_id: int, *, into: int, by: int, reason: str, seen: int | None = None
) -> Entry:
    """Let a case lead to another public one (301); a draft just ends in it.

    :param into: the other case's number.
    """
    case, member = load(pen, incident_id, by)
    act = Act.DRAFT_MERGED if case.state == State.DRAFT else Act.MERGED
    allow(pen, case, member, act)
    as_seen(case, seen)
    other = pen.session.scalars(select(Incident).where(Incident.number == into)).first()
    if other is None or other.state != State.PUBLISHED or other.id == case.id:
        raise Refused("merge_target", number=into, state=case.state)
    before = former_codes.codes_of(case)
    case.state = State.MERGED
    case.merged_into = into
    case.moved_at = pen.at
    return snapshot_and_record(
        pen, case, act, member, reason, before=before, details={"into": into}, committed=False
    )


def erase(
    pen: Pen,
    incident_id: int,
    *,
    by: int,
    restriction: str,
    single: bool = False,
    seen: int | None = None,
) -> Entry:
    """Destroy the texts of a case for ever; number, codes and lines stay.

    Asks an administrator, and another member's approval for this purpose. The erasure of a
    draft, which has no number, is written on the desk's ledger as a discarded draft.
    """
    case, member = load(pen, incident_id, by)
    allow(pen, case, member, Act.ERASED, single=single)
    as_seen(case, seen)
    public = restrict(pen, case, restriction)
    act = Act.ERASED if case.number else Act.DISCARDED
    return erased(pen, case, member, act, public_reason=public if case.number else None)
