"""Proof that what members noted around a case, and who they are, is what the desk's lines say.

Lines name rows by their ids, people and moments, and seal no word of a note, of an invitation or
of a reply that is not published: words that were changed there are not found.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import deadlines
from register.cases.acts.claims_and_notes import HELD_FOR
from register.cases.models import Approval, Incident, Invitation, Note, Reply, State
from register.journal import Act, Entry, Ledger
from register.journal.verify import Problem


@dataclass(frozen=True)
class _Line:
    """A line of a case: what was done, by whom, when, and what it says besides."""

    act: Act
    by: int | None
    at: datetime
    private: Mapping[str, Any]


def desk_problems(
    session: Session, case: Incident, lines: Sequence[Entry], place: Mapping[str, object]
) -> Iterator[Problem]:
    """What of approvals, invitations, notes, replies and claims no line of the case says.

    :param lines: all lines of the case, of both ledgers.
    """
    ordered = sorted(lines, key=lambda line: (line.at, line.ledger, line.seq))
    told = [
        _Line(Act(row.act), row.member_id, row.at, json.loads(row.private_json)) for row in ordered
    ]
    if not _approvals_hold(session.scalars(_of(Approval, case)).all(), told):
        yield Problem("desk_approvals", dict(place))
    if not _invitations_hold(session.scalars(_of(Invitation, case)).all(), told, case):
        yield Problem("desk_invitations", dict(place))
    if not _notes_hold(session.scalars(_of(Note, case)).all(), told, case):
        yield Problem("desk_notes", dict(place))
    if not _replies_hold(case.replies, told, case):
        yield Problem("desk_replies", dict(place))
    if not _claim_holds(case, told):
        yield Problem("desk_claim", dict(place))
    if not _lost_report_holds(case, told):
        yield Problem("desk_lost_report", dict(place))


def _of(model: Any, case: Incident) -> Any:
    return select(model).where(model.incident_id == case.id).order_by(model.id)


def _approvals_hold(rows: Sequence[Approval], lines: Sequence[_Line]) -> bool:
    """No act removes an approval: a later revision voids it, and the row stays."""
    kept = Counter((row.revision_id, row.purpose, row.given_by, row.given_at) for row in rows)
    return kept == Counter(
        (line.private.get("revision"), line.private.get("purpose"), line.by, line.at)
        for line in lines
        if line.act is Act.APPROVED
    )


def _invitations_hold(rows: Sequence[Invitation], lines: Sequence[_Line], case: Incident) -> bool:
    if case.state == State.ERASED:
        return not rows
    kept = Counter((row.noted_by, row.noted_at, row.invited_on is not None) for row in rows)
    told = Counter(
        (line.by, line.at, bool(line.private.get("invited")))
        for line in lines
        if line.act is Act.INVITED
    )
    gone = _destroyed_with_report("invitations", lines)
    return kept == told and all(
        not row.text if row.id in gone else _may_read(row, _redacted_at(lines)) for row in rows
    )


def _may_read(row: Invitation, emptied: datetime | None) -> bool:
    """Words are there unless a redaction destroyed them; those of its own second may be either."""
    if emptied is None:
        return bool(row.text)
    return row.noted_at >= emptied if row.text else row.noted_at <= emptied


def _redacted_at(lines: Sequence[_Line]) -> datetime | None:
    """When the members' words were last destroyed while the case stayed."""
    # A redaction destroyed by itself before there was a second person for it.
    by_itself = [
        line.at for line in lines if line.act is Act.REDACTED and "destroyed" in line.private
    ]
    later = [
        datetime.fromisoformat(line.private["before"])
        for line in lines
        if line.act is Act.DESTROYED
    ]
    return max([*by_itself, *later], default=None)


def _notes_hold(rows: Sequence[Note], lines: Sequence[_Line], case: Incident) -> bool:
    if case.state == State.ERASED:
        return not rows
    emptied = _redacted_at(lines)
    noted = {line.private.get("note"): line for line in lines if line.act is Act.NOTED}
    # A draft may bring one note with it, which has no line of its own.
    with_draft = [(line.by, line.at) for line in lines if line.act is Act.DRAFTED]
    for row in rows:
        line = noted.get(row.id)
        written = (row.written_by, row.written_at)
        told = written == (line.by, line.at) if line else written in with_draft
        if told and not line:
            with_draft.remove(written)
        if not told or (emptied is not None and row.written_at < emptied):
            return False
    there = {row.id for row in rows} | _destroyed_with_report("notes", lines)
    return all(
        key in there or (emptied is not None and line.at <= emptied) for key, line in noted.items()
    )


_DECIDED = {Act.REPLY_RECEIVED: "received", Act.REPLIED: "published", Act.REPLY_REFUSED: "refused"}


def _replies_hold(rows: Sequence[Reply], lines: Sequence[_Line], case: Incident) -> bool:
    """A reply was received by one line, and stands where the line that decided it left it."""
    if case.state == State.ERASED:
        return not rows
    told: dict[Any, str] = {}
    for act, state in _DECIDED.items():
        told |= {line.private.get("reply"): state for line in lines if line.act is act}
    dues = all(row.due_on == deadlines.reply_due(row.received_on) for row in rows)
    reasons = all(bool(row.refusal) == (row.state == "refused") for row in rows)
    return {row.id: row.state for row in rows} == told and dues and reasons


def _claim_holds(case: Incident, lines: Sequence[_Line]) -> bool:
    """Who has it in hand, and until when: the last line that took it or gave it back."""
    held = [line for line in lines if line.act in (Act.CLAIMED, Act.RELEASED)]
    if not held or held[-1].act is Act.RELEASED:
        return case.held_by is None and case.held_until is None
    last = held[-1]
    return (case.held_by, case.held_until) == (last.by, last.at + HELD_FOR)


def _destroyed_with_report(name: str, lines: Sequence[_Line]) -> set[Any]:
    """The ids of the notes or invitations that repeated a report which was taken back."""
    lost = (line for line in lines if line.act is Act.SOURCE_WITHDRAWN)
    return {row for line in lost for row in line.private.get(name, ())}


def _lost_report_holds(case: Incident, lines: Sequence[_Line]) -> bool:
    """A draft waits for a version without its report from the withdrawal until one is attested.

    The withdrawal's line tells a day only, so that it cannot be told which of two came last on
    one day.
    """
    lost = any(
        line.act is Act.SOURCE_WITHDRAWN and "still_public" not in line.private for line in lines
    )
    if case.report_withdrawn:
        return lost
    attested = any("without_report" in line.private.get("attested", ()) for line in lines)
    return not lost or attested or case.state == State.ERASED


# --- members -------------------------------------------------------------------------------

_OF_MEMBERS = (
    Act.MEMBER_ADDED,
    Act.MEMBER_ROLE,
    Act.MEMBER_CONFIRMED,
    Act.MEMBER_DISABLED,
    Act.MEMBER_ENABLED,
    Act.MEMBER_RESET,
    Act.MEMBER_FACTOR,
    Act.MEMBER_FACTOR_RESET,
)


def member_problems(session: Session) -> Iterator[Problem]:
    """Accounts that no line opened or that are gone, and roles and doors that no line gave."""
    told: dict[Any, dict[str, object]] = {}
    lines = session.execute(
        select(Entry.act, Entry.at, Entry.private_json)
        .where(Entry.ledger == Ledger.DESK.value, Entry.act.in_(_OF_MEMBERS))
        .order_by(Entry.seq)
    )
    for line in lines:
        private = json.loads(line.private_json)
        told.setdefault(private.get("member"), {}).update(_said(Act(line.act), line.at, private))
    for member in session.scalars(select(Member).order_by(Member.id)):
        said = told.pop(member.id, {})
        found = {
            "role": member.role,
            "created_at": member.created_at,
            "disabled_at": member.disabled_at,
            "factor": member.has_factor,
            "vouches_from": member.vouches_from and member.vouches_from.isoformat(),
        }
        for name, value in found.items():
            if value != said.get(name, False if name == "factor" else None):
                yield Problem("member_standing", {"member": member.id, "field": name})
    for gone in told:
        yield Problem("member_missing", {"member": gone})


def _said(act: Act, at: datetime, private: Mapping[str, Any]) -> dict[str, object]:
    """What a line says of a member from then on."""
    later = {"vouches_from": private["vouches_from"]} if "vouches_from" in private else {}
    return {**_standing(act, at, private), **later}


def _standing(act: Act, at: datetime, private: Mapping[str, Any]) -> dict[str, object]:
    match act:
        case Act.MEMBER_ADDED:
            return {"role": private.get("role"), "created_at": at}
        case Act.MEMBER_ROLE:
            return {"role": private.get("role")}
        case Act.MEMBER_CONFIRMED:
            return {"vouches_from": None}
        case Act.MEMBER_DISABLED:
            return {"disabled_at": at}
        case Act.MEMBER_ENABLED | Act.MEMBER_RESET:
            return {"disabled_at": None}
        case Act.MEMBER_FACTOR_RESET:
            return {"factor": False}
        case _:
            return {"factor": True}
