"""What a day brings: questions left unanswered, terms that run out, texts that are destroyed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from sqlalchemy import Engine, Select, delete, select
from sqlalchemy.orm import Session

from register.cases.acts import destroy_due
from register.cases.deadlines import add_months
from register.cases.models import Incident
from register.cases.models import State as CaseState
from register.journal import Act, Pen, writing
from register.report_keys import KeyStore
from register.reports import encryption, rules
from register.reports.acts._steps import move
from register.reports.encryption import Decision
from register.reports.models import Kept, Message, Report, State, Tally
from register.text import dates

_IS_SEALED = Report.sealed.is_not(None).label("is_sealed")
# Rows dealt with under one pen, so that nobody else waits for it for long.
AT_ONCE = 200


@dataclass(frozen=True)
class Purged:
    """What one purge did: how many of each, and whether there is more to do."""

    returned: int = 0
    expired: int = 0
    purged: int = 0
    kept: int = 0
    counted: int = 0
    destroyed: int = 0
    more: bool = False

    def __add__(self, other: Purged) -> Purged:
        return Purged(
            self.returned + other.returned,
            self.expired + other.expired,
            self.purged + other.purged,
            self.kept + other.kept,
            self.counted + other.counted,
            self.destroyed + other.destroyed,
            other.more,
        )


def purge(pen: Pen, store: KeyStore, undecided_after: int) -> Purged:
    """Do what the day of the pen asks for, for some hundreds of reports at most.

    :param undecided_after: months after which a report without a decision is declined.
    """
    today = dates.paris_day(pen.at)
    done = Purged(
        returned=_returned(pen, today),
        expired=_expired(pen, store, today, undecided_after),
        purged=_purged(pen, today),
        kept=_forgotten(pen),
        counted=_counted(pen, today),
        destroyed=destroy_due(pen, AT_ONCE),
    )
    return _finished(pen, store, done)


def forget(pen: Pen, store: KeyStore) -> Purged:
    """Destroy what cases kept whose texts are gone: that waits for no day, and heeds no clock."""
    return _finished(pen, store, Purged(kept=_forgotten(pen)))


def _finished(pen: Pen, store: KeyStore, done: Purged) -> Purged:
    """Have the keys destroyed that nothing is closed with any more, and say whether more is due.

    Once the pen is put down: a key that outlives its report for a moment opens nothing, a report
    that outlives its key could not be undone.
    """
    counts = (done.returned, done.expired, done.purged, done.kept, done.counted, done.destroyed)
    if any(counts):
        pen.session.flush()
    sweep_after(pen, store)
    return replace(done, more=any(count >= AT_ONCE for count in counts))


def sweep_after(pen: Pen, store: KeyStore) -> None:
    """Have the keys destroyed that nothing is closed with, if there are any, after the commit."""
    if needless(pen.session, store.names()):
        engine = cast(Engine, pen.session.get_bind())
        pen.after_commit(lambda: _sweep(engine, store))


def _sweep(engine: Engine, store: KeyStore) -> None:
    # Under a pen of its own: meanwhile a case may have got a report again, under its former key.
    with writing(engine) as pen:
        store.destroy(sorted(needless(pen.session, store.names())))
    store.scrub()


def needless(session: Session, names: Collection[str]) -> set[str]:
    """Those of some keys that the register knows to be needed no more.

    A key of something that it does not know stays. It may be that of a report which is newer than
    a database that somebody has just restored, and will be wanted again with the right one.
    """
    asked = select(Report.key, _IS_SEALED, encryption.WHICH_CONTACT)
    known = {row.key: row for row in session.execute(asked)}
    cases = set(session.scalars(select(Incident.id)))
    kept = set(session.scalars(select(Kept.incident_id).distinct()))
    closed = {encryption.case_key(incident) for incident in cases - kept}
    return {name for name in names if name in closed or _is_spent(name, known)}


def _is_spent(name: str, known: Mapping[str, Any]) -> bool:
    """Whether the report that a key is of is known and has nothing closed with it."""
    report, _blank, contact = name.partition(" contact ")
    row = known.get(report)
    if row is None:
        return False
    if not contact:
        return not row.is_sealed
    return row.contact is None or encryption.contact_key(report, row.contact) != name


def _some(pen: Pen, asked: Select[Report]) -> Sequence[Report]:
    return pen.session.scalars(asked.order_by(Report.key).limit(AT_ONCE)).all()


def _returned(pen: Pen, today: date) -> int:
    """Nobody answered: that is no decision, and the report is in the queue again."""
    found = _some(
        pen,
        select(Report).where(
            Report.state == State.WAITING, Report.moved_on <= today - rules.UNANSWERED
        ),
    )
    for report in found:
        move(pen, report, Act.REPORT_RETURNED)
        pen.record(Act.REPORT_RETURNED, by=None, details={"report": report.key})
    return len(found)


def _expired(pen: Pen, store: KeyStore, today: date, months: int) -> int:
    """Nobody decided before the term of the settings: what is left is too old to be checked."""
    found = _some(
        pen,
        select(Report).where(
            Report.state.in_([state.value for state in rules.OPEN]),
            Report.day <= add_months(today, -months),
        ),
    )
    for report in found:
        move(pen, report, Act.REPORT_DECLINED)
        report.reason, report.news = "insuffisant", False
        key = store.key(report.key)
        if key is not None:
            report.decision = encryption.close_decision(key, report.key, Decision())
        pen.record(
            Act.REPORT_DECLINED,
            by=None,
            details={"report": report.key, "reason": report.reason},
        )
    return len(found)


def _purged(pen: Pen, today: date) -> int:
    found = _some(pen, select(Report).where(Report.purge_on <= today, Report.sealed.is_not(None)))
    keys = [report.key for report in found]
    for report in found:
        report.sealed = report.contact = report.decision = report.digest = None
        report.news = False
        report.moved_on = today
        pen.record(Act.REPORT_PURGED, by=None, details={"report": report.key})
    if keys:
        pen.session.execute(delete(Message).where(Message.report_key.in_(keys)))
    return len(found)


def _forgotten(pen: Pen) -> int:
    """What a case kept of a report goes with the texts of the case."""
    found = pen.session.execute(
        select(Kept, Incident.number)
        .join(Incident, Incident.id == Kept.incident_id)
        .where(Incident.state == CaseState.ERASED)
        .order_by(Kept.key)
        .limit(AT_ONCE)
    ).all()
    for kept, number in found:
        pen.session.delete(kept)
        pen.record(
            Act.REPORT_PURGED, by=None, incident=kept.incident_id, case=number, details={"kept": 1}
        )
    return len(found)


def _counted(pen: Pen, today: date) -> int:
    """In the end, state and reason are counted and the row goes."""
    found = _some(
        pen,
        select(Report).where(
            Report.sealed.is_(None), Report.moved_on <= add_months(today, -rules.ROWS_MONTHS)
        ),
    )
    for report in found:
        year = report.day.year
        tally = pen.session.get(Tally, (year, report.state, report.reason))
        if tally is None:
            tally = Tally(year=year, state=report.state, reason=report.reason, count=0)
            pen.session.add(tally)
        tally.count += 1
        pen.session.delete(report)
        pen.record(Act.REPORT_PURGED, by=None, details={"report": report.key, "counted": 1})
        pen.session.flush()
    return len(found)
