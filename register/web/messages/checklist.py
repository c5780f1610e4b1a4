"""The checklist before publication, and the risk flags."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

# What an unmet line lacks, and what to do about it.
UNMET_CHECKS: dict[str, Any] = {
    "texts": _("Il manque le titre ou le résumé : écrivez les deux."),
    "summary_length": _("Le résumé fait %(length)s caractères : ramenez-le à %(limit)s."),
    "source": _("Il n’y a aucune source : citez-en une au moins."),
    "types": _("Il faut d’un à trois types : choisissez-les, le principal d’abord."),
    "parties": _("Qui agit, qui est visé, quel niveau d’autorité : il manque l’un des trois."),
    "place": _("Il manque le lieu : une commune, à défaut un territoire ou un lieu en mots."),
    "evidence": _("Il manque le niveau de preuve : choisissez-le."),
    "outcome": _("Il manque l’issue : choisissez-la, même si elle est inconnue."),
    "court": _(
        "La décision de justice est incomplète : indiquez %(missing)s, ou dites que ce n’est pas "
        "connu."
    ),
    "invitation": _(
        "L’autorité n’a pas été invitée à répondre : invitez-la, ou notez pourquoi elle ne l’est "
        "pas."
    ),
    "flags": _(
        "Des mots peuvent nuire à une personne : %(flags)s. Retirez-les, ou écrivez pourquoi ils "
        "restent."
    ),
    "second": _("Il manque l’accord d’un second membre sur cette version : demandez-le."),
    "report_withdrawn": _(
        "L’auteur d’un signalement de ce dossier l’a retiré : enregistrez une version dont vous "
        "attestez que rien n’y repose sur lui seul, ou abandonnez le brouillon."
    ),
    "attribution": _("Attestez que chaque affirmation est attribuée à sa source."),
    "no_private_person": _("Attestez qu’aucune personne privée n’est nommée ni reconnaissable."),
    "no_private_life": _("Attestez que rien ne touche à la vie privée."),
}

# What a line asks for, in the words of one that is met.
MET_CHECKS: dict[str, Any] = {
    "texts": _("Un titre et un résumé"),
    "summary_length": _("Un résumé assez court"),
    "source": _("Au moins une source"),
    "types": _("D’un à trois types"),
    "parties": _("Qui agit, qui est visé, à quel niveau"),
    "place": _("Un lieu"),
    "evidence": _("Un niveau de preuve"),
    "outcome": _("Une issue"),
    "court": _("Une décision de justice complète, s’il y en a une"),
    "invitation": _("L’autorité invitée à répondre, ou la raison de ne pas l’inviter"),
    "flags": _("Aucun mot à risque, ou une raison de le garder"),
    "second": _("L’accord d’un second membre, s’il en faut un"),
    "report_withdrawn": _("Rien qui repose sur le seul signalement que son auteur a retiré"),
    "attribution": _("Chaque affirmation est attribuée à sa source"),
    "no_private_person": _("Aucune personne privée n’est nommée ni reconnaissable"),
    "no_private_life": _("Rien ne touche à la vie privée"),
}

RISK_NAMES: dict[str, Any] = {
    "telephone": _("numéro de téléphone"),
    "courriel": _("adresse électronique"),
    "plaque": _("plaque d’immatriculation"),
    "adresse": _("adresse d’un domicile"),
    "sante": _("santé"),
    "vie_sexuelle": _("vie sexuelle"),
    "religion": _("religion"),
    "mineur": _("personne mineure"),
    "accusation_grave": _("accusation grave"),
}
