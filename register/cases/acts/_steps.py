"""What every act is made of: load under the pen, check, keep a snapshot, record."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from register.accounts import vouching as vouching_members
from register.accounts.acts import acting
from register.accounts.models import Member, Role
from register.cases import case_content as contents
from register.cases import checklist as checks
from register.cases import former_codes, rules, validation
from register.cases.approvals import needed_before, vouching
from register.cases.case_content import Content
from register.cases.former_codes import Codes
from register.cases.models import Approval, Correction, Incident, Invitation, Revision, State
from register.cases.persistence import empty, snapshot
from register.cases.vocabulary import book
from register.db import UTCDateTime, scrub
from register.errors import Incomplete, Invalid, NotFound, Refused
from register.journal import Act, Entry, Pen
from register.text import dates
from register.text.errors import TextError
from register.text.sanitize import clean, one_line


def load(pen: Pen, incident_id: int, by: int) -> tuple[Incident, Member]:
    member = acting(pen, by)
    try:
        return pen.load(Incident, incident_id), member
    except NotFound as error:
        raise NotFound("no_such_case") from error


def begin(
    pen: Pen, incident_id: int, act: Act, by: int, seen: int | None = None
) -> tuple[Incident, Member]:
    case, member = load(pen, incident_id, by)
    allow(pen, case, member, act)
    as_seen(case, seen)
    return case, member


def as_seen(case: Incident, seen: int | None) -> None:
    """Let an act pass that was decided before the case as it now reads.

    :param seen: the revision that the member had before them; None from an import or a console.
    :raises Refused: ``changed_meanwhile``, with the revision that stands now.
    """
    if seen is not None and seen != case.revision_id:
        raise Refused("changed_meanwhile", state=case.state, revision=case.revision_id)


def allow(pen: Pen, case: Incident, member: Member, act: Act, *, single: bool = False) -> None:
    """Let the member do the act now, or say why not; publication has its own :func:`check`."""
    seconded = single
    if rules.rule_for(State(case.state), act).second == "always" and not single:
        seconded = bool(seconds(pen, case, "erase", member))
    rules.require(State(case.state), act, Role(member.role), asks_second=False, has_second=seconded)


def check(pen: Pen, case: Incident, member: Member, act: Act, told: checks.Circumstances) -> bool:
    """The checklist, which holds the second person as one of its lines.

    :returns: whether a second person was asked for and, by the register's setting, there is none.
    """
    content, words = contents.of(case), book(pen.session)
    found = checks.flags(content)
    missing = checks.unmet(checks.checklist(content, words, told, found))
    if missing:
        raise Incomplete("checklist", lines=missing, state=case.state)
    asked = checks.needs_second(
        content, words, found, needed_before=told.needed_before, added=told.beside
    )
    rules.require(
        State(case.state),
        act,
        Role(member.role),
        asks_second=asked,
        has_second=told.seconded or told.single_moderator,
    )
    return asked and not told.seconded


# Statements are put together once: an import asks these for every row.
_INVITED = select(Invitation.id).where(Invitation.incident_id == bindparam("case")).limit(1)
_APPROVED = vouching(bindparam("at", type_=UTCDateTime), Approval.given_by).where(
    Approval.incident_id == bindparam("case"),
    Approval.revision_id == bindparam("revision"),
    Approval.purpose == bindparam("purpose"),
)


def require_computed(pen: Pen, content: Content) -> None:
    """What a published case has to keep when its text is changed.

    :raises Incomplete: the computed lines of the checklist that the new content would leave unmet.
    """
    lines = checks.checklist(content, book(pen.session), checks.Circumstances())
    missing = [line for line in checks.unmet(lines) if line.code in checks.OF_CONTENT]
    if missing:
        raise Incomplete("checklist", lines=missing, state=State.PUBLISHED.value)


def circumstances(
    pen: Pen,
    case: Incident,
    member: Member,
    attested: Collection[str],
    flags_reason: str,
    single: bool,
) -> checks.Circumstances:
    return checks.Circumstances(
        invited=pen.session.scalar(_INVITED, {"case": case.id}) is not None,
        seconded=bool(seconds(pen, case, "publish", member)),
        single_moderator=single,
        attested=frozenset(attested) & set(checks.ATTESTED),
        flags_reason=one_line(flags_reason),
        needed_before=needed_before(pen.session, case, book(pen.session)),
        beside=checks.beside(case),
        report_withdrawn=case.report_withdrawn,
    )


def approvers(pen: Pen, case: Incident, purpose: str) -> set[int]:
    """Who approved the revision that is current now; an approval of an earlier one is void."""
    told = {"case": case.id, "revision": case.revision_id, "purpose": purpose, "at": pen.at}
    return set(pen.session.scalars(_APPROVED, told))


def seconds(pen: Pen, case: Incident, purpose: str, first: Member) -> set[int]:
    """Who approved the current revision and may be the second person beside ``first``."""
    return vouching_members.seconds(pen.session, approvers(pen, case, purpose), first, pen.at)


def made_public(
    pen: Pen,
    case: Incident,
    member: Member,
    act: Act,
    reason: str,
    told: checks.Circumstances,
    details: dict[str, Any] | None = None,
) -> Entry:
    case.state = State.PUBLISHED
    return public_event(
        pen,
        case,
        act,
        member,
        reason,
        flags_reason=told.flags_reason,
        details={
            **(details or {}),
            "attested": sorted(told.attested),
            "approved_by": sorted(seconds(pen, case, "publish", member)),
        },
    )


def corrected_by(pen: Pen, case: Incident, row: Correction) -> dict[str, Any]:
    """Add a public note to a case; what its line tells of it, so that a feed finds the note."""
    case.corrections.append(row)
    pen.session.flush()
    return {"correction": row.id}


def public_event(
    pen: Pen,
    case: Incident,
    act: Act,
    member: Member,
    reason: str,
    *,
    before: Codes | None = None,
    flags_reason: str = "",
    details: dict[str, Any] | None = None,
) -> Entry:
    case.moved_at = pen.at
    return snapshot_and_record(
        pen, case, act, member, reason, before=before, flags_reason=flags_reason, details=details
    )


def snapshot_and_record(
    pen: Pen,
    case: Incident,
    act: Act,
    member: Member,
    reason: str,
    *,
    before: Codes | None = None,
    flags_reason: str = "",
    public_reason: str | None = None,
    details: dict[str, Any] | None = None,
    committed: bool = True,
) -> Entry:
    """Keep the case as it reads now and write the act's line.

    :param before: the codes that it was found by before the act; those it lost are kept.
    :param committed: False for an act after which the case is not shown: the public line then
        carries no commitment to its text.
    """
    reason = needed("reason", reason)
    pen.session.flush()
    revision, content, bound = snapshot(
        pen, case, act, by=member.id, reason=reason, flags_reason=flags_reason
    )
    left = former_codes.lost(before or {}, former_codes.codes_of(case))
    told = {**(details or {}), **bound, **_left(left)}
    if not committed:
        told["snapshot"] = content
    line = pen.record(
        act,
        by=member.id,
        incident=case.id,
        case=case.number,
        revision=revision.id,
        content=content if committed else None,
        reason=public_reason,
        details=told,
    )
    former_codes.keep(pen, case.id, left, line)
    return line


def _left(codes: dict[str, list[str]]) -> dict[str, Any]:
    """What binds the kept codes to their line; most lines have none."""
    return {"left": codes} if codes else {}


def erased(
    pen: Pen, case: Incident, member: Member, act: Act, *, public_reason: str | None
) -> Entry:
    left = former_codes.lost(former_codes.codes_of(case), {})
    gone = empty(pen, case)
    case.state = State.ERASED
    case.revision_id = None
    case.moved_at = pen.at
    scrub_after(pen)
    line = pen.record(
        act,
        by=member.id,
        incident=case.id,
        case=case.number,
        reason=public_reason,
        details={"destroyed": gone, "restriction": case.restriction, **_left(left)},
    )
    former_codes.keep(pen, case.id, left, line)
    return line


def scrub_after(pen: Pen) -> None:
    engine = pen.session.get_bind().engine

    def now() -> None:
        if not scrub(engine):
            # The next destruction, or the last reader to leave, empties the log.
            logging.getLogger("register").error("the write-ahead log could not be emptied")

    pen.after_commit(now)


def restrict(pen: Pen, case: Incident, code: str) -> str:
    """Note why a case is no longer shown; the code that the public may be told."""
    word = book(pen.session).word("restriction", code)
    if word is None or word.retired:
        raise Invalid("unknown_restriction", value=code)
    case.restriction = code
    return code if word.extra.get("public", True) else str(word.extra["shown_as"])


def edited_since_public(pen: Pen, case: Incident) -> bool:
    withdrawn = (
        select(Revision.id)
        .where(Revision.incident_id == case.id, Revision.act == Act.WITHDRAWN.value)
        .order_by(Revision.id.desc())
        .limit(1)
    )
    edits = select(Revision.id).where(
        Revision.incident_id == case.id,
        Revision.act == Act.EDITED.value,
        Revision.id > (pen.session.scalar(withdrawn) or 0),
    )
    return pen.session.scalar(edits.limit(1)) is not None


def valid(pen: Pen, content: Content, case: Incident | None = None) -> Content:
    """The content, cleaned, if it can be kept.

    :param case: the case it is for; a word retired since may stay where it stands.
    """
    content = content.cleaned()
    before = contents.of(case) if case is not None else None
    validation.require(pen.session, book(pen.session), content, before)
    return content


def needed(name: str, text: str, *, multiline: bool = False, limit: int = 50_000) -> str:
    text = clean(text).strip() if multiline else one_line(text)
    if not text:
        raise Invalid("missing", field=name)
    if len(text) > limit:
        raise Invalid("too_long", field=name, limit=limit)
    return text


def address(url: str) -> str:
    url = one_line(url)
    faults = list(validation.url_faults("source_url", url))
    if faults:
        raise Invalid("url", field="source_url")
    return url


def day(name: str, edtf: str) -> str:
    """A partial date as it was given, empty when unknown."""
    if edtf:
        try:
            dates.parse(edtf)
        except TextError as error:
            raise Invalid(error.key, field=name, value=edtf[:40]) from error
    return edtf


def past(pen: Pen, name: str, given: date) -> date:
    """A civil day that has begun: nothing was received or sent on a day to come."""
    if given > dates.paris_day(pen.at):
        raise Invalid("day_to_come", field=name)
    return given
