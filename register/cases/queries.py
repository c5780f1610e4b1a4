"""Queries of one public case: a version, its tombstone, its public acts.

A draft and a missing case look the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.case_content import CaseSnapshot, parse_snapshot
from register.cases.core_tables import CASE, IS_PUBLIC, IS_PUBLIC_LINE, JOURNAL_ENTRY, REVISION
from register.cases.mergers import Merger, load_merger
from register.cases.models import CaseState
from register.cases.validation import NUMBER_LIMIT
from register.errors import Gone, Moved, NotFound
from register.journal import Act
from register.journal.models import rfc3339
from register.text.passage_removal import REMOVAL_MARK, REMOVED_URL

# Acts that publish a revision, which a citation may then pin.
CITABLE_ACTS = frozenset(
    {
        *(Act.PUBLISHED, Act.FOLLOWED_UP, Act.REPLIED, Act.CORRECTED, Act.REDACTED),
        *(Act.RESTORED, Act.PARTED),
    }
)


@dataclass(frozen=True)
class PublicCase:
    """Public case as its page shows it, at the current or a pinned version.

    ``redacted_by``: the last line of the public ledger that removed a passage from an earlier
    version, and that has its present ``commitment``.
    ``merger`` is set for a version of a merged case.
    """

    number: int
    first_published_at: datetime
    moved_at: datetime
    version: int
    is_current: bool
    version_at: datetime
    commitment: str
    snapshot: CaseSnapshot
    redacted_by: int | None = None
    merger: Merger | None = None

    @property
    def has_removal(self) -> bool:
        """Whether its text lacks a passage that it had when it was published."""
        return self.redacted_by is not None and any(
            mark in json.dumps(self.snapshot.content, ensure_ascii=False)
            for mark in (REMOVAL_MARK, REMOVED_URL)
        )


@dataclass(frozen=True)
class MergedCase:
    """What the address of a merged case shows; ``case``: its last version, None if it is hidden."""

    number: int
    first_published_at: datetime
    merger: Merger
    case: PublicCase | None


@dataclass(frozen=True)
class Tombstone:
    """Act and time of the removal of a case, and the reason of a withdrawal."""

    number: int
    act: str
    at: datetime
    reason: str


# Statements are built once: building one takes longer than running it.
_CASE_STMT = (
    select(
        CASE.c.state,
        CASE.c.merged_into,
        CASE.c.restriction,
        CASE.c.first_published_at,
        CASE.c.moved_at,
        CASE.c.revision_id,
        REVISION.c.content,
        REVISION.c.html,
    )
    .outerjoin(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(CASE.c.number == bindparam("number"))
)
_PUBLIC_LINES = select(
    JOURNAL_ENTRY.c.seq,
    JOURNAL_ENTRY.c.act,
    JOURNAL_ENTRY.c.at,
    JOURNAL_ENTRY.c.revision_id,
    JOURNAL_ENTRY.c.public_json,
).where(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.case_number == bindparam("number"))
_LATEST_LINE = _PUBLIC_LINES.order_by(JOURNAL_ENTRY.c.seq.desc()).limit(1)
_LATEST_EVENT_STMT = _LATEST_LINE.where(JOURNAL_ENTRY.c.act.in_(CITABLE_ACTS))
_TOMBSTONE_STMT = _LATEST_LINE.where(JOURNAL_ENTRY.c.act.in_((Act.WITHDRAWN, Act.ERASED)))
_EVENT_BY_SEQ_STMT = _LATEST_EVENT_STMT.where(JOURNAL_ENTRY.c.seq == bindparam("version"))


def load_public_case(session: Session, number: int, version: int | None = None) -> PublicCase:
    """Public case by its number, as it reads now or as it read after a public event.

    :param version: line number of a public event of this case.
    :raises NotFound: no such case, or a case that was never public.
    :raises Moved: merged into another, and no version is asked for.
    :raises Gone: withdrawn or erased, with its :class:`Tombstone`; or a version destroyed or hidden
        since.
    """
    case_row = _load_row(session, number)
    merger = None
    if case_row.state == CaseState.MERGED:
        if version is None:
            raise Moved("case_merged", number=case_row.merged_into)
        merger = load_merger(session, number, case_row.merged_into, case_row.restriction)
        if not merger.is_readable:
            raise Gone("case_gone")
    elif case_row.state != CaseState.PUBLISHED:
        raise Gone("case_gone", tombstone=load_tombstone(session, number))
    return _load_version(session, number, version, case_row, merger)


def load_merged_case(session: Session, number: int) -> MergedCase:
    """What is public of a merged case.

    :raises NotFound: no such case, or one that is not merged.
    """
    case_row = _load_row(session, number)
    if case_row.state != CaseState.MERGED:
        raise NotFound("no_such_case")
    merger = load_merger(session, number, case_row.merged_into, case_row.restriction)
    case = _load_version(session, number, None, case_row, merger) if merger.is_readable else None
    return MergedCase(number, case_row.first_published_at, merger, case)


def _load_row(session: Session, number: int) -> Any:
    # PostgreSQL refuses to compare numbers beyond its integers.
    in_range = number <= NUMBER_LIMIT
    case_row = session.execute(_CASE_STMT, {"number": number}).first() if in_range else None
    if case_row is None:
        raise NotFound("no_such_case")
    return case_row


def _load_version(
    session: Session, number: int, version: int | None, case_row: Any, merger: Merger | None
) -> PublicCase:
    event = load_event(session, number, version)
    is_current = event.revision_id == case_row.revision_id
    redacted_by, commitment = None, json.loads(event.public_json)["content"]
    if is_current:
        content, html = case_row.content, case_row.html
    else:
        content, html = _load_pinned(session, event.revision_id)
        redacted_by, commitment = _load_redaction(session, number, event.seq) or (None, commitment)
    return PublicCase(
        number=number,
        first_published_at=case_row.first_published_at,
        moved_at=case_row.moved_at,
        version=event.seq,
        is_current=is_current,
        version_at=event.at,
        commitment=commitment,
        snapshot=parse_snapshot(content, html),
        redacted_by=redacted_by,
        merger=merger,
    )


def load_event(session: Session, number: int, version: int | None) -> Any:
    """The line of a public version; the last one by default.

    :raises NotFound: ``no_such_version``.
    """
    stmt = _LATEST_EVENT_STMT if version is None else _EVENT_BY_SEQ_STMT
    parameters = {"number": number, "version": min(version or 0, NUMBER_LIMIT)}
    event = session.execute(stmt, parameters).first()
    # A redaction of a withdrawn case has no content commitment: readers never saw its revision.
    if event is None or json.loads(event.public_json)["content"] is None:
        raise NotFound("no_such_version")
    return event


def _load_pinned(session: Session, revision_id: int) -> tuple[bytes, bytes | None]:
    revision_row = session.execute(
        select(REVISION.c.content, REVISION.c.html, REVISION.c.destruction_id).where(
            REVISION.c.id == revision_id
        )
    ).one()
    # A redaction hides a version at once and destroys it later.
    if revision_row.content is None or revision_row.destruction_id is not None:
        raise Gone("version_destroyed")
    return revision_row.content, revision_row.html


_REDACTIONS_STMT = _PUBLIC_LINES.where(
    JOURNAL_ENTRY.c.act == Act.REDACTED, JOURNAL_ENTRY.c.seq > bindparam("version")
).order_by(JOURNAL_ENTRY.c.seq.desc())


def _load_redaction(session: Session, number: int, version: int) -> tuple[int, str] | None:
    """The last line that removed a passage from a version, and its commitment to what remains."""
    for line in session.execute(_REDACTIONS_STMT, {"number": number, "version": version}):
        commitments = json.loads(line.public_json).get("redacted", {})
        if str(version) in commitments:
            return line.seq, commitments[str(version)]
    return None


def load_tombstone(session: Session, number: int) -> Tombstone:
    """Tombstone of a withdrawn or erased case, from the public ledger."""
    last_line = session.execute(_TOMBSTONE_STMT, {"number": number}).one()
    # Lines of former versions have the reason of an erasure, which could tell who asked for it.
    is_erased = last_line.act == Act.ERASED
    reason = "" if is_erased else json.loads(last_line.public_json)["reason"]
    return Tombstone(number, last_line.act, last_line.at, reason or "")


_CITING_STMT = (
    select(CASE.c.number, CASE.c.title, REVISION.c.content)
    .join(CASE_CODE, CASE_CODE.c.incident_id == CASE.c.id)
    .join(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(
        CASE_CODE.c.axis == "lien", CASE_CODE.c.code == bindparam("code"), IS_PUBLIC_CODE, IS_PUBLIC
    )
    .order_by(CASE.c.number)
    .limit(40)
)


def list_citing_cases(session: Session, number: int) -> Sequence[tuple[int, str, str]]:
    """Public cases that link to a case, as (number, kind of link, title), at most 40."""
    return [
        (citing.number or 0, link["kind"], citing.title)
        for citing in session.execute(_CITING_STMT, {"code": str(number)})
        for link in json.loads(citing.content)["links"]
        if link["number"] == number
    ]


@dataclass(frozen=True)
class PublicChange:
    """A public act on a case.

    ``version`` is the number of its line in the ledger; ``readable`` says whether the text of that
    version is still available. ``rank`` is the number of that text among the case's public ones,
    from 1; 0 for an act that published none. ``part`` is the follow-up, reply or correction that it
    added, ``number`` the rank of that among its kind, from 1. ``reason`` is the public code of a
    withdrawal.
    """

    act: str
    at: datetime
    version: int
    readable: bool
    rank: int = 0
    reason: str = ""
    part: Mapping[str, Any] | None = None
    number: int = 0


# Act → list of the content to which it adds, and the key of the time in its elements.
_FRAGMENT_KEYS = {
    Act.FOLLOWED_UP.value: ("follow_ups", "added_at"),
    Act.REPLIED.value: ("replies", "published_at"),
    Act.CORRECTED.value: ("corrections", "made_at"),
    Act.REDACTED.value: ("corrections", "made_at"),
    Act.RESTORED.value: ("corrections", "made_at"),
}

_CHANGES_STMT = (
    _PUBLIC_LINES.add_columns(
        and_(REVISION.c.content.is_not(None), REVISION.c.destruction_id.is_(None)).label("readable")
    )
    .outerjoin(REVISION, REVISION.c.id == JOURNAL_ENTRY.c.revision_id)
    .where(
        JOURNAL_ENTRY.c.act.in_((*CITABLE_ACTS, Act.WITHDRAWN, Act.MERGED)),
        JOURNAL_ENTRY.c.seq <= bindparam("version"),
    )
    .order_by(JOURNAL_ENTRY.c.seq)
)


def list_changes(session: Session, case: PublicCase) -> list[PublicChange]:
    """The public acts up to the version of ``case``, oldest first.

    The notes are those of that version: as redactions up to it rewrote them.
    """
    # Fragments by list and time; two of one second keep their order.
    fragments: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for list_name, time_key in dict.fromkeys(_FRAGMENT_KEYS.values()):
        for number, fragment in enumerate(case.snapshot.content[list_name], start=1):
            fragments.setdefault((list_name, fragment[time_key]), []).append((number, fragment))
    changes, rank = [], 0
    for line in session.execute(_CHANGES_STMT, {"number": case.number, "version": case.version}):
        public_json = json.loads(line.public_json)
        list_name, _time_key = _FRAGMENT_KEYS.get(line.act, ("", ""))
        candidates = fragments.get((list_name, rfc3339(line.at)))
        number, fragment = candidates.pop(0) if candidates else (0, None)
        # A withdrawal commits to no text, nor does a redaction of a withdrawn case.
        has_text = bool(public_json["content"])
        rank += has_text
        change = PublicChange(
            act=line.act,
            at=line.at,
            version=line.seq,
            readable=has_text and bool(line.readable),
            rank=rank if has_text else 0,
            reason=public_json["reason"] or "",
            part=fragment,
            number=number,
        )
        changes.append(change)
    return changes
