"""Acts on public cases: publish, follow up, correct, withdraw, restore, merge, erase."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases import checklist as checks
from register.cases import former_codes, rules
from register.cases.acts._steps import (
    add_correction,
    begin_act,
    check_publication,
    collect_circumstances,
    erase_and_record,
    load_case,
    make_public,
    record_public_event,
    require_allowed,
    require_computed,
    require_unchanged,
    required_text,
    set_restriction,
    snapshot_and_record,
    valid_content,
    valid_date,
    valid_url,
)
from register.cases.acts.change_proposals import approval_details, propose_if_needed
from register.cases.case_content import Content
from register.cases.models import CaseState, Correction, FollowUp, Incident, Revision
from register.cases.pending_changes import Proposal
from register.cases.persistence import apply_content, next_number
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction

TITLE_LIMIT = 300
# The only public note that needs no approval, for a text that was edited while it was withdrawn.
FIXED_NOTE = "Le texte a été modifié pendant son retrait."


def follow_up(
    tx: WriteTransaction,
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
) -> JournalEntry:
    """Add a dated follow-up; ``content`` may change outcome and steps, nothing else.

    :param second: a member who approves it in this same act. Without one, a follow-up that needs a
        second person becomes a pending change, and the line is that of the proposal.
    :raises Refused: ``needs_correction`` when ``content`` changes more than that.
    """
    case, member = begin_act(tx, incident_id, Act.FOLLOWED_UP, by, seen)
    codes_before = former_codes.public_codes(case)
    if content is not None:
        content = valid_content(tx, content, case)
        rules.require_follow_up(contents.content_of(case), content)
        require_computed(tx, content)
    arguments = {
        "happened_on": valid_date("happened_on", happened_on),
        "title": required_text("title", title, limit=TITLE_LIMIT),
        "text": required_text("text", text, multiline=True),
        "source_url": valid_url(source_url),
    }
    proposal = Proposal(Act.FOLLOWED_UP, required_text("reason", reason), content, arguments)
    proposal_line = propose_if_needed(tx, case, member, proposal, second, single=single)
    if proposal_line is not None:
        return proposal_line
    if content is not None:
        apply_content(tx.session, case, content)
    new_follow_up = FollowUp(added_at=tx.at, **arguments)
    case.follow_ups.append(new_follow_up)
    tx.session.flush()
    details = {"follow_up": new_follow_up.id, **approval_details(second)}
    return record_public_event(
        tx, case, Act.FOLLOWED_UP, member, reason, before=codes_before, details=details
    )


def correct(
    tx: WriteTransaction,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    public_note: str,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> JournalEntry:
    """Change a published text, with a public note; the earlier text stays in its revision.

    :param second: as for :func:`follow_up`.
    :raises Refused: ``nothing_changed``.
    """
    case, member = begin_act(tx, incident_id, Act.CORRECTED, by, seen)
    codes_before = former_codes.public_codes(case)
    content, note = changed_content(tx, case, content), required_text("public_note", public_note)
    arguments = {"public_note": note}
    proposal = Proposal(Act.CORRECTED, required_text("reason", reason), content, arguments)
    proposal_line = propose_if_needed(tx, case, member, proposal, second, single=single)
    if proposal_line is not None:
        return proposal_line
    apply_content(tx.session, case, content)
    details = add_correction(tx, case, Correction(made_at=tx.at, note=note)) | approval_details(
        second
    )
    return record_public_event(
        tx, case, Act.CORRECTED, member, reason, before=codes_before, details=details
    )


def changed_content(
    tx: WriteTransaction, case: Incident, content: Content, *, is_unchanged_allowed: bool = False
) -> Content:
    """The new content of a published case, cleaned and checked.

    :param is_unchanged_allowed: whether the content may equal the present one, because the act
        changes something else.
    :raises Refused: ``nothing_changed``.
    """
    content = valid_content(tx, content, case)
    if not is_unchanged_allowed and not rules.changed_fields(contents.content_of(case), content):
        raise Refused("nothing_changed", state=case.state)
    require_computed(tx, content)
    return content


def merge(
    tx: WriteTransaction,
    incident_id: int,
    *,
    into: int,
    by: int,
    reason: str,
    seen: int | None = None,
) -> JournalEntry:
    """Merge a case into another public one; a public case then redirects to it (301).

    :param into: the other case's number.
    """
    case, member = load_case(tx, incident_id, by)
    act = Act.DRAFT_MERGED if case.state == CaseState.DRAFT else Act.MERGED
    require_allowed(tx, case, member, act)
    require_unchanged(case, seen)
    target = tx.session.scalars(select(Incident).where(Incident.number == into)).first()
    if target is None or target.state != CaseState.PUBLISHED or target.id == case.id:
        raise Refused("merge_target", number=into, state=case.state)
    codes_before = former_codes.public_codes(case)
    case.state = CaseState.MERGED
    case.merged_into = into
    case.moved_at = tx.at
    return snapshot_and_record(
        tx, case, act, member, reason, before=codes_before, details={"into": into}, committed=False
    )


def erase(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    restriction: str,
    single: bool = False,
    seen: int | None = None,
) -> JournalEntry:
    """Destroy the texts of a case for good; number, codes and lines stay.

    Needs an administrator, and another member's approval for this purpose. The erasure of a draft,
    which has no number, is recorded in the desk's ledger as a discarded draft.
    """
    case, member = load_case(tx, incident_id, by)
    require_allowed(tx, case, member, Act.ERASED, single=single)
    require_unchanged(case, seen)
    public_reason = set_restriction(tx, case, restriction)
    act = Act.ERASED if case.number else Act.DISCARDED
    return erase_and_record(
        tx, case, member, act, public_reason=public_reason if case.number else None
    )


def publish(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    flags_reason: str = "",
    single: bool = False,
    seen: int | None = None,
) -> JournalEntry:
    """Publish a draft and give it its number.

    :raises Incomplete: the checklist's unmet lines.
    :raises Refused: already published, or no second person.
    """
    case, member = load_case(tx, incident_id, by)
    rules.rule_for(CaseState(case.state), Act.PUBLISHED)
    require_unchanged(case, seen)
    circumstances = collect_circumstances(tx, case, member, attested, flags_reason, single)
    case.single_review = check_publication(tx, case, member, Act.PUBLISHED, circumstances)
    case.number = next_number(tx.session)
    case.first_published_at = tx.at
    return make_public(tx, case, member, Act.PUBLISHED, reason, circumstances)


def restore(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    public_note: str = "",
    flags_reason: str = "",
    single: bool = False,
    seen: int | None = None,
) -> JournalEntry:
    """Publish a withdrawn case again, after the same checklist.

    :param public_note: required when the text was edited since the withdrawal.
    :raises Invalid: ``note_fixed`` for a note other than :data:`FIXED_NOTE` in a case that needs a
        second person.
    """
    case, member = load_case(tx, incident_id, by)
    rules.rule_for(CaseState(case.state), Act.RESTORED)
    require_unchanged(case, seen)
    circumstances = collect_circumstances(tx, case, member, attested, flags_reason, single)
    case.single_review = check_publication(tx, case, member, Act.RESTORED, circumstances)
    details = {}
    if edited_since_withdrawal(tx.session, case.id):
        note = required_text("public_note", public_note)
        vocabulary = current_vocabulary(tx.session)
        # The approval covers the text of the case, not this note.
        if note != FIXED_NOTE and checks.needs_second(
            contents.content_of(case),
            vocabulary,
            needed_before=circumstances.needed_before,
            added_texts=[*circumstances.displayed_texts, note],
        ):
            raise Invalid("note_fixed", field="public_note", note=FIXED_NOTE)
        correction = Correction(made_at=tx.at, note=note)
        details = add_correction(tx, case, correction)
    case.restriction = ""
    return make_public(tx, case, member, Act.RESTORED, reason, circumstances, details)


def withdraw(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    restriction: str,
    reason: str,
    seen: int | None = None,
) -> JournalEntry:
    """Withdraw a public case; a dated tombstone with its reason stays.

    :param restriction: a code of the vocabulary ``restriction``; the public sees a code that is not
        public as ``reexamen``.
    """
    case, member = begin_act(tx, incident_id, Act.WITHDRAWN, by, seen)
    public_reason = set_restriction(tx, case, restriction)
    codes_before = former_codes.public_codes(case)
    case.state = CaseState.WITHDRAWN
    case.moved_at = tx.at
    return snapshot_and_record(
        tx,
        case,
        Act.WITHDRAWN,
        member,
        reason,
        before=codes_before,
        public_reason=public_reason,
        details={"restriction": restriction},
        committed=False,
    )


def edited_since_withdrawal(session: Session, incident_id: int) -> bool:
    """Whether the text of a withdrawn case was edited, so that a restoration needs a note."""
    last_revision = select(func.max(Revision.id)).where(Revision.incident_id == incident_id)
    withdrawn, edited = (
        session.scalar(last_revision.where(Revision.act == act.value)) or 0
        for act in (Act.WITHDRAWN, Act.EDITED)
    )
    return edited > withdrawn
