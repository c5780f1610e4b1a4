"""Values that stand in a sentence in other words than in a list: levels, lengths, evidence, dates.

A list says "Niveau de preuve : Jugé"; a sentence says "faits jugés". A word of a vocabulary that
has no such form yet is quoted as the list has it.
"""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from register.text import dates
from register.text.dates import PartialDate
from register.web.languages import language

# Before them, "de" loses its vowel.
_ELIDED = ("avril", "août", "octobre")


def spoken() -> dict[str, dict[str, str]]:
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


def period(since: str, until: str) -> str:
    """The time from one partial date to another, as it follows a search; one may be empty."""
    if since == until:
        return _within(_date(since))
    if not until:
        return _open(_date(since))
    if not since:
        return _ending(_date(until))
    last = _date(until)
    end = last.words(language())
    told = _("au %(date)s", date=end) if last.day else _("à %(date)s", date=end)
    return f"{_beginning(_date(since))} {told}"


def _date(edtf: str) -> PartialDate:
    """A filter takes "about 2006" for the whole of 2006: so does its sentence."""
    return replace(dates.parse(edtf), mark="")


def _within(date: PartialDate) -> str:
    told = date.words(language())
    return str(_("le %(date)s", date=told) if date.day else _("en %(date)s", date=told))


def _open(date: PartialDate) -> str:
    told = date.words(language())
    return str(_("depuis le %(date)s", date=told) if date.day else _("depuis %(date)s", date=told))


def _ending(date: PartialDate) -> str:
    told = date.words(language())
    if date.day:
        return str(_("jusqu’au %(date)s", date=told))
    return str(_("jusqu’en %(date)s", date=told))


def _beginning(date: PartialDate) -> str:
    told = date.words(language())
    if date.day:
        return str(_("du %(date)s", date=told))
    if told.startswith(_ELIDED):
        return str(_("d’%(date)s", date=told))
    return str(_("de %(date)s", date=told))
