"""A search in words: what a page is called and what it says of itself.

"« filmer », Interdiction de filmer par le maire, Gagny (Seine-Saint-Denis), 2008". Values of one
filter are joined by "ou"; filters follow one another as a sentence about a case would.
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
from register.territory.web import place_names
from register.text import dates
from register.text.dates import PartialDate
from register.web import urls
from register.web.l10n import count_words, country_name, edtf_words, typeset
from register.web.l10n import quoted as marked
from register.web.languages import language

# Before them, "de" loses its vowel.
_ELIDED_MONTHS = ("avril", "août", "octobre")


def sentence_forms() -> dict[str, dict[str, str]]:
    """Filter → code → what follows the name of the filter in a sentence."""
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
        # Alone, "autre" would say nothing of what it is another one of.
        "famille": {"autre": _("famille « autre »")},
        "type": {"autre": _("type « autre »")},
    }


def period_phrase(since: str, until: str) -> str:
    """The time from one partial date to another, as it follows a search; one may be empty."""
    if since == until:
        return _during_phrase(_filter_date(since))
    if not until:
        return _since_phrase(_filter_date(since))
    if not since:
        return _until_phrase(_filter_date(until))
    last_date = _filter_date(until)
    last_text = last_date.words(language())
    end_phrase = (
        _("au %(date)s", date=last_text) if last_date.day else _("à %(date)s", date=last_text)
    )
    return f"{_from_phrase(_filter_date(since))} {end_phrase}"


def _filter_date(edtf: str) -> PartialDate:
    """A filter takes "about 2006" for the whole of 2006: so does its sentence."""
    return replace(dates.parse(edtf), mark="")


def _during_phrase(date: PartialDate) -> str:
    date_text = date.words(language())
    return str(_("le %(date)s", date=date_text) if date.day else _("en %(date)s", date=date_text))


def _since_phrase(date: PartialDate) -> str:
    date_text = date.words(language())
    return str(
        _("depuis le %(date)s", date=date_text)
        if date.day
        else _("depuis %(date)s", date=date_text)
    )


def _until_phrase(date: PartialDate) -> str:
    date_text = date.words(language())
    if date.day:
        return str(_("jusqu’au %(date)s", date=date_text))
    return str(_("jusqu’en %(date)s", date=date_text))


def _from_phrase(date: PartialDate) -> str:
    date_text = date.words(language())
    if date.day:
        return str(_("du %(date)s", date=date_text))
    if date_text.startswith(_ELIDED_MONTHS):
        return str(_("d’%(date)s", date=date_text))
    return str(_("de %(date)s", date=date_text))


# A search may hold twenty values of each filter; a title names so many, and counts the others.
_MAX_VALUES = 3
_MAX_FILTERS = 6
_MAX_TEXT = 80  # characters of what was typed


# What says who acts belongs to what he did, and follows it without a comma.
_ACT_FILTERS = frozenset({"type", "famille", "acteur"})
_PARTY_FILTERS = frozenset({"acteur", "cible"})
_PERIOD_FILTERS = frozenset({"du", "au"})
# What a person wrote, which may hold anything.
_FREE_TEXT_FILTERS = frozenset({"media", "endroit"})


def phrase(query: CaseQuery, vocabulary: Vocabulary) -> str:
    """What a search is about; empty for the whole register."""
    templates = _phrase_templates()
    names = [name for name in templates if name in query.values]
    if _PERIOD_FILTERS.issubset(names):
        # One saying tells both ends.
        names.remove("au")
    sentence, previous = "", ""
    for name in names[:_MAX_FILTERS]:
        sentence += (
            (" " if name in _PARTY_FILTERS and previous in _ACT_FILTERS else ", ")
            if sentence
            else ""
        )
        sentence += templates[name] % {"values": _filter_phrase(query, vocabulary, name)}
        previous = name
    if extra_names := names[_MAX_FILTERS:]:
        sentence += _extra_filters_phrase(len(extra_names))
    return typeset(sentence[:1].upper() + sentence[1:])


def _filter_phrase(query: CaseQuery, vocabulary: Vocabulary, name: str) -> str:
    """All values of a filter, as they stand in a sentence."""
    if name in _PERIOD_FILTERS:
        return period_phrase(*("".join(query.values.get(end, ())) for end in ("du", "au")))
    return _join_alternatives(
        [_value_phrase(vocabulary, name, code) for code in query.values[name]]
    )


def page_title(query: CaseQuery, vocabulary: Vocabulary, total: int) -> str:
    """What the page of a search is called: the search, and how many cases there are."""
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


def quote_typed(typed_text: str) -> str:
    """What was typed, between guillemets and not at length."""
    if len(typed_text) > _MAX_TEXT:
        typed_text = typed_text[:_MAX_TEXT].rsplit(None, 1)[0] + "…"
    return marked(typed_text)


def value_label(vocabulary: Vocabulary, name: str, code: str) -> str:
    """A value of a filter, as a reader says it."""
    if name in vocabulary.lists:
        return vocabulary.label(name, code)
    if name == "procedure":
        return _proceeding_phrase(vocabulary, code)
    if name in _VALUE_FORMATTERS:
        return _VALUE_FORMATTERS[name](code)
    if name not in urls.PLACES:
        return code
    place_name = place_names.place_name(name, code)
    # "(pour Pierrefitte-sur-Seine)" says already which Saint-Denis it is.
    return _commune_label(code) if name == "commune" and "(" not in place_name else place_name


def duration_labels() -> dict[str, str]:
    """The lengths of an affair in words."""
    words = {
        "moins-d-un-an": _("moins d’un an"),
        "un-a-trois-ans": _("un à trois ans"),
        "plus-de-trois-ans": _("plus de trois ans"),
        "inconnue": _("durée inconnue"),
    }
    return {code: words[code] for code in DURATIONS}


def _phrase_templates() -> dict[str, str]:
    """How the values of each filter stand in a sentence, in the order of one."""
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
    """One value or another; of many, the first and how many there are beside."""
    if len(values) > _MAX_VALUES:
        extra_count = len(values) - _MAX_VALUES + 1
        values = [*values[: _MAX_VALUES - 1], _("%(count)s autres", count=count_words(extra_count))]
    if len(values) == 1:
        return values[0]
    return str(_("%(some)s ou %(last)s", some=", ".join(values[:-1]), last=values[-1]))


def _extra_filters_phrase(count: int) -> str:
    suffix = ngettext(
        " et %(count)s autre filtre",
        " et %(count)s autres filtres",
        count,
        count=count_words(count),
    )
    return str(suffix)


def _value_phrase(vocabulary: Vocabulary, name: str, code: str) -> str:
    if name == WORDS:
        # "OU" is not obeyed, and must not be shown as if it were.
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
    # What has other words in a sentence, and is too new to have them.
    return quote_typed(label) if forms else label


def _proceeding_phrase(vocabulary: Vocabulary, code: str) -> str:
    """Who acts against whom, and what came of it."""
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
    """A commune with its département: a good thousand of them bear the name of another."""
    place = place_names.find_commune_view(code)
    if place is None:
        return code
    departement = place.departement
    return place_names.qualified_name(place.commune.name, departement.name if departement else None)


_VALUE_FORMATTERS: dict[str, Callable[[str], str]] = {
    "pays": country_name,
    "du": edtf_words,
    "au": edtf_words,
    "duree": lambda code: duration_labels()[code],
    "sans_date": lambda _code: _("date inconnue"),
}
