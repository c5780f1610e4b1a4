"""Redaction of passages: hidden at once by one member, destroyed by a second or after a term.

Every earlier version keeps the rest of its text.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases.acts import _steps as steps
from register.cases.acts._public_checks import ATTESTED, require_change_complete
from register.cases.acts.public_changes import TITLE_LIMIT, changed_content
from register.cases.acts.source_copies import destroy_marked, mark_for_destruction
from register.cases.case_content import Content
from register.cases.core_tables import IS_PUBLIC_LINE, JOURNAL_ENTRY
from register.cases.field_rules import NARRATIVE_LIMIT
from register.cases.models import CaseState, Incident, Revision
from register.cases.persistence import (
    destroy_members_words,
    destroy_originals,
    destroy_texts,
    redact_revision,
    redacted_members_words,
)
from register.cases.redaction_plan import RedactionPlan, passages_removed, plan_redaction
from register.cases.risk_flags import GivenReasons
from register.cases.second_person import Destruction, PendingChange, Proposal
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text import dates
from register.text.passage_removal import PassageRemoval, is_too_common, only_removes

# The time in which other members can object to the destruction.
DESTRUCTION_TERM = timedelta(days=30)
# The only public notes that one member alone may write in a case that needs a second person.
FIXED_NOTES = ("Un passage a été retiré.", "Un passage a été retiré par décision de justice.")
# List of a case → the columns of its rows that a redaction may rewrite.
REWRITTEN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "follow_ups": ("title", "text", "no_source"),
    "replies": ("text",),
    "corrections": ("note",),
}
# List of a case → id of a row of it → its new words, in the order of these columns.
Rewrites = Mapping[str, Mapping[int, Sequence[str]]]


def fields_with_additions(before: Content, after: Content) -> list[str]:
    """The fields to which ``after`` adds words."""
    texts_before, texts_after = _field_texts(before), _field_texts(after)
    return [
        name
        for name in texts_after
        if not only_removes("\n".join(texts_before[name]), "\n".join(texts_after[name]))
    ]


def redact(
    tx: WriteTransaction,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    public_note: str,
    flag_reasons: GivenReasons = "",
    rewrites: Rewrites | None = None,
    passages: Sequence[str] | None = None,
    hidden: Collection[int] = (),
    copies: Collection[int] = (),
    seen: int | None = None,
) -> JournalEntry:
    """Correct a case and remove passages from its earlier texts, by a court's order or the RGPD.

    From then on only members can read the passages: everybody else reads each earlier version
    without them. They are destroyed once another member confirms it or after thirty days, in
    internal notes, invitations and pending changes too.

    :param passages: wordings to remove from the earlier versions; by default the runs of words that
        this redaction removes. Where it removes none, every earlier version is hidden whole.
    :param hidden: ids of versions to hide whole; ``copies``: of copies of sources to destroy.
    :param attested: what its author attests (see :data:`register.cases.checklist.ATTESTATIONS`).
    :param flag_reasons: the reasons of the risk flags that the public text does not have yet.
    :param rewrites: new words of follow-ups, replies and earlier corrections; only a court can
        order a change of a reply.
    :raises Incomplete: ``checklist``, with the unmet items.
    :raises Refused: ``nothing_changed``, or ``redaction_adds`` in a case that needs a second
        person: one member alone may only remove words from it.
    :raises Invalid: ``no_such_fragment`` for an id of another case; ``note_fixed`` for a note that
        is not in :data:`FIXED_NOTES` in a case that needs a second person; ``passage_common``, or
        ``passage_remains`` where the present text or the reason still has a passage.
    """
    case, member = steps.begin_act(tx, incident_id, Act.REDACTED, by, seen)
    rewritten_rows = _list_rewrites(case, rewrites or {})
    is_unchanged_allowed = bool(rewritten_rows or passages or hidden or copies)
    content = changed_content(tx, case, content, is_unchanged_allowed=is_unchanged_allowed)
    proposal = Proposal(Act.REDACTED, reason, content, attested=attested, flag_reasons=flag_reasons)
    new_texts = [("public_note", public_note), *_new_texts(rewritten_rows)]
    checked = require_change_complete(tx, case, proposal, new_texts)
    if checked.needs_second and case.state == CaseState.PUBLISHED:
        _require_only_removals(case, content, public_note, rewritten_rows)
    before = contents.document_of(case)
    for _list_name, row, new_words in rewritten_rows:
        for column, words in new_words.items():
            if not words and not getattr(row, column):
                continue  # the absence of a source, where there is one
            rewritten = steps.required_text(
                "public_note" if column == "note" else column,
                words,
                multiline=column == "text",
                limit=TITLE_LIMIT if column == "title" else NARRATIVE_LIMIT,
            )
            setattr(row, column, rewritten)
    note = steps.required_text("public_note", public_note)
    details = steps.add_correction(tx, case, note, redaction=True)
    present = json.loads(contents.canonical_content(content, contents.fragments_of(case)))
    if passages is None:
        passages, _still_present = passages_removed(before, present)
    plan = plan_redaction(tx.session, case.id, present, passages, hidden)
    _require_removed(plan)
    redaction_details, redacted = _hide_passages(tx, case, member, plan, copies)
    if case.state == CaseState.PUBLISHED:
        case.moved_at = tx.at
    details |= {**redaction_details, **ATTESTED}
    # The text of a withdrawn case may change again before it is restored.
    committed = case.state == CaseState.PUBLISHED
    line = steps.record_change(
        tx, case, member, proposal, details, redacted=redacted, committed=committed
    )
    # The reasons of this act outlast the destruction.
    saved = tx.load(Revision, line.revision_id)
    if PassageRemoval(plan.passages).occurs_in(f"{saved.reason}\n\n{saved.flags_reason}"):
        raise Invalid("passage_remains", field="reason", fields=["reason"])
    return line


def confirm_destruction(
    tx: WriteTransaction, destruction_id: int, *, by: int, single: bool = False
) -> JournalEntry:
    """Destroy the passages that a redaction hid, now, as its second person.

    :param single: the register has one moderator, who may confirm their own redaction.
    :raises NotFound: ``no_such_destruction``.
    :raises Refused: ``destruction_over``; the refusals of :func:`vouching.require_second`.
    """
    destruction = _load_destruction(tx, destruction_id)
    case, member = steps.begin_act(tx, destruction.incident_id, Act.NOTED, by)
    steps.require_second(tx, member, destruction.made_by, single=single)
    return destroy_and_record(tx, case, destruction, "confirmed", member.id)


def keep_hidden(tx: WriteTransaction, destruction_id: int, *, by: int) -> JournalEntry:
    """Cancel a destruction: the passages stay hidden from readers, and members can read them.

    :raises NotFound: ``no_such_destruction``.
    :raises Refused: ``destruction_over``.
    """
    destruction = _load_destruction(tx, destruction_id)
    if destruction.ending:
        raise Refused("destruction_over")
    case, member = steps.begin_act(tx, destruction.incident_id, Act.NOTED, by)
    destruction.ended_at, destruction.ending = tx.at, "kept"
    tx.session.flush()
    return steps.record(tx, Act.DESTRUCTION_KEPT, case, member.id, destruction=destruction.id)


def destroy_due(tx: WriteTransaction, limit: int) -> int:
    """Carry out due destructions, at most ``limit`` of them; returns their number."""
    due_stmt = (
        select(Destruction)
        .join(Incident, Incident.id == Destruction.incident_id)
        .where(
            Destruction.ended_at.is_(None),
            Destruction.due_on <= dates.paris_day(tx.at),
            Incident.state != CaseState.ERASED,
        )
        .order_by(Destruction.id)
        .limit(limit)
    )
    destructions = tx.session.scalars(due_stmt).all()
    for destruction in destructions:
        case = tx.load(Incident, destruction.incident_id)
        destroy_and_record(tx, case, destruction, "term", None)
    return len(destructions)


def _field_texts(content: Content) -> dict[str, list[str]]:
    """The values of a content as strings, by the path of their field."""
    texts_by_field: dict[str, list[str]] = defaultdict(list)
    for path, _rule, leaf in content.leaves():
        if leaf != "":
            texts_by_field[path].append(str(leaf))
    return texts_by_field


# List of the case, a row of it, and the new words of its columns.
RewrittenRow = tuple[str, Any, Mapping[str, str]]


def _list_rewrites(case: Incident, rewrites: Rewrites) -> list[RewrittenRow]:
    """The rows of a case that are to be rewritten."""
    rewritten_rows: list[RewrittenRow] = []
    for list_name, words_by_id in rewrites.items():
        rows = {row.id: row for row in getattr(case, list_name)}
        for row_id, words in words_by_id.items():
            if row_id not in rows:
                raise Invalid("no_such_fragment", id=row_id)
            new_words = dict(zip(REWRITTEN_COLUMNS[list_name], words, strict=False))
            rewritten_rows.append((list_name, rows[row_id], new_words))
    return rewritten_rows


def _new_texts(rewritten_rows: Sequence[RewrittenRow]) -> list[tuple[str, str]]:
    """The new words of the rewritten rows, with their fields."""
    return [
        (f"{list_name}.{column}", words)
        for list_name, _row, new_words in rewritten_rows
        for column, words in new_words.items()
    ]


def _require_only_removals(
    case: Incident, content: Content, note: str, rewritten_rows: Sequence[RewrittenRow]
) -> None:
    """Check that a redaction of a case that needs a second person only removes words."""
    fields = {
        *fields_with_additions(contents.content_of(case), content),
        *(
            list_name
            for list_name, row, new_words in rewritten_rows
            if not only_removes(
                " ".join(getattr(row, column) for column in new_words), " ".join(new_words.values())
            )
        ),
    }
    if fields:
        raise Refused("redaction_adds", fields=sorted(fields), state=case.state)
    if note.strip() not in FIXED_NOTES:
        raise Invalid("note_fixed", field="public_note", note=FIXED_NOTES[0])


def _require_removed(plan: RedactionPlan) -> None:
    """Check the passages of a redaction, and that none of them remains in the present text."""
    for passage in plan.passages:
        if is_too_common(passage):
            raise Invalid("passage_common", field="passages", passage=passage)
    if plan.remaining:
        raise Invalid("passage_remains", field="passages", fields=plan.remaining)


def _hide_passages(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    plan: RedactionPlan,
    copies: Collection[int],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Hide from readers what a redaction removes.

    :returns: the private details of the line, and the new commitments by number of public line.
    """
    destruction = Destruction(
        incident_id=case.id,
        made_at=tx.at,
        made_by=member.id,
        due_on=dates.paris_day(tx.at) + DESTRUCTION_TERM,
        passages=json.dumps(plan.passages, ensure_ascii=False).encode(),
    )
    steps.insert(tx, destruction)
    hidden_ids = list(plan.hidden)
    if not (plan.passages or hidden_ids or copies):
        # Not words but a date or a code was removed, which every earlier version still has.
        hidden_ids = list(plan.unmatched)
    tx.session.execute(
        update(Revision).where(Revision.id.in_(hidden_ids)).values(destruction_id=destruction.id),
        execution_options={"synchronize_session": "fetch"},
    )
    commitments = {
        version.id: redact_revision(tx, version, destruction.id) for version in plan.redacted
    }
    public_lines = tx.session.execute(
        select(JOURNAL_ENTRY.c.seq, JOURNAL_ENTRY.c.revision_id, JOURNAL_ENTRY.c.public_json)
        .where(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.revision_id.in_(commitments))
        .order_by(JOURNAL_ENTRY.c.seq)
    )
    details = {
        "destruction": destruction.id,
        "hidden": hidden_ids,
        "redacted": {str(revision_id): digests for revision_id, digests in commitments.items()},
        "due": destruction.due_on.isoformat(),
        **mark_for_destruction(tx, case, copies, destruction.id),
    }
    return details, {
        str(line.seq): commitments[line.revision_id]["content"]
        for line in public_lines
        if json.loads(line.public_json)["content"]
    }


def destroy_and_record(
    tx: WriteTransaction, case: Incident, destruction: Destruction, ending: str, by: int | None
) -> JournalEntry:
    hidden_ids = select(Revision.id).where(Revision.destruction_id == destruction.id)
    destroyed_ids = destroy_texts(tx, case, subset=hidden_ids)
    details: dict[str, Any] = {
        "destruction": destruction.id,
        "destroyed": destroyed_ids,
        "ending": ending,
    }
    details |= destroy_marked(tx, destruction.id)
    tx.session.execute(
        delete(PendingChange).where(PendingChange.revision_id.in_(destroyed_ids)),
        execution_options={"synchronize_session": False},
    )
    if destruction.passages is None:
        # By the former rule, which knows no passage: any text of before may have it.
        destroy_members_words(tx, case, destruction.made_at)
        details["before"] = destruction.made_at.isoformat()
    else:
        removal = PassageRemoval(json.loads(destruction.passages))
        details["originals"] = destroy_originals(tx, case, destruction, removal)
        for members_row, columns in redacted_members_words(tx.session, case.id, removal):
            for name, redacted_text in columns.items():
                setattr(members_row, name, redacted_text)
    destruction.ended_at, destruction.ending, destruction.passages = tx.at, ending, None
    tx.session.flush()
    steps.scrub_after_commit(tx)
    return steps.record(tx, Act.DESTROYED, case, by, **details)


def _load_destruction(tx: WriteTransaction, destruction_id: int) -> Destruction:
    destruction = steps.load_row(tx, Destruction, destruction_id, "no_such_destruction")
    # A cancelled destruction may still be confirmed by a second person.
    if destruction.ending not in ("", "kept"):
        raise Refused("destruction_over")
    return destruction
