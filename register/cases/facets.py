"""Facet counts of a search.

The count of a value is the size of the list with this value as the only one of its facet: the
filters of the other facets apply, those of its own do not. The counts are intersections of the
sets of :mod:`~register.cases.facet_index`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, eq

from sqlalchemy.orm import Session

from register.cases import facet_index
from register.cases.data_version import VersionedMapCache
from register.cases.facet_index import FACETS, FacetIndex
from register.cases.filters import FILTERS, WORDS, CaseQuery, HitStrengths
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition

FacetCounts = Mapping[str, Mapping[str, int]]

_COUNTS_LIMIT = 32  # searches whose counts are cached

_counts_cache: VersionedMapCache[tuple[str, int | None], FacetCounts] = VersionedMapCache(
    _COUNTS_LIMIT
)


def count_facets(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> FacetCounts:
    """Facet → value → number of cases, without zeros; cached for each head and search.

    Outlets are counted by their folded names: see :attr:`FacetIndex.outlet_names`.

    :param head: position of the public ledger, read first on the same session.
    :param hits: result of the word search; unused without words.
    :raises ValueError: the search has words and ``hits`` is None.
    """
    index = facet_index.load_index(session, vocabulary, head)
    sets = _filter_sets(index, query, hits)
    # The matched numbers stand for the words; order and page change no count.
    other_filters = {name: values for name, values in query.values.items() if name != WORDS}
    key = (CaseQuery(other_filters).query_string(), sets.get(WORDS))

    def count_all() -> FacetCounts:
        return {
            facet: _count_values(
                index, facet, _intersect(index, (sets[name] for name in sets if name != facet))
            )
            for facet in FACETS
        }

    return _counts_cache.get_or_make(index.version, key, count_all)


def count_matches(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> int:
    """Number of cases of a search; parameters as in :func:`count_facets`."""
    index = facet_index.load_index(session, vocabulary, head)
    return match_cases(index, query, hits).bit_count()


def count_relaxed(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> Iterator[tuple[str, str, int]]:
    """Yield (filter, value, number of cases of the search without this value).

    Lazy: a search may have dozens of values, and a page shows a few counts.
    """
    for name, values in query.values.items():
        for value in values:
            yield (
                name,
                value,
                count_matches(session, query.without(name, value), vocabulary, head, hits),
            )


def match_cases(index: FacetIndex, query: CaseQuery, hits: HitStrengths | None = None) -> int:
    """Set of the cases of a search."""
    return _intersect(index, _filter_sets(index, query, hits).values())


def _filter_sets(index: FacetIndex, query: CaseQuery, hits: HitStrengths | None) -> dict[str, int]:
    """Set of each filter."""
    sets: dict[str, int] = {}
    for name, values in query.values.items():
        if name == WORDS:
            if hits is None:
                raise ValueError("a query with words needs the result of the word search as hits")
            sets[name] = index.intersect(hits)
            continue
        search_filter = FILTERS[name]
        compare, by_code = search_filter.comparison, index.axes[search_filter.axis or name]
        codes = {code for value in values for code in search_filter.codes(value)}
        if compare is not eq:
            (bound,) = codes
            codes = {code for code in by_code if compare(code, bound)}
        sets[name] = facet_index.union(by_code[code] for code in codes if code in by_code)
    return sets


def _intersect(index: FacetIndex, sets: Iterable[int]) -> int:
    return reduce(and_, sets, index.public_cases)


def _count_values(index: FacetIndex, facet: str, selection: int) -> dict[str, int]:
    """Value → number of selected cases, without zeros."""
    flags = facet_index.to_flags(selection, index.max_number)
    counts = {
        value: facet_index.count_selected(case_set, selection, flags)
        for value, case_set in index.axes[facet].items()
    }
    return {value: count for value, count in counts.items() if count}


@dataclass(frozen=True)
class TypesAndYears:
    """Number of cases of each type code and year, without zeros, and of those without a date.

    A case of three types is counted in each. A count is the size of the list that has the type or
    the year as one more filter.
    """

    types: Mapping[str, int]
    years: Mapping[str, int]
    undated: int


def count_types_and_years(index: FacetIndex, query: CaseQuery) -> TypesAndYears:
    """Counts by type and year of a search without words, types or years."""
    selection = match_cases(index, query)
    types = _count_values(index, "type", selection)
    years = _count_values(index, "annee", selection)
    # A date lies in one year, so a case of no year has no date.
    return TypesAndYears(types, years, selection.bit_count() - sum(years.values()))
