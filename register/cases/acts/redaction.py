"""A passage taken out for good: hidden at once by one member, destroyed later or by two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from register.accounts import vouching
from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import changes, checklist, former_codes
from register.cases.acts._steps import begin, corrected_by, needed, scrub_after, snapshot_and_record
from register.cases.acts.after_publication import TITLE_LIMIT, rewritten
from register.cases.approvals import needed_before
from register.cases.case_content import Content
from register.cases.models import Correction, Incident, Revision, State
from register.cases.pending import Destruction, PendingChange
from register.cases.persistence import apply, destroy_members_words, destroy_texts
from register.cases.removal import additions, is_less
from register.cases.vocabulary import book
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, Entry, Pen
from register.text import dates

# The time that the others have to see that something was taken out that should not go.
TERM = timedelta(days=30)
# All that one member alone may say to readers of a case that needs a second person.
NOTES = ("Un passage a été retiré.", "Un passage a été retiré par décision de justice.")


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
    """A correction that also hides the earlier texts: taken out by a court or for RGPD.

    Nobody but members is shown them from now on. They are destroyed once another member has
    confirmed it or thirty days are over, and with them the internal notes and the words of
    invitations, which may hold the passage.

    :param follow_ups: new title and text of follow-ups, by their ids.
    :param replies: new text of replies, by their ids; only a court has a reply changed.
    :param corrections: new public note of earlier corrections, by their ids.
    :raises Refused: ``nothing_changed``, or ``redaction_adds`` in a case that needs a second
        person: one member alone may only take words out of it.
    :raises Invalid: ``no_such_fragment`` for an id that is not this case's; ``note_fixed`` for a
        note of one's own to a case that needs a second person.
    """
    case, member = begin(pen, incident_id, Act.REDACTED, by, seen)
    before = former_codes.codes_of(case)
    or_else = bool(follow_ups or replies or corrections)
    content = rewritten(pen, case, content, or_else=or_else)
    _require_less(pen, case, content, public_note, _fragments(follow_ups, replies, corrections))
    apply(pen.session, case, content)
    for row, (title, text) in _own(case.follow_ups, follow_ups):
        row.title = needed("title", title, limit=TITLE_LIMIT)
        row.text = needed("text", text, multiline=True)
    for row, text in _own(case.replies, replies):
        row.text = needed("text", text, multiline=True)
    for row, note in _own(case.corrections, corrections):
        row.note = needed("public_note", note)
    row = Correction(made_at=pen.at, note=needed("public_note", public_note), redaction=True)
    details = corrected_by(pen, case, row)
    hidden = _hidden(pen, case, member)
    if case.state == State.PUBLISHED:
        case.moved_at = pen.at
    return snapshot_and_record(
        pen,
        case,
        Act.REDACTED,
        member,
        reason,
        before=before,
        details={**details, **hidden},
        # What is written while nobody sees the case may change again before it is restored.
        committed=case.state == State.PUBLISHED,
    )


def _own(rows: Sequence[Any], wanted: Mapping[int, Any] | None) -> list[tuple[Any, Any]]:
    """The rows of a case that are to be rewritten, each with its new words."""
    by_id = {row.id: row for row in rows}
    foreign = sorted(set(wanted or ()) - set(by_id))
    if foreign:
        raise Invalid("no_such_fragment", id=foreign[0])
    return [(by_id[key], words) for key, words in (wanted or {}).items()]


def _fragments(*wanted: Mapping[int, Any] | None) -> list[tuple[str, Mapping[int, Any]]]:
    names = ("follow_ups", "replies", "corrections")
    return [(name, rows or {}) for name, rows in zip(names, wanted, strict=True)]


def _require_less(
    pen: Pen,
    case: Incident,
    content: Content,
    note: str,
    fragments: Sequence[tuple[str, Mapping[int, Any]]],
) -> None:
    """Where a second person is needed, let one member take words out and add none."""
    words = book(pen.session)
    before = needed_before(pen.session, case, words)
    added = [note, *(text for _name, text in _said(fragments))]
    if case.state != State.PUBLISHED or not checklist.needs_second(
        content, words, needed_before=before, added=added
    ):
        return
    fields = additions(contents.of(case), content)
    for name, rows in fragments:
        now = {row.id: " ".join(_words_of(row)) for row in getattr(case, name)}
        for key, text in _said([(name, rows)]):
            if not is_less(now.get(key, ""), text):
                fields.append(name)
    if fields:
        raise Refused("redaction_adds", fields=sorted(set(fields)), state=case.state)
    if note.strip() not in NOTES:
        raise Invalid("note_fixed", field="public_note", note=NOTES[0])


def _said(fragments: Sequence[tuple[str, Mapping[int, Any]]]) -> Iterator[tuple[Any, str]]:
    for _name, rows in fragments:
        for key, told in rows.items():
            yield key, told if isinstance(told, str) else " ".join(told)


def _words_of(row: Any) -> list[str]:
    names = ("title", "text", "note")
    return [getattr(row, name) for name in names if hasattr(row, name)]


def _hidden(pen: Pen, case: Incident, member: Member) -> dict[str, Any]:
    """Hide every version so far from readers; what the line says of it."""
    row = Destruction(
        incident_id=case.id,
        made_at=pen.at,
        made_by=member.id,
        due_on=dates.paris_day(pen.at) + TERM,
    )
    pen.session.add(row)
    pen.session.flush()
    # Those of an earlier redaction whose destruction was taken back go with these.
    waiting = select(Destruction.id).where(
        Destruction.incident_id == case.id, Destruction.ended_at.is_(None)
    )
    still = select(Revision.id).where(
        Revision.incident_id == case.id,
        Revision.content.is_not(None),
        Revision.destruction_id.is_(None) | Revision.destruction_id.not_in(waiting),
    )
    ids = list(pen.session.scalars(still.order_by(Revision.id)))
    pen.session.execute(
        update(Revision).where(Revision.id.in_(ids)).values(destruction_id=row.id),
        execution_options={"synchronize_session": "fetch"},
    )
    return {"destruction": row.id, "hidden": ids, "due": row.due_on.isoformat()}


# --- the destruction -------------------------------------------------------------------------


def confirm_destruction(pen: Pen, destruction_id: int, *, by: int, single: bool = False) -> Entry:
    """Destroy now what a redaction hid, as its second person.

    :param single: the register has one moderator, who answers for both.
    :raises NotFound: ``no_such_destruction``.
    :raises Refused: ``destruction_over``; ``own_change`` and whatever else keeps a member from
        being the second person.
    """
    row = _waiting(pen, destruction_id)
    case, member = begin(pen, row.incident_id, Act.NOTED, by)
    if not (single and member.id == row.made_by):
        vouching.require_second(member, pen.load(Member, row.made_by), pen.at)
    return _destroyed(pen, case, row, "confirmed", member.id)


def keep_hidden(pen: Pen, destruction_id: int, *, by: int) -> Entry:
    """Take a destruction back: what was hidden from readers stays so, and members may read it.

    :raises NotFound: ``no_such_destruction``.
    :raises Refused: ``destruction_over``.
    """
    row = _waiting(pen, destruction_id)
    if row.ending:
        raise Refused("destruction_over")
    case, member = begin(pen, row.incident_id, Act.NOTED, by)
    row.ended_at, row.ending = pen.at, "kept"
    pen.session.flush()
    return pen.record(
        Act.DESTRUCTION_KEPT,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"destruction": row.id},
    )


def destroy_due(pen: Pen, limit: int) -> int:
    """Destroy what was hidden thirty days ago and nobody took back; how many, ``limit`` at most."""
    due = (
        select(Destruction)
        .join(Incident, Incident.id == Destruction.incident_id)
        .where(
            Destruction.ended_at.is_(None),
            Destruction.due_on <= dates.paris_day(pen.at),
            Incident.state != State.ERASED,
        )
        .order_by(Destruction.id)
        .limit(limit)
    )
    rows = pen.session.scalars(due).all()
    for row in rows:
        _destroyed(pen, pen.load(Incident, row.incident_id), row, "term", None)
    return len(rows)


def _destroyed(pen: Pen, case: Incident, row: Destruction, ending: str, by: int | None) -> Entry:
    hidden = select(Revision.id).where(Revision.destruction_id == row.id)
    gone = destroy_texts(pen, case, among=hidden)
    destroy_members_words(pen, case, row.made_at)
    pen.session.execute(
        delete(PendingChange).where(PendingChange.revision_id.in_(gone)),
        execution_options={"synchronize_session": False},
    )
    row.ended_at, row.ending = pen.at, ending
    pen.session.flush()
    scrub_after(pen)
    return pen.record(
        Act.DESTROYED,
        by=by,
        incident=case.id,
        case=case.number,
        details={
            "destruction": row.id,
            "destroyed": gone,
            "before": row.made_at.isoformat(),
            "ending": ending,
        },
    )


def _waiting(pen: Pen, destruction_id: int) -> Destruction:
    row = pen.session.get(Destruction, min(max(destruction_id, 0), changes.ID_LIMIT))
    if row is None:
        raise NotFound("no_such_destruction")
    pen.keep(row)
    # What was taken back may still be destroyed, by two.
    if row.ending not in ("", "kept"):
        raise Refused("destruction_over")
    return row
