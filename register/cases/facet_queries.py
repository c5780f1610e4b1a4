"""Pairs of cases and values, and the cases of a clause, read from the database in few rows."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE
from register.cases.filter_clauses import Clause, ValuePairs
from register.cases.models import CaseState
from register.cases.sql_in import is_among
from register.cases.vocabulary import Vocabulary

_PUBLIC = CASE.c.state == CaseState.PUBLISHED


class FacetReader:
    """What public cases have, at one moment of one session; no statement is asked twice.

    :param only: the numbers of the cases to read; all by default.
    """

    def __init__(
        self, session: Session, vocabulary: Vocabulary, only_numbers: Collection[int] | None = None
    ) -> None:
        self._session = session
        self._vocabulary = vocabulary
        self._conditions = (
            [_PUBLIC] if only_numbers is None else [_PUBLIC, is_among(CASE.c.number, only_numbers)]
        )
        self._cached_cases: dict[Select[Any], dict[Any, array[int]]] = {}

    def cases_by_value(self, pairs: ValuePairs) -> Mapping[str, array[int]]:
        """The cases of each value; a case may come twice."""
        case_numbers: dict[str, array[int]] = {}
        for stmt in pairs.statements:
            for stored, numbers in self.cases_by_column(stmt).items():
                value = pairs.value(stored, self._vocabulary)
                if value is not None:
                    case_numbers.setdefault(value, array("I")).extend(numbers)
        return case_numbers

    def cases_by_column(self, stmt: Select[Any]) -> Mapping[Any, array[int]]:
        """What the database holds, with the numbers of the cases that have it.

        :param stmt: a statement of (case number, what the database holds).
        """
        cached = self._cached_cases.get(stmt)
        if cached is None:
            pairs = stmt.where(*self._conditions).subquery()
            number, stored = pairs.c
            grouped = self._session.execute(select(stored, _join_numbers(number)).group_by(stored))
            cached = {stored_value: _split_numbers(numbers) for stored_value, numbers in grouped}
            self._cached_cases[stmt] = cached
        return cached


def select_cases(session: Session, condition: Clause) -> array[int]:
    """The public cases that satisfy a clause."""
    joined_numbers = session.scalar(select(_join_numbers(CASE.c.number)).where(_PUBLIC, condition))
    return _split_numbers(joined_numbers) if joined_numbers else array("I")


# What is done around a row costs ten times a number in it: numbers come many in one.


def _join_numbers(number: ColumnElement[int]) -> ColumnElement[str]:
    return func.aggregate_strings(cast(number, Text), ",")


def _split_numbers(numbers: str) -> array[int]:
    return array("I", map(int, numbers.split(",")))
