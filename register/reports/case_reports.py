"""The reports that a case goes back to: what it keeps of them, and what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.member_view import ID_LIMIT
from register.cases.models import Incident
from register.cases.models import State as CaseState
from register.cases.validation import NUMBER_LIMIT
from register.errors import NotFound, Refused
from register.report_keys import KeyStore
from register.reports import encryption
from register.reports.models import Kept, Report, State
from register.reports.queries import kept_for
from register.reports.report_content import Sent

# Decisions that are opened to find those about one case: the latest ones.
OPENED = 300


@dataclass(frozen=True)
class Decided:
    """A report whose decision names a case, for as long as it can be read."""

    key: str
    state: State
    news: bool
    moved_on: date


@dataclass(frozen=True)
class Origins:
    """Where a case comes from. ``kept`` outlives the reports, which are destroyed on their day."""

    kept: Sequence[Sent]
    reports: Sequence[Decided]

    @property
    def taken_back(self) -> Sequence[Decided]:
        """Those that their authors took back."""
        return [one for one in self.reports if one.state is State.WITHDRAWN]

    @property
    def open(self) -> Sequence[Decided]:
        """Those that members can still read."""
        return [one for one in self.reports if one.state is State.ACCEPTED]


def origins(session: Session, store: KeyStore, incident_id: int) -> Origins:
    """The reports that a case goes back to, for members."""
    kept = kept_for(session, store, incident_id)
    # A case that keeps nothing of reports can only go back to some that were taken back.
    states = (State.ACCEPTED, State.WITHDRAWN) if kept else (State.WITHDRAWN,)
    return Origins(kept, _decided(session, store, incident_id, states))


def keeps_any(session: Session, incident_id: int) -> bool:
    """Whether a case keeps anything of a report."""
    return (
        session.scalar(select(Kept.key).where(Kept.incident_id == incident_id).limit(1)) is not None
    )


def _decided(
    session: Session, store: KeyStore, incident_id: int, states: Sequence[State]
) -> list[Decided]:
    """Which report a case was made of stands in no column: it is in the sealed decisions."""
    rows = session.execute(
        select(Report.key, Report.state, Report.news, Report.moved_on, Report.decision)
        .where(
            Report.state.in_([state.value for state in states]),
            Report.decision.is_not(None),
        )
        .order_by(Report.moved_on.desc(), Report.key)
        .limit(OPENED)
    ).all()
    keys = store.keys(row.key for row in rows) if rows else {}
    return [
        Decided(row.key, State(row.state), row.news, row.moved_on)
        for row in rows
        if row.key in keys and _case_of(keys[row.key], row) == incident_id
    ]


def _case_of(key: bytes, row: Any) -> int | None:
    return encryption.open_decision(key, row.key, row.decision).incident


def case_to_join(session: Session, *, number: int = 0, dossier: int = 0) -> int:
    """The case that a report is to be joined to, by its public number or its number on the desk.

    :raises NotFound: ``no_such_dossier`` or ``no_such_number``.
    :raises Refused: ``joins_merged``, with the number it leads to; ``joins_erased``.
    """
    asked = select(Incident.id, Incident.state, Incident.merged_into)
    if number:
        asked = asked.where(Incident.number == min(number, NUMBER_LIMIT))
    else:
        asked = asked.where(Incident.id == min(dossier, ID_LIMIT))
    case = session.execute(asked).one_or_none()
    if case is None and number:
        raise NotFound("no_such_number", number=number)
    if case is None:
        raise NotFound("no_such_dossier", dossier=dossier)
    if case.state == CaseState.MERGED:
        raise Refused("joins_merged", state=case.state, number=case.merged_into)
    if case.state == CaseState.ERASED:
        raise Refused("joins_erased", state=case.state)
    return int(case.id)
