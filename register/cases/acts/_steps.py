"""Steps shared by all acts: lock and load, check rules, save a revision, record a journal line."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from register.accounts import vouching as vouching_members
from register.accounts.models import Member, Role
from register.accounts.vouching import load_acting_member
from register.cases import case_content as contents
from register.cases import checklist as checks
from register.cases import former_codes, rules, validation
from register.cases.approvals import needed_before, valid_approvals
from register.cases.case_content import Content
from register.cases.models import Approval, CaseState, Correction, Incident, Invitation
from register.cases.persistence import erase_texts, save_snapshot
from register.cases.vocabulary import current_vocabulary
from register.db import UTCDateTime, empty_log
from register.errors import Incomplete, Invalid, NotFound, Refused, TextError
from register.journal import Act, JournalEntry, WriteTransaction
from register.text import dates
from register.text.normalisation import clean, one_line


def load_case(tx: WriteTransaction, incident_id: int, by: int) -> tuple[Incident, Member]:
    member = load_acting_member(tx, by)
    try:
        return tx.load(Incident, incident_id), member
    except NotFound as error:
        raise NotFound("no_such_case") from error


def begin_act(
    tx: WriteTransaction, incident_id: int, act: Act, by: int, seen: int | None = None
) -> tuple[Incident, Member]:
    case, member = load_case(tx, incident_id, by)
    require_allowed(tx, case, member, act)
    require_unchanged(case, seen)
    return case, member


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
    """Check the rules of an act other than a publication (:func:`check_publication`)."""
    has_second = single
    if rules.rule_for(CaseState(case.state), act).second == "always" and not single:
        has_second = bool(second_persons(tx, case, "erase", member))
    rules.require_allowed(
        CaseState(case.state),
        act,
        Role(member.role),
        content_needs_second=False,
        has_second=has_second,
    )


def check_publication(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    act: Act,
    circumstances: checks.Circumstances,
) -> bool:
    """Check checklist and rules before a publication or restoration.

    :returns: whether a second person was needed and is waived by the setting ``SINGLE_MODERATOR``.
    :raises Incomplete: the unmet items of the checklist.
    """
    content, vocabulary = contents.content_of(case), current_vocabulary(tx.session)
    flags = checks.risk_flags(content)
    unmet = checks.unmet_items(checks.build_checklist(content, vocabulary, circumstances, flags))
    if unmet:
        raise Incomplete("checklist", lines=unmet, state=case.state)
    is_second_needed = checks.needs_second(
        content,
        vocabulary,
        flags,
        needed_before=circumstances.needed_before,
        added_texts=circumstances.displayed_texts,
    )
    rules.require_allowed(
        CaseState(case.state),
        act,
        Role(member.role),
        content_needs_second=is_second_needed,
        has_second=circumstances.seconded or circumstances.single_moderator,
    )
    return is_second_needed and not circumstances.seconded


# Built once, because an import executes them for every row.
_INVITED = select(Invitation.id).where(Invitation.incident_id == bindparam("case")).limit(1)
_APPROVED = valid_approvals(bindparam("at", type_=UTCDateTime), Approval.given_by).where(
    Approval.incident_id == bindparam("case"),
    Approval.revision_id == bindparam("revision"),
    Approval.purpose == bindparam("purpose"),
)


def require_computed(tx: WriteTransaction, content: Content) -> None:
    """Check the items of the checklist that a published case must keep meeting.

    :raises Incomplete: the unmet items.
    """
    check_items = checks.build_checklist(
        content, current_vocabulary(tx.session), checks.Circumstances()
    )
    unmet = [
        check_item
        for check_item in checks.unmet_items(check_items)
        if check_item.code in checks.CONTENT_CHECKS
    ]
    if unmet:
        raise Incomplete("checklist", lines=unmet, state=CaseState.PUBLISHED.value)


def collect_circumstances(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    attested: Collection[str],
    flags_reason: str,
    single: bool,
) -> checks.Circumstances:
    return checks.Circumstances(
        invited=tx.session.scalar(_INVITED, {"case": case.id}) is not None,
        seconded=bool(second_persons(tx, case, "publish", member)),
        single_moderator=single,
        attested=frozenset(attested) & set(checks.ATTESTATIONS),
        flags_reason=one_line(flags_reason),
        needed_before=needed_before(tx.session, case, current_vocabulary(tx.session)),
        displayed_texts=checks.displayed_texts(case),
        report_withdrawn=case.report_withdrawn,
    )


def approvers(tx: WriteTransaction, case: Incident, purpose: str) -> set[int]:
    """The ids of members who approved the current revision."""
    parameters = {"case": case.id, "revision": case.revision_id, "purpose": purpose, "at": tx.at}
    return set(tx.session.scalars(_APPROVED, parameters))


def second_persons(tx: WriteTransaction, case: Incident, purpose: str, first: Member) -> set[int]:
    """The ids of members who approved the current revision and may be second to ``first``."""
    return vouching_members.eligible_seconds(tx.session, approvers(tx, case, purpose), first, tx.at)


def make_public(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    act: Act,
    reason: str,
    circumstances: checks.Circumstances,
    details: dict[str, Any] | None = None,
) -> JournalEntry:
    case.state = CaseState.PUBLISHED
    return record_public_event(
        tx,
        case,
        act,
        member,
        reason,
        flags_reason=circumstances.flags_reason,
        details={
            **(details or {}),
            "attested": sorted(circumstances.attested),
            "approved_by": sorted(second_persons(tx, case, "publish", member)),
        },
    )


def add_correction(tx: WriteTransaction, case: Incident, correction: Correction) -> dict[str, Any]:
    """Add a public note to a case; returns the detail by which feeds find it."""
    case.corrections.append(correction)
    tx.session.flush()
    return {"correction": correction.id}


def record_public_event(
    tx: WriteTransaction,
    case: Incident,
    act: Act,
    member: Member,
    reason: str,
    *,
    before: former_codes.CodesByAxis | None = None,
    flags_reason: str = "",
    details: dict[str, Any] | None = None,
) -> JournalEntry:
    case.moved_at = tx.at
    return snapshot_and_record(
        tx, case, act, member, reason, before=before, flags_reason=flags_reason, details=details
    )


def snapshot_and_record(
    tx: WriteTransaction,
    case: Incident,
    act: Act,
    member: Member,
    reason: str,
    *,
    before: former_codes.CodesByAxis | None = None,
    flags_reason: str = "",
    public_reason: str | None = None,
    details: dict[str, Any] | None = None,
    committed: bool = True,
) -> JournalEntry:
    """Save the case as a revision and write the act's line.

    :param before: the public codes of the case before the act; those it lost are recorded.
    :param committed: False for an act after which the case is hidden: the public line then has no
        commitment to its text.
    """
    reason = required_text("reason", reason)
    tx.session.flush()
    revision, content_digest, commitments = save_snapshot(
        tx, case, act, by=member.id, reason=reason, flags_reason=flags_reason
    )
    lost_codes = former_codes.lost_codes(before or {}, former_codes.public_codes(case))
    line_details = {**(details or {}), **commitments, **_former_codes_detail(lost_codes)}
    if not committed:
        line_details["snapshot"] = content_digest
    line = tx.record(
        act,
        by=member.id,
        incident=case.id,
        case=case.number,
        revision=revision.id,
        content=content_digest if committed else None,
        reason=public_reason,
        details=line_details,
    )
    former_codes.record_lost_codes(tx, case.id, lost_codes, line)
    return line


def _former_codes_detail(codes: dict[str, list[str]]) -> dict[str, Any]:
    """The detail by which a line commits to lost codes; most lines have none."""
    return {"left": codes} if codes else {}


def erase_and_record(
    tx: WriteTransaction, case: Incident, member: Member, act: Act, *, public_reason: str | None
) -> JournalEntry:
    lost_codes = former_codes.lost_codes(former_codes.public_codes(case), {})
    destroyed_ids = erase_texts(tx, case)
    case.state = CaseState.ERASED
    case.revision_id = None
    case.moved_at = tx.at
    scrub_after_commit(tx)
    line = tx.record(
        act,
        by=member.id,
        incident=case.id,
        case=case.number,
        reason=public_reason,
        details={
            "destroyed": destroyed_ids,
            "restriction": case.restriction,
            **_former_codes_detail(lost_codes),
        },
    )
    former_codes.record_lost_codes(tx, case.id, lost_codes, line)
    return line


def scrub_after_commit(tx: WriteTransaction) -> None:
    engine = tx.session.get_bind().engine

    def scrub_log() -> None:
        if not empty_log(engine):
            # The next destruction, or the last connection to close, empties the log.
            logging.getLogger("register").error("the write-ahead log could not be emptied")

    tx.after_commit(scrub_log)


def set_restriction(tx: WriteTransaction, case: Incident, code: str) -> str:
    """Set why a case is no longer shown; returns the public code."""
    word = current_vocabulary(tx.session).word("restriction", code)
    if word is None or word.retired:
        raise Invalid("unknown_restriction", value=code)
    case.restriction = code
    return code if word.extra.get("public", True) else str(word.extra["shown_as"])


def valid_content(tx: WriteTransaction, content: Content, case: Incident | None = None) -> Content:
    """The content, cleaned and validated.

    :param case: the case that it is for; retired codes that the case has stay valid.
    :raises Invalid: as :func:`validation.require_valid`.
    """
    content = content.cleaned()
    before = contents.content_of(case) if case is not None else None
    validation.require_valid(tx.session, current_vocabulary(tx.session), content, before)
    return content


def required_text(
    field_name: str, form_text: str, *, multiline: bool = False, limit: int = 50_000
) -> str:
    form_text = clean(form_text).strip() if multiline else one_line(form_text)
    if not form_text:
        raise Invalid("missing", field=field_name)
    if len(form_text) > limit:
        raise Invalid("too_long", field=field_name, limit=limit)
    return form_text


def valid_url(url: str) -> str:
    url = one_line(url)
    faults = list(validation.url_faults("source_url", url))
    if faults:
        raise Invalid("url", field="source_url")
    return url


def valid_date(field_name: str, edtf: str) -> str:
    """The date unchanged; an empty one is valid."""
    if edtf:
        try:
            dates.parse(edtf)
        except TextError as error:
            raise Invalid(error.key, field=field_name, value=edtf[:40]) from error
    return edtf


def past_day(tx: WriteTransaction, field_name: str, day: date) -> date:
    """The day, if it has begun in Paris."""
    if day > dates.paris_day(tx.at):
        raise Invalid("day_to_come", field=field_name)
    return day
