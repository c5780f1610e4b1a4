"""Import of a CSV file of cases: its columns, and one transaction for each row, at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.case_content import Content, ProceedingContent, SourceContent, StepContent
from register.cases.checklist import ATTESTATIONS
from register.cases.document_formats import is_decision_stated
from register.cases.models import CaseState, Incident, Origin
from register.cases.second_person import Approval
from register.cases.timeline import DECISION_STEP
from register.cases.validation import ContentFault
from register.cases.vocabulary import build_title, current_vocabulary, source_kinds
from register.errors import Incomplete, Invalid, Refused, TextError
from register.exchange.csv_syntax import ImportRow, read_rows
from register.journal import WriteTransaction, writing
from register.journal.models import canonical_json
from register.territory import place_queries
from register.text.countries import country_name
from register.text.normalisation import fold

# Column → field of the content that it holds, or empty. The column of the outcome holds that of
# the proceeding's decision too.
FIELD_OF_COLUMN = {
    "id": "",
    "titre": "title",
    "date": "date",
    "date_fin": "end_date",
    "precision_publique": "precision_note",
    "pays": "country",
    "commune": "commune",
    "departement": "departement",
    "lieu": "place_label",
    "communes_liees": "linked_communes",
    "niveau": "level",
    "acteur": "actor",
    "acteur_texte": "actor_text",
    "cible": "target",
    "media": "outlets",
    "types": "types",
    "resume": "summary",
    "demarches": "steps_taken",
    "procedure": "proceedings.direction",
    "juridiction": "proceedings.steps.court",
    "issue": "outcome",
    "date_issue": "proceedings.steps.date",
    "montant": "amount",
    "source_url": "sources.url",
    "source_type": "sources.kind",
    "preuve": "evidence",
    "en_appel": "proceedings.steps.appeal",
    "invitation": "",
    "note": "",
}
COLUMNS = tuple(FIELD_OF_COLUMN)
# "oui" or "non"; files made before it lack it.
_CONTESTED = "conteste"
# Field of the content → column in which its faults are reported.
_COLUMN_OF_FAULT = {
    **{field_name: column for column, field_name in FIELD_OF_COLUMN.items() if field_name},
    "contested": _CONTESTED,
    "sources": "source_url",
    "proceedings.steps": "juridiction",
    "proceedings.steps.outcome": "issue",
    "proceedings.steps.source_url": "source_url",
}
NO_PROCEEDING = "aucune"


def _column_position(fault: ContentFault) -> int:
    column = _COLUMN_OF_FAULT.get(fault.field, fault.field)
    return COLUMNS.index(column) if column in COLUMNS else len(COLUMNS)


def _row_content(session: Session, cells: Mapping[str, str], kinds: Mapping[str, str]) -> Content:
    """Content of a row.

    :param kinds: folded words for a kind of source → its code.
    :raises Invalid: ``content``: a column of a proceeding in a row without one, or neither yes
        nor no.
    """
    values: dict[str, Any] = {
        field_name: cells[column]
        for column, field_name in FIELD_OF_COLUMN.items()
        if field_name and "." not in field_name
    }
    for name in ("types", "outlets", "linked_communes"):
        values[name] = tuple(filter(None, map(str.strip, values[name].split(";"))))
    values["country"] = cells["pays"] or "FR"
    contested = cells.get(_CONTESTED, "non")
    if contested not in ("oui", "non"):
        fault = ContentFault("contested", "unknown_code", {"value": contested[:40]})
        raise Invalid("content", faults=[fault])
    values["contested"] = contested == "oui"
    if not cells["titre"]:
        values["title"] = build_title(
            values["types"], _place_name(session, cells), cells["date"], current_vocabulary(session)
        )
    if cells["source_url"]:
        kind = kinds.get(fold(cells["source_type"]), "autre")
        source = SourceContent(cells["source_url"], kind=kind, label=cells["source_type"])
        values["sources"] = (source,)
    if cells["procedure"] not in ("", NO_PROCEEDING):
        values["proceedings"] = (_row_proceeding(cells),)
    elif filled := [name for name in ("juridiction", "date_issue", "en_appel") if cells[name]]:
        raise Invalid("content", faults=[ContentFault(filled[0], "no_proceeding")])
    return Content(**values)


def _row_proceeding(cells: Mapping[str, str]) -> ProceedingContent:
    """The proceeding of a row, with one decision if the row says anything of one."""
    columns = {
        "court": "juridiction",
        "outcome": "issue",
        "date": "date_issue",
        "appeal": "en_appel",
    }
    fields: dict[str, Any] = {name: cells[column] for name, column in columns.items()}
    decision = StepContent(DECISION_STEP, **fields, source_url=cells["source_url"])
    steps = (decision,) if is_decision_stated(fields) else ()
    return ProceedingContent(cells["procedure"], steps=steps)


def _place_name(session: Session, cells: Mapping[str, str]) -> str:
    """Name of a row's place at the time of its code, with a foreign country."""
    name = cells["commune"] and place_queries.filed_name(cells["commune"])
    if not name and cells["departement"]:
        departement = place_queries.departement(cells["departement"])
        name = departement.name if departement else ""
    name = name or cells["lieu"]
    if cells["pays"] in ("", "FR"):
        return name
    country = country_name(cells["pays"])
    return f"{name} ({country})" if name else country


@dataclass(frozen=True)
class PublishOptions:
    """Publication of the rows: publisher, reason and second person."""

    by: int
    reason: str
    second: int | None = None
    single: bool = False


@dataclass
class ImportReport:
    """Result of an import.

    ``faults``: rows that were not imported, once for each fault, whose field is a column.
    ``blocked``: rows that stay drafts, with the error of their publication.
    """

    drafted: int = 0
    published: int = 0
    unchanged: int = 0
    faults: list[tuple[ImportRow, ContentFault]] = field(default_factory=list)
    blocked: list[tuple[ImportRow, Incomplete | Refused]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether no row is faulty or blocked."""
        return not self.faults and not self.blocked


class _DryRunRollback(Exception):
    """Rolls back the transaction of a dry run."""


def import_file(
    engine: Engine,
    path: Path,
    *,
    by: int | None = None,
    publish: PublishOptions | None = None,
    reason: str = "",
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import a file of cases.

    :param by: author of the drafts if nothing is published.
    :param progress: called with the number of rows done and the total.
    :raises Invalid: the whole file is unreadable.
    """
    csv_rows = read_rows(path, COLUMNS, (_CONTESTED,))
    author = by or (publish.by if publish else 0)
    job = _ImportJob(engine, author, publish.reason if publish else reason, publish, dry_run)
    for done, csv_row in enumerate(csv_rows, start=1):
        job.import_row(csv_row)
        if progress:
            progress(done, len(csv_rows))
    return job.report


@dataclass
class _ImportJob:
    """Import of one file."""

    engine: Engine
    by: int
    reason: str
    publish: PublishOptions | None
    dry_run: bool
    report: ImportReport = field(default_factory=ImportReport)
    kinds: Mapping[str, str] = field(default_factory=source_kinds)
    seen_digests: dict[str, str] = field(default_factory=dict)

    def import_row(self, csv_row: ImportRow) -> None:
        if csv_row.fault is not None:
            self._add_fault(csv_row, csv_row.fault)
            return
        digest = hashlib.sha256(canonical_json(csv_row.cells)).hexdigest()
        if self.seen_digests.setdefault(csv_row.id, digest) != digest:
            self._add_fault(csv_row, ContentFault("id", "id_twice"))
            return
        try:
            with writing(self.engine) as tx:
                self._write_row(tx, csv_row, digest)
                if self.dry_run:
                    raise _DryRunRollback
        except _DryRunRollback:
            pass
        except Invalid as error:
            column = _COLUMN_OF_FAULT.get(str(error.values.get("field", "")), "id")
            faults = error.values.get("faults", [ContentFault(column, error.key, error.values)])
            for fault in sorted(cast("list[ContentFault]", faults), key=_column_position):
                self._add_fault(csv_row, fault)
        except TextError as error:
            self._add_fault(csv_row, ContentFault("resume", error.key, error.values))

    def _write_row(self, tx: WriteTransaction, csv_row: ImportRow, digest: str) -> None:
        cells = csv_row.cells
        origin = tx.session.get(Origin, csv_row.id)
        if origin is None:
            content = _row_content(tx.session, cells, self.kinds)
            case = acts.draft(tx, content, by=self.by, reason=self.reason, note=cells["note"])
            if cells["invitation"]:
                acts.invite(tx, case.id, cells["invitation"], by=self.by)
            tx.session.add(Origin(external_id=csv_row.id, incident_id=case.id, digest=digest))
            self.report.drafted += 1
        elif origin.digest and origin.digest != digest:
            self._add_fault(csv_row, ContentFault("id", "id_changed"))
            return
        else:
            case = tx.load(Incident, origin.incident_id)
        if self.publish is not None and case.state == CaseState.DRAFT:
            self._publish(tx, csv_row, case, self.publish)
        elif origin is not None:
            self.report.unchanged += 1

    def _publish(
        self, tx: WriteTransaction, csv_row: ImportRow, case: Incident, options: PublishOptions
    ) -> None:
        approval_stmt = select(Approval.id).where(
            Approval.revision_id == case.revision_id,
            Approval.given_by == options.second,
            Approval.purpose == "publish",
        )
        try:
            if options.second is not None and tx.session.scalar(approval_stmt.limit(1)) is None:
                acts.approve(tx, case.id, by=options.second)
            acts.publish(
                tx,
                case.id,
                by=options.by,
                reason=options.reason,
                attested=ATTESTATIONS,
                flags_reason=options.reason,
                single=options.single,
            )
            self.report.published += 1
        except (Incomplete, Refused) as error:
            self.report.blocked.append((csv_row, error))

    def _add_fault(self, csv_row: ImportRow, fault: ContentFault) -> None:
        column = _COLUMN_OF_FAULT.get(fault.field, fault.field)
        # The address of a source is that of the decision too.
        column_fault = (csv_row, replace(fault, field=column))
        if column_fault not in self.report.faults:
            self.report.faults.append(column_fault)
