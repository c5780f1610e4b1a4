"""Rows of many cases, each table read once for all of them: by themselves they are a query each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, selectinload

from register.cases.models import Incident

# What a damaged byte raises when it is read as text, date or number.
UNREADABLE = (SQLAlchemyError, ValueError, LookupError, AttributeError, TypeError)

_CASE_LISTS = (Incident.follow_ups, Incident.replies, Incident.corrections)


class CaseRows:
    """The rows of a batch of cases, by table.

    Where a row of a table cannot be read, that table is read for each case by itself: only the case
    of the row is unreadable then.

    :param incident_ids: a few hundred at most, whose texts are in memory together.
    """

    def __init__(self, session: Session, incident_ids: Sequence[int]) -> None:
        self._session = session
        self._ids = incident_ids
        self._by_table: dict[type[Any], dict[int, list[Any]] | None] = {}
        self._cases: Sequence[Incident] = ()  # the session itself holds no object
        stmt = select(Incident).where(Incident.id.in_(incident_ids))
        try:
            self._cases = session.scalars(stmt.options(*map(selectinload, _CASE_LISTS))).all()
        except UNREADABLE:
            session.expunge_all()

    def load(self, model: type[Any], incident_id: int) -> Sequence[Any]:
        """The rows of a table that are of a case, in the order of their keys."""
        if model not in self._by_table:
            self._by_table[model] = self._read(model)
        by_case = self._by_table[model]
        if by_case is None:
            return self._rows(model, [incident_id])
        return by_case.get(incident_id, ())

    def _read(self, model: type[Any]) -> dict[int, list[Any]] | None:
        by_case: dict[int, list[Any]] = {}
        try:
            for row in self._rows(model, self._ids):
                by_case.setdefault(row.incident_id, []).append(row)
        except UNREADABLE:
            return None
        return by_case

    def _rows(self, model: type[Any], incident_ids: Sequence[int]) -> Sequence[Any]:
        keys = inspect(model).primary_key
        stmt = select(model).where(model.incident_id.in_(incident_ids)).order_by(*keys)
        return self._session.scalars(stmt).all()
