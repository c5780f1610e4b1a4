"""Pairs of cases and values, and the cases of a clause, read from the database in few rows."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE
from register.cases.filter_clauses import Clause, Pairs
from register.cases.models import State
from register.cases.sql_in import among
from register.cases.vocabulary import Book

_PUBLIC = CASE.c.state == State.PUBLISHED


class Reading:
    """What public cases have, at one moment of one session; no statement is asked twice.

    :param only: the numbers of the cases to read; all by default.
    """

    def __init__(self, session: Session, book: Book, only: Collection[int] | None = None) -> None:
        self._session = session
        self._book = book
        self._wanted = [_PUBLIC] if only is None else [_PUBLIC, among(CASE.c.number, only)]
        self._held: dict[Select[Any], dict[Any, array[int]]] = {}

    def values(self, pairs: Pairs) -> Mapping[str, array[int]]:
        """The cases of each value; a case may come twice."""
        found: dict[str, array[int]] = {}
        for asked in pairs.asked:
            for told, numbers in self.held(asked).items():
                value = pairs.value(told, self._book)
                if value is not None:
                    found.setdefault(value, array("I")).extend(numbers)
        return found

    def held(self, asked: Select[Any]) -> Mapping[Any, array[int]]:
        """What the database holds, with the numbers of the cases that have it.

        :param asked: a statement of (case number, what the database holds).
        """
        known = self._held.get(asked)
        if known is None:
            rows = asked.where(*self._wanted).subquery()
            number, told = rows.c
            grouped = self._session.execute(select(told, _joined(number)).group_by(told))
            known = {value: _apart(numbers) for value, numbers in grouped}
            self._held[asked] = known
        return known


def selected(session: Session, wanted: Clause) -> array[int]:
    """The public cases that satisfy a clause."""
    found = session.scalar(select(_joined(CASE.c.number)).where(_PUBLIC, wanted))
    return _apart(found) if found else array("I")


# What is done around a row costs ten times a number in it: numbers come many in one.


def _joined(number: ColumnElement[int]) -> ColumnElement[str]:
    return func.aggregate_strings(cast(number, Text), ",")


def _apart(numbers: str) -> array[int]:
    return array("I", map(int, numbers.split(",")))
