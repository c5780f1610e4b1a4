"""Publication, withdrawal, restoration."""

from __future__ import annotations

from collections.abc import Collection

from register.cases import case_content as contents
from register.cases import checklist as checks
from register.cases import former_codes, rules
from register.cases.acts._steps import (
    add_correction,
    begin_act,
    check_publication,
    collect_circumstances,
    edited_since_withdrawal,
    load_case,
    make_public,
    require_unchanged,
    required_text,
    set_restriction,
    snapshot_and_record,
)
from register.cases.models import CaseState, Correction
from register.cases.persistence import next_number
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid
from register.journal import Act, JournalEntry, WriteTransaction

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
