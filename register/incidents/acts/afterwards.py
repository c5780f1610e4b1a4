"""What happens to a case after its publication, up to its erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from register.errors import Invalid, Refused
from register.incidents import content as contents
from register.incidents import former, rules
from register.incidents.acts.beats import (
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
    scrub_after,
    snapshot_and_record,
    valid,
)
from register.incidents.content import Content
from register.incidents.models import Correction, FollowUp, Incident, State
from register.incidents.writing import apply, destroy_members_words, destroy_texts
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
) -> Entry:
    """Add a dated fragment; ``content`` may move outcome and steps, nothing else.

    :raises Refused: ``needs_correction`` when ``content`` moves more than that.
    """
    case, member = begin(pen, incident_id, Act.FOLLOWED_UP, by, seen)
    before = former.codes_of(case)
    if content is not None:
        content = valid(pen, content, case)
        rules.require_follow_up(contents.of(case), content)
        require_computed(pen, content)
        apply(pen.session, case, content)
    row = FollowUp(
        added_at=pen.at,
        happened_on=day("happened_on", happened_on),
        title=needed("title", title, limit=TITLE_LIMIT),
        text=needed("text", text, multiline=True),
        source_url=address(source_url),
    )
    case.follow_ups.append(row)
    pen.session.flush()
    details = {"follow_up": row.id}
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
) -> Entry:
    """Change a published text, with a note that readers see; the text before stays in its revision.

    :raises Refused: ``nothing_changed``.
    """
    case, member = begin(pen, incident_id, Act.CORRECTED, by, seen)
    before = former.codes_of(case)
    _rewrite(pen, case, content)
    row = Correction(made_at=pen.at, note=needed("public_note", public_note))
    details = corrected_by(pen, case, row)
    return public_event(pen, case, Act.CORRECTED, member, reason, before=before, details=details)


def redact(
    pen: Pen,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    public_note: str,
    follow_ups: Mapping[int, tuple[str, str]] | None = None,
    replies: Mapping[int, str] | None = None,
    corrections: Mapping[int, str] | None = None,
    seen: int | None = None,
) -> Entry:
    """A correction that also destroys the earlier texts: taken out by a court or for RGPD.

    Internal notes and the words of invitations go with the revisions: they may hold the passage.

    :param follow_ups: new title and text of follow-ups, by their ids.
    :param replies: new text of replies, by their ids; only a court has a reply changed.
    :param corrections: new public note of earlier corrections, by their ids.
    :raises Refused: ``nothing_changed``.
    :raises Invalid: ``no_such_fragment`` for an id that is not this case's.
    """
    case, member = begin(pen, incident_id, Act.REDACTED, by, seen)
    before = former.codes_of(case)
    _rewrite(pen, case, content, or_else=bool(follow_ups or replies or corrections))
    for row, (title, text) in _own(case.follow_ups, follow_ups):
        row.title = needed("title", title, limit=TITLE_LIMIT)
        row.text = needed("text", text, multiline=True)
    for row, text in _own(case.replies, replies):
        row.text = needed("text", text, multiline=True)
    for row, note in _own(case.corrections, corrections):
        row.note = needed("public_note", note)
    destroy_members_words(pen, case)
    row = Correction(made_at=pen.at, note=needed("public_note", public_note), redaction=True)
    details = corrected_by(pen, case, row)
    gone = destroy_texts(pen, case)
    scrub_after(pen)
    if case.state == State.PUBLISHED:
        case.moved_at = pen.at
    return snapshot_and_record(
        pen,
        case,
        Act.REDACTED,
        member,
        reason,
        before=before,
        details={**details, "destroyed": gone},
        # What is written while nobody sees the case may change again before it is restored.
        committed=case.state == State.PUBLISHED,
    )


def _rewrite(pen: Pen, case: Incident, content: Content, *, or_else: bool = False) -> None:
    """Give a published case another content.

    :param or_else: whether something beside the content changes, so that it may stay as it is.
    """
    content = valid(pen, content, case)
    if not or_else and not rules.changed(contents.of(case), content):
        raise Refused("nothing_changed", state=case.state)
    require_computed(pen, content)
    apply(pen.session, case, content)


def _own(rows: Sequence[Any], wanted: Mapping[int, Any] | None) -> list[tuple[Any, Any]]:
    """The rows of a case that are to be rewritten, each with its new words."""
    by_id = {row.id: row for row in rows}
    foreign = sorted(set(wanted or ()) - set(by_id))
    if foreign:
        raise Invalid("no_such_fragment", id=foreign[0])
    return [(by_id[key], words) for key, words in (wanted or {}).items()]


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
    before = former.codes_of(case)
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
