"""Codes of public cases, and the record of those that a case has lost.

A withdrawal, a redaction or an erasure has to reach every feed that ever showed the case, even
when its texts are destroyed or a correction moved it to another commune. Only codes are recorded,
never free text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from register.cases.models import CaseState, Incident
from register.db import Base
from register.journal import JournalEntry, WriteTransaction

# Code → bounds of the duration in days, from the first possible day to the last.
DURATIONS: dict[str, tuple[int | None, int | None]] = {
    "moins-d-un-an": (None, 365),
    "un-a-trois-ans": (366, 3 * 365),
    "plus-de-trois-ans": (3 * 365 + 1, None),
    "inconnue": (None, None),
}

# Outcome code of a proceeding without an outcome.
UNKNOWN = "inconnue"

CodesByAxis = Mapping[str, frozenset[str]]


class FormerCode(Base):
    """A code that a public case lost by a public act.

    Feeds filtered by the code still list the act: subscribers of a commune have to learn that a
    case of it was withdrawn, even after its texts are destroyed. ``axis`` is the name of a filter,
    ``seq`` the number of the public line of the act, which commits to the rows.
    """

    __tablename__ = "former_code"
    __table_args__ = (Index("ix_former_code_axis", "axis", "code", "incident_id"),)

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    axis: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)


def public_codes(case: Incident) -> CodesByAxis:
    """Axis → codes by which the filters find a public case; empty for any other case.

    Days are ISO strings, which sort as days do: ``du`` is the last possible day of the incident,
    ``au`` the first.
    """
    if case.state != CaseState.PUBLISHED:
        return {}
    codes_by_axis = {
        "commune": {place.code for place in case.places},
        "departement": {case.departement},
        "region": {case.region},
        "pays": {case.country},
        "type": {incident_type.code for incident_type in case.types},
        "cible": {case.target},
        "acteur": {case.actor},
        "niveau": {case.level},
        "issue": {case.outcome},
        "preuve": {case.evidence},
        "sens": {proceeding.direction for proceeding in case.proceedings},
        "procedure": {
            proceeding_code(proceeding.direction, proceeding.outcome)
            for proceeding in case.proceedings
        },
        "duree": {duration_code(case.duration)},
    }
    if case.date_first is None or case.date_last is None:
        codes_by_axis["sans_date"] = {"1"}
    else:
        codes_by_axis["du"] = {case.date_last.isoformat()}
        codes_by_axis["au"] = {case.date_first.isoformat()}
    return {axis: frozenset(filter(None, codes)) for axis, codes in codes_by_axis.items()}


def duration_code(days: int | None) -> str:
    """Code of a duration in days; None is an unknown one."""
    if days is None:
        return UNKNOWN
    fitting_codes = (
        code for code, (_min_days, max_days) in DURATIONS.items() if max_days and days <= max_days
    )
    return next(fitting_codes, "plus-de-trois-ans")


def proceeding_code(direction: str, outcome: str) -> str:
    """Code of a proceeding: its direction and its outcome."""
    return f"{direction}.{outcome or UNKNOWN}"


def lost_codes(before: CodesByAxis, after: CodesByAxis) -> dict[str, list[str]]:
    """Codes of ``before`` that are not in ``after``, sorted, for a journal line."""
    missing_codes = {
        axis: sorted(codes - after.get(axis, frozenset())) for axis, codes in before.items()
    }
    return {axis: codes for axis, codes in missing_codes.items() if codes}


def record_lost_codes(
    tx: WriteTransaction, incident_id: int, codes: Mapping[str, Sequence[str]], line: JournalEntry
) -> None:
    """Record the codes that a case lost by a public line."""
    tx.session.add_all(
        FormerCode(incident_id=incident_id, axis=axis, code=code, seq=line.seq)
        for axis, axis_codes in codes.items()
        for code in axis_codes
    )
