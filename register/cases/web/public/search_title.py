"""Title of a search: its filters as a sentence.

Example: "« filmer », Interdiction de filmer par le maire, Gagny (Seine-Saint-Denis), 2008". Values
of one filter are joined by "ou"; the filters are in the order of a sentence about a case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases.filters import WORDS, CaseQuery
from register.cases.web.public import case_view
from register.search import query_parser
from register.territory.place_queries import find_commune
from register.territory.web import place_names
from register.text import dates
from register.text.dates import PartialDate
from register.text.typography import shortened
from register.web import messages, urls
from register.web.l10n import count_words, country_name, edtf_words, language, quoted, typeset
from register.web.request_context import current_vocabulary

# Months before which "de" is elided.
_ELIDED_MONTHS = ("avril", "août", "octobre")
# A search may have a hundred values of each filter: a title names these many and counts the others.
_MAX_VALUES = 3
_MAX_FILTERS = 6
_MAX_TEXT = 80  # characters of a typed text
# The parties follow one of these filters without a comma.
_ACT_FILTERS = frozenset({"type", "famille", "acteur"})
_PARTY_FILTERS = frozenset({"acteur", "cible"})
_PERIOD_FILTERS = frozenset({"du", "au"})
# The order of the filters in the sentence.
_PHRASE_ORDER = (
    *("q", "type", "famille", "acteur", "cible", "sens", "procedure", "issue", "preuve", "niveau"),
    *("media", "commune", "departement", "region", "epci", "endroit", "pays", "annee"),
    *("du", "au", "duree", "sans_date"),
)
# Filters whose values are free text.
_FREE_TEXT_FILTERS = frozenset({"media", "endroit"})


def page_title(query: CaseQuery, total: int) -> str:
    """The title of a page of results: the search and its number of cases."""
    subject = phrase(query)
    return with_count(subject, total) if total else str(_("%(what)s : aucun cas", what=subject))


def with_count(search_label: str, count: int) -> str:
    """A search in words with its number of cases, at least one."""
    counted_label = ngettext(
        "%(what)s : %(count)s cas",
        "%(what)s : %(count)s cas",
        count,
        what=search_label,
        count=count_words(count),
    )
    return str(counted_label)


def phrase(query: CaseQuery) -> str:
    """The filters of a search as a sentence; empty for the whole register."""
    names = [name for name in _PHRASE_ORDER if name in query.values]
    if _PERIOD_FILTERS.issubset(names):
        # One phrase gives both ends of the period.
        names.remove("au")
    sentence, previous = "", ""
    for name in names[:_MAX_FILTERS]:
        if sentence:
            is_party_of_act = name in _PARTY_FILTERS and previous in _ACT_FILTERS
            sentence += " " if is_party_of_act else ", "
        if name in _PERIOD_FILTERS:
            filter_phrase = _period_phrase(
                *("".join(query.values.get(end, ())) for end in ("du", "au"))
            )
        else:
            filter_phrase = _join_alternatives(
                [value_phrase(name, code) for code in query.values[name]]
            )
        template = messages.filters.phrases.get(name, "%(values)s")
        sentence += str(template) % {"values": filter_phrase}
        previous = name
    if extra_count := len(names[_MAX_FILTERS:]):
        sentence += ngettext(
            " et %(count)s autre filtre",
            " et %(count)s autres filtres",
            extra_count,
            count=count_words(extra_count),
        )
    return typeset(sentence[:1].upper() + sentence[1:])


def value_label(name: str, code: str) -> str:
    """The label of a filter's value."""
    vocabulary = current_vocabulary()
    if name in vocabulary.lists:
        return vocabulary.label(name, code)
    if name == "procedure":
        direction, _dot, outcome = code.partition(".")
        proceeding = value_phrase("sens", direction)
        outcome_label = vocabulary.label("issue", outcome)
        return str(_("%(proceeding)s (%(outcome)s)", proceeding=proceeding, outcome=outcome_label))
    if name in _VALUE_FORMATTERS:
        return _VALUE_FORMATTERS[name](code)
    if name not in urls.PLACES and name != "epci":
        return code
    place_name = place_names.place_name(name, code)
    # A name with a parenthesis, "Saint-Denis (pour Pierrefitte-sur-Seine)", needs no département.
    return _commune_label(code) if name == "commune" and "(" not in place_name else place_name


def quote_typed(typed_text: str) -> str:
    """A typed text in guillemets, shortened."""
    return quoted(shortened(typed_text, _MAX_TEXT))


def _period_phrase(since: str, until: str) -> str:
    """The period from one partial date to another, one of which may be empty."""
    # A filter reads "about 2006" as the whole of 2006; the sentence drops the mark too.
    first, last = (replace(dates.parse(edtf), mark="") for edtf in (since or until, until or since))
    if since == until:
        return _date_phrase(first, _("le %(date)s"), _("en %(date)s"))
    if not until:
        return _date_phrase(first, _("depuis le %(date)s"), _("depuis %(date)s"))
    if not since:
        return _date_phrase(last, _("jusqu’au %(date)s"), _("jusqu’en %(date)s"))
    is_elided = first.words(language()).startswith(_ELIDED_MONTHS)
    start = _date_phrase(
        first, _("du %(date)s"), _("d’%(date)s") if is_elided else _("de %(date)s")
    )
    end = _date_phrase(last, _("au %(date)s"), _("à %(date)s"))
    return f"{start} {end}"


def _date_phrase(day: PartialDate, exact_template: str, vague_template: str) -> str:
    """A date in words: a whole day in one template, a month or a year in the other."""
    return (exact_template if day.day else vague_template) % {"date": day.words(language())}


def _join_alternatives(values: Sequence[str]) -> str:
    """Values joined by "ou"; of many, the first ones and a count of the others."""
    if len(values) > _MAX_VALUES:
        extra_count = len(values) - _MAX_VALUES + 1
        values = [*values[: _MAX_VALUES - 1], _("%(count)s autres", count=count_words(extra_count))]
    if len(values) == 1:
        return values[0]
    return str(_("%(some)s ou %(last)s", some=", ".join(values[:-1]), last=values[-1]))


def value_phrase(name: str, code: str) -> str:
    """The words of a filter's value in the sentence that names a search."""
    if name == WORDS:
        # "OU" is ignored by the search and must not appear as if it had an effect.
        return quote_typed(query_parser.without_operators(code) or code)
    if name in _FREE_TEXT_FILTERS:
        return quote_typed(code)
    if name == "commune":
        return _commune_label(code)
    if name in _PARTY_FILTERS:
        return case_view.with_article(name, code)
    if name == "duree":
        return str(messages.filters.duration_phrases[code])
    word = current_vocabulary().lists.get(name, {}).get(code)
    if word and "phrase" in word.extra:
        return str(word.extra["phrase"])
    label = value_label(name, code)
    return label[:1].lower() + label[1:] if name in ("type", "famille") else label


def _commune_label(code: str) -> str:
    """A commune with its département: over a thousand communes share their name with another."""
    place = find_commune(code)
    return place.qualified_name if place else code


_VALUE_FORMATTERS: dict[str, Callable[[str], str]] = {
    "pays": country_name,
    "du": edtf_words,
    "au": edtf_words,
    "duree": lambda code: str(messages.filters.duration_labels[code]),
    "sans_date": lambda _code: _("date inconnue"),
}
