"""The filters of a list: the panel that sets them and the chips that take them off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from flask import get_template_attribute
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import facets
from register.cases.facets import FacetCounts
from register.cases.filters import CaseQuery, HitStrengths
from register.cases.versioned_cache import VersionedMapCache
from register.cases.vocabulary import Vocabulary
from register.cases.web.public import facet_options, search_title
from register.cases.web.public.facet_options import CHECKBOX_FILTERS, FilterFacet
from register.db import db
from register.journal import LedgerPosition
from register.web import urls
from register.web.context import current_data_version

# Filters that have a field of their own in the panel.
_PANEL_FIELDS = (*CHECKBOX_FILTERS, "sans_date", "du", "au")


@dataclass(frozen=True)
class FilterPanel:
    """Everything the form needs. ``hidden_filters``: filters in force that it has no field for; the words
    have theirs above the list.

    ``invalid_fields``: the names of fields that hold something that makes no sense.
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


def filter_titles() -> dict[str, str]:
    """What each filter is called."""
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


def build_panel(
    query: CaseQuery,
    vocabulary: Vocabulary,
    counts: FacetCounts,
    typed: Mapping[str, str] | None = None,
) -> FilterPanel:
    """The form as the search in force fills it.

    :param counts: for each facet its values that have cases in this search.
    :param typed: what stands in a field although it is no search, so that it can be put right.
    """
    typed = typed or {}
    labels = filter_titles()
    facet_groups = [
        facet_options.build_facet(
            name, labels[name], vocabulary, counts.get(name, {}), query.values.get(name, ())
        )
        for name in CHECKBOX_FILTERS
    ]
    return FilterPanel(
        # Without a box, the outlets still have a field to write in.
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


_panel_cache: VersionedMapCache[str, Markup] = VersionedMapCache(256)


def cached_panel_html(
    query: CaseQuery, vocabulary: Vocabulary, head: LedgerPosition, hits: HitStrengths | None = None
) -> Markup:
    """The panel as HTML. It is the larger half of a list and changes with the search only.

    One of a search by words is not remembered: its counts are those of an index, and the whole
    page is kept as long as that stands still.
    """
    if query.words:
        return render_panel(
            build_panel(query, vocabulary, facet_counts(query, vocabulary, head, hits)), query
        )
    version_key = (head.digest, vocabulary.version, current_data_version().territory)
    return _panel_cache.get_or_make(
        version_key,
        f"{vocabulary.language} {query.at_page(1).query_string()}",
        lambda: render_panel(
            build_panel(query, vocabulary, facet_counts(query, vocabulary, head, None)), query
        ),
    )


def render_panel(panel: FilterPanel, query: CaseQuery, *, open: bool = False) -> Markup:
    """A panel as HTML; ``open`` where it would be folded, because a field is to be put right."""
    macro: Callable[..., Markup] = get_template_attribute("parts/_filters.html", "filters")
    return macro(panel, query, open)


def chips(query: CaseQuery, vocabulary: Vocabulary) -> list[FilterChip]:
    """The filters in force, each with the way to take it off."""
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


def _first_value(query: CaseQuery, name: str) -> str:
    return next(iter(query.values.get(name, ())), "")
