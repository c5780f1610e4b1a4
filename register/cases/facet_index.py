"""Which public case has which value of each facet, held in memory for one head of the ledger.

The database would count ten facets in seconds; sets of case numbers meet in microseconds. They are
made in one go at first need, and then carried from head to head: of the public lines that came
since, only the cases they name are read again. A set is never changed: pages that began before go
on with the marks of their own moment.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import bitset
from register.cases.bitset import CaseSet
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.facet_queries import FacetReader
from register.cases.filter_clauses import DAYS, ValuePairs
from register.cases.filters import FILTERS
from register.cases.sql_in import SMALL_LIST
from register.cases.vocabulary import Vocabulary
from register.journal import Ledger, LedgerPosition
from register.territory import loader

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
        return self.public_cases & bitset.from_numbers(
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
            value: bitset.compact(numbers, max_number)
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
    unchanged_mask = ~bitset.from_numbers(changed)
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
        value: bitset.remove(case_set, changed, unchanged_mask) for value, case_set in facet.items()
    }
    updated = {value: case_set for value, case_set in remaining.items() if case_set}
    for value, numbers in added.items():
        updated[value] = bitset.add(updated.get(value, 0), numbers, max_number)
    return updated


def _record_days(reader: FacetReader, sort_days: array[int]) -> int:
    """The set of the cases that were read, whose days are noted."""
    cases_by_day = reader.cases_by_column(DAYS)
    for day, numbers in cases_by_day.items():
        for number in numbers:
            sort_days[number] = day.toordinal()
    return bitset.from_numbers([number for numbers in cases_by_day.values() for number in numbers])
