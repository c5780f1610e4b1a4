"""Proof that the reports that are there are those that lines speak of, each where they say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.journal import Act, Entry, Ledger
from register.journal.verify import Problem
from register.report_keys import KeyStore
from register.reports import encryption, rules
from register.reports.models import Kept, Report, State

# What a decision leads to; taken up again, a report is open once more. All are lines of the desk,
# which have one order. A report that was taken back stays so, whatever came before.
_DECIDED: dict[Act, State | None] = {
    Act.REPORT_ACCEPTED: State.ACCEPTED,
    Act.REPORT_DECLINED: State.DECLINED,
    Act.REPORT_SPAM: State.SPAM,
    Act.REPORT_REOPENED: None,
}
_ACTS = [act.value for act in Act if act.value.startswith("report_")]


def problems(session: Session) -> Iterator[Problem]:
    """Reports without a line, lines without their report, states that no line leads to."""
    told: dict[str, list[tuple[Act, bool]]] = {}
    lines = session.execute(
        select(Entry.act, Entry.private_json)
        .where(Entry.ledger.in_([Ledger.DESK.value, Ledger.REPORTS.value]), Entry.act.in_(_ACTS))
        .order_by(Entry.ledger, Entry.seq)
        .execution_options(yield_per=500)
    )
    for line in lines:
        private = _object(line.private_json)
        if "report" in private:
            counted = bool(private.get("counted"))
            told.setdefault(private["report"], []).append((Act(line.act), counted))
    there = {row.key: row for row in session.execute(select(*_COLUMNS))}
    for key, acts in told.items():
        gone = any(counted for _act, counted in acts)
        if key not in there and not gone:
            yield Problem("report_missing", {"report": key})
        elif key in there and gone:
            yield Problem("report_survives", {"report": key})
    for key, row in there.items():
        if not _holds(row.state, row.sealed is not None, [act for act, _ in told.get(key, [])]):
            yield Problem("report_differs", {"report": key})


def lost_keys(session: Session, store: KeyStore) -> int:
    """How many of the keys that something is closed with are not in their store."""
    return len(keys_in_use(session) - store.names())


def _object(data: bytes) -> Mapping[str, Any]:
    """What a line says; of one that was tampered with ``journal.verify`` speaks."""
    try:
        told = json.loads(data)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


_COLUMNS = (Report.key, Report.state, Report.sealed)


def _holds(state: str, has_texts: bool, acts: list[Act]) -> bool:
    if acts.count(Act.REPORT_RECEIVED) != 1:
        return False
    if has_texts == (Act.REPORT_PURGED in acts):
        return False
    decided = [_DECIDED[act] for act in acts if act in _DECIDED]
    ended = State.WITHDRAWN if Act.REPORT_WITHDRAWN in acts else (decided or [None])[-1]
    # Among the open states, lines of two ledgers lead now to one and now to the other.
    return state == ended if ended else state in rules.OPEN


def keys_in_use(session: Session) -> set[str]:
    """The names of the keys that something is closed with."""
    sealed = select(Report.key, encryption.WHICH_CONTACT).where(Report.sealed.is_not(None))
    names = set()
    for key, contact in session.execute(sealed):
        names.add(key)
        if contact is not None:
            names.add(encryption.contact_key(key, contact))
    kept = session.scalars(select(Kept.incident_id).distinct())
    return names | {encryption.case_key(incident) for incident in kept}
