"""Proof that the present is what the journal says: rows, snapshots and stored HTML.

``journal.verify`` proves the lines and the snapshots they commit to; here every case's rows are
compared with its last snapshot, and the HTML that readers see with what the text renders to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.models import FormerCode, Incident, Outlet, Revision, State
from register.cases.persistence import derived, page_bound, why
from register.cases.verify_desk import desk_problems, member_problems
from register.cases.verify_waiting import waiting_problems
from register.journal import Act, Entry, Ledger, head
from register.journal.canonical import moment
from register.journal.verify import Anchor, Opening, Problem
from register.journal.verify import verify as verify_journal
from register.text.fold import fold

BATCH = 200

# Which state a public act leaves a case in.
_LEAVES = {
    Act.PUBLISHED: State.PUBLISHED,
    Act.FOLLOWED_UP: State.PUBLISHED,
    Act.REPLIED: State.PUBLISHED,
    Act.CORRECTED: State.PUBLISHED,
    Act.RESTORED: State.PUBLISHED,
    Act.WITHDRAWN: State.WITHDRAWN,
    Act.MERGED: State.MERGED,
    Act.DRAFT_MERGED: State.MERGED,
    Act.ERASED: State.ERASED,
    Act.DISCARDED: State.ERASED,
    Act.DRAFTED: State.DRAFT,
}


def verify(session: Session, anchors: Iterable[Anchor] = ()) -> Iterator[Problem]:
    """Every problem of journal, snapshots and rows; nothing when all holds."""

    def openings(revision_id: int) -> Opening | None:
        row = session.execute(
            select(Revision.salt, Revision.content).where(Revision.id == revision_id)
        ).one_or_none()
        if row is None or row.salt is None or row.content is None:
            return None
        return Opening(row.salt, row.content)

    yield from verify_journal(session, openings, list(anchors))
    yield from _missing(session)
    yield from _members(session)
    last = 0
    while True:
        ids = session.scalars(
            select(Incident.id).where(Incident.id > last).order_by(Incident.id).limit(BATCH)
        ).all()
        if not ids:
            return
        for incident_id in ids:
            yield from _case(session, incident_id)
        last = ids[-1]
        session.expunge_all()


def _missing(session: Session) -> Iterator[Problem]:
    """Cases that lines speak of and that are not there: no act removes a case's row."""
    known = select(Incident.id)
    told = (
        select(Entry.incident_id)
        .where(Entry.incident_id.is_not(None), Entry.incident_id.not_in(known))
        .distinct()
    )
    for incident_id in session.scalars(told.order_by(Entry.incident_id)):
        yield Problem("case_missing", {"dossier": incident_id})


def _case(session: Session, incident_id: int) -> Iterator[Problem]:
    place: dict[str, object] = {"dossier": incident_id}
    try:
        case = session.get_one(Incident, incident_id)
        place["number"] = case.number
        found = session.scalars(select(Entry).where(Entry.incident_id == incident_id)).all()
        lines = sorted(found, key=_order)
        yield from _standing(case, lines, place)
        if case.state != State.ERASED:
            yield from _rows(session, case, place)
        yield from _former(session, lines, place)
        yield from _reasons(session, lines, place)
        yield from desk_problems(session, case, lines, place)
        yield from waiting_problems(session, case, lines, place)
    except (SQLAlchemyError, ValueError, LookupError, AttributeError, TypeError) as error:
        # A byte that no longer makes a text, a date or a number is a problem, not a crash.
        yield Problem("case_unreadable", {**place, "cause": type(error).__name__})


def _members(session: Session) -> Iterator[Problem]:
    try:
        yield from member_problems(session)
    except (SQLAlchemyError, ValueError, LookupError, AttributeError, TypeError) as error:
        yield Problem("members_unreadable", {"cause": type(error).__name__})


def _order(line: Entry) -> tuple[bool, int, int]:
    """Two ledgers have no common number; the revisions that their lines keep do."""
    return Act(line.act) in (Act.ERASED, Act.DISCARDED), line.revision_id or 0, line.seq


def _standing(
    case: Incident, lines: Iterable[Entry], place: dict[str, object]
) -> Iterator[Problem]:
    """State, number and dates follow from the lines; nothing else may have moved them."""
    state: State | None = None
    number: int | None = None
    created = first = moved = merged = None
    restriction = ""
    for line in lines:
        private = json.loads(line.private_json)
        act = Act(line.act)
        state = _LEAVES.get(act, state)
        number = line.case_number or number
        if act is Act.DRAFTED:
            created = moment(line.at)
        if act is Act.PUBLISHED:
            first = moment(line.at)
        if act in _MOVES or (act is Act.REDACTED and state is State.PUBLISHED):
            moved = moment(line.at)
        merged = private.get("into", merged)
        restriction = "" if act is Act.RESTORED else private.get("restriction", restriction)
    found = {
        "state": case.state,
        "number": case.number,
        "created_at": moment(case.created_at),
        "first_published_at": moment(case.first_published_at) if case.first_published_at else None,
        "moved_at": moment(case.moved_at) if case.moved_at else None,
        "merged_into": case.merged_into,
        "restriction": case.restriction,
    }
    told = {
        "state": state,
        "number": number,
        "created_at": created,
        "first_published_at": first,
        "moved_at": moved,
        "merged_into": merged,
        "restriction": restriction,
    }
    for name, value in found.items():
        if value != told[name]:
            yield Problem("case_standing", {**place, "field": name})


_MOVES = {
    Act.PUBLISHED,
    Act.FOLLOWED_UP,
    Act.REPLIED,
    Act.CORRECTED,
    Act.RESTORED,
    Act.WITHDRAWN,
    Act.MERGED,
    Act.DRAFT_MERGED,
    Act.ERASED,
    Act.DISCARDED,
}


# Lists whose order is kept by a position that starts at 0.
_LISTS = ("types", "places", "outlets", "sources", "proceedings", "links")


def _rows(session: Session, case: Incident, place: dict[str, object]) -> Iterator[Problem]:
    revision = session.get(Revision, case.revision_id) if case.revision_id else None
    newest = session.scalar(
        select(Revision.id)
        .where(Revision.incident_id == case.id)
        .order_by(Revision.id.desc())
        .limit(1)
    )
    # A draft that lost a report may have lost its last snapshot; it gets one when it is saved.
    lost = case.report_withdrawn and revision is not None and revision.content is None
    if revision is None or revision.id != newest or (revision.content is None and not lost):
        yield Problem("case_snapshot", place)
        return
    if revision.content is not None and contents.canonical_of(case) != revision.content:
        yield Problem("case_rows", {**place, "fields": _differing(case, revision.content)})
    content = contents.of(case)
    for name, value in derived(content).items():
        if getattr(case, name) != value:
            yield Problem("case_rows", {**place, "fields": [name]})
    for name in _LISTS:
        rows = getattr(case, name)
        if [row.position for row in rows] != list(range(len(rows))):
            yield Problem("case_rows", {**place, "fields": [name]})
    for reply in case.replies:
        # The state is not hashed; it says whether a reply may still be decided.
        if (reply.state == "published") != (reply.published_at is not None):
            yield Problem("case_rows", {**place, "fields": ["replies"]})
    for outlet in session.scalars(select(Outlet).where(Outlet.incident_id == case.id)):
        if outlet.folded != fold(outlet.name):
            yield Problem("case_rows", {**place, "fields": ["outlets"]})


def _former(
    session: Session, lines: Iterable[Entry], place: dict[str, object]
) -> Iterator[Problem]:
    """The codes that a case lost are those that its lines say, and from which on."""
    told = {
        (axis, code, line.seq)
        for line in lines
        for axis, codes in json.loads(line.private_json).get("left", {}).items()
        for code in codes
    }
    kept = session.execute(
        select(FormerCode.axis, FormerCode.code, FormerCode.seq).where(
            FormerCode.incident_id == place["dossier"]
        )
    )
    if {tuple(row) for row in kept} != told:
        yield Problem("case_codes", place)


def _differing(case: Incident, kept: bytes) -> list[str]:
    now: dict[str, Any] = json.loads(contents.canonical_of(case))
    then: dict[str, Any] = json.loads(kept)
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def _reasons(
    session: Session, lines: Iterable[Entry], place: dict[str, object]
) -> Iterator[Problem]:
    for line in lines:
        private = json.loads(line.private_json)
        bound = private.get("why")
        if bound is None or line.revision_id is None:
            continue
        revision = session.get(Revision, line.revision_id)
        if revision is None:
            yield Problem("revision_missing", {**place, "revision": line.revision_id})
            continue
        told = (revision.act, revision.made_by, moment(revision.made_at), revision.incident_id)
        if told != (line.act, line.member_id, moment(line.at), line.incident_id):
            yield Problem("revision_changed", {**place, "revision": revision.id})
        if revision.salt is None:
            continue  # the journal's own check says whether that is allowed
        if why(revision.salt, revision.reason or "", revision.flags_reason or "") != bound:
            yield Problem("reason_changed", {**place, "revision": revision.id})
        # The HTML of every snapshot, since a citation may pin an earlier one.
        shown = page_bound(revision.salt, revision.renderer or "", revision.html or b"")
        if shown != private.get("page"):
            yield Problem("html_changed", {**place, "revision": revision.id})


def heads(session: Session) -> Iterator[tuple[Ledger, int, str]]:
    """Where each ledger stands: what an outsider keeps as an anchor."""
    for ledger in Ledger:
        position = head(session, ledger)
        yield ledger, position.seq, position.digest
