"""Which public case has which value of each facet, held in memory for one head of the ledger.

The database would count ten facets in seconds; sets of case numbers meet in microseconds. They are
made in one go at first need, and then carried from head to head: of the public lines that came
since, only the cases they name are read again. A set is never changed: pages that began before go
on with the marks of their own moment.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from threading import Lock
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, JOURNAL_ENTRY, SMALL_LIST, is_among
from register.cases.filter_clauses import DAYS, Clause, ValuePairs
from register.cases.filters import FILTERS
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.journal import Ledger, LedgerPosition
from register.territory import loader

CaseSet: TypeAlias = "int | array[int]"

_DIGIT_0, _DIGIT_1 = ord("0"), ord("1")
_DIGIT_TO_FLAG = bytes.maketrans(b"01", b"\x00\x01")


def from_numbers(numbers: Collection[int]) -> int:
    """The set of some case numbers."""
    if not numbers:
        return 0
    max_number = max(numbers)
    # Base 2 is read in linear time, and is far quicker than setting bit after bit.
    digits = bytearray([_DIGIT_0]) * (max_number + 1)
    for number in numbers:
        digits[max_number - number] = _DIGIT_1
    return int(digits, 2)


def to_flags(bits: int, max_number: int) -> bytes:
    """One byte for each number from 0 to ``max_number``: 1 for those in the set, else 0."""
    return f"{bits:0{max_number + 1}b}".encode().translate(_DIGIT_TO_FLAG)[::-1]


def to_numbers(case_set: CaseSet) -> list[int]:
    """The case numbers of a set, in order."""
    if not isinstance(case_set, int):
        return list(case_set)
    flags = to_flags(case_set, case_set.bit_length())
    return list(compress(range(len(flags)), flags))


def compact(numbers: Iterable[int], max_number: int) -> CaseSet:
    """Some case numbers in the form that takes less room.

    :param max_number: the highest number of any case.
    """
    unique_numbers = set(numbers)
    # Four bytes for each case, or one bit for each number up to the highest.
    return (
        array("I", sorted(unique_numbers))
        if len(unique_numbers) * 32 < max_number
        else from_numbers(unique_numbers)
    )


def as_int(case_set: CaseSet) -> int:
    """A set as a whole number, whichever form it is kept in."""
    return case_set if isinstance(case_set, int) else from_numbers(case_set)


def count_selected(case_set: CaseSet, selection: int, flags: bytes) -> int:
    """How many cases of a set are chosen.

    :param flags: the :func:`to_flags` of ``selection``, up to the highest number of any case.
    """
    if isinstance(case_set, int):
        return (case_set & selection).bit_count()
    return sum(map(flags.__getitem__, case_set))


def remove(case_set: CaseSet, removed: set[int], remaining_mask: int) -> CaseSet:
    """A set without some cases.

    :param remaining_mask: every number but those of ``removed``.
    """
    if isinstance(case_set, int):
        return case_set & remaining_mask
    return (
        case_set
        if removed.isdisjoint(case_set)
        else array("I", [number for number in case_set if number not in removed])
    )


def add(case_set: CaseSet, numbers: Iterable[int], max_number: int) -> CaseSet:
    """A set and some more cases; what has become many takes the other form."""
    if isinstance(case_set, int):
        return case_set | from_numbers(list(numbers))
    return compact([*case_set, *numbers], max_number)


# Of more changed cases than this, all are read: it takes no longer.
CHANGED_LIMIT = SMALL_LIST
# The newest, and the one before it: pages that began before an act go on while it is done.
INDEX_LIMIT = 2

FACETS: Mapping[str, ValuePairs] = {
    name: facet_filter.value_pairs
    for name, facet_filter in FILTERS.items()
    if facet_filter.value_pairs is not None
}
FacetSets = Mapping[str, CaseSet]


@dataclass(frozen=True)
class FacetVersion:
    """What marks are true of: a line of the public ledger, the vocabularies, the territory."""

    head: LedgerPosition
    vocabulary: str
    territory: str


@dataclass(frozen=True)
class FacetIndex:
    """The public cases of one moment, by their numbers.

    ``facets``: facet → value → cases that a filter by the value finds; no value is without a case.
    ``sort_days``: the day by which lists are in order, as an ordinal, at each case's number; what stands
    at other numbers means nothing. ``clause_sets``: what other filters select at this moment, once
    they were asked for.
    """

    version: FacetVersion
    public_cases: int
    facets: Mapping[str, FacetSets]
    sort_days: array[int]
    clause_sets: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict, compare=False)

    @property
    def max_number(self) -> int:
        """The highest number that a case had when these were made."""
        return len(self.sort_days) - 1

    def intersect(self, numbers: Collection[int]) -> int:
        """The set of the public cases among some numbers; an index may propose any number."""
        max_number = self.max_number
        return self.public_cases & from_numbers(
            [number for number in numbers if 0 < number <= max_number]
        )


# By the place that they are true of, the newest last.
_cached_indexes: dict[FacetVersion, FacetIndex] = {}
# Of the readers who come first, one makes the marks and the others wait for them.
_build_lock = Lock()


def load_index(
    session: Session, vocabulary: Vocabulary, head: LedgerPosition, territory: str = ""
) -> FacetIndex:
    """The marks of a position of the public ledger.

    :param head: read first, on the same session: what is read then is of that moment.
    :param territory: the version of the territory, from whoever has read it then.
    """
    version = FacetVersion(head, vocabulary.version, territory or loader.version(session) or "")
    index = _cached_indexes.get(version)
    if index is not None:
        return index
    with _build_lock:
        index = (
            _cached_indexes.get(version)
            or _carry_forward(session, vocabulary, version)
            or _build(session, vocabulary, version)
        )
        if not _is_older_than_cached(version):
            _cached_indexes[version] = index
        for old_version in list(_cached_indexes)[:-INDEX_LIMIT]:
            del _cached_indexes[old_version]
    return index


def _is_older_than_cached(version: FacetVersion) -> bool:
    """Whether a page began before the oldest marks that are kept: its own are for it alone."""
    seqs = [cached_version.head.seq for cached_version in _cached_indexes]
    return len(seqs) >= INDEX_LIMIT and version.head.seq < min(seqs)


# --- made anew, or carried on -------------------------------------------------------------------


def _build(session: Session, vocabulary: Vocabulary, version: FacetVersion) -> FacetIndex:
    reader = FacetReader(session, vocabulary)
    max_number = max((max(numbers) for numbers in reader.cases_by_column(DAYS).values()), default=0)
    facets = {
        name: {
            value: compact(numbers, max_number)
            for value, numbers in reader.cases_by_value(pairs).items()
        }
        for name, pairs in FACETS.items()
    }
    sort_days = array("I", bytes(4 * (max_number + 1)))
    return FacetIndex(version, _record_days(reader, sort_days), facets, sort_days)


def _carry_forward(
    session: Session, vocabulary: Vocabulary, version: FacetVersion
) -> FacetIndex | None:
    """The marks of an earlier moment, with the cases that have changed since read again."""
    for earlier in reversed(list(_cached_indexes.values())):
        if _is_earlier(session, earlier.version, version):
            changed = _changed_cases(session, earlier.version.head, version.head)
            return (
                _update_index(session, vocabulary, earlier, version, changed)
                if changed is not None
                else None
            )
    return None


def _is_earlier(session: Session, earlier: FacetVersion, version: FacetVersion) -> bool:
    """Whether the register of now was once at ``earlier``; after a restore it may not have been."""
    is_same = (earlier.vocabulary, earlier.territory) == (version.vocabulary, version.territory)
    if not is_same or earlier.head.seq >= version.head.seq:
        return False
    is_line = (JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value) & (
        JOURNAL_ENTRY.c.seq == earlier.head.seq
    )
    digest = session.scalar(select(JOURNAL_ENTRY.c.digest).where(is_line))
    return digest is not None and digest.hex() == earlier.head.digest


def _changed_cases(
    session: Session, after: LedgerPosition, until: LedgerPosition
) -> set[int] | None:
    """The cases that public lines name; None for too many of them."""
    stmt = select(JOURNAL_ENTRY.c.case_number).distinct()
    stmt = stmt.where(
        JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value,
        JOURNAL_ENTRY.c.seq > after.seq,
        JOURNAL_ENTRY.c.seq <= until.seq,
        JOURNAL_ENTRY.c.case_number.is_not(None),
    )
    case_numbers = {
        number for number in session.scalars(stmt.limit(CHANGED_LIMIT + 1)) if number is not None
    }
    return case_numbers if len(case_numbers) <= CHANGED_LIMIT else None


def _update_index(
    session: Session,
    vocabulary: Vocabulary,
    earlier: FacetIndex,
    version: FacetVersion,
    changed: set[int],
) -> FacetIndex:
    reader = FacetReader(session, vocabulary, changed)
    max_number = max(earlier.max_number, *changed) if changed else earlier.max_number
    unchanged_mask = ~from_numbers(changed)
    facets = {
        name: _update_facet(
            earlier.facets[name], reader.cases_by_value(pairs), changed, unchanged_mask, max_number
        )
        for name, pairs in FACETS.items()
    }
    sort_days = earlier.sort_days + array("I", bytes(4 * (max_number - earlier.max_number)))
    return FacetIndex(
        version,
        (earlier.public_cases & unchanged_mask) | _record_days(reader, sort_days),
        facets,
        sort_days,
    )


def _update_facet(
    facet: FacetSets,
    added: Mapping[str, Sequence[int]],
    changed: set[int],
    unchanged_mask: int,
    max_number: int,
) -> FacetSets:
    """A facet without the changed cases, but for the values that they have now."""
    remaining = {
        value: remove(case_set, changed, unchanged_mask) for value, case_set in facet.items()
    }
    updated = {value: case_set for value, case_set in remaining.items() if case_set}
    for value, numbers in added.items():
        updated[value] = add(updated.get(value, 0), numbers, max_number)
    return updated


def _record_days(reader: FacetReader, sort_days: array[int]) -> int:
    """The set of the cases that were read, whose days are noted."""
    cases_by_day = reader.cases_by_column(DAYS)
    for day, numbers in cases_by_day.items():
        for number in numbers:
            sort_days[number] = day.toordinal()
    return from_numbers([number for numbers in cases_by_day.values() for number in numbers])


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
