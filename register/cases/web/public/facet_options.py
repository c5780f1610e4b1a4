"""The boxes of the panel: for each filter the values that a search can take, and their counts.

Values without a case are left out, unless they are ticked and have to be taken off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from register.cases import facets
from register.cases.former_codes import DURATIONS
from register.cases.vocabulary import Vocabulary
from register.cases.web.public import search_title
from register.db import db
from register.territory.web import place_names
from register.text.fold import fold, fold_name

# Filters that the panel shows as boxes to tick, in this order; the types go by family.
CHECKBOX_FILTERS = (
    "famille",
    "type",
    "departement",
    "annee",
    "acteur",
    "cible",
    "niveau",
    "issue",
    "preuve",
    "sens",
    "duree",
    "media",
)
# Two groups stand open: without them a reader would not see what the panel is for.
_OPEN_FACETS = frozenset({"famille", "preuve"})
# Outlets are thousands: those that have most of the cases are offered, by their names.
_MAX_OUTLETS = 12

# A hundred names are put in order for each panel.
_sort_key = lru_cache(maxsize=256)(fold_name)

ValueCounts = Mapping[str, int]


@dataclass(frozen=True)
class FacetOption:
    """A box: what it sends, what it says, whether it is ticked, how many cases it has.

    ``count``: of the search with this value alone of its filter; None where nobody counts.
    """

    code: str
    label: str
    selected: bool
    count: int | None = None


OptionSections = Sequence[tuple[str, Sequence[FacetOption]]]


@dataclass(frozen=True)
class FilterFacet:
    """A group of boxes; its options stand in sections, whose title may be empty."""

    name: str
    title: str
    sections: OptionSections
    open: bool


def build_facet(
    name: str, title: str, vocabulary: Vocabulary, counts: ValueCounts, selected: Sequence[str]
) -> FilterFacet:
    """The boxes of a filter.

    :param counts: its values that have cases in the search.
    :param selected: its values in force.
    """
    sections = _build_sections(name, vocabulary, counts, selected)
    filled_sections = [(legend, options) for legend, options in sections if options]
    return FilterFacet(name, title, filled_sections, open=bool(selected) or name in _OPEN_FACETS)


def _build_sections(
    name: str, vocabulary: Vocabulary, counts: ValueCounts, selected: Sequence[str]
) -> OptionSections:
    if name == "type":
        return [
            (
                family.label,
                _vocabulary_options(
                    "type", vocabulary, counts, selected, vocabulary.types_of([code])
                ),
            )
            for code, family in vocabulary.lists["famille"].items()
        ]
    if name in _OPTION_BUILDERS:
        return [("", _OPTION_BUILDERS[name](counts, selected))]
    if name in vocabulary.lists and name != "sens":
        return [
            ("", _vocabulary_options(name, vocabulary, counts, selected, vocabulary.lists[name]))
        ]
    # Nobody counts these: they are told of proceedings and of spans, not of the case.
    codes = [
        code
        for code in vocabulary.lists.get(name, DURATIONS)
        if _is_offered(vocabulary, name, code, selected)
    ]
    return [
        (
            "",
            [
                FacetOption(
                    code, search_title.value_label(vocabulary, name, code), code in selected
                )
                for code in codes
            ],
        )
    ]


def _is_offered(vocabulary: Vocabulary, name: str, code: str, selected: Sequence[str]) -> bool:
    """A retired word is offered only where it is already ticked."""
    return name not in vocabulary.lists or vocabulary.accepts(name, code) or code in selected


def _vocabulary_options(
    name: str,
    vocabulary: Vocabulary,
    counts: ValueCounts,
    selected: Sequence[str],
    codes: Iterable[str],
) -> list[FacetOption]:
    """The words of a vocabulary in its own order; those without a case are left out."""
    return [
        FacetOption(code, vocabulary.label(name, code), code in selected, counts.get(code, 0))
        for code in codes
        if code in counts or code in selected
    ]


def _departement_options(counts: ValueCounts, selected: Sequence[str]) -> list[FacetOption]:
    """In the order of their names: a count is never a rank."""
    options = [
        FacetOption(
            code, place_names.place_name("departement", code), code in selected, counts.get(code, 0)
        )
        for code in {*counts, *selected}
    ]
    return sorted(options, key=lambda option: _sort_key(option.label))


def _year_options(counts: ValueCounts, selected: Sequence[str]) -> list[FacetOption]:
    """The newest first, as the list itself."""
    return [
        FacetOption(year, year, year in selected, counts.get(year, 0))
        for year in sorted({*counts, *selected}, reverse=True)
    ]


def _outlet_options(counts: ValueCounts, selected: Sequence[str]) -> list[FacetOption]:
    """Those that are ticked and those that have the most cases, in the order of their names."""
    selected_names = {fold(name): name for name in selected}
    top_names = sorted(counts, key=lambda name: (-counts[name], name))[:_MAX_OUTLETS]
    names = facets.outlet_names(db.session(), top_names)
    labels = {
        name: selected_names.get(name) or names.get(name, name)
        for name in (*top_names, *selected_names)
    }
    return [
        FacetOption(labels[name], labels[name], name in selected_names, counts.get(name, 0))
        for name in sorted(labels)
        if name in counts or name in selected_names
    ]


_OPTION_BUILDERS: Mapping[str, Callable[[ValueCounts, Sequence[str]], list[FacetOption]]] = {
    "departement": _departement_options,
    "annee": _year_options,
    "media": _outlet_options,
}
