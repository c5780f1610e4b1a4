"""Importing a file of cases: row by row, each whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases import vocabulary as default_title
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Approval, CaseState, Incident, Origin
from register.cases.validation import ContentFault
from register.cases.vocabulary import Vocabulary, current_vocabulary, source_kinds
from register.errors import Incomplete, Invalid, Refused, TextError
from register.exchange import csv_files
from register.journal import WriteTransaction, writing
from register.journal.canonical import canonical_json
from register.territory import place_queries
from register.text.countries import country_name
from register.text.normalisation import fold

# The column that a fault in a field is reported by.
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
    """The content that a row stands for.

    :param kinds: free words for a kind of source → our kind.
    :param place: the name of the row's place, for a title made from type, place and date.
    """
    types = _split_cell(cells["types"])
    return Content(
        title=cells["titre"] or default_title.build_title(types, place, cells["date"], vocabulary),
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
        sources=_sources(cells, kinds),
        proceedings=_proceedings(cells),
    )


def stray_proceeding_column(cells: Mapping[str, str]) -> str:
    """The first column that tells of a proceeding in a row that says there is none; or empty."""
    if cells["procedure"] not in ("", NO_PROCEEDING):
        return ""
    proceeding_columns = ("juridiction", "date_issue", "en_appel")
    return next((column for column in proceeding_columns if cells[column]), "")


def place_name(cells: Mapping[str, str], commune: str, departement: str) -> str:
    """The place of a row in words: commune, département, free words, or the country."""
    name = commune or departement or cells["lieu"]
    if cells["pays"] not in ("", "FR"):
        country = country_name(cells["pays"])
        return f"{name} ({country})" if name else country
    return name


def _split_cell(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _sources(cells: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[SourceContent, ...]:
    if not cells["source_url"]:
        return ()
    kind = kinds.get(fold(cells["source_type"]), "autre")
    return (SourceContent(cells["source_url"], kind=kind, label=cells["source_type"]),)


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
    fault: ContentFault


@dataclass(frozen=True)
class BlockedRow:
    """A row left as a draft: the checklist's unmet lines, or the act's refusal."""

    line: int
    id: str
    error: Incomplete | Refused


@dataclass
class ImportReport:
    """What an import did."""

    drafted: int = 0
    published: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
    blocked: list[BlockedRow] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every row is where it was meant to be."""
        return not self.faults and not self.blocked


class _DryRunRollback(Exception):
    """Leaves a dry run's pen without a trace."""


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

    :param by: the author of the drafts when nothing is published.
    :param progress: called with rows done and rows in all.
    :raises Invalid: the file as a whole cannot be read.
    """
    csv_rows = csv_files.read_rows(path)
    job = _ImportJob(engine, publish, by or (publish.by if publish else 0), reason, dry_run)
    for done, csv_row in enumerate(csv_rows, start=1):
        job.import_row(csv_row)
        if progress:
            progress(done, len(csv_rows))
    return job.report


class _ImportJob:
    """One run over a file."""

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
            self.report.faults.append(
                RowFault(csv_row.number, csv_row.id, ContentFault(column, key, values))
            )
            return
        digest = hashlib.sha256(canonical_json(csv_row.cells)).hexdigest()
        if self.seen_digests.setdefault(csv_row.id, digest) != digest:
            self.report.faults.append(
                RowFault(csv_row.number, csv_row.id, ContentFault("id", "id_twice"))
            )
            return
        try:
            with writing(self.engine) as tx:
                self._write_row(tx, csv_row, digest)
                if self.dry_run:
                    raise _DryRunRollback
        except _DryRunRollback:
            pass
        except Invalid as error:
            self._add_faults(csv_row, error)
        except TextError as error:
            self.report.faults.append(
                RowFault(
                    csv_row.number,
                    csv_row.id,
                    ContentFault("resume", error.key, dict(error.values)),
                )
            )

    def _write_row(self, tx: WriteTransaction, csv_row: csv_files.ImportRow, digest: str) -> None:
        origin = tx.session.get(Origin, csv_row.id)
        if origin is None:
            case = self._draft(tx, csv_row, digest)
            self.report.drafted += 1
        else:
            if origin.digest and origin.digest != digest:
                self.report.faults.append(
                    RowFault(csv_row.number, csv_row.id, ContentFault("id", "id_changed"))
                )
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
        second = options.second
        try:
            if second is not None and (fresh or not _has_approval(tx.session, case, second)):
                acts.approve(tx, case.id, by=second)
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

    def _add_faults(self, csv_row: csv_files.ImportRow, error: Invalid) -> None:
        faults = error.values.get("faults")
        if not isinstance(faults, list):
            column = COLUMN_OF.get(str(error.values.get("field", "")), "id")
            faults = [ContentFault(column, error.key, dict(error.values))]
        for fault in faults:
            column = COLUMN_OF.get(fault.field, fault.field)
            self.report.faults.append(
                RowFault(csv_row.number, csv_row.id, ContentFault(column, fault.key, fault.values))
            )


def _has_approval(session: Session, case: Incident, member: int) -> bool:
    stmt = select(Approval.id).where(
        Approval.revision_id == case.revision_id,
        Approval.given_by == member,
        Approval.purpose == "publish",
    )
    return session.scalar(stmt.limit(1)) is not None


def _row_place_name(session: Session, cells: dict[str, str]) -> str:
    """The name of a row's place, as it was called when the row's code was given."""
    if cells["titre"]:
        return ""  # only a title that is made here names the place
    filed, area = cells["commune"], cells["departement"]
    name = place_queries.filed_name(session, filed) if filed else None
    departement = place_queries.departement(session, area) if area else None
    return place_name(cells, name or "", departement.name if departement else "")
