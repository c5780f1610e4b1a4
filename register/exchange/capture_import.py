"""Import of a folder of captures: pages of sources that were copied elsewhere.

``captures.csv`` in the folder has a row for each file. A file becomes a copy of its source in every
case that has it, whoever sees the case. May be interrupted and repeated.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases.act_permissions import POSSIBLE_ACTS
from register.cases.acts import add_source_copy
from register.cases.case_evidence import case_key
from register.cases.cited_sources import addresses, digest
from register.cases.core_tables import CASE, REVISION
from register.cases.models import SourceCopy
from register.cases.validation import ContentFault
from register.db import now
from register.errors import Invalid, NotFound, Refused, Unavailable
from register.evidence.captures import WARC, archived_day, recognise_capture, require_past
from register.evidence.file_kinds import HEAD_BYTES
from register.evidence.sealed_files import BLOB_BYTES, SealedFiles, new_file
from register.exchange.csv_syntax import ImportRow, parse_rows, read_file
from register.journal import Act, JournalEntry, writing
from register.key_store import KeyStore
from register.text.dates import paris_day

MANIFEST = "captures.csv"
FILE, ADDRESS, DAY = COLUMNS = ("fichier", "adresse", "jour")
_STATES = [state for state, acts in POSSIBLE_ACTS.items() if Act.SOURCE_COPIED in acts]


class CaptureEffect(StrEnum):
    """What became of a row."""

    ADDED = "added"
    PRESENT = "present"
    DESTROYED = "destroyed"  # it was brought before, and a member had it destroyed since
    REFUSED = "refused"


@dataclass(frozen=True)
class CaptureOutcome:
    """A row of the manifest, and what became of it; ``fault`` names one of its columns."""

    row: ImportRow
    effect: CaptureEffect
    fault: ContentFault | None = None


@dataclass(frozen=True)
class CaptureReport:
    """The outcomes of all rows, and the files of the folder that no row names."""

    outcomes: Sequence[CaptureOutcome]
    unnamed: int

    def count(self, effect: CaptureEffect) -> int:
        """The number of rows with an effect."""
        return sum(outcome.effect is effect for outcome in self.outcomes)


@dataclass(frozen=True)
class CaptureImport:
    """An import into a register.

    :param limit: greatest size of a file in bytes.
    """

    engine: Engine
    store: KeyStore
    files: SealedFiles
    limit: int
    dry_run: bool = False
    clock: Callable[[], datetime] = now

    def run(self, folder: Path, progress: Callable[[int, int], None]) -> CaptureReport:
        """Bring in the captures of a folder, row by row.

        :raises Invalid: the manifest is missing, or unreadable as a whole.
        :raises Unavailable: the store of files is away, or full.
        """
        rows = parse_rows(read_file(folder / MANIFEST), COLUMNS)
        cases = self._cases()
        outcomes = []
        for number, row in enumerate(rows, start=1):
            effect, fault = CaptureEffect.REFUSED, row.fault
            if fault is None:
                try:
                    effect = self._bring(folder, row.cells, cases)
                except Invalid as error:
                    column = str(error.values.get("field", FILE))
                    fault = ContentFault(column, error.key, error.values)
            outcomes.append(CaptureOutcome(row, effect, fault))
            progress(number, len(rows))
        names = {MANIFEST, *(row.cells[FILE] for row in rows)}
        unnamed = sum(path.is_file() and path.name not in names for path in folder.iterdir())
        return CaptureReport(outcomes, unnamed)

    def _cases(self) -> Mapping[str, list[int]]:
        """The cases of each address that is a source, in any state in which copies are taken."""
        stmt = (
            select(CASE.c.id, REVISION.c.content)
            .join(REVISION, REVISION.c.id == CASE.c.revision_id)
            .where(CASE.c.state.in_(_STATES), REVISION.c.content.is_not(None))
            .order_by(CASE.c.id)
        )
        cases: dict[str, list[int]] = {}
        with Session(self.engine) as session:
            for case_id, content in session.execute(stmt.execution_options(yield_per=200)):
                for address in addresses(json.loads(content)).values():
                    cases.setdefault(address, []).append(case_id)
        return cases

    def _bring(
        self, folder: Path, cells: Mapping[str, str], cases: Mapping[str, list[int]]
    ) -> CaptureEffect:
        """Bring in one file.

        :raises Invalid: with the column at fault as ``field``, unless it is that of the file.
        """
        path = _path(folder, cells[FILE])
        case_ids = cases.get(cells[ADDRESS])
        if not case_ids:
            raise Invalid("capture_address", field=ADDRESS)
        mime, sha256 = self._recognise(path)
        day = self._day(path, mime, cells)
        effects = self._effects(case_ids, digest(cells[ADDRESS]), sha256)
        missing = [case_id for case_id in case_ids if effects[case_id] is CaptureEffect.ADDED]
        if missing and not self.dry_run:
            if not self.files.has_room(path.stat().st_size):
                raise Unavailable("import_no_room")
            self._store(path, mime, digest(cells[ADDRESS]), day, missing)
        # The first that is true of a case, in the order of the enumeration.
        return next(effect for effect in CaptureEffect if effect in effects.values())

    def _recognise(self, path: Path) -> tuple[str, str]:
        """The media type and the SHA-256 of a file."""
        size = path.stat().st_size
        if size > self.limit:
            raise Invalid("evidence_too_large", megabytes=self.limit // 1_000_000)
        try:
            with path.open("rb") as file:
                mime = recognise_capture(file.read(HEAD_BYTES), size)
                file.seek(0)
                return mime, hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Invalid("capture_missing") from error

    def _day(self, path: Path, mime: str, cells: Mapping[str, str]) -> date:
        """The day of a capture; that of a web archive is its own."""
        today = paris_day(self.clock())
        if mime != WARC:
            return _stated_day(cells[DAY], today)
        stated = _stated_day(cells[DAY], today) if cells[DAY] else None
        with path.open("rb") as archive:
            day = archived_day(archive, cells[ADDRESS], today)
        if stated not in (None, day):
            raise Invalid("capture_other_day", field=DAY, day=day.isoformat())
        return day

    def _effects(
        self, case_ids: Sequence[int], source: str, sha256: str
    ) -> Mapping[int, CaptureEffect]:
        """What becomes of a file in each case."""
        present = select(SourceCopy.incident_id, SourceCopy.source).where(
            SourceCopy.incident_id.in_(case_ids), SourceCopy.sha256 == sha256
        )
        lines = select(JournalEntry.incident_id, JournalEntry.private_json).where(
            JournalEntry.incident_id.in_(case_ids), JournalEntry.act == Act.SOURCE_COPIED
        )
        with Session(self.engine) as session:
            copies = session.execute(present).all()
            brought = Counter(
                case_id
                for case_id, private in session.execute(lines)
                if json.loads(private).get("sha256") == sha256
            )
        remaining = Counter(case_id for case_id, _source in copies)
        return {
            case_id: CaptureEffect.PRESENT
            if (case_id, source) in copies
            else CaptureEffect.DESTROYED
            if brought[case_id] > remaining[case_id]
            else CaptureEffect.ADDED
            for case_id in case_ids
        }

    def _store(
        self, path: Path, mime: str, source: str, day: date, case_ids: Sequence[int]
    ) -> None:
        """Seal a file once, and make it a copy of each case."""
        file = self.files.write(new_file(path.name, mime), _chunks(path), self.limit)
        is_stored = False
        try:
            for case_id in case_ids:
                # Another import was faster, or the case changed meanwhile.
                with suppress(NotFound, Refused), writing(self.engine, self.clock()) as tx:
                    key = case_key(self.store, case_id)
                    add_source_copy(tx, case_id, source, file, key, by=None, captured_on=day)
                    is_stored = True
        finally:
            if not is_stored:
                self.files.delete(file.file_id)


def _stated_day(cell: str, today: date) -> date:
    try:
        return require_past(date.fromisoformat(cell), today)
    except ValueError as error:
        raise Invalid("capture_day", field=DAY) from error
    except Invalid as error:
        raise Invalid(error.key, field=DAY) from error


def _path(folder: Path, name: str) -> Path:
    """A file of a folder by its name alone: no path and no link lead out of it."""
    if not name or name in (".", "..") or name != Path(name).name:
        raise Invalid("capture_outside")
    path = folder / name
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise Invalid("capture_missing") from error
    if not stat.S_ISREG(mode):
        raise Invalid("capture_outside")
    return path


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(BLOB_BYTES):
            yield chunk
