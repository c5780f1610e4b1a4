"""In-memory facet index: the public cases of each facet value, at one ledger position.

The database needs seconds to count ten facets; sets of case numbers intersect in microseconds.
The first index is built from the whole register; a later one rereads only the cases that public
lines have named since. Sets are never modified, so a page that began before goes on with the
index of its own position.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from threading import Lock
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import (
    CASE,
    IS_PUBLIC,
    IS_PUBLIC_LINE,
    JOURNAL_ENTRY,
    SMALL_LIST,
    is_among,
)
from register.cases.filter_clauses import DAYS, Clause, ValuePairs
from register.cases.filters import FILTERS
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.territory import dataset

CaseSet: TypeAlias = "int | array[int]"

_DIGIT_0, _DIGIT_1 = ord("0"), ord("1")
_DIGIT_TO_FLAG = bytes.maketrans(b"01", b"\x00\x01")


def from_numbers(numbers: Collection[int]) -> int:
    """Bit set of case numbers: bit n stands for case n."""
    if not numbers:
        return 0
    max_number = max(numbers)
    # Parsing base 2 takes linear time and is far quicker than setting bits one by one.
    digits = bytearray([_DIGIT_0]) * (max_number + 1)
    for number in numbers:
        digits[max_number - number] = _DIGIT_1
    return int(digits, 2)


def to_flags(bits: int, max_number: int) -> bytes:
    """Byte for each number from 0 to ``max_number``: 1 if it is in the set, else 0."""
    return f"{bits:0{max_number + 1}b}".encode().translate(_DIGIT_TO_FLAG)[::-1]


def to_numbers(case_set: CaseSet) -> list[int]:
    """Case numbers of a set, in ascending order."""
    if not isinstance(case_set, int):
        return list(case_set)
    flags = to_flags(case_set, case_set.bit_length())
    return list(compress(range(len(flags)), flags))


def compact(numbers: Iterable[int], max_number: int) -> CaseSet:
    """Set of case numbers, in the smaller of its two forms.

    :param max_number: the highest number of any case.
    """
    unique_numbers = set(numbers)
    # An array takes 32 bits a case, a bit set one bit for each number up to the highest.
    return (
        array("I", sorted(unique_numbers))
        if len(unique_numbers) * 32 < max_number
        else from_numbers(unique_numbers)
    )


def as_int(case_set: CaseSet) -> int:
    """Bit set of a set in either form."""
    return case_set if isinstance(case_set, int) else from_numbers(case_set)


def count_selected(case_set: CaseSet, selection: int, flags: bytes) -> int:
    """Number of cases of a set that are selected.

    :param flags: :func:`to_flags` of ``selection``, up to the highest number of any case.
    """
    if isinstance(case_set, int):
        return (case_set & selection).bit_count()
    return sum(map(flags.__getitem__, case_set))


def remove(case_set: CaseSet, removed: set[int], remaining_mask: int) -> CaseSet:
    """Set without the removed cases.

    :param remaining_mask: all numbers except those of ``removed``.
    """
    if isinstance(case_set, int):
        return case_set & remaining_mask
    if removed.isdisjoint(case_set):
        return case_set
    return array("I", [number for number in case_set if number not in removed])


def add(case_set: CaseSet, numbers: Iterable[int], max_number: int) -> CaseSet:
    """Copy of a set with more cases; an array that grows too long becomes a bit set."""
    if isinstance(case_set, int):
        return case_set | from_numbers(list(numbers))
    return compact([*case_set, *numbers], max_number)


# With more changed cases, a full build takes no longer.
CHANGED_LIMIT = SMALL_LIST
# The newest index and the one before, which pages that began before an act still use.
INDEX_LIMIT = 2

FACETS: Mapping[str, ValuePairs] = {
    name: facet_filter.value_pairs
    for name, facet_filter in FILTERS.items()
    if facet_filter.value_pairs is not None
}
FacetSets = Mapping[str, CaseSet]


@dataclass(frozen=True)
class FacetVersion:
    """Versions that an index was built from: public ledger, vocabularies, territory."""

    head: LedgerPosition
    vocabulary: str
    territory: str


@dataclass(frozen=True)
class FacetIndex:
    """Public cases at one ledger position, by number.

    ``facets``: facet → value → cases that the filter selects; each value has at least one case.
    ``sort_days``: at each case's number the ordinal of the day that lists are sorted by; other
    positions are meaningless. ``clause_sets``: cached sets of the filters that are no facets.
    """

    version: FacetVersion
    public_cases: int
    facets: Mapping[str, FacetSets]
    sort_days: array[int]
    clause_sets: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict, compare=False)

    @property
    def max_number(self) -> int:
        """The highest case number when the index was built."""
        return len(self.sort_days) - 1

    def intersect(self, numbers: Collection[int]) -> int:
        """Set of the public cases among some numbers; a search index may propose any number."""
        max_number = self.max_number
        return self.public_cases & from_numbers(
            [number for number in numbers if 0 < number <= max_number]
        )


_cached_indexes: dict[FacetVersion, FacetIndex] = {}  # the newest last
# One thread builds an index while the others wait for it.
_build_lock = Lock()


def load_index(
    session: Session, vocabulary: Vocabulary, head: LedgerPosition, territory: str = ""
) -> FacetIndex:
    """Index at a position of the public ledger.

    :param head: read first on the same session, so that the cases are of this position.
    :param territory: version of the territory, if the caller has read it already.
    """
    version = FacetVersion(
        head, vocabulary.version, territory or dataset.loaded_version(session) or ""
    )
    index = _cached_indexes.get(version)
    if index is not None:
        return index
    with _build_lock:
        index = (
            _cached_indexes.get(version)
            or _carry_forward(session, vocabulary, version)
            or _build(session, vocabulary, version)
        )
        seqs = [cached_version.head.seq for cached_version in _cached_indexes]
        # A page that began before the oldest cached index uses its own index alone.
        if len(seqs) < INDEX_LIMIT or version.head.seq >= min(seqs):
            _cached_indexes[version] = index
        for old_version in list(_cached_indexes)[:-INDEX_LIMIT]:
            del _cached_indexes[old_version]
    return index


# --- full and incremental build -----------------------------------------------------------------


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
    """Update of the newest earlier index; None without one, or with too many changed cases."""
    for earlier in reversed(list(_cached_indexes.values())):
        head = earlier.version.head
        if replace(version, head=head) != earlier.version or head.seq >= version.head.seq:
            continue
        # After a restore, the ledger may not contain the line of the earlier index.
        digest = session.scalar(
            select(JOURNAL_ENTRY.c.digest).where(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.seq == head.seq)
        )
        if digest is None or digest.hex() != head.digest:
            continue
        changed_stmt = select(JOURNAL_ENTRY.c.case_number).distinct()
        changed_stmt = changed_stmt.where(
            IS_PUBLIC_LINE,
            JOURNAL_ENTRY.c.seq > head.seq,
            JOURNAL_ENTRY.c.seq <= version.head.seq,
            JOURNAL_ENTRY.c.case_number.is_not(None),
        )
        changed = set(session.scalars(changed_stmt.limit(CHANGED_LIMIT + 1)))
        if len(changed) > CHANGED_LIMIT:
            return None
        return _update_index(session, vocabulary, earlier, version, changed)
    return None


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
    facets: dict[str, FacetSets] = {}
    for name, pairs in FACETS.items():
        updated: dict[str, CaseSet] = {}
        for value, case_set in earlier.facets[name].items():
            if unchanged := remove(case_set, changed, unchanged_mask):
                updated[value] = unchanged
        for value, numbers in reader.cases_by_value(pairs).items():
            updated[value] = add(updated.get(value, 0), numbers, max_number)
        facets[name] = updated
    sort_days = earlier.sort_days + array("I", bytes(4 * (max_number - earlier.max_number)))
    return FacetIndex(
        version,
        (earlier.public_cases & unchanged_mask) | _record_days(reader, sort_days),
        facets,
        sort_days,
    )


def _record_days(reader: FacetReader, sort_days: array[int]) -> int:
    """Set of the cases that were read; their days are written into ``sort_days``."""
    cases_by_day = reader.cases_by_column(DAYS)
    for day, numbers in cases_by_day.items():
        for number in numbers:
            sort_days[number] = day.toordinal()
    return from_numbers([number for numbers in cases_by_day.values() for number in numbers])


class FacetReader:
    """Reader of the stored values of public cases; each statement runs once.

    :param only_numbers: the numbers of the cases to read; all by default.
    """

    def __init__(
        self, session: Session, vocabulary: Vocabulary, only_numbers: Collection[int] | None = None
    ) -> None:
        self._session = session
        self._vocabulary = vocabulary
        self._conditions = [IS_PUBLIC]
        if only_numbers is not None:
            self._conditions.append(is_among(CASE.c.number, only_numbers))
        self._cached_cases: dict[Select[Any], dict[Any, array[int]]] = {}

    def cases_by_value(self, pairs: ValuePairs) -> Mapping[str, array[int]]:
        """Value → cases; a case may occur twice."""
        case_numbers: dict[str, array[int]] = {}
        for stmt in pairs.statements:
            for stored, numbers in self.cases_by_column(stmt).items():
                value = pairs.value(stored, self._vocabulary)
                if value is not None:
                    case_numbers.setdefault(value, array("I")).extend(numbers)
        return case_numbers

    def cases_by_column(self, stmt: Select[Any]) -> Mapping[Any, array[int]]:
        """Stored value → case numbers.

        :param stmt: selects (case number, stored value).
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
    """Public cases that satisfy a clause."""
    joined_numbers = session.scalar(
        select(_join_numbers(CASE.c.number)).where(IS_PUBLIC, condition)
    )
    return _split_numbers(joined_numbers) if joined_numbers else array("I")


# Fetching a row costs ten times as much as a number in it: each row holds many numbers, joined.


def _join_numbers(number: ColumnElement[int]) -> ColumnElement[str]:
    return func.aggregate_strings(cast(number, Text), ",")


def _split_numbers(numbers: str) -> array[int]:
    return array("I", map(int, numbers.split(",")))
