"""Steps shared by the acts: lock and load, check rules, propose, save a revision, record a line."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete

from register.accounts import vouching
from register.accounts.models import Member, Role
from register.accounts.vouching import load_acting_member
from register.cases import act_permissions, validation
from register.cases import case_content as contents
from register.cases.acts.marks import end_assignment, mark
from register.cases.case_codes import CodeChange
from register.cases.case_content import Content
from register.cases.case_evidence import remove_case_evidence
from register.cases.cited_sources import with_copies, with_copies_of
from register.cases.decisions import with_decisions
from register.cases.invitations import AuthorityContact, drop_mails
from register.cases.models import (
    ID_LIMIT,
    CaseEvidence,
    CaseState,
    Correction,
    Incident,
    Invitation,
    SourceCopy,
)
from register.cases.persistence import erase_texts, save_revision
from register.cases.second_person import APPROVAL, Proposal, valid_approvals
from register.cases.source_watch import CopyRequest, SourceCheck
from register.cases.urgency import Urgency
from register.cases.vocabulary import current_vocabulary
from register.db import Base, UTCDateTime, empty_log
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text import dates
from register.text.normalisation import clean, one_line

Row = TypeVar("Row", bound=Base)


def load_row(tx: WriteTransaction, model: type[Row], row_id: int, missing: str) -> Row:
    """A row by its id, which may be any number.

    :raises NotFound: with the key ``missing``.
    """
    row = tx.session.get(model, min(max(row_id, 0), ID_LIMIT))
    if row is None:
        raise NotFound(missing)
    return row


def load_case(tx: WriteTransaction, incident_id: int, by: int) -> tuple[Incident, Member]:
    member = load_acting_member(tx, by)
    return load_row(tx, Incident, incident_id, "no_such_case"), member


def begin_act(
    tx: WriteTransaction,
    incident_id: int,
    act: Act,
    by: int,
    seen: int | None = None,
    *,
    single: bool = False,
) -> tuple[Incident, Member]:
    case, member = load_case(tx, incident_id, by)
    require_allowed(tx, case, member, act, single=single)
    require_unchanged(case, seen)
    return case, member


def load_for_act(tx: WriteTransaction, incident_id: int, act: Act, by: int | None) -> Incident:
    """A case whose state allows an act, and whose rules let the member do it, if there is one.

    :param by: None for what an author sends online, or a command does.
    """
    if by is not None:
        return begin_act(tx, incident_id, act, by)[0]
    case = load_row(tx, Incident, incident_id, "no_such_case")
    act_permissions.require_possible(CaseState(case.state), act)
    return case


def require_unchanged(case: Incident, seen: int | None) -> None:
    """Check that the member saw the current revision.

    :param seen: the revision that the member saw; None in an import or on the console.
    :raises Refused: ``changed_meanwhile``, with the current revision.
    """
    if seen is not None and seen != case.revision_id:
        raise Refused("changed_meanwhile", state=case.state, revision=case.revision_id)


def require_allowed(
    tx: WriteTransaction, case: Incident, member: Member, act: Act, *, single: bool = False
) -> None:
    """Check the rules of an act, except what the checklist requires of a publication."""
    has_second = single
    if act in act_permissions.ADMINISTRATORS_ACTS and not single:
        has_second = bool(second_persons(tx, case, "erase", member))
    state, role = CaseState(case.state), Role(member.role)
    act_permissions.require_allowed(state, act, role, has_second=has_second)


def require_not_refused(case: Incident) -> None:
    """Check that no second reader has refused the current version.

    :raises Refused: ``version_refused``.
    """
    if case.revision is not None and case.revision.refused_at is not None:
        raise Refused("version_refused", state=case.state)


def insert(tx: WriteTransaction, row: Base) -> None:
    """Add a row at once, so that it has its id."""
    tx.session.add(row)
    tx.session.flush()


def record(
    tx: WriteTransaction,
    act: Act,
    case: Incident,
    by: int | None,
    revision: int | None = None,
    /,
    **details: Any,
) -> JournalEntry:
    """Record the line of an act that changes no text of the case; a detail may have any name."""
    return tx.record(
        act, by=by, incident=case.id, case=case.number, revision=revision, details=details
    )


# --- second person --------------------------------------------------------------------------

# Built once, because an import executes them for every row.
_INSERT_APPROVAL = APPROVAL.insert()
_APPROVED = valid_approvals(bindparam("at", type_=UTCDateTime), APPROVAL.c.given_by).where(
    APPROVAL.c.incident_id == bindparam("case"),
    APPROVAL.c.revision_id == bindparam("revision"),
    APPROVAL.c.purpose == bindparam("purpose"),
)


def approvers(tx: WriteTransaction, case: Incident, purpose: str) -> set[int]:
    """The ids of members who approved the current revision."""
    parameters = {"case": case.id, "revision": case.revision_id, "purpose": purpose, "at": tx.at}
    return set(tx.session.scalars(_APPROVED, parameters))


def second_persons(tx: WriteTransaction, case: Incident, purpose: str, first: Member) -> set[int]:
    """The ids of members who approved the current revision and may be second to ``first``."""
    return vouching.eligible_seconds(tx.session, approvers(tx, case, purpose), first, tx.at)


def require_second(
    tx: WriteTransaction, member: Member, first_id: int, *, single: bool = False
) -> None:
    """Check that a member may be the second person for what another one began.

    :param single: the register has one moderator, who may be their own second person.
    """
    if not (single and member.id == first_id):
        vouching.require_second(member, tx.load(Member, first_id), tx.at)


def record_approval(
    tx: WriteTransaction, case: Incident, member: Member, purpose: str, **details: Any
) -> JournalEntry:
    """Store and record a member's approval of the current revision."""
    ids = {"incident_id": case.id, "revision_id": case.revision_id, "given_by": member.id}
    tx.session.execute(_INSERT_APPROVAL, {**ids, "purpose": purpose, "given_at": tx.at})
    end_assignment(case, Act.APPROVED, member.id)
    return record(tx, Act.APPROVED, case, member.id, case.revision_id, purpose=purpose, **details)


def approval_details(second: int | None) -> dict[str, Any]:
    """The private detail of a public line that names the second person."""
    return {"approved_by": [second]} if second is not None else {}


# --- revisions and texts --------------------------------------------------------------------


def add_correction(
    tx: WriteTransaction, case: Incident, note: str, *, redaction: bool = False
) -> dict[str, Any]:
    """Add a public note to a case; returns the detail by which feeds find it."""
    correction = Correction(made_at=tx.at, note=note, redaction=redaction)
    case.corrections.append(correction)
    tx.session.flush()
    return {"correction": correction.id}


def record_change(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    proposal: Proposal,
    details: Mapping[str, Any] | None = None,
    *,
    public_reason: str | None = None,
    redacted: Mapping[str, str] | None = None,
    committed: bool = True,
) -> JournalEntry:
    """Save the case as a revision, with the content that the act makes, and write the act's line.

    :param redacted: as for :meth:`WriteTransaction.record`.
    :param committed: False for an act after which the case is hidden: the public line then has no
        commitment to its text.
    """
    proposal = replace(proposal, reason=required_text("reason", proposal.reason))
    end_assignment(case, proposal.act, member.id)
    content = proposal.content or contents.content_of(case)
    change = CodeChange.of(tx.session, case, content)
    is_new = case.revision_id is None
    if not is_new:
        content = with_copies(tx.session, case.id, content)
    revision_id, digest, commitments = save_revision(tx, case, content, proposal, by=member.id)
    if not is_new:
        # Later queries, such as that of the last number, read the columns of the case.
        tx.session.flush()
    line_details = {**(details or {}), **change.details(), **commitments}
    if not committed:
        line_details["snapshot"] = digest
    line = tx.record(
        proposal.act,
        by=member.id,
        incident=case.id,
        case=case.number,
        revision=revision_id,
        content=digest if committed else None,
        reason=public_reason,
        redacted=redacted,
        details=line_details,
    )
    change.write(tx.session, line.seq)
    return line


def erase_and_record(
    tx: WriteTransaction, case: Incident, member: Member, act: Act, **more: Any
) -> JournalEntry:
    change = CodeChange.of(tx.session, case, None)
    end_assignment(case, act, member.id)
    mark(case, Urgency(), tx.at)
    case.term_label = ""
    for model in (SourceCopy, CopyRequest, SourceCheck):
        # The worker deletes the files to which no row refers any more.
        tx.session.execute(delete(model).where(model.incident_id == case.id))
    own_contact = (AuthorityContact.incident_id == case.id, AuthorityContact.commune == "")
    tx.session.execute(delete(AuthorityContact).where(*own_contact))
    drop_mails(tx.session, Invitation.incident_id == case.id)
    destroyed_ids = erase_texts(tx, case)
    remove_case_evidence(tx.session, CaseEvidence.incident_id == case.id)
    case.state = CaseState.ERASED
    case.revision = None
    case.moved_at = tx.at
    scrub_after_commit(tx)
    details = {"destroyed": destroyed_ids, "restriction": case.restriction, **more}
    line = record(tx, act, case, member.id, **details, **change.details())
    change.write(tx.session, line.seq)
    return line


def scrub_after_commit(tx: WriteTransaction) -> None:
    engine = tx.session.get_bind().engine

    def scrub_log() -> None:
        if not empty_log(engine):
            # The next destruction, or the last connection to close, empties the log.
            logging.getLogger("register").error("the write-ahead log could not be emptied")

    tx.after_commit(scrub_log)


def valid_content(tx: WriteTransaction, content: Content, case: Incident | None = None) -> Content:
    """The content, cleaned and validated, with what its decisions determine.

    :param case: the case that it is for; retired codes that the case has stay valid.
    :raises Invalid: as :func:`validation.require_valid`.
    """
    content = content.cleaned()
    before = contents.content_of(case) if case is not None else None
    content = with_copies_of(content, before or Content())
    vocabulary = current_vocabulary(tx.session)
    validation.require_valid(tx.session, vocabulary, content, before)
    return with_decisions(content, vocabulary)


def required_text(
    field_name: str, form_text: str, *, multiline: bool = False, limit: int = 50_000
) -> str:
    form_text = clean(form_text).strip() if multiline else one_line(form_text)
    if not form_text:
        raise Invalid("missing", field=field_name)
    if len(form_text) > limit:
        raise Invalid("too_long", field=field_name, limit=limit)
    return form_text


def past_day(tx: WriteTransaction, field_name: str, day: date) -> date:
    """The day, if it has begun in Paris."""
    if day > dates.paris_day(tx.at):
        raise Invalid("day_to_come", field=field_name)
    return day
