"""What happens to a case after its publication, up to its erasure."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from register.cases import case_content as contents
from register.cases import checklist as checks
from register.cases import former_codes, rules
from register.cases.acts._steps import (
    add_correction,
    begin_act,
    check_publication,
    collect_circumstances,
    edited_since_withdrawal,
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
from register.cases.models import CaseState, Correction, FollowUp, Incident
from register.cases.pending_changes import Proposal
from register.cases.persistence import apply_content, next_number
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction

TITLE_LIMIT = 300


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
    """Add a dated fragment; ``content`` may move outcome and steps, nothing else.

    :param second: a member who approves it in this same act. Without one, what needs a second
        person waits for it, and the line is that of the proposal.
    :raises Refused: ``needs_correction`` when ``content`` moves more than that.
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
    """Change a published text, with a note that readers see; the text before stays in its revision.

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
    """Another content of a published case, if it may have it.

    :param is_unchanged_allowed: whether something beside the content changes, so that it may stay as it is.
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
    """Let a case lead to another public one (301); a draft just ends in it.

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
    """Destroy the texts of a case for ever; number, codes and lines stay.

    Asks an administrator, and another member's approval for this purpose. The erasure of a
    draft, which has no number, is written on the desk's ledger as a discarded draft.
    """
    case, member = load_case(tx, incident_id, by)
    require_allowed(tx, case, member, Act.ERASED, single=single)
    require_unchanged(case, seen)
    public_reason = set_restriction(tx, case, restriction)
    act = Act.ERASED if case.number else Act.DISCARDED
    return erase_and_record(
        tx, case, member, act, public_reason=public_reason if case.number else None
    )


# What readers are told of a text that was changed while nobody saw it, and that two have read.
FIXED_NOTE = "Le texte a été modifié pendant son retrait."


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
    """Make a draft public and give it its number.

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
    """Show a withdrawn case again, after the same checklist.

    :param public_note: needed when the text changed since readers last saw it.
    :raises Invalid: ``note_fixed`` for a note of one's own to a case that needs a second person.
    """
    case, member = load_case(tx, incident_id, by)
    rules.rule_for(CaseState(case.state), Act.RESTORED)
    require_unchanged(case, seen)
    circumstances = collect_circumstances(tx, case, member, attested, flags_reason, single)
    case.single_review = check_publication(tx, case, member, Act.RESTORED, circumstances)
    details = {}
    if edited_since_withdrawal(tx, case):
        note = required_text("public_note", public_note)
        vocabulary = current_vocabulary(tx.session)
        # Nobody has approved what is written here, beside the text that was.
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
    """Take a case from view; a dated tombstone with its reason stays.

    :param restriction: a code of the vocabulary ``restriction``; one that is not public is told
        to the public as ``reexamen``.
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
