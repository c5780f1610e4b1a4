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
from register.cases.models import CaseState, FormerCode, Incident, Outlet, Revision
from register.cases.persistence import derived_columns, page_commitment, reasons_commitment
from register.cases.verify_desk import desk_problems, member_problems, waiting_problems
from register.journal import Act, JournalEntry, Ledger, head
from register.journal.canonical import rfc3339
from register.journal.verify import Anchor, CommitmentOpening, Problem
from register.journal.verify import verify as verify_journal
from register.text.normalisation import fold

BATCH = 200

# Which state a public act leaves a case in.
_RESULTING_STATE = {
    Act.PUBLISHED: CaseState.PUBLISHED,
    Act.FOLLOWED_UP: CaseState.PUBLISHED,
    Act.REPLIED: CaseState.PUBLISHED,
    Act.CORRECTED: CaseState.PUBLISHED,
    Act.RESTORED: CaseState.PUBLISHED,
    Act.WITHDRAWN: CaseState.WITHDRAWN,
    Act.MERGED: CaseState.MERGED,
    Act.DRAFT_MERGED: CaseState.MERGED,
    Act.ERASED: CaseState.ERASED,
    Act.DISCARDED: CaseState.ERASED,
    Act.DRAFTED: CaseState.DRAFT,
}


def verify(session: Session, anchors: Iterable[Anchor] = ()) -> Iterator[Problem]:
    """Every problem of journal, snapshots and rows; nothing when all holds."""

    def read_opening(revision_id: int) -> CommitmentOpening | None:
        revision = session.execute(
            select(Revision.salt, Revision.content).where(Revision.id == revision_id)
        ).one_or_none()
        if revision is None or revision.salt is None or revision.content is None:
            return None
        return CommitmentOpening(revision.salt, revision.content)

    yield from verify_journal(session, read_opening, list(anchors))
    yield from _missing_cases(session)
    yield from _account_problems(session)
    last_id = 0
    while True:
        ids = session.scalars(
            select(Incident.id).where(Incident.id > last_id).order_by(Incident.id).limit(BATCH)
        ).all()
        if not ids:
            return
        for incident_id in ids:
            yield from _case_problems(session, incident_id)
        last_id = ids[-1]
        session.expunge_all()


def _missing_cases(session: Session) -> Iterator[Problem]:
    """Cases that lines speak of and that are not there: no act removes a case's row."""
    existing_ids = select(Incident.id)
    stmt = (
        select(JournalEntry.incident_id)
        .where(JournalEntry.incident_id.is_not(None), JournalEntry.incident_id.not_in(existing_ids))
        .distinct()
    )
    for incident_id in session.scalars(stmt.order_by(JournalEntry.incident_id)):
        yield Problem("case_missing", {"dossier": incident_id})


def _case_problems(session: Session, incident_id: int) -> Iterator[Problem]:
    case_ref: dict[str, object] = {"dossier": incident_id}
    try:
        case = session.get_one(Incident, incident_id)
        case_ref["number"] = case.number
        journal_entries = session.scalars(
            select(JournalEntry).where(JournalEntry.incident_id == incident_id)
        ).all()
        lines = sorted(journal_entries, key=_line_order)
        yield from _state_problems(case, lines, case_ref)
        if case.state != CaseState.ERASED:
            yield from _row_problems(session, case, case_ref)
        yield from _former_code_problems(session, lines, case_ref)
        yield from _revision_problems(session, lines, case_ref)
        yield from desk_problems(session, case, lines, case_ref)
        yield from waiting_problems(session, case, lines, case_ref)
    except (SQLAlchemyError, ValueError, LookupError, AttributeError, TypeError) as error:
        # A byte that no longer makes a text, a date or a number is a problem, not a crash.
        yield Problem("case_unreadable", {**case_ref, "cause": type(error).__name__})


def _account_problems(session: Session) -> Iterator[Problem]:
    try:
        yield from member_problems(session)
    except (SQLAlchemyError, ValueError, LookupError, AttributeError, TypeError) as error:
        yield Problem("members_unreadable", {"cause": type(error).__name__})


def _line_order(line: JournalEntry) -> tuple[bool, int, int]:
    """Two ledgers have no common number; the revisions that their lines keep do."""
    return Act(line.act) in (Act.ERASED, Act.DISCARDED), line.revision_id or 0, line.seq


def _state_problems(
    case: Incident, lines: Iterable[JournalEntry], case_ref: dict[str, object]
) -> Iterator[Problem]:
    """State, number and dates follow from the lines; nothing else may have moved them."""
    state: CaseState | None = None
    number: int | None = None
    created_at = first_published_at = moved_at = merged_into = None
    restriction = ""
    for line in lines:
        private = json.loads(line.private_json)
        act = Act(line.act)
        state = _RESULTING_STATE.get(act, state)
        number = line.case_number or number
        if act is Act.DRAFTED:
            created_at = rfc3339(line.at)
        if act is Act.PUBLISHED:
            first_published_at = rfc3339(line.at)
        if act in _MOVING_ACTS or (act is Act.REDACTED and state is CaseState.PUBLISHED):
            moved_at = rfc3339(line.at)
        merged_into = private.get("into", merged_into)
        restriction = "" if act is Act.RESTORED else private.get("restriction", restriction)
    actual = {
        "state": case.state,
        "number": case.number,
        "created_at": rfc3339(case.created_at),
        "first_published_at": rfc3339(case.first_published_at) if case.first_published_at else None,
        "moved_at": rfc3339(case.moved_at) if case.moved_at else None,
        "merged_into": case.merged_into,
        "restriction": case.restriction,
    }
    expected = {
        "state": state,
        "number": number,
        "created_at": created_at,
        "first_published_at": first_published_at,
        "moved_at": moved_at,
        "merged_into": merged_into,
        "restriction": restriction,
    }
    for name, actual_value in actual.items():
        if actual_value != expected[name]:
            yield Problem("case_standing", {**case_ref, "field": name})


_MOVING_ACTS = {
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
_ORDERED_LISTS = ("types", "places", "outlets", "sources", "proceedings", "links")


def _row_problems(
    session: Session, case: Incident, case_ref: dict[str, object]
) -> Iterator[Problem]:
    revision = session.get(Revision, case.revision_id) if case.revision_id else None
    newest = session.scalar(
        select(Revision.id)
        .where(Revision.incident_id == case.id)
        .order_by(Revision.id.desc())
        .limit(1)
    )
    # A draft that lost a report may have lost its last snapshot; it gets one when it is saved.
    is_lost = case.report_withdrawn and revision is not None and revision.content is None
    if revision is None or revision.id != newest or (revision.content is None and not is_lost):
        yield Problem("case_snapshot", case_ref)
        return
    if revision.content is not None and contents.canonical_content(case) != revision.content:
        yield Problem(
            "case_rows", {**case_ref, "fields": _differing_fields(case, revision.content)}
        )
    content = contents.content_of(case)
    for name, derived_value in derived_columns(content).items():
        if getattr(case, name) != derived_value:
            yield Problem("case_rows", {**case_ref, "fields": [name]})
    for name in _ORDERED_LISTS:
        parts = getattr(case, name)
        if [part.position for part in parts] != list(range(len(parts))):
            yield Problem("case_rows", {**case_ref, "fields": [name]})
    for reply in case.replies:
        # The state is not hashed; it says whether a reply may still be decided.
        if (reply.state == "published") != (reply.published_at is not None):
            yield Problem("case_rows", {**case_ref, "fields": ["replies"]})
    for outlet in session.scalars(select(Outlet).where(Outlet.incident_id == case.id)):
        if outlet.folded != fold(outlet.name):
            yield Problem("case_rows", {**case_ref, "fields": ["outlets"]})


def _former_code_problems(
    session: Session, lines: Iterable[JournalEntry], case_ref: dict[str, object]
) -> Iterator[Problem]:
    """The codes that a case lost are those that its lines say, and from which on."""
    expected = {
        (axis, code, line.seq)
        for line in lines
        for axis, codes in json.loads(line.private_json).get("left", {}).items()
        for code in codes
    }
    code_rows = session.execute(
        select(FormerCode.axis, FormerCode.code, FormerCode.seq).where(
            FormerCode.incident_id == case_ref["dossier"]
        )
    )
    if {tuple(code_row) for code_row in code_rows} != expected:
        yield Problem("case_codes", case_ref)


def _differing_fields(case: Incident, revision_content: bytes) -> list[str]:
    current: dict[str, Any] = json.loads(contents.canonical_content(case))
    stored: dict[str, Any] = json.loads(revision_content)
    return sorted(
        name for name in current.keys() | stored.keys() if current.get(name) != stored.get(name)
    )


def _revision_problems(
    session: Session, lines: Iterable[JournalEntry], case_ref: dict[str, object]
) -> Iterator[Problem]:
    for line in lines:
        private = json.loads(line.private_json)
        reasons_digest = private.get("why")
        if reasons_digest is None or line.revision_id is None:
            continue
        revision = session.get(Revision, line.revision_id)
        if revision is None:
            yield Problem("revision_missing", {**case_ref, "revision": line.revision_id})
            continue
        origin = (revision.act, revision.made_by, rfc3339(revision.made_at), revision.incident_id)
        if origin != (line.act, line.member_id, rfc3339(line.at), line.incident_id):
            yield Problem("revision_changed", {**case_ref, "revision": revision.id})
        if revision.salt is None:
            continue  # the journal's own check says whether that is allowed
        if (
            reasons_commitment(revision.salt, revision.reason or "", revision.flags_reason or "")
            != reasons_digest
        ):
            yield Problem("reason_changed", {**case_ref, "revision": revision.id})
        # The HTML of every snapshot, since a citation may pin an earlier one.
        page_digest = page_commitment(revision.salt, revision.renderer or "", revision.html or b"")
        if page_digest != private.get("page"):
            yield Problem("html_changed", {**case_ref, "revision": revision.id})


def ledger_heads(session: Session) -> Iterator[tuple[Ledger, int, str]]:
    """Where each ledger stands: what an outsider keeps as an anchor."""
    for ledger in Ledger:
        position = head(session, ledger)
        yield ledger, position.seq, position.digest
