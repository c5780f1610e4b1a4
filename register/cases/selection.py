"""Cases that a search selects, from the sets of the facet index.

Each figure of a page comes from one selection: its numbers, its total, the counts of its filters
and its points on the map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, eq

from register.cases.case_sets import Strengths
from register.cases.facet_index import FACETS, FacetIndex
from register.cases.filters import FILTERS, PAGE_SIZE, WORDS, CaseQuery, HitStrengths
from register.territory import place_queries
from register.territory.map_ground import map_ground
from register.territory.places import Commune, territory


@dataclass(frozen=True)
class MapPoints:
    """Places of a search on the map.

    ``commune_codes``: communes of its cases, as authority or linked. ``departements``: codes of the
    cases that name no commune. ``off_map_count``: number of cases abroad, in a collectivity without
    an outline, or without a place.
    """

    commune_codes: frozenset[str]
    departements: frozenset[str]
    off_map_count: int

    @property
    def communes(self) -> list[Commune]:
        """The communes."""
        places = map(place_queries.commune, self.commune_codes)
        return [place for place in places if place]

    @property
    def key(self) -> tuple[int, int]:
        """Hash of the points, equal for equal drawings in this process."""
        return hash(self.commune_codes), hash(self.departements)


class Selection:
    """Cases of a search at the ledger position of an index; each figure is counted at first use."""

    def __init__(
        self, index: FacetIndex, query: CaseQuery, hits: HitStrengths | None = None
    ) -> None:
        """Select the cases.

        :param hits: result of the word search; unused without words.
        :raises ValueError: the search has words and ``hits`` is None.
        """
        if query.words and hits is None:
            raise ValueError("a query with words needs the result of the word search as hits")
        self.index, self.query = index, query
        self._hits = hits if isinstance(hits, Strengths) else Strengths(hits or {})

    @cached_property
    def _sets(self) -> dict[str, int]:
        """Set of each filter."""
        sets: dict[str, int] = {}
        for name, values in self.query.values.items():
            if name == WORDS:
                # A search index may propose any number.
                sets[name] = self._hits.cases & self.index.public_cases
                continue
            search_filter = FILTERS[name]
            compare, axis = search_filter.comparison, self.index.axes[search_filter.axis or name]
            codes = {code for value in values for code in search_filter.codes(value)}
            if compare is not eq:
                (bound,) = codes
                codes = {code for code in axis.counts if compare(code, bound)}
            sets[name] = axis.union(codes)
        return sets

    @cached_property
    def matches(self) -> int:
        """Set of the selected cases."""
        return self._match_without("")

    def matches_of(self, name: str) -> int | None:
        """Set of the cases that one filter selects; None if the search has no such filter."""
        return self._sets.get(name)

    def _match_without(self, name: str) -> int:
        """Set of the cases that the filters other than one select."""
        sets = (cases for other, cases in self._sets.items() if other != name)
        return reduce(and_, sets, self.index.public_cases)

    @cached_property
    def total(self) -> int:
        """Number of selected cases."""
        return self.matches.bit_count()

    def page_numbers(self) -> list[int]:
        """Case numbers of the page of the search, in its order; undated cases come last."""
        skipped = (self.query.page - 1) * PAGE_SIZE
        if self.query.order != "pertinence":
            return self.index.orders[self.query.order].page(self.matches, skipped, PAGE_SIZE)
        page: list[int] = []
        for cases in self._hits.sets.values():
            level = cases & self.matches
            if skipped < level.bit_count() and len(page) < PAGE_SIZE:
                size = PAGE_SIZE - len(page)
                page += self.index.orders["date"].page(level, skipped, size)
            skipped = max(0, skipped - level.bit_count())
        return page

    @cached_property
    def facet_counts(self) -> Mapping[str, Mapping[str, int]]:
        """Facet → value → number of cases, without zeros.

        The count of a value is the size of the list with this value as the only one of its facet:
        the filters of the other facets apply, those of its own do not. Outlets are counted by their
        folded names.
        """
        return {
            facet: self.index.axes[facet].count(
                self._match_without(facet) if facet in self._sets else self.matches
            )
            for facet in FACETS
        }

    def count_codes(self, axis: str) -> Mapping[str, int]:
        """Code of an axis → number of selected cases that have it, without zeros."""
        return self.index.axes[axis].count(self.matches)

    def count_relaxed(self) -> Iterator[tuple[str, str, int]]:
        """Yield (filter, value, number of cases of the search without this value).

        Lazy: a search may have dozens of values, and a page shows a few counts.
        """
        for name, values in self.query.values.items():
            for value in values:
                relaxed_query = self.query.without(name, value)
                yield name, value, Selection(self.index, relaxed_query, self._hits).total

    @cached_property
    def map_points(self) -> MapPoints:
        """Places of the selected cases."""
        communes, entered = self.index.axes["commune"], self.index.axes["departement_saisi"]
        cases = self.matches & communes.members
        counts = communes.count(cases)
        off_map = territory().off_map & counts.keys()
        off_map_cases = cases & communes.union(off_map)
        # Some of them have a linked commune on the map.
        on_map = communes.count(off_map_cases).keys() - off_map
        placed_cases = cases & ~off_map_cases | cases & communes.union(on_map)
        cases_without_commune = self.matches & ~communes.members
        departements = entered.count(cases_without_commune).keys() & map_ground().shapes.keys()
        placed_cases |= cases_without_commune & entered.union(departements)
        return MapPoints(
            commune_codes=frozenset(counts.keys() - off_map),
            departements=frozenset(departements),
            off_map_count=(self.matches & ~placed_cases).bit_count(),
        )
