"""In-memory facet index: codes and orders of the public cases, at one ledger position.

The database needs seconds to count ten facets; sets of case numbers intersect in microseconds.
The first index is built from all codes of public cases; a later one rereads only the cases that
public lines have named since. An index is never modified, so a page that began before goes on with
that of its own position.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import Any

from sqlalchemy import BigInteger, Text, cast, extract, func, select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.case_sets import (
    Axis,
    NarrowAxis,
    NumbersByCode,
    SortOrder,
    WideAxis,
    from_numbers,
)
from register.cases.core_tables import (
    CASE,
    IS_PUBLIC,
    IS_PUBLIC_LINE,
    JOURNAL_ENTRY,
    SMALL_LIST,
    is_among,
)
from register.cases.filters import FILTERS, WORDS
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.text.normalisation import fold

# With more changed cases, a full build takes no longer.
CHANGED_LIMIT = SMALL_LIST
# The newest index and the one before, which pages that began before an act still use.
INDEX_LIMIT = 2

# The filters whose values are counted next to a list.
FACETS = tuple(name for name, search_filter in FILTERS.items() if search_filter.is_facet)
_WIDE_AXES = ("commune", "endroit", "media", "nom_media", "du", "au")
# The axes of the filters, and those that other counts need.
_AXES: Mapping[str, type[NarrowAxis | WideAxis]] = {
    name: WideAxis if name in _WIDE_AXES else NarrowAxis
    for name in (
        *(name for name, case_filter in FILTERS.items() if name != WORDS and not case_filter.axis),
        *("nom_media", "departement_saisi"),
    )
}
# Name of an order of lists → column of its keys, a day or a time in whole seconds.
_ORDER_COLUMNS = {"date": CASE.c.sort_day, "maj": CASE.c.moved_at}


@dataclass(frozen=True)
class FacetVersion:
    """Versions that an index was built from: public ledger and vocabularies."""

    head: LedgerPosition
    vocabulary: str


@dataclass(frozen=True)
class FacetIndex:
    """Public cases at one ledger position, by number.

    ``orders``: order of a list → its order of all public cases.
    """

    version: FacetVersion
    public_cases: int
    axes: Mapping[str, Axis]
    orders: Mapping[str, SortOrder]

    @property
    def total(self) -> int:
        """Number of public cases."""
        return self.public_cases.bit_count()

    @cached_property
    def outlet_names(self) -> Mapping[str, str]:
        """Folded name of an outlet → the spelling that most public cases use."""
        # The last of equal keys stays: the most used one, and of these the first in the alphabet.
        by_use = sorted(self.axes["nom_media"].counts.items(), reverse=True)
        by_use.sort(key=lambda spelling: spelling[1])
        return {fold(name): name for name, _count in by_use}


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
        # The register's own lines name no case.
        if not changed:
            return replace(earlier, version=version)
        return _update(session, earlier, version, changed)
    return None


def _build(session: Session, version: FacetVersion) -> FacetIndex:
    axes = {name: axis_class() for name, axis_class in _AXES.items()}
    empty_index = FacetIndex(version, 0, axes, {name: SortOrder() for name in _ORDER_COLUMNS})
    return _update(session, empty_index, version)


def _update(
    session: Session, earlier: FacetIndex, version: FacetVersion, changed: Set[int] = frozenset()
) -> FacetIndex:
    """Index in which some cases are read again.

    :param changed: their numbers; without any, all cases are read.
    """
    case_rows, having = _read_cases(session, changed)
    numbers = [case_row.number for case_row in case_rows]
    length = max({len(earlier.orders["date"].keys), *(n + 1 for n in {*changed, *numbers})})
    return FacetIndex(
        version,
        earlier.public_cases & ~from_numbers(changed) | from_numbers(numbers),
        {name: axis.updated(changed, having[name], length) for name, axis in earlier.axes.items()},
        {
            name: order.updated(
                changed, {row.number: getattr(row, name) for row in case_rows}, length
            )
            for name, order in earlier.orders.items()
        },
    )


def _read_cases(
    session: Session, only_numbers: Set[int]
) -> tuple[Sequence[Any], Mapping[str, NumbersByCode]]:
    """Public cases (id, number, key of each order), and axis → code → numbers of those with it."""
    epoch_seconds = (
        cast(extract("epoch", column), BigInteger).label(name)
        for name, column in _ORDER_COLUMNS.items()
    )
    cases_stmt = select(CASE.c.id, CASE.c.number, *epoch_seconds).where(IS_PUBLIC)
    # Fetching a row costs ten times as much as an id in it: each row holds many, joined.
    joined_ids = func.aggregate_strings(cast(CASE_CODE.c.incident_id, Text), ",")
    codes_stmt = (
        select(CASE_CODE.c.axis, CASE_CODE.c.code, joined_ids)
        .where(IS_PUBLIC_CODE, CASE_CODE.c.axis.in_(_AXES))
        .group_by(CASE_CODE.c.axis, CASE_CODE.c.code)
    )
    if only_numbers:
        cases_stmt = cases_stmt.where(is_among(CASE.c.number, only_numbers))
    case_rows = session.execute(cases_stmt).all()
    numbers: dict[int, int] = {case_row.id: case_row.number for case_row in case_rows}
    if only_numbers:
        codes_stmt = codes_stmt.where(is_among(CASE_CODE.c.incident_id, numbers))
    having: dict[str, dict[str, array[int]]] = {name: {} for name in _AXES}
    # A join with the cases would take five times as long.
    for name, code, ids in session.execute(codes_stmt):
        having_code = [numbers[id_] for id_ in map(int, ids.split(",")) if id_ in numbers]
        if having_code:
            having[name][code] = array("I", having_code)
    return case_rows, having
