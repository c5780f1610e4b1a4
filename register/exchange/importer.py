"""Importing a file of cases: row by row, each whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.checklist import ATTESTED
from register.cases.models import Approval, Incident, Origin, State
from register.cases.validation import Fault
from register.cases.vocabulary import Book, book, source_kinds
from register.errors import Incomplete, Invalid, Refused
from register.exchange import csv_reader
from register.exchange.row_mapping import COLUMN_OF, content_of, place_name, without_proceeding
from register.journal import Pen, writing
from register.journal.canonical import canonical
from register.territory import places
from register.text.errors import TextError


@dataclass(frozen=True)
class Publication:
    """That the rows are to be published: who attests, who approves, and why."""

    by: int
    reason: str
    second: int | None = None
    single: bool = False


@dataclass(frozen=True)
class RowFault:
    """A row kept out: its line in the file, its id, and the fault, whose field is the column."""

    line: int
    id: str
    fault: Fault


@dataclass(frozen=True)
class Blocked:
    """A row left as a draft: the checklist's unmet lines, or the act's refusal."""

    line: int
    id: str
    error: Incomplete | Refused


@dataclass
class Report:
    """What an import did."""

    drafted: int = 0
    published: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every row is where it was meant to be."""
        return not self.faults and not self.blocked


class _Undo(Exception):
    """Leaves a dry run's pen without a trace."""


def import_file(
    engine: Engine,
    path: Path,
    *,
    by: int | None = None,
    publish: Publication | None = None,
    reason: str = "",
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Import a file of cases.

    :param by: the author of the drafts when nothing is published.
    :param progress: called with rows done and rows in all.
    :raises Invalid: the file as a whole cannot be read.
    """
    lines = csv_reader.read(path)
    job = _Job(engine, publish, by or (publish.by if publish else 0), reason, dry_run)
    for done, line in enumerate(lines, start=1):
        job.row(line)
        if progress:
            progress(done, len(lines))
    return job.report


class _Job:
    """One run over a file."""

    def __init__(
        self, engine: Engine, publish: Publication | None, by: int, reason: str, dry_run: bool
    ) -> None:
        self.engine = engine
        self.publish = publish
        self.by = by
        self.reason = publish.reason if publish else reason
        self.dry_run = dry_run
        self.report = Report()
        self.seen: dict[str, str] = {}
        self.kinds = source_kinds()

    def row(self, line: csv_reader.Line) -> None:
        if line.fault is not None:
            column, key, values = line.fault
            self.report.faults.append(RowFault(line.number, line.id, Fault(column, key, values)))
            return
        digest = hashlib.sha256(canonical(line.cells)).hexdigest()
        if self.seen.setdefault(line.id, digest) != digest:
            self.report.faults.append(RowFault(line.number, line.id, Fault("id", "id_twice")))
            return
        try:
            with writing(self.engine) as pen:
                self._row(pen, line, digest)
                if self.dry_run:
                    raise _Undo
        except _Undo:
            pass
        except Invalid as error:
            self._faults(line, error)
        except TextError as error:
            self.report.faults.append(
                RowFault(line.number, line.id, Fault("resume", error.key, dict(error.values)))
            )

    def _row(self, pen: Pen, line: csv_reader.Line, digest: str) -> None:
        origin = pen.session.get(Origin, line.id)
        if origin is None:
            case = self._draft(pen, line, digest)
            self.report.drafted += 1
        else:
            if origin.digest and origin.digest != digest:
                self.report.faults.append(RowFault(line.number, line.id, Fault("id", "id_changed")))
                return
            case = pen.load(Incident, origin.incident_id)
        if self.publish is not None and case.state == State.DRAFT:
            self._publish(pen, line, case, self.publish, fresh=origin is None)
        elif origin is not None:
            self.report.unchanged += 1

    def _draft(self, pen: Pen, line: csv_reader.Line, digest: str) -> Incident:
        words: Book = book(pen.session)
        stray = without_proceeding(line.cells)
        if stray:
            raise Invalid("content", faults=[Fault(stray, "no_proceeding")])
        content = content_of(line.cells, words, self.kinds, _place(pen.session, line.cells))
        case = acts.draft(pen, content, by=self.by, reason=self.reason, note=line.cells["note"])
        if line.cells["invitation"]:
            acts.invite(pen, case.id, line.cells["invitation"], by=self.by)
        pen.session.add(Origin(external_id=line.id, incident_id=case.id, digest=digest))
        return case

    def _publish(
        self, pen: Pen, line: csv_reader.Line, case: Incident, told: Publication, *, fresh: bool
    ) -> None:
        second = told.second
        try:
            if second is not None and (fresh or not _approved(pen.session, case, second)):
                acts.approve(pen, case.id, by=second)
            acts.publish(
                pen,
                case.id,
                by=told.by,
                reason=told.reason,
                attested=ATTESTED,
                flags_reason=told.reason,
                single=told.single,
            )
            self.report.published += 1
        except (Incomplete, Refused) as error:
            self.report.blocked.append(Blocked(line.number, line.id, error))

    def _faults(self, line: csv_reader.Line, error: Invalid) -> None:
        faults = error.values.get("faults")
        if not isinstance(faults, list):
            column = COLUMN_OF.get(str(error.values.get("field", "")), "id")
            faults = [Fault(column, error.key, dict(error.values))]
        for fault in faults:
            column = COLUMN_OF.get(fault.field, fault.field)
            self.report.faults.append(
                RowFault(line.number, line.id, Fault(column, fault.key, fault.values))
            )


def _approved(session: Session, case: Incident, member: int) -> bool:
    given = select(Approval.id).where(
        Approval.revision_id == case.revision_id,
        Approval.given_by == member,
        Approval.purpose == "publish",
    )
    return session.scalar(given.limit(1)) is not None


def _place(session: Session, cells: dict[str, str]) -> str:
    """The name of a row's place, as it was called when the row's code was given."""
    if cells["titre"]:
        return ""  # only a title that is made here names the place
    filed, area = cells["commune"], cells["departement"]
    name = places.name_of(session, filed) if filed else None
    departement = places.departement(session, area) if area else None
    return place_name(cells, name or "", departement.name if departement else "")
