"""What the cases of a search are: how many of each type, and of each year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases import bitset, facet_index, facets
from register.cases.filters import CaseQuery
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition


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
    selection = facets.match_cases(session, index, query, vocabulary)
    flags = bitset.to_flags(selection, index.max_number)

    def count_facet(facet: str) -> dict[str, int]:
        value_counts = {
            value: bitset.count_selected(case_set, selection, flags)
            for value, case_set in index.facets[facet].items()
        }
        return {value: count for value, count in value_counts.items() if count}

    years = count_facet("annee")
    # A date lies within one year, so that what is in none has no date.
    return TypesAndYears(count_facet("type"), years, selection.bit_count() - sum(years.values()))
