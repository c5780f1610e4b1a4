"""Import of a CSV file of cases, with one transaction for each row, and each row at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.checklist import ATTESTATIONS
from register.cases.models import CaseState, Incident, Origin
from register.cases.second_person import Approval
from register.cases.validation import ContentFault
from register.cases.vocabulary import Vocabulary, build_title, current_vocabulary, source_kinds
from register.errors import Incomplete, Invalid, Refused, TextError
from register.exchange import csv_files
from register.journal import WriteTransaction, writing
from register.journal.canonical import canonical_json
from register.territory import place_queries
from register.text.countries import country_name
from register.text.normalisation import fold

# Field of the content → column in which its faults are reported.
COLUMN_OF = {
    "title": "titre",
    "summary": "resume",
    "date": "date",
    "end_date": "date_fin",
    "precision_note": "precision_publique",
    "country": "pays",
    "commune": "commune",
    "linked_communes": "communes_liees",
    "departement": "departement",
    "place_label": "lieu",
    "level": "niveau",
    "actor": "acteur",
    "actor_text": "acteur_texte",
    "target": "cible",
    "outlets": "media",
    "types": "types",
    "evidence": "preuve",
    "outcome": "issue",
    "steps_taken": "demarches",
    "amount": "montant",
    "sources": "source_url",
    "sources.url": "source_url",
    "sources.kind": "source_type",
    "proceedings": "juridiction",
    "proceedings.direction": "procedure",
    "proceedings.outcome": "issue",
    "proceedings.outcome_date": "date_issue",
    "proceedings.appeal": "en_appel",
}
NO_PROCEEDING = "aucune"


def row_content(
    cells: Mapping[str, str], vocabulary: Vocabulary, kinds: Mapping[str, str], place: str
) -> Content:
    """Content of a row.

    :param kinds: folded words for a kind of source → its code.
    :param place: name of the row's place, for the default title.
    """
    types = _split_cell(cells["types"])
    sources: tuple[SourceContent, ...] = ()
    if cells["source_url"]:
        kind = kinds.get(fold(cells["source_type"]), "autre")
        sources = (SourceContent(cells["source_url"], kind=kind, label=cells["source_type"]),)
    return Content(
        title=cells["titre"] or build_title(types, place, cells["date"], vocabulary),
        summary=cells["resume"],
        date=cells["date"],
        end_date=cells["date_fin"],
        precision_note=cells["precision_publique"],
        country=cells["pays"] or "FR",
        commune=cells["commune"],
        linked_communes=_split_cell(cells["communes_liees"]),
        departement=cells["departement"],
        place_label=cells["lieu"],
        level=cells["niveau"],
        actor=cells["acteur"],
        actor_text=cells["acteur_texte"],
        target=cells["cible"],
        outlets=_split_cell(cells["media"]),
        types=types,
        evidence=cells["preuve"],
        outcome=cells["issue"],
        steps_taken=cells["demarches"],
        amount=cells["montant"],
        sources=sources,
        proceedings=_proceedings(cells),
    )


def stray_proceeding_column(cells: Mapping[str, str]) -> str:
    """First column of a proceeding in a row without one, or an empty string."""
    if cells["procedure"] not in ("", NO_PROCEEDING):
        return ""
    proceeding_columns = ("juridiction", "date_issue", "en_appel")
    return next((column for column in proceeding_columns if cells[column]), "")


def place_name(cells: Mapping[str, str], commune: str, departement: str) -> str:
    """Name of a row's place: commune, département or free text, with a foreign country."""
    name = commune or departement or cells["lieu"]
    if cells["pays"] not in ("", "FR"):
        country = country_name(cells["pays"])
        return f"{name} ({country})" if name else country
    return name


def _split_cell(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _proceedings(cells: Mapping[str, str]) -> tuple[ProceedingContent, ...]:
    if cells["procedure"] in ("", NO_PROCEEDING):
        return ()
    return (
        ProceedingContent(
            direction=cells["procedure"],
            court=cells["juridiction"],
            outcome=cells["issue"],
            outcome_date=cells["date_issue"],
            appeal=cells["en_appel"],
        ),
    )


@dataclass(frozen=True)
class PublishOptions:
    """Publication of the rows: publisher, reason and second person."""

    by: int
    reason: str
    second: int | None = None
    single: bool = False


@dataclass(frozen=True)
class RowFault:
    """Row that was not imported; the field of the fault is a column."""

    line: int
    id: str
    fault: ContentFault


@dataclass(frozen=True)
class BlockedRow:
    """Row that stays a draft, with the error of its publication."""

    line: int
    id: str
    error: Incomplete | Refused


@dataclass
class ImportReport:
    """Result of an import."""

    drafted: int = 0
    published: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
    blocked: list[BlockedRow] = field(default_factory=list)

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
    csv_rows = csv_files.read_rows(path)
    job = _ImportJob(engine, publish, by or (publish.by if publish else 0), reason, dry_run)
    for done, csv_row in enumerate(csv_rows, start=1):
        job.import_row(csv_row)
        if progress:
            progress(done, len(csv_rows))
    return job.report


class _ImportJob:
    """Import of one file."""

    def __init__(
        self, engine: Engine, publish: PublishOptions | None, by: int, reason: str, dry_run: bool
    ) -> None:
        self.engine = engine
        self.publish = publish
        self.by = by
        self.reason = publish.reason if publish else reason
        self.dry_run = dry_run
        self.report = ImportReport()
        self.seen_digests: dict[str, str] = {}
        self.kinds = source_kinds()

    def import_row(self, csv_row: csv_files.ImportRow) -> None:
        if csv_row.fault is not None:
            column, key, values = csv_row.fault
            self._add_fault(csv_row, column, key, values)
            return
        digest = hashlib.sha256(canonical_json(csv_row.cells)).hexdigest()
        if self.seen_digests.setdefault(csv_row.id, digest) != digest:
            self._add_fault(csv_row, "id", "id_twice", {})
            return
        try:
            with writing(self.engine) as tx:
                self._write_row(tx, csv_row, digest)
                if self.dry_run:
                    raise _DryRunRollback
        except _DryRunRollback:
            pass
        except Invalid as error:
            self._add_content_faults(csv_row, error)
        except TextError as error:
            self._add_fault(csv_row, "resume", error.key, error.values)

    def _write_row(self, tx: WriteTransaction, csv_row: csv_files.ImportRow, digest: str) -> None:
        origin = tx.session.get(Origin, csv_row.id)
        if origin is None:
            case = self._draft(tx, csv_row, digest)
            self.report.drafted += 1
        else:
            if origin.digest and origin.digest != digest:
                self._add_fault(csv_row, "id", "id_changed", {})
                return
            case = tx.load(Incident, origin.incident_id)
        if self.publish is not None and case.state == CaseState.DRAFT:
            self._publish(tx, csv_row, case, self.publish, fresh=origin is None)
        elif origin is not None:
            self.report.unchanged += 1

    def _draft(self, tx: WriteTransaction, csv_row: csv_files.ImportRow, digest: str) -> Incident:
        case_vocabulary: Vocabulary = current_vocabulary(tx.session)
        stray_column = stray_proceeding_column(csv_row.cells)
        if stray_column:
            raise Invalid("content", faults=[ContentFault(stray_column, "no_proceeding")])
        content = row_content(
            csv_row.cells, case_vocabulary, self.kinds, _row_place_name(tx.session, csv_row.cells)
        )
        case = acts.draft(tx, content, by=self.by, reason=self.reason, note=csv_row.cells["note"])
        if csv_row.cells["invitation"]:
            acts.invite(tx, case.id, csv_row.cells["invitation"], by=self.by)
        tx.session.add(Origin(external_id=csv_row.id, incident_id=case.id, digest=digest))
        return case

    def _publish(
        self,
        tx: WriteTransaction,
        csv_row: csv_files.ImportRow,
        case: Incident,
        options: PublishOptions,
        *,
        fresh: bool,
    ) -> None:
        approval_stmt = select(Approval.id).where(
            Approval.revision_id == case.revision_id,
            Approval.given_by == options.second,
            Approval.purpose == "publish",
        )
        try:
            if options.second is not None and (
                fresh or tx.session.scalar(approval_stmt.limit(1)) is None
            ):
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
            self.report.blocked.append(BlockedRow(csv_row.number, csv_row.id, error))

    def _add_content_faults(self, csv_row: csv_files.ImportRow, error: Invalid) -> None:
        faults = error.values.get("faults")
        if isinstance(faults, list):
            for fault in faults:
                column = COLUMN_OF.get(fault.field, fault.field)
                self._add_fault(csv_row, column, fault.key, fault.values)
        else:
            column = COLUMN_OF.get(str(error.values.get("field", "")), "id")
            self._add_fault(csv_row, column, error.key, error.values)

    def _add_fault(
        self, csv_row: csv_files.ImportRow, column: str, key: str, values: Mapping[str, object]
    ) -> None:
        fault = ContentFault(column, key, dict(values))
        self.report.faults.append(RowFault(csv_row.number, csv_row.id, fault))


def _row_place_name(session: Session, cells: dict[str, str]) -> str:
    """Name of a row's place at the time of its code."""
    if cells["titre"]:
        return ""  # only the default title names the place
    filed, area = cells["commune"], cells["departement"]
    name = place_queries.filed_name(session, filed) if filed else None
    departement = place_queries.departement(session, area) if area else None
    return place_name(cells, name or "", departement.name if departement else "")
