"""Import of a CSV file of cases, some rows a transaction; each row is imported at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.case_content import content_of
from register.cases.checklist import ATTESTATIONS
from register.cases.models import CaseState, Incident, Origin
from register.cases.second_person import Approval
from register.cases.validation import ContentFault
from register.cases.vocabulary import current_vocabulary, source_kinds
from register.errors import Incomplete, Invalid, Refused, TextError
from register.exchange.csv_syntax import ImportRow, read_file
from register.exchange.row_mapping import (
    COLUMN_OF_FAULT,
    faults_by_column,
    read_import,
    row_content,
)
from register.journal import WriteTransaction, writing
from register.journal.models import canonical_json
from register.text.personal_data import reading_once

# Rows of one transaction: a moderator's act waits until it is committed.
BATCH = 10


@dataclass(frozen=True)
class PublishOptions:
    """Publication of the rows by their author: second person, or a register that has none."""

    second: int | None = None
    single: bool = False


class RowEffect(StrEnum):
    """What an import does with a row."""

    PUBLISHED = "published"
    DRAFTED = "drafted"
    BLOCKED = "blocked"  # of a row to publish: its case is a draft, and stays one
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowOutcome:
    """Result of a row.

    ``incident``: the id of its case; None for a refused row, and for a new case in a dry run.
    ``is_new``: whether the case was made by it. ``faults``: of a refused row; their fields are
    columns. ``block``: why it cannot be published.
    """

    row: ImportRow
    effect: RowEffect
    title: str = ""
    incident: int | None = None
    is_new: bool = False
    faults: Sequence[ContentFault] = ()
    block: Incomplete | Refused | None = None


@dataclass
class ImportReport:
    """Results of the rows of an import, in their order; each row has one."""

    outcomes: list[RowOutcome] = field(default_factory=list)

    def count(self, *effects: RowEffect) -> int:
        """The number of rows with one of these effects."""
        return sum(outcome.effect in effects for outcome in self.outcomes)

    @property
    def faults(self) -> list[tuple[ImportRow, ContentFault]]:
        """The faults of refused rows."""
        return [(outcome.row, fault) for outcome in self.outcomes for fault in outcome.faults]

    @property
    def blocked(self) -> list[tuple[ImportRow, Incomplete | Refused]]:
        """The rows whose cases stay drafts, with the error of their publication."""
        return [(outcome.row, outcome.block) for outcome in self.outcomes if outcome.block]

    @property
    def is_clean(self) -> bool:
        """Whether no row is faulty or blocked."""
        return not self.count(RowEffect.REFUSED, RowEffect.BLOCKED)


class _DryRunRollback(Exception):
    """Rolls back the transaction of a dry run."""


def import_file(engine: Engine, path: Path, **options: Any) -> ImportReport:
    """Import a file of cases; for the options, see :func:`import_rows`.

    :raises Invalid: the whole file is unreadable.
    """
    return import_rows(engine, read_import(read_file(path)), **options)


def import_rows(
    engine: Engine,
    csv_rows: Sequence[ImportRow],
    *,
    by: int,
    reason: str = "",
    publish: PublishOptions | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import rows of cases.

    :param by: author of the drafts, and publisher.
    :param progress: called with the number of rows done and the total.
    """
    job = _ImportJob(engine, by, reason, publish, dry_run)
    report = ImportReport()
    size = 1 if dry_run else BATCH
    for start in range(0, len(csv_rows), size):
        report.outcomes += job.import_batch(csv_rows[start : start + size])
        if progress:
            progress(len(report.outcomes), len(csv_rows))
    return report


@dataclass
class _ImportJob:
    """Import of one file."""

    engine: Engine
    by: int
    reason: str
    publish: PublishOptions | None
    dry_run: bool
    kinds: Mapping[str, str] = field(default_factory=source_kinds)
    seen_digests: dict[str, str] = field(default_factory=dict)

    def import_batch(self, csv_rows: Sequence[ImportRow]) -> list[RowOutcome]:
        """Import some rows in one transaction, or without those that are refused."""
        try:
            with reading_once(), writing(self.engine) as tx:
                ids = [csv_row.id for csv_row in csv_rows if csv_row.fault is None]
                stored = tx.session.scalars(select(Origin).where(Origin.external_id.in_(ids)))
                origins = {origin.external_id: origin for origin in stored}
                outcomes = [self._write_row(tx, csv_row, origins) for csv_row in csv_rows]
                tx.session.add_all(origins.values())
                if self.dry_run:
                    raise _DryRunRollback
        except _DryRunRollback:
            return [replace(o, incident=None) if o.is_new else o for o in outcomes]
        except Invalid as error:
            half = len(csv_rows) // 2
            if half:
                return [*self.import_batch(csv_rows[:half]), *self.import_batch(csv_rows[half:])]
            return [self._refused(csv_rows[0], error)]
        return outcomes

    def _write_row(
        self, tx: WriteTransaction, csv_row: ImportRow, origins: dict[str, Origin]
    ) -> RowOutcome:
        if csv_row.fault is not None:
            raise Invalid("content", faults=[csv_row.fault])
        cells = csv_row.cells
        digest = hashlib.sha256(canonical_json(cells)).hexdigest()
        is_repeated = csv_row.id in self.seen_digests
        if self.seen_digests.setdefault(csv_row.id, digest) != digest:
            raise Invalid("id_twice", field="id")
        if self.dry_run and is_repeated:
            return RowOutcome(csv_row, RowEffect.UNCHANGED)
        origin = origins.get(csv_row.id)
        if origin is None:
            content = row_content(tx.session, cells, self.kinds)
            flag_reasons = self.reason if self.publish else ""
            words = {"reason": self.reason, "note": cells["note"], "flag_reasons": flag_reasons}
            case = acts.draft(tx, content, by=self.by, **words)
            if cells["invitation"]:
                acts.invite(tx, case.id, cells["invitation"], by=self.by)
            # A further row of this transaction may have the same id.
            origins[csv_row.id] = Origin(external_id=csv_row.id, incident_id=case.id, digest=digest)
            effect = RowEffect.DRAFTED
        elif origin.digest and origin.digest != digest:
            raise Invalid("id_changed", field="id")
        else:
            case, effect = tx.load(Incident, origin.incident_id), RowEffect.UNCHANGED
        block = None
        if self.publish is not None and case.state == CaseState.DRAFT:
            block = self._publish(tx, case, self.publish, is_new=origin is None)
            effect = RowEffect.BLOCKED if block else RowEffect.PUBLISHED
        return RowOutcome(csv_row, effect, case.title, case.id, origin is None, block=block)

    def _publish(
        self, tx: WriteTransaction, case: Incident, options: PublishOptions, *, is_new: bool
    ) -> Incomplete | Refused | None:
        """Publish a draft; the error if it cannot be."""
        approval_stmt = select(Approval.id).where(
            Approval.revision_id == case.revision_id,
            Approval.given_by == options.second,
            Approval.purpose == "publish",
        )
        try:
            if options.second is not None and (
                is_new or tx.session.scalar(approval_stmt.limit(1)) is None
            ):
                if case.revision and "flags" in (case.revision.unmet or ""):
                    # An earlier import left the draft without the reason that its second approves.
                    words = {"reason": self.reason, "flag_reasons": self.reason}
                    acts.edit(tx, case.id, content_of(case), by=self.by, **words)  # type: ignore[arg-type]
                acts.approve(tx, case.id, by=options.second)
            acts.publish(
                tx,
                case.id,
                by=self.by,
                reason=self.reason,
                attested=ATTESTATIONS,
                flag_reasons=self.reason,
                single=options.single,
            )
        except (Incomplete, Refused) as error:
            return error
        return None

    def _refused(self, csv_row: ImportRow, error: Invalid) -> RowOutcome:
        field_name = "summary" if isinstance(error, TextError) else error.values.get("field", "")
        column = COLUMN_OF_FAULT.get(str(field_name), "id")
        faults: Any = error.values.get("faults", [ContentFault(column, error.key, error.values)])
        with Session(self.engine) as session:
            column_faults = faults_by_column(faults, current_vocabulary(session))
        return RowOutcome(csv_row, RowEffect.REFUSED, faults=column_faults)
