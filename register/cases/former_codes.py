"""The codes that public cases have had, so that whoever followed one is told when it goes.

A withdrawal, a redaction or an erasure has to reach every feed that ever showed the case, also
once its texts are gone and after a correction moved it to another commune. Codes outlive texts
(domain.md 5); a text that was searched for is never kept here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from register.cases.models import CaseState, FormerCode, Incident
from register.journal import JournalEntry, WriteTransaction

# Bounds of the length of an affair in days: from the first day it may have begun to the last it
# may have ended.
DURATIONS: dict[str, tuple[int | None, int | None]] = {
    "moins-d-un-an": (None, 365),
    "un-a-trois-ans": (366, 3 * 365),
    "plus-de-trois-ans": (3 * 365 + 1, None),
    "inconnue": (None, None),
}

# What a proceeding comes to that says nothing of its end.
UNKNOWN = "inconnue"

CodesByAxis = Mapping[str, frozenset[str]]


def public_codes(case: Incident) -> CodesByAxis:
    """What the filters find a public case by, axis by axis; nothing for a case nobody is shown.

    Days are ISO strings, which sort as days do: ``du`` is the last day that the incident may have
    happened on, ``au`` the first.
    """
    if case.state != CaseState.PUBLISHED:
        return {}
    codes_by_axis: dict[str, set[str]] = {}
    for axis, code in _axis_codes(case):
        if code:
            codes_by_axis.setdefault(axis, set()).add(code)
    return {axis: frozenset(codes) for axis, codes in codes_by_axis.items()}


def _axis_codes(case: Incident) -> Iterator[tuple[str, str]]:
    for place in case.places:
        yield "commune", place.code
    yield "departement", case.departement
    yield "region", case.region
    yield "pays", case.country
    for incident_type in case.types:
        yield "type", incident_type.code
    yield "cible", case.target
    yield "acteur", case.actor
    yield "niveau", case.level
    yield "issue", case.outcome
    yield "preuve", case.evidence
    for proceeding in case.proceedings:
        yield "sens", proceeding.direction
        yield "procedure", proceeding_code(proceeding.direction, proceeding.outcome)
    yield "duree", duration_code(case.duration)
    if case.date_first is None or case.date_last is None:
        yield "sans_date", "1"
    else:
        yield "du", case.date_last.isoformat()
        yield "au", case.date_first.isoformat()


def duration_code(days: int | None) -> str:
    """The code of a length in days."""
    if days is None:
        return "inconnue"
    fitting_codes = (
        code for code, (_min_days, max_days) in DURATIONS.items() if max_days and days <= max_days
    )
    return next(fitting_codes, "plus-de-trois-ans")


def proceeding_code(direction: str, outcome: str) -> str:
    """The code of a proceeding: who acts against whom, and what came of it."""
    return f"{direction}.{outcome or UNKNOWN}"


def lost_codes(before: CodesByAxis, after: CodesByAxis) -> dict[str, list[str]]:
    """The codes of ``before`` that ``after`` has no more, sorted, for a journal line."""
    no_codes: frozenset[str] = frozenset()
    missing_codes = {
        axis: sorted(codes - after.get(axis, no_codes)) for axis, codes in before.items()
    }
    return {axis: codes for axis, codes in missing_codes.items() if codes}


def record_lost_codes(
    tx: WriteTransaction, incident_id: int, codes: Mapping[str, Sequence[str]], line: JournalEntry
) -> None:
    """Keep the codes that a case lost by a public line."""
    tx.session.add_all(
        FormerCode(incident_id=incident_id, axis=axis, code=code, seq=line.seq)
        for axis, axis_codes in codes.items()
        for code in axis_codes
    )
