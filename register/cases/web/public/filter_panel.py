"""Panel of the filters of a list, and the filters in force in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import get_template_attribute
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from register.cases.case_codes import DURATIONS
from register.cases.filters import WORDS, CaseQuery
from register.cases.selection import Selection
from register.cases.web.public.case_view import labels
from register.cases.web.public.search_title import value_label
from register.text.dates import Language
from register.text.normalisation import fold, fold_name
from register.text.typography import first_upper
from register.web import messages
from register.web.fragments import fragment
from register.web.l10n import language, number, typeset
from register.web.request_context import current_vocabulary

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
# Parameters that have a field in the form, or none in a new search.
_FORM_FIELDS = frozenset({*CHECKBOX_FILTERS, "sans_date", "du", "au", "q", "tri", "page"})
# Two groups are open, so that a reader sees what the panel is for.
_OPEN_FACETS = frozenset({"famille", "preuve"})
# Their values belong to proceedings and durations, not to the case.
_UNCOUNTED_FILTERS = frozenset({"sens", "duree"})
# There are thousands of outlets: only those with the most cases get a checkbox.
_MAX_OUTLETS = 12

# Cached: each panel sorts about a hundred names.
_sort_key = lru_cache(maxsize=256)(fold_name)
_CHECKBOX = Markup('<div><label><input type="checkbox" name="{}" value="{}"')
_COUNT = Markup(' <span class="num">{}<span class="vh"> {}</span></span>')
_CHECKED, _UNCHECKED = Markup(" checked>"), Markup(">")
_OPTION_END = Markup("</label></div>\n")


@dataclass(frozen=True)
class _Option:
    """The HTML of a checkbox up to its state, and of its label."""

    start: Markup
    label: Markup


def panel_html(selection: Selection, typed: Mapping[str, str] | None = None) -> Markup:
    """The form filled with the search in force, as HTML.

    :param typed: refused texts by field, shown again to be corrected.
    """
    if typed is not None:
        return _render_panel(selection, typed)
    query = selection.query
    # The cases that the words match stand for the index, which moves apart from the data.
    key = ("panel", query.at_page(1).query_string(), selection.matches_of(WORDS))
    return fragment(*key, caller=lambda: _render_panel(selection, None))


def _render_panel(selection: Selection, typed: Mapping[str, str] | None) -> Markup:
    query = selection.query
    # Filters in force that have no field of their own; that of the words is above the list.
    hidden_filters = [(name, code) for name, code in query.pairs() if name not in _FORM_FIELDS]
    count = sum(len(codes) for name, codes in query.values.items() if name != "q")
    # Name and title of each group of checkboxes, its sections with their titles, which may be
    # empty, and whether it is open.
    facets = []
    for name in CHECKBOX_FILTERS:
        selected = query.values.get(name, ())
        sections = [
            (legend, html) for legend, html in _build_sections(name, selection, selected) if html
        ]
        is_open = bool(selected) or name in _OPEN_FACETS
        # The outlets have a text field even without a checkbox.
        if sections or name == "media":
            facets.append((name, messages.filters.titles[name], sections, is_open))
    macro: Callable[..., Markup] = get_template_attribute(
        "cases/public/_filter_panel.html", "filters"
    )
    return macro(facets, hidden_filters, count, query, typed)


def labelled_filters(query: CaseQuery) -> Iterator[tuple[str, CaseQuery]]:
    """The filters in force in words, each with the search without it."""
    for name, codes in query.values.items():
        for code in codes:
            label = value_label(name, code)
            label = _("%(filter)s : %(value)s", filter=messages.filters.titles[name], value=label)
            yield label, query.without(name, code)


def _build_sections(
    name: str, selection: Selection, selected: Sequence[str]
) -> Iterator[tuple[str, Markup]]:
    """The checkboxes of a filter.

    :param selected: its values in force.
    """
    vocabulary, counts = current_vocabulary(), selection.facet_counts.get(name, {})

    def counted_options(codes: Iterable[str]) -> Markup:
        """The checkboxes of the values that have cases or are in force."""
        return Markup().join(
            _checkbox(_option(name, code), code in selected, counts.get(code, 0))
            for code in codes
            if code in counts or code in selected
        )

    if name == "type":
        for code, family in vocabulary.lists["famille"].items():
            yield family.label, counted_options(vocabulary.types_of(code))
    elif name in _UNCOUNTED_FILTERS:
        # A retired word is offered only where it is already selected.
        yield (
            "",
            Markup().join(
                _checkbox(_option(name, code), code in selected)
                for code in vocabulary.lists.get(name, DURATIONS)
                if name not in vocabulary.lists
                or vocabulary.accepts(name, code)
                or code in selected
            ),
        )
    elif name == "media":
        yield "", _outlet_options(selection, counts, selected)
    elif name == "annee":
        # The newest first, as in the list.
        yield "", counted_options(sorted({*counts, *selected}, reverse=True))
    elif name == "departement":
        # By name: counts must not rank them.
        codes = sorted({*counts, *selected}, key=lambda code: _sort_key(value_label(name, code)))
        yield "", counted_options(codes)
    else:
        yield "", counted_options(vocabulary.lists[name])


def _outlet_options(
    selection: Selection, counts: Mapping[str, int], selected: Sequence[str]
) -> Markup:
    """The selected outlets and those with the most cases, by name."""
    selected_names = {fold(name): name for name in selected}
    top_names = sorted(counts, key=lambda name: (-counts[name], name))[:_MAX_OUTLETS]
    names = selection.index.outlet_names
    outlets = {name: names.get(name, name) for name in top_names} | selected_names
    return Markup().join(
        _checkbox(
            _Option(
                _CHECKBOX.format("media", outlets[name]),
                Markup("<span>{}</span>").format(typeset(outlets[name])),
            ),
            name in selected_names,
            counts.get(name, 0),
        )
        for name in sorted(outlets)
    )


def _checkbox(option: _Option, is_selected: bool, count: int | None = None) -> Markup:
    """A checkbox.

    :param count: cases of the search with this value alone of its filter; None where not counted.
    """
    state = _CHECKED if is_selected else _UNCHECKED
    count_html = "" if count is None else _count_html(count, language())
    return option.start + state + option.label + count_html + _OPTION_END


# A panel has over a hundred of both: to word and escape them again would be most of its work.
def _option(name: str, code: str) -> _Option:
    return _cached_option(name, code, current_vocabulary().version, language())


@lru_cache(maxsize=1024)
def _cached_option(name: str, code: str, _version: str, _language: Language) -> _Option:
    label = Markup("<span>{}</span>").format(first_upper(typeset(value_label(name, code))))
    if name == "famille":
        label = labels().families[code]
    return _Option(_CHECKBOX.format(name, code), label)


@lru_cache(maxsize=1024)
def _count_html(count: int, _language: Language) -> Markup:
    return _COUNT.format(number(count), ngettext("cas", "cas", count))
