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
