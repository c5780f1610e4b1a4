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
from register.cases.former_codes import DURATIONS
from register.cases.vocabulary import Vocabulary
from register.search import query_parser
from register.territory.place_queries import qualified_name
from register.territory.web import place_names
from register.text import dates
from register.web import urls
from register.web.l10n import count_words, country_name, edtf_words, typeset
from register.web.l10n import quoted as marked
from register.web.languages import language
from register.web.request_context import find_commune

# Months before which "de" is elided.
_ELIDED_MONTHS = ("avril", "août", "octobre")
# A search may have twenty values of each filter: a title names these many and counts the others.
_MAX_VALUES = 3
_MAX_FILTERS = 6
_MAX_TEXT = 80  # characters of a typed text
# The parties follow one of these filters without a comma.
_ACT_FILTERS = frozenset({"type", "famille", "acteur"})
_PARTY_FILTERS = frozenset({"acteur", "cible"})
_PERIOD_FILTERS = frozenset({"du", "au"})
# Filters whose values are free text.
_FREE_TEXT_FILTERS = frozenset({"media", "endroit"})


def page_title(query: CaseQuery, vocabulary: Vocabulary, total: int) -> str:
    """The title of a page of results: the search and its number of cases."""
    subject = phrase(query, vocabulary)
    if not total:
        return str(_("%(what)s : aucun cas", what=subject))
    count_text = count_words(total)
    heading = ngettext(
        "%(what)s : %(count)s cas",
        "%(what)s : %(count)s cas",
        total,
        what=subject,
        count=count_text,
    )
    return str(heading)


def phrase(query: CaseQuery, vocabulary: Vocabulary) -> str:
    """The filters of a search as a sentence; empty for the whole register."""
    templates = _phrase_templates()
    names = [name for name in templates if name in query.values]
    if _PERIOD_FILTERS.issubset(names):
        # One phrase gives both ends of the period.
        names.remove("au")
    sentence, previous = "", ""
    for name in names[:_MAX_FILTERS]:
        if sentence:
            is_party_of_act = name in _PARTY_FILTERS and previous in _ACT_FILTERS
            sentence += " " if is_party_of_act else ", "
        sentence += templates[name] % {"values": _filter_phrase(query, vocabulary, name)}
        previous = name
    if extra_count := len(names[_MAX_FILTERS:]):
        sentence += ngettext(
            " et %(count)s autre filtre",
            " et %(count)s autres filtres",
            extra_count,
            count=count_words(extra_count),
        )
    return typeset(sentence[:1].upper() + sentence[1:])


def sentence_forms() -> dict[str, dict[str, str]]:
    """Filter → code → the words after the name of the filter in a sentence."""
    return {
        "niveau": {
            "commune": _("communale"),
            "intercommunalite": _("intercommunale"),
            "departement": _("départementale"),
            "region": _("régionale"),
            "outre_mer": _("d’outre-mer"),
            "etat": _("de l’État"),
            "etablissement_public": _("d’un établissement public"),
            "autre": _("d’un autre niveau"),
            "inconnu": _("de niveau inconnu"),
        },
        "preuve": {
            "allegue": _("allégués"),
            "documente": _("documentés"),
            "juge": _("jugés"),
        },
        "duree": {
            "moins-d-un-an": _("de moins d’un an"),
            "un-a-trois-ans": _("d’un à trois ans"),
            "plus-de-trois-ans": _("de plus de trois ans"),
            "inconnue": _("inconnue"),
        },
        "sens": {
            "contre_cible": _("procédure contre la personne visée"),
            "par_cible": _("procédure par la personne visée"),
            "recours_cible": _("recours de la personne visée"),
            "tiers": _("procédure entre d’autres parties"),
        },
        # "autre" alone would be ambiguous.
        "famille": {"autre": _("famille « autre »")},
        "type": {"autre": _("type « autre »")},
    }


def duration_labels() -> dict[str, str]:
    """The durations of a case in words."""
    words = {
        "moins-d-un-an": _("moins d’un an"),
        "un-a-trois-ans": _("un à trois ans"),
        "plus-de-trois-ans": _("plus de trois ans"),
        "inconnue": _("durée inconnue"),
    }
    return {code: words[code] for code in DURATIONS}


def value_label(vocabulary: Vocabulary, name: str, code: str) -> str:
    """The label of a filter's value."""
    if name in vocabulary.lists:
        return vocabulary.label(name, code)
    if name == "procedure":
        return _proceeding_phrase(vocabulary, code)
    if name in _VALUE_FORMATTERS:
        return _VALUE_FORMATTERS[name](code)
    if name not in urls.PLACES:
        return code
    place_name = place_names.place_name(name, code)
    # A name with a parenthesis, "Saint-Denis (pour Pierrefitte-sur-Seine)", needs no département.
    return _commune_label(code) if name == "commune" and "(" not in place_name else place_name


def quote_typed(typed_text: str) -> str:
    """A typed text in guillemets, shortened."""
    if len(typed_text) > _MAX_TEXT:
        typed_text = typed_text[:_MAX_TEXT].rsplit(None, 1)[0] + "…"
    return marked(typed_text)


def period_phrase(since: str, until: str) -> str:
    """The period from one partial date to another, one of which may be empty."""
    # A filter reads "about 2006" as the whole of 2006; the sentence drops the mark too.
    first_day, last_day = (
        replace(dates.parse(edtf), mark="") for edtf in (since or until, until or since)
    )
    first, last = first_day.words(language()), last_day.words(language())
    if since == until:
        phrase = _("le %(date)s", date=first) if first_day.day else _("en %(date)s", date=first)
    elif not until:
        phrase = (
            _("depuis le %(date)s", date=first)
            if first_day.day
            else _("depuis %(date)s", date=first)
        )
    elif not since:
        phrase = (
            _("jusqu’au %(date)s", date=last) if last_day.day else _("jusqu’en %(date)s", date=last)
        )
    else:
        start = _("de %(date)s", date=first)
        if first_day.day:
            start = _("du %(date)s", date=first)
        elif first.startswith(_ELIDED_MONTHS):
            start = _("d’%(date)s", date=first)
        end = _("au %(date)s", date=last) if last_day.day else _("à %(date)s", date=last)
        phrase = f"{start} {end}"
    return str(phrase)


def _filter_phrase(query: CaseQuery, vocabulary: Vocabulary, name: str) -> str:
    """All values of a filter, as words of a sentence."""
    if name in _PERIOD_FILTERS:
        return period_phrase(*("".join(query.values.get(end, ())) for end in ("du", "au")))
    return _join_alternatives(
        [_value_phrase(vocabulary, name, code) for code in query.values[name]]
    )


def _phrase_templates() -> dict[str, str]:
    """Filter → template of its part of the sentence, in the sentence's order."""
    plain = "%(values)s"
    return {
        "q": plain,
        "type": plain,
        "famille": plain,
        "acteur": _("par %(values)s", values=plain),
        "cible": _("contre %(values)s", values=plain),
        "sens": plain,
        "procedure": plain,
        "issue": plain,
        "preuve": _("faits %(values)s", values=plain),
        "niveau": _("autorité %(values)s", values=plain),
        "media": _("média %(values)s", values=plain),
        "commune": plain,
        "departement": plain,
        "region": plain,
        "endroit": _("lieu nommé %(values)s", values=plain),
        "pays": plain,
        "annee": plain,
        "du": plain,
        "au": plain,
        "duree": _("durée %(values)s", values=plain),
        "sans_date": plain,
    }


def _join_alternatives(values: Sequence[str]) -> str:
    """Values joined by "ou"; of many, the first ones and a count of the others."""
    if len(values) > _MAX_VALUES:
        extra_count = len(values) - _MAX_VALUES + 1
        values = [*values[: _MAX_VALUES - 1], _("%(count)s autres", count=count_words(extra_count))]
    if len(values) == 1:
        return values[0]
    return str(_("%(some)s ou %(last)s", some=", ".join(values[:-1]), last=values[-1]))


def _value_phrase(vocabulary: Vocabulary, name: str, code: str) -> str:
    if name == WORDS:
        # "OU" is ignored by the search and must not appear as if it had an effect.
        return quote_typed(query_parser.without_operators(code) or code)
    if name in _FREE_TEXT_FILTERS:
        return quote_typed(code)
    if name == "commune":
        return _commune_label(code)
    if name in _PARTY_FILTERS:
        word = vocabulary.word(name, code)
        return str(word.extra["with_article"]) if word else code
    forms = sentence_forms().get(name)
    if forms and code in forms:
        return forms[code]
    label = value_label(vocabulary, name, code)
    if name in ("type", "famille"):
        return label[:1].lower() + label[1:]
    # A new code of a list with sentence forms, which has no form yet.
    return quote_typed(label) if forms else label


def _proceeding_phrase(vocabulary: Vocabulary, code: str) -> str:
    """A proceeding's direction with its outcome."""
    direction, _dot, outcome = code.partition(".")
    proceeding = sentence_forms()["sens"].get(direction) or quote_typed(
        vocabulary.label("sens", direction)
    )
    return str(
        _(
            "%(proceeding)s (%(outcome)s)",
            proceeding=proceeding,
            outcome=vocabulary.label("issue", outcome),
        )
    )


def _commune_label(code: str) -> str:
    """A commune with its département: over a thousand communes share their name with another."""
    place = find_commune(code)
    if place is None:
        return code
    departement = place.departement
    return qualified_name(place.commune.name, departement.name if departement else None)


_VALUE_FORMATTERS: dict[str, Callable[[str], str]] = {
    "pays": country_name,
    "du": edtf_words,
    "au": edtf_words,
    "duree": lambda code: duration_labels()[code],
    "sans_date": lambda _code: _("date inconnue"),
}
