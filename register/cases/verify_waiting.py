"""Proof that what waits for a second person, or is hidden, is what the lines say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.models import Incident, Revision
from register.cases.pending import Destruction, PendingChange
from register.journal import Act, JournalEntry
from register.journal.verify import Problem


def waiting_problems(
    session: Session, case: Incident, lines: Sequence[JournalEntry], case_ref: Mapping[str, object]
) -> Iterator[Problem]:
    """What of pending changes, destructions and hidden versions no line of the case says.

    :param lines: all lines of the case, of both ledgers.
    """
    line_details = [(line, json.loads(line.private_json)) for line in lines]
    if not _changes_hold(session, case, line_details):
        yield Problem("desk_changes", dict(case_ref))
    if not _destructions_hold(session, case, line_details):
        yield Problem("desk_destructions", dict(case_ref))
    hidden_ids = set(
        session.scalars(
            select(Revision.id).where(
                Revision.incident_id == case.id, Revision.destruction_id.is_not(None)
            )
        )
    )
    # One that readers should not see and do, or that they should and do not.
    for revision_id in sorted(_hidden_revision_ids(line_details) ^ hidden_ids):
        yield Problem("revision_shown", {**case_ref, "revision": revision_id})


def _changes_hold(
    session: Session, case: Incident, line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]]
) -> bool:
    """Each change that is there was proposed by the line that names it."""
    proposed = {
        private.get("change"): (private.get("change_act"), line.member_id, line.at)
        for line, private in line_details
        if line.act == Act.CHANGE_PROPOSED.value
    }
    pending_changes = session.scalars(
        select(PendingChange).where(PendingChange.incident_id == case.id)
    )
    return all(
        proposed.get(change.id) == (change.act, change.made_by, change.made_at)
        for change in pending_changes
    )


def _destructions_hold(
    session: Session, case: Incident, line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]]
) -> bool:
    """Each destruction stands where the lines that asked for it and ended it left it."""
    expected: dict[Any, tuple[Any, ...]] = {}
    # A destruction is asked for in one ledger and ended in the other.
    for line, private in sorted(
        line_details, key=lambda pair: (pair[0].act != Act.REDACTED.value, pair[0].seq)
    ):
        destruction_id = private.get("destruction")
        if destruction_id is None:
            continue
        if line.act == Act.REDACTED.value:
            expected[destruction_id] = (line.member_id, line.at, private.get("due"), None, "")
        else:
            ending = private.get("ending", "kept")
            expected[destruction_id] = (
                *expected.get(destruction_id, (None, None, None))[:3],
                line.at,
                ending,
            )
    destructions = session.scalars(select(Destruction).where(Destruction.incident_id == case.id))
    actual = {
        destruction.id: (
            destruction.made_by,
            destruction.made_at,
            destruction.due_on.isoformat(),
            destruction.ended_at,
            destruction.ending,
        )
        for destruction in destructions
    }
    return actual == expected


def _hidden_revision_ids(
    line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]],
) -> set[int]:
    """The versions that lines say are hidden."""
    return {
        revision_id for _line, private in line_details for revision_id in private.get("hidden", ())
    }
