"""Acts that show and hide a case: publish, restore, withdraw, erase."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases.acts import _steps as steps
from register.cases.acts._public_checks import ATTESTED, require_complete
from register.cases.acts.evidence import part_files
from register.cases.acts.mergers import require_number
from register.cases.checklist import Circumstances
from register.cases.invitations import stop_mails
from register.cases.models import CaseState, Incident, Invitation, Revision
from register.cases.persistence import next_number
from register.cases.risk_flags import GivenReasons, all_reasons, displayed_texts
from register.cases.second_person import Proposal
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.key_store import KeyStore
from register.text.personal_data import risks

# The only public note that needs no approval, for a text that was edited while it was withdrawn.
FIXED_NOTE = "Le texte a été modifié pendant son retrait."


def publish(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    flag_reasons: GivenReasons = "",
    single: bool = False,
    seen: int | None = None,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Publish a draft and give it its number.

    :param flag_reasons: the reasons of flags for which the draft stores none.
    :param store: needed for a case with pieces of evidence, to find out whether their copies are
        ready.
    :raises Incomplete: the checklist's unmet lines.
    :raises Refused: already published, or no second person.
    """
    case, member = steps.begin_act(tx, incident_id, Act.PUBLISHED, by, seen)
    proposal = Proposal(Act.PUBLISHED, reason, attested=attested, flag_reasons=flag_reasons)
    _needs_second, seconds = _check_publication(tx, case, member, proposal, single, store)
    case.number = next_number(tx.session)
    case.first_published_at = tx.at
    return _make_public(tx, case, member, proposal, seconds)


def restore(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    public_note: str = "",
    flag_reasons: GivenReasons = "",
    single: bool = False,
    seen: int | None = None,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Publish a withdrawn case again, after the same checklist.

    :param public_note: required when the text was edited since the withdrawal.
    :raises Invalid: ``note_fixed`` for a note other than :data:`FIXED_NOTE` in a case that needs a
        second person.
    """
    case, member = steps.begin_act(tx, incident_id, Act.RESTORED, by, seen)
    proposal = Proposal(Act.RESTORED, reason, attested=attested, flag_reasons=flag_reasons)
    needs_second, seconds = _check_publication(tx, case, member, proposal, single, store)
    details = {}
    if edited_since_withdrawal(tx.session, case.id):
        note = steps.required_text("public_note", public_note)
        # The approval covers the text of the case, not this note.
        if note != FIXED_NOTE and (needs_second or risks(note)):
            raise Invalid("note_fixed", field="public_note", note=FIXED_NOTE)
        details = steps.add_correction(tx, case, note)
    case.restriction = ""
    return _make_public(tx, case, member, proposal, seconds, details)


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

    A merged case stays merged, and its notice shows no sources and no versions any more.

    :param restriction: a code of the vocabulary ``restriction``; the public sees a code that is not
        public as ``reexamen``.
    :raises Refused: ``already_withdrawn``, also for a case that was withdrawn before its merge.
    """
    case, member = steps.begin_act(tx, incident_id, Act.WITHDRAWN, by, seen)
    return hide(tx, case, member, restriction, reason)


def hide(
    tx: WriteTransaction, case: Incident, member: Member, restriction: str, reason: str, **more: Any
) -> JournalEntry:
    """The withdrawal itself, whose rules were checked."""
    if case.state == CaseState.MERGED:
        require_number(case)
        if case.restriction:
            raise Refused("already_withdrawn", state=case.state)
    else:
        case.state = CaseState.WITHDRAWN
    public_reason = _set_restriction(tx, case, restriction)
    stop_mails(tx.session, Invitation.incident_id == case.id)
    case.moved_at = tx.at
    proposal, details = Proposal(Act.WITHDRAWN, reason), {"restriction": restriction, **more}
    return steps.record_change(
        tx, case, member, proposal, details, public_reason=public_reason, committed=False
    )


def erase(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    restriction: str,
    single: bool = False,
    seen: int | None = None,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Destroy the texts of a case for good; number, codes and lines stay.

    Needs an administrator, and another member's approval for this purpose. The erasure of a draft,
    which has no number, is recorded in the desk's ledger as a discarded draft.

    :param restriction: as for :func:`withdraw`, but for members only: a public reason could tell
        who asked for the erasure.
    :param store: as for :func:`register.cases.acts.mergers.part`.
    """
    case, member = steps.begin_act(tx, incident_id, Act.ERASED, by, seen, single=single)
    _set_restriction(tx, case, restriction)
    if store is not None:
        part_files(tx, store, case, member)
    return steps.erase_and_record(tx, case, member, Act.ERASED if case.number else Act.DISCARDED)


def edited_since_withdrawal(session: Session, incident_id: int) -> bool:
    """Whether the text of a withdrawn case was edited, so that a restoration needs a note."""
    last_revision = select(func.max(Revision.id)).where(Revision.incident_id == incident_id)
    withdrawn, edited = (
        session.scalar(last_revision.where(Revision.act == act.value)) or 0
        for act in (Act.WITHDRAWN, Act.EDITED)
    )
    return 0 < withdrawn < edited


def _check_publication(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    proposal: Proposal,
    single: bool,
    store: KeyStore | None,
) -> tuple[bool, set[int]]:
    """Check the checklist, and note whether ``SINGLE_MODERATOR`` waived a second person.

    :returns: whether the case needs a second person, and the members who are one.
    :raises Incomplete: the unmet items.
    """
    steps.require_not_refused(case)
    seconds = steps.second_persons(tx, case, "publish", member)
    circumstances = Circumstances(
        seconded=bool(seconds),
        single_moderator=single,
        attested=proposal.attested,
        flag_reasons=all_reasons(tx.session, case.id, proposal.flag_reasons),
        displayed_texts=displayed_texts(contents.fragments_of(case)),
        report_withdrawn=case.report_withdrawn,
    )
    result = require_complete(tx, case, contents.content_of(case), circumstances, store)
    case.single_review = result.needs_second and not circumstances.seconded
    return result.needs_second, seconds


def _make_public(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    proposal: Proposal,
    seconds: Collection[int],
    details: Mapping[str, Any] | None = None,
) -> JournalEntry:
    case.state = CaseState.PUBLISHED
    case.moved_at = tx.at
    line_details = {**(details or {}), **ATTESTED, "approved_by": sorted(seconds)}
    return steps.record_change(tx, case, member, proposal, line_details)


def _set_restriction(tx: WriteTransaction, case: Incident, code: str) -> str:
    """Set why a case is no longer shown; returns the public code."""
    word = current_vocabulary(tx.session).word("restriction", code)
    if word is None or word.retired:
        raise Invalid("unknown_restriction", value=code)
    case.restriction = code
    return code if word.extra.get("public", True) else str(word.extra["shown_as"])
