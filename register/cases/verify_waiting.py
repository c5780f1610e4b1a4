"""Proof that what waits for a second person, or is hidden, is what the lines say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.models import Incident, Revision
from register.cases.pending import Destruction, PendingChange
from register.journal import Act, Entry
from register.journal.verify import Problem


def waiting_problems(
    session: Session, case: Incident, lines: Sequence[Entry], place: Mapping[str, object]
) -> Iterator[Problem]:
    """What of pending changes, destructions and hidden versions no line of the case says.

    :param lines: all lines of the case, of both ledgers.
    """
    told = [(line, json.loads(line.private_json)) for line in lines]
    if not _changes_hold(session, case, told):
        yield Problem("desk_changes", dict(place))
    if not _destructions_hold(session, case, told):
        yield Problem("desk_destructions", dict(place))
    hidden = set(
        session.scalars(
            select(Revision.id).where(
                Revision.incident_id == case.id, Revision.destruction_id.is_not(None)
            )
        )
    )
    # One that readers should not see and do, or that they should and do not.
    for revision in sorted(_said(told) ^ hidden):
        yield Problem("revision_shown", {**place, "revision": revision})


def _changes_hold(
    session: Session, case: Incident, told: Sequence[tuple[Entry, Mapping[str, Any]]]
) -> bool:
    """Each change that is there was proposed by the line that names it."""
    proposed = {
        private.get("change"): (private.get("change_act"), line.member_id, line.at)
        for line, private in told
        if line.act == Act.CHANGE_PROPOSED.value
    }
    rows = session.scalars(select(PendingChange).where(PendingChange.incident_id == case.id))
    return all(proposed.get(row.id) == (row.act, row.made_by, row.made_at) for row in rows)


def _destructions_hold(
    session: Session, case: Incident, told: Sequence[tuple[Entry, Mapping[str, Any]]]
) -> bool:
    """Each destruction stands where the lines that asked for it and ended it left it."""
    wanted: dict[Any, tuple[Any, ...]] = {}
    # A destruction is asked for in one ledger and ended in the other.
    for line, private in sorted(
        told, key=lambda one: (one[0].act != Act.REDACTED.value, one[0].seq)
    ):
        key = private.get("destruction")
        if key is None:
            continue
        if line.act == Act.REDACTED.value:
            wanted[key] = (line.member_id, line.at, private.get("due"), None, "")
        else:
            ending = private.get("ending", "kept")
            wanted[key] = (*wanted.get(key, (None, None, None))[:3], line.at, ending)
    rows = session.scalars(select(Destruction).where(Destruction.incident_id == case.id))
    found = {
        row.id: (row.made_by, row.made_at, row.due_on.isoformat(), row.ended_at, row.ending)
        for row in rows
    }
    return found == wanted


def _said(told: Sequence[tuple[Entry, Mapping[str, Any]]]) -> set[int]:
    """The versions that lines say are hidden."""
    return {revision for _line, private in told for revision in private.get("hidden", ())}
