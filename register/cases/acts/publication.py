"""Publication, withdrawal, restoration."""

from __future__ import annotations

from collections.abc import Collection

from register.cases import case_content as contents
from register.cases import checklist as checks
from register.cases import former_codes, rules
from register.cases.acts._steps import (
    as_seen,
    begin,
    check,
    circumstances,
    corrected_by,
    edited_since_public,
    load,
    made_public,
    needed,
    restrict,
    snapshot_and_record,
)
from register.cases.models import Correction, State
from register.cases.persistence import next_number
from register.cases.vocabulary import book
from register.errors import Invalid
from register.journal import Act, Entry, Pen

# What readers are told of a text that was changed while nobody saw it, and that two have read.
NOTE = "Le texte a été modifié pendant son retrait."


def publish(
    pen: Pen,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    flags_reason: str = "",
    single: bool = False,
    seen: int | None = None,
) -> Entry:
    """Make a draft public and give it its number.

    :raises Incomplete: the checklist's unmet lines.
    :raises Refused: already published, or no second person.
    """
    case, member = load(pen, incident_id, by)
    rules.rule_for(State(case.state), Act.PUBLISHED)
    as_seen(case, seen)
    told = circumstances(pen, case, member, attested, flags_reason, single)
    case.single_review = check(pen, case, member, Act.PUBLISHED, told)
    case.number = next_number(pen.session)
    case.first_published_at = pen.at
    return made_public(pen, case, member, Act.PUBLISHED, reason, told)


def restore(
    pen: Pen,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    public_note: str = "",
    flags_reason: str = "",
    single: bool = False,
    seen: int | None = None,
) -> Entry:
    """Show a withdrawn case again, after the same checklist.

    :param public_note: needed when the text changed since readers last saw it.
    :raises Invalid: ``note_fixed`` for a note of one's own to a case that needs a second person.
    """
    case, member = load(pen, incident_id, by)
    rules.rule_for(State(case.state), Act.RESTORED)
    as_seen(case, seen)
    told = circumstances(pen, case, member, attested, flags_reason, single)
    case.single_review = check(pen, case, member, Act.RESTORED, told)
    details = {}
    if edited_since_public(pen, case):
        note = needed("public_note", public_note)
        words = book(pen.session)
        # Nobody has approved what is written here, beside the text that was.
        if note != NOTE and checks.needs_second(
            contents.of(case),
            words,
            needed_before=told.needed_before,
            added=[*told.beside, note],
        ):
            raise Invalid("note_fixed", field="public_note", note=NOTE)
        row = Correction(made_at=pen.at, note=note)
        details = corrected_by(pen, case, row)
    case.restriction = ""
    return made_public(pen, case, member, Act.RESTORED, reason, told, details)


def withdraw(
    pen: Pen,
    incident_id: int,
    *,
    by: int,
    restriction: str,
    reason: str,
    seen: int | None = None,
) -> Entry:
    """Take a case from view; a dated tombstone with its reason stays.

    :param restriction: a code of the vocabulary ``restriction``; one that is not public is told
        to the public as ``reexamen``.
    """
    case, member = begin(pen, incident_id, Act.WITHDRAWN, by, seen)
    public = restrict(pen, case, restriction)
    before = former_codes.codes_of(case)
    case.state = State.WITHDRAWN
    case.moved_at = pen.at
    return snapshot_and_record(
        pen,
        case,
        Act.WITHDRAWN,
        member,
        reason,
        before=before,
        public_reason=public,
        details={"restriction": restriction},
        committed=False,
    )
