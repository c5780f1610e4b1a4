"""In-memory facet index: the public cases of each code, at one ledger position.

The database needs seconds to count ten facets; sets of case numbers intersect in microseconds.
The first index is built from all codes of public cases; a later one rereads only the cases that
public lines have named since. Sets are never modified, so a page that began before goes on with
the index of its own position.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import compress
from threading import Lock
from typing import TypeAlias

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.core_tables import (
    CASE,
    IS_PUBLIC,
    IS_PUBLIC_LINE,
    JOURNAL_ENTRY,
    SMALL_LIST,
    is_among,
)
from register.cases.filters import FILTERS
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.text.normalisation import fold

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


def union(case_sets: Iterable[CaseSet]) -> int:
    """Bit set of the cases that are in any of the sets."""
    bits, numbers = 0, array("I")
    for case_set in case_sets:
        if isinstance(case_set, int):
            bits |= case_set
        else:
            numbers += case_set
    return bits | from_numbers(numbers)


def count(case_set: CaseSet) -> int:
    """Number of cases of a set."""
    return case_set.bit_count() if isinstance(case_set, int) else len(case_set)


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

# The filters whose values are counted next to a list.
FACETS = tuple(name for name, search_filter in FILTERS.items() if search_filter.is_facet)
# The axes of the filters, and those that other counts need.
_AXES = (*FILTERS, "nom_media", "departement_du_lieu", "departement_saisi")
FacetSets = Mapping[str, CaseSet]


@dataclass(frozen=True)
class FacetVersion:
    """Versions that an index was built from: public ledger and vocabularies."""

    head: LedgerPosition
    vocabulary: str


@dataclass(frozen=True)
class FacetIndex:
    """Public cases at one ledger position, by number.

    ``axes``: axis → code → public cases that have it; each code has at least one case.
    ``sort_days``: at each case's number the ordinal of the day that lists are sorted by, 0 without
    one; other positions are meaningless.
    """

    version: FacetVersion
    public_cases: int
    axes: Mapping[str, FacetSets]
    sort_days: array[int]

    @cached_property
    def outlet_names(self) -> Mapping[str, str]:
        """Folded name of an outlet → the spelling that most public cases use."""
        spellings = self.axes["nom_media"].items()
        # The last of equal keys stays: the most used one, and of these the first in the alphabet.
        by_use = sorted(spellings, key=lambda spelling: spelling[0], reverse=True)
        by_use.sort(key=lambda spelling: count(spelling[1]))
        return {fold(name): name for name, _cases in by_use}

    @cached_property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Axis → code → number of public cases."""
        return {
            axis: {code: count(case_set) for code, case_set in by_code.items()}
            for axis, by_code in self.axes.items()
        }

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


def load_index(session: Session, vocabulary: Vocabulary, head: LedgerPosition) -> FacetIndex:
    """Index at a position of the public ledger.

    :param head: read first on the same session, so that the cases are of this position.
    """
    version = FacetVersion(head, vocabulary.version)
    index = _cached_indexes.get(version)
    if index is not None:
        return index
    with _build_lock:
        index = (
            _cached_indexes.get(version)
            or _carry_forward(session, version)
            or _build(session, version)
        )
        seqs = [cached_version.head.seq for cached_version in _cached_indexes]
        # A page that began before the oldest cached index uses its own index alone.
        if len(seqs) < INDEX_LIMIT or version.head.seq >= min(seqs):
            _cached_indexes[version] = index
        for old_version in list(_cached_indexes)[:-INDEX_LIMIT]:
            del _cached_indexes[old_version]
    return index


# --- full and incremental build -----------------------------------------------------------------


def _build(session: Session, version: FacetVersion) -> FacetIndex:
    numbers, numbers_by_code = _read_codes(session)
    max_number = max(numbers, default=0)
    axes = {
        axis: {code: compact(having_code, max_number) for code, having_code in by_code.items()}
        for axis, by_code in numbers_by_code.items()
    }
    sort_days = _sort_days(array("I"), max_number, numbers_by_code)
    return FacetIndex(version, from_numbers(numbers), axes, sort_days)


def _sort_days(
    earlier: array[int], max_number: int, numbers_by_code: Mapping[str, Mapping[str, array[int]]]
) -> array[int]:
    """The days of an earlier index, with those of the cases that were read."""
    sort_days = earlier + array("I", bytes(4 * (max_number + 1 - len(earlier))))
    for numbers in numbers_by_code["sans_date"].values():
        for number in numbers:
            sort_days[number] = 0
    for day, numbers in numbers_by_code["au"].items():
        ordinal = date.fromisoformat(day).toordinal()
        for number in numbers:
            sort_days[number] = ordinal
    return sort_days


def _carry_forward(session: Session, version: FacetVersion) -> FacetIndex | None:
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
        return _update_index(session, earlier, version, changed)
    return None


def _update_index(
    session: Session, earlier: FacetIndex, version: FacetVersion, changed: set[int]
) -> FacetIndex:
    numbers, numbers_by_code = _read_codes(session, changed)
    max_number = max(earlier.max_number, *changed) if changed else earlier.max_number
    unchanged_mask = ~from_numbers(changed)
    axes: dict[str, FacetSets] = {}
    for axis, by_code in numbers_by_code.items():
        updated: dict[str, CaseSet] = {}
        for code, case_set in earlier.axes[axis].items():
            if unchanged := remove(case_set, changed, unchanged_mask):
                updated[code] = unchanged
        for code, having_code in by_code.items():
            updated[code] = add(updated.get(code, 0), having_code, max_number)
        axes[axis] = updated
    return FacetIndex(
        version,
        (earlier.public_cases & unchanged_mask) | from_numbers(numbers),
        axes,
        _sort_days(earlier.sort_days, max_number, numbers_by_code),
    )


def _read_codes(
    session: Session, only_numbers: Collection[int] | None = None
) -> tuple[Collection[int], dict[str, dict[str, array[int]]]]:
    """Numbers of the public cases, and axis → code → those that have it.

    :param only_numbers: the numbers of the cases to read; all by default.
    """
    cases_stmt = select(CASE.c.id, CASE.c.number).where(IS_PUBLIC)
    # Fetching a row costs ten times as much as an id in it: each row holds many, joined.
    joined_ids = func.aggregate_strings(cast(CASE_CODE.c.incident_id, Text), ",")
    codes_stmt = (
        select(CASE_CODE.c.axis, CASE_CODE.c.code, joined_ids)
        .where(IS_PUBLIC_CODE, CASE_CODE.c.axis.in_(_AXES))
        .group_by(CASE_CODE.c.axis, CASE_CODE.c.code)
    )
    if only_numbers is not None:
        cases_stmt = cases_stmt.where(is_among(CASE.c.number, only_numbers))
    # A join with the cases would take five times as long.
    numbers: dict[int, int] = dict(session.execute(cases_stmt).all())
    if only_numbers is not None:
        codes_stmt = codes_stmt.where(is_among(CASE_CODE.c.incident_id, numbers))
    numbers_by_code: dict[str, dict[str, array[int]]] = {axis: {} for axis in _AXES}
    for axis, code, ids in session.execute(codes_stmt):
        having_code = [numbers[id_] for id_ in map(int, ids.split(",")) if id_ in numbers]
        if having_code:
            numbers_by_code[axis][code] = array("I", having_code)
    return numbers.values(), numbers_by_code
