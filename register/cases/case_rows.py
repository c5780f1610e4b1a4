"""Rows of many cases, each table read once for all of them: by themselves they are a query each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Row, inspect, null, select, union_all
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, selectinload

from register.cases.case_content import Content, parse_content
from register.cases.models import Incident, RedactedOriginal, Revision
from register.journal import Act
from register.journal.verify import CommitmentOpening

# What a damaged byte raises when it is read as text, date or number.
UNREADABLE = (SQLAlchemyError, ValueError, LookupError, AttributeError, TypeError)

_CASE_LISTS = (Incident.follow_ups, Incident.replies, Incident.corrections)


@dataclass(frozen=True)
class CaseLine:
    """A line of a case, with its private details."""

    act: Act
    ledger: str
    seq: int
    by: int | None
    at: datetime
    case_number: int | None
    revision_id: int | None
    private: Mapping[str, Any]

    @classmethod
    def of(cls, line: Row[Any]) -> CaseLine:
        """The line of a row of the journal."""
        return cls(
            Act(line.act),
            line.ledger,
            line.seq,
            line.member_id,
            line.at,
            line.case_number,
            line.revision_id,
            json.loads(line.private_json),
        )


class CaseRows:
    """The rows of a batch of cases, by table.

    Where a row of a table cannot be read, that table is read for each case by itself: only the case
    of the row is unreadable then.

    :param incident_ids: a few hundred at most, whose texts are in memory together.
    """

    def __init__(self, session: Session, incident_ids: Sequence[int]) -> None:
        self.session = session
        self._ids = incident_ids
        self._by_table: dict[Any, dict[int, list[Any]] | None] = {}
        self._parsed: dict[bytes, tuple[Mapping[str, Any], Content]] = {}
        self._cases: Sequence[Incident] = ()  # the session itself holds no object
        stmt = select(Incident).where(Incident.id.in_(incident_ids))
        try:
            self._cases = session.scalars(stmt.options(*map(selectinload, _CASE_LISTS))).all()
        except UNREADABLE:
            session.expunge_all()

    def load(self, model: Any, incident_id: int) -> Sequence[Any]:
        """The rows of a table that are of a case, in the order of their keys.

        :param model: the class of its rows, or the table itself: to read many short rows as objects
            takes several times as long.
        """
        if model not in self._by_table:
            self._by_table[model] = self._read(model)
        by_case = self._by_table[model]
        if by_case is None:
            return self._rows(model, [incident_id])
        return by_case.get(incident_id, ())

    def parse(self, document: bytes) -> tuple[Mapping[str, Any], Content]:
        """A document and its content, parsed once for all checks and revisions that have it."""
        if document not in self._parsed:
            parsed = json.loads(document)
            self._parsed[document] = parsed, parse_content(parsed)
        return self._parsed[document]

    def _read(self, model: Any) -> dict[int, list[Any]] | None:
        by_case: dict[int, list[Any]] = {}
        try:
            for row in self._rows(model, self._ids):
                by_case.setdefault(row.incident_id, []).append(row)
        except UNREADABLE:
            return None
        return by_case

    def _rows(self, model: Any, incident_ids: Sequence[int]) -> Sequence[Any]:
        table = inspect(model)
        is_of_cases = table.columns.incident_id.in_(incident_ids)
        stmt = select(model).where(is_of_cases).order_by(*table.primary_key)
        found = self.session.execute(stmt)
        return found.all() if model is table else found.scalars().all()


def read_openings(
    session: Session, revision_ids: Sequence[int]
) -> Mapping[int, Mapping[int | None, CommitmentOpening]]:
    """What the commitments of some revisions were made from; see ``journal.verify.Openings``."""
    columns = (Revision.id, null(), Revision.salt, Revision.content)
    original = RedactedOriginal
    original_columns = (original.revision_id, original.destruction_id)
    stmt: CompoundSelect[Any] = union_all(
        select(*columns).where(Revision.id.in_(revision_ids)),
        select(*original_columns, original.salt, original.content).where(
            original.revision_id.in_(revision_ids)
        ),
    )
    openings: dict[int, dict[int | None, CommitmentOpening]] = defaultdict(dict)
    for revision_id, redaction, salt, content in session.execute(stmt):
        if salt is not None and content is not None:
            openings[revision_id][redaction] = CommitmentOpening(salt, content)
    return openings
