"""Verification of cases against the journal: rows, revisions and stored HTML.

``journal.verify`` checks the lines and the revisions that they commit to. This module compares
every case's rows with its last revision, and the HTML that readers see with its commitment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.verify import member_problems
from register.cases import case_codes, published_texts
from register.cases import case_content as contents
from register.cases.case_rows import UNREADABLE, CaseLine, CaseRows, read_openings
from register.cases.checklist import checklist_columns
from register.cases.models import CaseState, Incident, RedactedOriginal, Revision
from register.cases.persistence import derived_columns, page_commitment, reasons_commitment
from register.cases.verify_desk import desk_problems
from register.cases.vocabulary import current_vocabulary
from register.journal import Act, JournalEntry, Ledger, head
from register.journal.models import rfc3339
from register.journal.verify import Anchor, Problem
from register.journal.verify import verify as verify_journal

BATCH = 100

# Act → the state of the case after it.
_RESULTING_STATE = {
    Act.PUBLISHED: CaseState.PUBLISHED,
    Act.FOLLOWED_UP: CaseState.PUBLISHED,
    Act.REPLIED: CaseState.PUBLISHED,
    Act.CORRECTED: CaseState.PUBLISHED,
    Act.RESTORED: CaseState.PUBLISHED,
    Act.WITHDRAWN: CaseState.WITHDRAWN,
    Act.MERGED: CaseState.MERGED,
    Act.PARTED: CaseState.PUBLISHED,
    Act.DRAFT_MERGED: CaseState.MERGED,
    Act.ERASED: CaseState.ERASED,
    Act.DISCARDED: CaseState.ERASED,
    Act.DRAFTED: CaseState.DRAFT,
}
# Detail of a line → the column that it sets.
_STATE_DETAILS = {"into": "merged_into", "restriction": "restriction"}
# Acts that set the date of the last public event; a redaction does only for a published case.
_MOVING_ACTS = _RESULTING_STATE.keys() - {Act.DRAFTED}

# Content and reasons for flags → columns of the checklist; many revisions of a case have the same.
Checklists = dict[tuple[bytes, str | None], dict[str, Any]]


def verify(session: Session, anchors: Iterable[Anchor] = ()) -> Iterator[Problem]:
    """Every problem of journal, revisions and rows.

    :param anchors: lines that an outsider noted earlier.
    """
    yield from verify_journal(session, partial(read_openings, session), list(anchors))
    yield from _missing_cases(session)
    try:
        yield from member_problems(session)
    except UNREADABLE as error:
        yield Problem("members_unreadable", {"cause": type(error).__name__})
    try:
        yield from published_texts.problems(session)
    except UNREADABLE as error:
        yield Problem("texts_unreadable", {"cause": type(error).__name__})
    case_ids = session.scalars(select(Incident.id).order_by(Incident.id)).all()
    for start in range(0, len(case_ids), BATCH):
        ids = case_ids[start : start + BATCH]
        rows = CaseRows(session, ids)
        yield from (problem for case in ids for problem in _case_problems(rows, case))
        session.expunge_all()


def ledger_heads(session: Session) -> Iterator[tuple[Ledger, int, str]]:
    """The head of each ledger, which an outsider can note as an anchor."""
    for ledger in Ledger:
        position = head(session, ledger)
        yield ledger, position.seq, position.digest


def _missing_cases(session: Session) -> Iterator[Problem]:
    """Cases that lines name and that have no row, although no act deletes a case's row."""
    existing_ids = select(Incident.id)
    stmt = (
        select(JournalEntry.incident_id)
        .where(JournalEntry.incident_id.is_not(None), JournalEntry.incident_id.not_in(existing_ids))
        .distinct()
    )
    for incident_id in session.scalars(stmt.order_by(JournalEntry.incident_id)):
        yield Problem("case_missing", {"dossier": incident_id})


def _case_problems(rows: CaseRows, incident_id: int) -> Iterator[Problem]:
    case_ref: dict[str, object] = {"dossier": incident_id}
    try:
        case = rows.session.get_one(Incident, incident_id)
        case_ref["number"] = case.number
        journal_entries = rows.load(JournalEntry.__table__, incident_id)
        # The numbers of two ledgers cannot be compared; the revisions of their lines can.
        lines = sorted(
            map(CaseLine.of, journal_entries),
            key=lambda line: (
                line.act in (Act.ERASED, Act.DISCARDED),
                line.revision_id or 0,
                line.seq,
            ),
        )
        yield from _state_problems(case, lines, case_ref)
        if case.state != CaseState.ERASED:
            yield from _row_problems(rows, case, case_ref)
        yield from _code_problems(rows, case, lines, case_ref)
        yield from _revision_problems(rows, lines, case_ref)
        yield from desk_problems(rows, case, lines, case_ref)
    except UNREADABLE as error:
        yield Problem("case_unreadable", {**case_ref, "cause": type(error).__name__})


def _state_problems(
    case: Incident, lines: Iterable[CaseLine], case_ref: dict[str, object]
) -> Iterator[Problem]:
    """State, number and dates that differ from what the lines say."""
    expected: dict[str, Any] = dict.fromkeys(
        ("state", "number", "created_at", "first_published_at", "moved_at", "merged_into")
    )
    expected["restriction"] = ""
    for line in lines:
        private, act, at = line.private, line.act, rfc3339(line.at)
        expected["state"] = state = _state_after(line, expected["state"])
        expected["number"] = line.case_number or expected["number"]
        if act is Act.DRAFTED:
            expected["created_at"] = at
        if act is Act.PUBLISHED:
            expected["first_published_at"] = at
        if act in _MOVING_ACTS or (act is Act.REDACTED and state is CaseState.PUBLISHED):
            expected["moved_at"] = at
        expected |= {name: private[key] for key, name in _STATE_DETAILS.items() if key in private}
        if act is Act.RESTORED:
            expected["restriction"] = ""
        if act is Act.PARTED:
            expected["merged_into"] = None
    for name, expected_value in expected.items():
        actual_value = getattr(case, name)
        if isinstance(actual_value, datetime):
            actual_value = rfc3339(actual_value)
        if actual_value != expected_value:
            yield Problem("case_standing", {**case_ref, "field": name})


def _state_after(line: CaseLine, before: CaseState | None) -> CaseState | None:
    """The state of a case after a line."""
    if line.act is Act.WITHDRAWN and before is CaseState.MERGED:
        return before  # its notice shows less
    if line.act is Act.PARTED and "snapshot" in line.private:
        return CaseState.WITHDRAWN  # a line that shows the case commits to its text in public
    return _RESULTING_STATE.get(line.act, before)


def _row_problems(rows: CaseRows, case: Incident, case_ref: dict[str, object]) -> Iterator[Problem]:
    revisions = rows.load(Revision, case.id)
    if not revisions or revisions[-1].id != case.revision_id:
        yield Problem("case_snapshot", case_ref)
        return
    revision = revisions[-1]
    # The last revision of a draft may be destroyed with a withdrawn report; saving makes a new one.
    is_remaining = case.remaining_content is not None
    if is_remaining != (revision.content is None) or (is_remaining and not case.report_withdrawn):
        yield Problem("case_snapshot", case_ref)
        return
    differing = list(_differing_fields(rows, case))
    if differing:
        yield Problem("case_rows", {**case_ref, "fields": differing})


def _differing_fields(rows: CaseRows, case: Incident) -> Iterator[str]:
    """Yield the columns and lists of fragments that differ from the document of a case."""
    document, content = rows.parse(contents.stored_document(case))
    fragments = contents.fragments_of(case)
    if case.remaining_content is None:
        yield from (name for name in fragments if fragments[name] != document.get(name))
    for name, derived_value in derived_columns(content).items():
        if getattr(case, name) != derived_value:
            yield name
    # The state is not hashed, so it is compared with the hashed date of publication.
    if any((reply.state == "published") != bool(reply.published_at) for reply in case.replies):
        yield "replies"


def _code_problems(
    rows: CaseRows, case: Incident, lines: Sequence[CaseLine], case_ref: dict[str, object]
) -> Iterator[Problem]:
    """Codes that differ from those of the documents, and lost ones from what the lines say."""
    actual = case_codes.rows_by_key(rows.load(case_codes.CASE_CODE, case.id))
    entered = case_codes.entered_rows(actual)
    expected = _expected_codes(rows, case, lines)
    if (
        entered.keys() != expected.keys()
        or any(since not in expected[key] for key, since in entered.items())
        or actual != entered | case_codes.resolve(rows.session, entered)
    ):
        yield Problem("case_codes", case_ref)


def _expected_codes(
    rows: CaseRows, case: Incident, lines: Sequence[CaseLine]
) -> dict[case_codes.CodeKey, set[int]]:
    """Key of each row of an entered code → the lines since which the case may have the code.

    One is possible, or several where documents were destroyed. Of a code that was lost before the
    register had these rows, the line is unknown.
    """

    @cache
    def code_keys(document: bytes) -> set[case_codes.CodeKey]:
        _document, content = rows.parse(document)
        return case_codes.stored_keys(case_codes.codes_of(content))

    expected: dict[case_codes.CodeKey, set[int]] = {}
    since: dict[case_codes.CodeKey, set[int]] = {}
    destroyed: set[int] = set()  # lines since the last one whose document is not destroyed
    state: CaseState | None = None
    public_lines = [line for line in lines if line.ledger == Ledger.PUBLIC]
    # The redacted texts have other codes than the case had.
    redacted_ids = {
        row_id for line in lines for row_id in map(int, line.private.get("redacted", ()))
    }
    for line in sorted(public_lines, key=lambda line: line.seq):
        for key in case_codes.stored_keys(line.private.get("left", {}), line.seq):
            expected[key] = since.get(key._replace(until_line=0), set()) | destroyed | {0}
        state = _state_after(line, state)
        revision = rows.session.get(Revision, line.revision_id) if line.revision_id else None
        if state != CaseState.PUBLISHED:
            since, destroyed = {}, set()
        elif revision is None or revision.content is None or revision.id in redacted_ids:
            destroyed.add(line.seq)
        else:
            since = {
                key: since[key]
                if key in since and not destroyed
                else since.get(key, set()) | destroyed | {line.seq}
                for key in code_keys(revision.content)
            }
            destroyed = set()
    if case.state != CaseState.ERASED:
        for key in code_keys(contents.stored_document(case)):
            expected[key] = since.get(key, {0})
    return expected


def _revision_problems(
    rows: CaseRows, lines: Sequence[CaseLine], case_ref: dict[str, Any]
) -> Iterator[Problem]:
    originals = rows.load(RedactedOriginal, case_ref["dossier"])
    checklists: Checklists = {}
    redactions = sorted(
        (line for line in lines if "redacted" in line.private), key=lambda line: line.seq
    )
    for line in lines:
        if "why" not in line.private or line.revision_id is None:
            continue
        # Of the present texts under None, of those before each redaction under its number.
        digests: dict[int | None, Mapping[str, Any]] = {None: line.private}
        for redaction in redactions:
            if redacted := redaction.private["redacted"].get(str(line.revision_id)):
                digests |= {redaction.private["destruction"]: digests[None], None: redacted}
        revision = rows.session.get(Revision, line.revision_id)
        if revision is None:
            yield Problem("revision_missing", {**case_ref, "revision": line.revision_id})
            continue
        origin = (revision.act, revision.made_by, rfc3339(revision.made_at), revision.incident_id)
        if origin != (line.act.value, line.by, rfc3339(line.at), case_ref["dossier"]):
            yield Problem("revision_changed", {**case_ref, "revision": revision.id})
        if not _checklist_holds(rows, revision, checklists):
            yield Problem("revision_checklist", {**case_ref, "revision": revision.id})
        # ``journal.verify`` checks whether a text may be missing.
        for texts, text_digests in _committed_texts(revision, originals, digests):
            if texts.salt is None:
                continue
            reasons = (texts.reason or "", texts.flags_reason or "")
            if reasons_commitment(texts.salt, *reasons) != text_digests["why"]:
                yield Problem("reason_changed", {**case_ref, "revision": revision.id})
            # The HTML of every snapshot, since a citation may pin an earlier one.
            html = page_commitment(texts.salt, texts.renderer or "", texts.html or b"")
            if html != text_digests.get("page"):
                yield Problem("html_changed", {**case_ref, "revision": revision.id})
    if not _originals_hold(originals, lines):
        yield Problem("revision_originals", dict(case_ref))


def _committed_texts(
    revision: Revision,
    originals: Sequence[RedactedOriginal],
    digests: Mapping[int | None, Mapping[str, Any]],
) -> Iterator[tuple[Revision | RedactedOriginal, Mapping[str, Any]]]:
    """The present texts of a revision and those before redactions, with what lines say of them."""
    yield revision, digests[None]
    for original in originals:
        if original.revision_id == revision.id and original.destruction_id in digests:
            yield original, digests[original.destruction_id]


def _checklist_holds(rows: CaseRows, revision: Revision, checklists: Checklists) -> bool:
    """Whether the stored checklist is that of the text, or empty once the text is destroyed."""
    if revision.content is None:
        return revision.unmet is None
    key = (revision.content, revision.flags_reason)
    if key not in checklists:
        document, content = rows.parse(revision.content)
        checklists[key] = checklist_columns(
            document, revision.flags_reason, current_vocabulary(rows.session), content=content
        )
    expected = dict(checklists[key])
    expected["needs_second"] |= revision.act == Act.PUBLISHED and revision.needs_second
    return expected == {name: getattr(revision, name) for name in expected}


def _originals_hold(originals: Sequence[RedactedOriginal], lines: Sequence[CaseLine]) -> bool:
    """Whether the texts before redactions are those of the lines, without the destroyed ones."""
    destroyed = {tuple(pair) for line in lines for pair in line.private.get("originals", ())}
    whole_ids = {row_id for line in lines for row_id in line.private.get("destroyed", ())}
    expected = {
        (line.private["destruction"], int(revision_id))
        for line in lines
        for revision_id in line.private.get("redacted", ())
        if int(revision_id) not in whole_ids
    }
    actual = [(original.destruction_id, original.revision_id) for original in originals]
    return sorted(actual) == sorted(expected - destroyed)
