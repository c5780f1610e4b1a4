"""Queue of the copies to make, and of the addresses to look at; written without journal lines.

A row names an address by its digest: the address itself is read from the document of its case, so
that nothing of a text that was removed stays here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from register.cases.cited_sources import addresses
from register.cases.core_tables import CASE, IS_PUBLIC, REVISION
from register.cases.models import CaseState, Incident, SourceCopy
from register.cases.source_watch import DEAD_STATES, CopyRequest, LinkState, SourceCheck
from register.db import housekeeping
from register.sources.public_addresses import FetchError, FetchFailure

ATTEMPTS = 3
_FIRST_PAUSE = timedelta(minutes=10)  # then three times as long each time
# A request whose worker was killed is due again after this time.
_TAKEN_TERM = timedelta(minutes=10)
_DUE_LIMIT = 50
_CASES_A_STEP = 200
CHECK_EVERY = timedelta(days=30)
# A link is called dead only after two looks that many days apart.
CONFIRM_AFTER = timedelta(days=3)
# Failures that may be over soon.
_PASSING = frozenset({FetchFailure.UNRESOLVED, FetchFailure.NO_CONNECTION, FetchFailure.TOO_SLOW})
_PASSING_STATUSES = frozenset({408, 425, 429})
# Ids and documents of the public cases.
_PUBLIC_DOCUMENTS = (
    select(CASE.c.id, REVISION.c.content)
    .join(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(IS_PUBLIC, REVISION.c.content.is_not(None))
)


@dataclass(frozen=True)
class DueAddress:
    """An address of a public case to look at."""

    incident_id: int
    source: str
    address: str


@dataclass(frozen=True)
class DueCopy(DueAddress):
    """A copy to make now."""

    asked_by: int | None
    due_at: datetime
    attempts: int


def request_copies(
    engine: Engine, incident_id: int, sources: Collection[str], *, by: int | None, at: datetime
) -> None:
    """Queue copies of sources of a case, by the digests of their addresses."""
    with housekeeping(engine) as session:
        for source in sources:
            request = CopyRequest(
                incident_id=incident_id, source=source, asked_by=by, asked_at=at, due_at=at
            )
            request.attempts, request.failure, request.status = 0, "", 0
            session.merge(request)


def due_copies(session: Session, at: datetime) -> list[DueCopy]:
    """The first copies to make, in the order in which they are due."""
    stmt = (
        select(CopyRequest, REVISION.c.content)
        .join(CASE, CASE.c.id == CopyRequest.incident_id)
        .outerjoin(REVISION, REVISION.c.id == CASE.c.revision_id)
        .where(CopyRequest.due_at <= at)
        .order_by(CopyRequest.due_at)
        .limit(_DUE_LIMIT)
    )
    return [
        DueCopy(
            request.incident_id,
            request.source,
            addresses(json.loads(content or b"{}")).get(request.source, ""),
            request.asked_by,
            request.due_at or at,
            request.attempts,
        )
        for request, content in session.execute(stmt)
    ]


def take_copy(engine: Engine, due: DueCopy, at: datetime) -> bool:
    """Claim a copy for this worker; False where another has it."""
    if not due.address:
        cancel_copy(engine, due)
        return False
    with housekeeping(engine) as session:
        taken = session.execute(
            update(CopyRequest)
            .where(
                CopyRequest.incident_id == due.incident_id,
                CopyRequest.source == due.source,
                CopyRequest.due_at == due.due_at,
            )
            .values(
                due_at=at + _TAKEN_TERM if due.attempts < ATTEMPTS else None,
                attempts=due.attempts + 1,
            )
        )
        # After the last attempt, the row stays only for its failure.
        return due.attempts < ATTEMPTS and bool(getattr(taken, "rowcount", 0))


def note_failure(engine: Engine, due: DueCopy, error: FetchError, at: datetime) -> None:
    """Note why a copy could not be made, and try again later what may be over then."""
    is_passing = error.failure in _PASSING or (
        error.status >= 500 or error.status in _PASSING_STATUSES
    )
    with housekeeping(engine) as session:
        request = session.get(CopyRequest, (due.incident_id, due.source))
        if request is None:
            return
        request.failure, request.status = error.failure.value, error.status
        is_last = not is_passing or request.attempts >= ATTEMPTS
        pause = _FIRST_PAUSE * 3 ** max(0, request.attempts - 1)
        request.due_at = None if is_last else at + pause


def cancel_copy(engine: Engine, due: DueCopy) -> None:
    """Take a copy out of the queue whose source or case is gone."""
    with housekeeping(engine) as session:
        session.execute(
            delete(CopyRequest).where(
                CopyRequest.incident_id == due.incident_id, CopyRequest.source == due.source
            )
        )


def next_address(
    engine: Engine, after: int, today: date, may_ask: Callable[[str], bool]
) -> tuple[DueAddress | None, int]:
    """The next address to look at, and the case from which to go on; 0 after the last one.

    Rows of addresses that their cases no longer have are deleted on the way.
    """
    stmt = _PUBLIC_DOCUMENTS.where(CASE.c.id >= after).order_by(CASE.c.id).limit(_CASES_A_STEP)
    with Session(engine) as session:
        cases = session.execute(stmt).all()
        for case_id, content in cases:
            case_addresses = addresses(json.loads(content))
            checks = session.scalars(
                select(SourceCheck).where(SourceCheck.incident_id == case_id)
            ).all()
            checked = {check.source: check for check in checks}
            if stale := checked.keys() - case_addresses.keys():
                _delete_checks(engine, case_id, stale)
            for source, address in case_addresses.items():
                if _is_due(checked.get(source), today) and may_ask(address):
                    return DueAddress(case_id, source, address), case_id
    if len(cases) == _CASES_A_STEP:
        return None, cases[-1][0] + 1
    _delete_hidden(engine)
    return None, 0


def _is_due(check: SourceCheck | None, today: date) -> bool:
    if check is None:
        return True
    is_open = check.failing_since is not None and check.dead_on is None
    return today >= check.checked_on + (CONFIRM_AFTER if is_open else CHECK_EVERY)


def _delete_checks(engine: Engine, incident_id: int, sources: Collection[str]) -> None:
    with housekeeping(engine) as session:
        session.execute(
            delete(SourceCheck).where(
                SourceCheck.incident_id == incident_id, SourceCheck.source.in_(sources)
            )
        )


def _delete_hidden(engine: Engine) -> None:
    """Delete the rows of cases that are no longer public, if there are any."""
    hidden = select(Incident.id).where(Incident.state != CaseState.PUBLISHED)
    is_hidden = SourceCheck.incident_id.in_(hidden)
    with Session(engine) as session:
        if session.scalar(select(SourceCheck.source).where(is_hidden).limit(1)) is None:
            return
    with housekeeping(engine) as session:
        session.execute(
            delete(SourceCheck).where(is_hidden), execution_options={"synchronize_session": False}
        )


def note_check(engine: Engine, due: DueAddress, state: LinkState, status: int, today: date) -> None:
    """Note what a look at an address found; a second dead one in a row makes it a dead link."""
    with housekeeping(engine) as session:
        check = session.get(SourceCheck, (due.incident_id, due.source))
        if check is None:
            check = SourceCheck(incident_id=due.incident_id, source=due.source)
            session.add(check)
        check.checked_on, check.link_state, check.status = today, state.value, status
        if state not in DEAD_STATES:
            check.failing_since = check.dead_on = None
            return
        check.failing_since = check.failing_since or today
        if today >= check.failing_since + CONFIRM_AFTER:
            check.dead_on = today


# --- progress -------------------------------------------------------------------------------


@dataclass(frozen=True)
class SourceProgress:
    """Figures of the sources of public cases, and of the queue."""

    sources: int
    copied: int
    waiting: int
    failed: int
    dead: int


def request_missing(engine: Engine, *, by: int | None, at: datetime) -> int:
    """Queue a copy of each source of a public case that has none; their number.

    May be interrupted and repeated: what is queued stays so.
    """
    count = 0
    for case_id, missing in _missing(engine):
        request_copies(engine, case_id, missing, by=by, at=at)
        count += len(missing)
    return count


def count_missing(engine: Engine) -> int:
    """The number of sources of public cases that have neither a copy nor a request."""
    return sum(len(missing) for _case_id, missing in _missing(engine))


def _missing(engine: Engine) -> Iterator[tuple[int, dict[str, str]]]:
    """The public cases with the addresses that have neither a copy nor a request."""
    stmt = _PUBLIC_DOCUMENTS.order_by(CASE.c.id).limit(_CASES_A_STEP)
    after = 0
    while True:
        with Session(engine) as session:
            documents = session.execute(stmt.where(CASE.c.id > after)).all()
            missing = {case_id: addresses(json.loads(content)) for case_id, content in documents}
            for model in (SourceCopy, CopyRequest):
                of_cases = model.incident_id.in_(missing)
                for case_id, source in session.execute(
                    select(model.incident_id, model.source).where(of_cases)
                ):
                    missing[case_id].pop(source, None)
        yield from ((case_id, sources) for case_id, sources in missing.items() if sources)
        if len(documents) < _CASES_A_STEP:
            return
        after = documents[-1][0]


def read_progress(session: Session) -> SourceProgress:
    """The figures of now."""
    sources = copied = 0
    copies: dict[int, set[str]] = {}
    for incident_id, source in session.execute(select(SourceCopy.incident_id, SourceCopy.source)):
        copies.setdefault(incident_id, set()).add(source)
    stmt = _PUBLIC_DOCUMENTS.execution_options(yield_per=_CASES_A_STEP)
    for case_id, content in session.execute(stmt):
        digests = addresses(json.loads(content)).keys()
        sources += len(digests)
        copied += len(digests & copies.get(case_id, set()))
    count = select(func.count()).select_from(CopyRequest)
    return SourceProgress(
        sources,
        copied,
        waiting=session.scalar(count.where(CopyRequest.due_at.is_not(None))) or 0,
        failed=session.scalar(count.where(CopyRequest.due_at.is_(None))) or 0,
        dead=session.scalar(
            select(func.count()).select_from(SourceCheck).where(SourceCheck.dead_on.is_not(None))
        )
        or 0,
    )
