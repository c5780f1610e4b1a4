"""Filter panel of the list of cases and the chips of the filters in force."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import get_template_attribute
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import facets
from register.cases.data_version import VersionedMapCache
from register.cases.facets import FacetCounts
from register.cases.filters import CaseQuery, HitStrengths
from register.cases.former_codes import DURATIONS
from register.cases.vocabulary import Vocabulary
from register.cases.web.public import search_title
from register.db import db
from register.journal import LedgerPosition
from register.territory.web import place_names
from register.text.normalisation import fold, fold_name
from register.web import urls
from register.web.request_context import current_data_version

# Filters that the panel shows as checkboxes, in this order; types are grouped by family.
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
# Filters that have a field of their own in the panel.
_PANEL_FIELDS = (*CHECKBOX_FILTERS, "sans_date", "du", "au")
# Two groups are open, so that a reader sees what the panel is for.
_OPEN_FACETS = frozenset({"famille", "preuve"})
# There are thousands of outlets: only those with the most cases get a checkbox.
_MAX_OUTLETS = 12

# Cached: each panel sorts about a hundred names.
_sort_key = lru_cache(maxsize=256)(fold_name)

ValueCounts = Mapping[str, int]


@dataclass(frozen=True)
class FacetOption:
    """A checkbox: the value that it sends, its label, its state and its number of cases.

    ``count``: cases of the search with this value alone of its filter; None where not counted.
    """

    code: str
    label: str
    selected: bool
    count: int | None = None


OptionSections = Sequence[tuple[str, Sequence[FacetOption]]]


@dataclass(frozen=True)
class FilterFacet:
    """A group of checkboxes in sections, whose titles may be empty."""

    name: str
    title: str
    sections: OptionSections
    open: bool


@dataclass(frozen=True)
class FilterPanel:
    """The content of the filter form.

    ``hidden_filters``: filters in force that have no field in the panel, apart from the words,
    whose field is above the list. ``invalid_fields``: names of fields with a refused value.
    """

    facets: Sequence[FilterFacet]
    hidden_filters: Sequence[tuple[str, str]]
    outlet: str
    since: str
    until: str
    undated: bool
    count: int
    invalid_fields: Collection[str] = ()


@dataclass(frozen=True)
class FilterChip:
    """A filter in force, in words, and the address of the same search without it."""

    text: str
    address: str


_panel_cache: VersionedMapCache[str, Markup] = VersionedMapCache(256)


def filter_titles() -> dict[str, str]:
    """Filter → its title in the interface."""
    return {
        "q": _("Mots"),
        "commune": _("Commune"),
        "departement": _("Département"),
        "region": _("Région"),
        "endroit": _("Lieu"),
        "pays": _("Pays"),
        "famille": _("Famille"),
        "type": _("Type de fait"),
        "cible": _("Qui est visé"),
        "acteur": _("Qui agit"),
        "niveau": _("Autorité"),
        "issue": _("Issue"),
        "preuve": _("Niveau de preuve"),
        "sens": _("Procédure"),
        "procedure": _("Procédure et son issue"),
        "media": _("Blog ou média"),
        "annee": _("Année des faits"),
        "duree": _("Durée"),
        "sans_date": _("Date"),
        "du": _("Depuis"),
        "au": _("Jusqu’à"),
        "tri": _("Ordre"),
    }


def cached_panel_html(
    query: CaseQuery, vocabulary: Vocabulary, head: LedgerPosition, hits: HitStrengths | None = None
) -> Markup:
    """The panel as HTML, cached because it is the larger half of a list.

    The panel of a search by words is not cached: its counts depend on the search index, and the
    cache of whole pages follows the index.
    """

    def render_current() -> Markup:
        counts = facet_counts(query, vocabulary, head, hits if query.words else None)
        return render_panel(build_panel(query, vocabulary, counts), query)

    if query.words:
        return render_current()
    version_key = (head.digest, vocabulary.version, current_data_version().territory)
    key = f"{vocabulary.language} {query.at_page(1).query_string()}"
    return _panel_cache.get_or_make(version_key, key, render_current)


def build_panel(
    query: CaseQuery,
    vocabulary: Vocabulary,
    counts: FacetCounts,
    typed: Mapping[str, str] | None = None,
) -> FilterPanel:
    """The form filled with the search in force.

    :param counts: for each facet its values that have cases in this search.
    :param typed: refused texts by field, shown again to be corrected.
    """
    typed = typed or {}
    labels = filter_titles()
    facet_groups = [
        build_facet(
            name, labels[name], vocabulary, counts.get(name, {}), query.values.get(name, ())
        )
        for name in CHECKBOX_FILTERS
    ]
    return FilterPanel(
        # The outlets have a text field even without a checkbox.
        facets=[
            facet_group
            for facet_group in facet_groups
            if facet_group.sections or facet_group.name == "media"
        ],
        hidden_filters=[
            parameter
            for parameter in query.pairs()
            if parameter[0] not in (*_PANEL_FIELDS, "q", "tri", "page")
        ],
        outlet=typed.get("media", ""),
        since=typed.get("du", _first_value(query, "du")),
        until=typed.get("au", _first_value(query, "au")),
        undated="sans_date" in query.values,
        count=sum(len(values) for name, values in query.values.items() if name != "q"),
        invalid_fields=typed.keys(),
    )


def render_panel(panel: FilterPanel, query: CaseQuery, *, open: bool = False) -> Markup:
    """A panel as HTML.

    :param open: unfold it on narrow screens too, because a field has to be corrected.
    """
    macro: Callable[..., Markup] = get_template_attribute(
        "cases/public/_filter_panel.html", "filters"
    )
    return macro(panel, query, open)


def chips(query: CaseQuery, vocabulary: Vocabulary) -> list[FilterChip]:
    """The filters in force, each with the address that removes it."""
    labels = filter_titles()
    return [
        FilterChip(
            _(
                "%(filter)s : %(value)s",
                filter=labels[name],
                value=search_title.value_label(vocabulary, name, filter_value),
            ),
            urls.cases(query.without(name, filter_value)),
        )
        for name, values in query.values.items()
        for filter_value in values
    ]


def facet_counts(
    query: CaseQuery, vocabulary: Vocabulary, head: LedgerPosition, hits: HitStrengths | None
) -> FacetCounts:
    """For each facet its values that have cases in a search."""
    return facets.count_facets(db.session(), query, vocabulary, head, hits)


def build_facet(
    name: str, title: str, vocabulary: Vocabulary, counts: ValueCounts, selected: Sequence[str]
) -> FilterFacet:
    """The checkboxes of a filter.

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
    codes: Iterable[str] = vocabulary.lists.get(name, DURATIONS)
    if name in vocabulary.lists and name != "sens":
        return [("", _vocabulary_options(name, vocabulary, counts, selected, codes))]
    # No counts: these values belong to proceedings and durations, not to the case. A retired
    # word is offered only where it is already selected.
    options = [
        FacetOption(code, search_title.value_label(vocabulary, name, code), code in selected)
        for code in codes
        if name not in vocabulary.lists or vocabulary.accepts(name, code) or code in selected
    ]
    return [("", options)]


def _vocabulary_options(
    name: str,
    vocabulary: Vocabulary,
    counts: ValueCounts,
    selected: Sequence[str],
    codes: Iterable[str],
) -> list[FacetOption]:
    """The words of a vocabulary that have cases, in the vocabulary's order."""
    return [
        FacetOption(code, vocabulary.label(name, code), code in selected, counts.get(code, 0))
        for code in codes
        if code in counts or code in selected
    ]


def _departement_options(counts: ValueCounts, selected: Sequence[str]) -> list[FacetOption]:
    """Départements by name: counts must not rank them."""
    options = [
        FacetOption(
            code, place_names.place_name("departement", code), code in selected, counts.get(code, 0)
        )
        for code in {*counts, *selected}
    ]
    return sorted(options, key=lambda option: _sort_key(option.label))


def _year_options(counts: ValueCounts, selected: Sequence[str]) -> list[FacetOption]:
    """Years, newest first as in the list."""
    return [
        FacetOption(year, year, year in selected, counts.get(year, 0))
        for year in sorted({*counts, *selected}, reverse=True)
    ]


def _outlet_options(counts: ValueCounts, selected: Sequence[str]) -> list[FacetOption]:
    """The selected outlets and those with the most cases, by name."""
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


def _first_value(query: CaseQuery, name: str) -> str:
    return next(iter(query.values.get(name, ())), "")
