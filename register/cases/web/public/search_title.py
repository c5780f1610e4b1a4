"""A search in words: what a page is called and what it says of itself.

"« filmer », Interdiction de filmer par le maire, Gagny (Seine-Saint-Denis), 2008". Values of one
filter are joined by "ou"; filters follow one another as a sentence about a case would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases.filters import WORDS, Query
from register.cases.former_codes import DURATIONS
from register.cases.vocabulary import Book
from register.cases.web.public.value_phrases import period, spoken
from register.search import query_parser
from register.territory.web import place_names
from register.web import urls
from register.web.l10n import count_words, country_name, edtf_words, typeset
from register.web.l10n import quoted as marked

# A search may hold twenty values of each filter; a title names so many, and counts the others.
_VALUES = 3
_FILTERS = 6
_TEXT = 80  # characters of what was typed


# What says who acts belongs to what he did, and follows it without a comma.
_DEEDS = frozenset({"type", "famille", "acteur"})
_OF_DEEDS = frozenset({"acteur", "cible"})
_PERIOD = frozenset({"du", "au"})
# What a person wrote, which may hold anything.
_WRITTEN = frozenset({"media", "endroit"})


def phrase(query: Query, book: Book) -> str:
    """What a search is about; empty for the whole register."""
    sayings = _sayings()
    names = [name for name in sayings if name in query.values]
    if _PERIOD.issubset(names):
        # One saying tells both ends.
        names.remove("au")
    told, before = "", ""
    for name in names[:_FILTERS]:
        told += (" " if name in _OF_DEEDS and before in _DEEDS else ", ") if told else ""
        told += sayings[name] % {"values": _said(query, book, name)}
        before = name
    if rest := names[_FILTERS:]:
        told += _more(len(rest))
    return typeset(told[:1].upper() + told[1:])


def _said(query: Query, book: Book, name: str) -> str:
    """All values of a filter, as they stand in a sentence."""
    if name in _PERIOD:
        return period(*("".join(query.values.get(end, ())) for end in ("du", "au")))
    return _either([_in_sentence(book, name, one) for one in query.values[name]])


def title(query: Query, book: Book, total: int) -> str:
    """What the page of a search is called: the search, and how many cases there are."""
    what = phrase(query, book)
    if not total:
        return str(_("%(what)s : aucun cas", what=what))
    counted = count_words(total)
    told = ngettext(
        "%(what)s : %(count)s cas", "%(what)s : %(count)s cas", total, what=what, count=counted
    )
    return str(told)


def quoted(text: str) -> str:
    """What was typed, between guillemets and not at length."""
    if len(text) > _TEXT:
        text = text[:_TEXT].rsplit(None, 1)[0] + "…"
    return marked(text)


def value(book: Book, name: str, code: str) -> str:
    """A value of a filter, as a reader says it."""
    if name in book.lists:
        return book.label(name, code)
    if name == "procedure":
        return _proceeding(book, code)
    if name in _SPEAKERS:
        return _SPEAKERS[name](code)
    if name not in urls.PLACES:
        return code
    told = place_names.name_of(name, code)
    # "(pour Pierrefitte-sur-Seine)" says already which Saint-Denis it is.
    return _commune(code) if name == "commune" and "(" not in told else told


def durations() -> dict[str, str]:
    """The lengths of an affair in words."""
    words = {
        "moins-d-un-an": _("moins d’un an"),
        "un-a-trois-ans": _("un à trois ans"),
        "plus-de-trois-ans": _("plus de trois ans"),
        "inconnue": _("durée inconnue"),
    }
    return {code: words[code] for code in DURATIONS}


def _sayings() -> dict[str, str]:
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


def _either(values: Sequence[str]) -> str:
    """One value or another; of many, the first and how many there are beside."""
    if len(values) > _VALUES:
        rest = len(values) - _VALUES + 1
        values = [*values[: _VALUES - 1], _("%(count)s autres", count=count_words(rest))]
    if len(values) == 1:
        return values[0]
    return str(_("%(some)s ou %(last)s", some=", ".join(values[:-1]), last=values[-1]))


def _more(count: int) -> str:
    told = ngettext(
        " et %(count)s autre filtre",
        " et %(count)s autres filtres",
        count,
        count=count_words(count),
    )
    return str(told)


def _in_sentence(book: Book, name: str, code: str) -> str:
    if name == WORDS:
        # "OU" is not obeyed, and must not be shown as if it were.
        return quoted(query_parser.obeyed(code) or code)
    if name in _WRITTEN:
        return quoted(code)
    if name == "commune":
        return _commune(code)
    if name in _OF_DEEDS:
        word = book.word(name, code)
        return str(word.extra["with_article"]) if word else code
    others = spoken().get(name)
    if others and code in others:
        return others[code]
    told = value(book, name, code)
    if name in ("type", "famille"):
        return told[:1].lower() + told[1:]
    # What has other words in a sentence, and is too new to have them.
    return quoted(told) if others else told


def _proceeding(book: Book, code: str) -> str:
    """Who acts against whom, and what came of it."""
    direction, _dot, outcome = code.partition(".")
    told = spoken()["sens"].get(direction) or quoted(book.label("sens", direction))
    return str(
        _("%(proceeding)s (%(outcome)s)", proceeding=told, outcome=book.label("issue", outcome))
    )


def _commune(code: str) -> str:
    """A commune with its département: a good thousand of them bear the name of another."""
    here = place_names.of_commune(code)
    if here is None:
        return code
    around = here.departement
    return place_names.named(here.commune.name, around.name if around else None)


_SPEAKERS: dict[str, Callable[[str], str]] = {
    "pays": country_name,
    "du": edtf_words,
    "au": edtf_words,
    "duree": lambda code: durations()[code],
    "sans_date": lambda _code: _("date inconnue"),
}
