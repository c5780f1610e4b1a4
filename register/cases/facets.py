"""How many cases a search would have with each value of each facet, and how many it has.

The count of a value is the size of the list that choosing it alone, of its facet, would give: the
filters of all other facets hold, its own do not. Sets of :mod:`~register.cases.facet_index` meet for
that; what is no facet, such as a commune, the database selects once by the filter's own clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import facet_index
from register.cases.core_tables import CASE, OUTLET
from register.cases.data_version import VersionedMapCache
from register.cases.facet_index import FACETS, FacetIndex, FacetSets, select_cases
from register.cases.filters import WORDS, CaseQuery, HitStrengths, clause
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition

FacetCounts = Mapping[str, Mapping[str, int]]

_PUBLIC = CASE.c.state == CaseState.PUBLISHED
# Counts of one search at one place, and the sets that filters selected at one moment.
_COUNTS_LIMIT = 32
_SETS_LIMIT = 128

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
    """Facet → value → number of cases, of at least one; counted once for each head and search.

    Outlets are counted by their folded names: see :func:`outlet_names`.

    :param head: where the public ledger stands, read first on the same session.
    :param hits: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    index = facet_index.load_index(session, vocabulary, head)
    sets = _filter_sets(session, index, query, vocabulary, hits)
    # The numbers found say all that words mean here, whichever index found them.
    key = (_without_words(query), sets.get(WORDS))
    return _counts_cache.get_or_make(
        index.version, key, lambda: {name: _count_facet(index, sets, name) for name in FACETS}
    )


def count_matches(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> int:
    """How many cases a search has; see :func:`count_facets`."""
    index = facet_index.load_index(session, vocabulary, head)
    return match_cases(session, index, query, vocabulary, hits).bit_count()


def count_relaxed(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> Iterator[tuple[str, str, int]]:
    """For each value in force, how many cases :meth:`CaseQuery.without` it would have.

    Counted as they are asked for: there may be dozens, and a page shows a few.
    """
    for name, values in query.values.items():
        for value in values:
            yield (
                name,
                value,
                count_matches(session, query.without(name, value), vocabulary, head, hits),
            )


def outlet_names(session: Session, folded: Sequence[str]) -> Mapping[str, str]:
    """The names behind folded ones, as most public cases write them."""
    usage = func.count()
    stmt = (
        select(OUTLET.c.folded, OUTLET.c.name)
        .join(CASE, CASE.c.id == OUTLET.c.incident_id)
        .where(_PUBLIC, OUTLET.c.folded.in_(folded))
        .group_by(OUTLET.c.folded, OUTLET.c.name)
        # The last that comes for a name is the one that stays.
        .order_by(usage, OUTLET.c.name.desc())
    )
    return dict(session.execute(stmt).all())


def match_cases(
    session: Session,
    index: FacetIndex,
    query: CaseQuery,
    vocabulary: Vocabulary,
    hits: HitStrengths | None = None,
) -> int:
    """The set of the cases of a search."""
    return _intersect(index, _filter_sets(session, index, query, vocabulary, hits).values())


# --- sets ---------------------------------------------------------------------------------------


def _filter_sets(
    session: Session,
    index: FacetIndex,
    query: CaseQuery,
    vocabulary: Vocabulary,
    hits: HitStrengths | None,
) -> dict[str, int]:
    """What each filter of a search selects; public or not, that is decided where they meet."""
    sets: dict[str, int] = {}
    for name, values in query.values.items():
        if name in FACETS:
            sets[name] = _facet_set(index.facets[name], map(FACETS[name].key, values))
        elif name == WORDS and hits is not None:
            sets[name] = index.intersect(hits)
        else:
            sets[name] = _clause_set(session, index, query, name, vocabulary)
    return sets


def _facet_set(facet: FacetSets, values: Iterable[str]) -> int:
    return reduce(or_, (facet_index.as_int(facet[value]) for value in values if value in facet), 0)


def _clause_set(
    session: Session, index: FacetIndex, query: CaseQuery, name: str, vocabulary: Vocabulary
) -> int:
    key = (name, query.values[name])
    case_set = index.clause_sets.get(key)
    if case_set is None:
        case_set = facet_index.from_numbers(select_cases(session, clause(query, name, vocabulary)))
        if len(index.clause_sets) >= _SETS_LIMIT:
            index.clause_sets.clear()
        index.clause_sets[key] = case_set
    return case_set


def _intersect(index: FacetIndex, sets: Iterable[int]) -> int:
    return reduce(and_, sets, index.public_cases)


def _count_facet(index: FacetIndex, sets: Mapping[str, int], facet: str) -> Mapping[str, int]:
    selection = _intersect(
        index, (filter_set for name, filter_set in sets.items() if name != facet)
    )
    flags = facet_index.to_flags(selection, index.max_number)
    value_counts = {
        value: facet_index.count_selected(case_set, selection, flags)
        for value, case_set in index.facets[facet].items()
    }
    return {value: count for value, count in value_counts.items() if count}


def _without_words(query: CaseQuery) -> str:
    """A search but for its words, its order and its page, in canonical form."""
    other_filters = {
        name: filter_values for name, filter_values in query.values.items() if name != WORDS
    }
    return CaseQuery(other_filters).query_string()


@dataclass(frozen=True)
class TypesAndYears:
    """Code of a type and year → number of cases, of at least one; how many have no date.

    A case of three types is counted in each. A count is the size of the list that has the type or
    the year as one more filter.
    """

    types: Mapping[str, int]
    years: Mapping[str, int]
    undated: int


def count_types_and_years(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    territory: str = "",
) -> TypesAndYears:
    """The profile of a search without words that asks neither for types nor for years.

    :param head: where the public ledger stands, read first on the same session.
    :param territory: see :func:`~register.cases.facet_index.at`.
    """
    index = facet_index.load_index(session, vocabulary, head, territory)
    selection = match_cases(session, index, query, vocabulary)
    flags = facet_index.to_flags(selection, index.max_number)

    def count_facet(facet: str) -> dict[str, int]:
        value_counts = {
            value: facet_index.count_selected(case_set, selection, flags)
            for value, case_set in index.facets[facet].items()
        }
        return {value: count for value, count in value_counts.items() if count}

    years = count_facet("annee")
    # A date lies within one year, so that what is in none has no date.
    return TypesAndYears(count_facet("type"), years, selection.bit_count() - sum(years.values()))
