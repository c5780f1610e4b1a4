"""Reports: what cannot be done with one, and why."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

REPORT_ERRORS: dict[str, Any] = {
    "no_such_report": _("Il n’y a pas de signalement à cette adresse."),
    "report_nonce": _("Ce formulaire n’est plus valable : envoyez-le de nouveau."),
    "report_already_sent": _("Ce formulaire a déjà été envoyé, avec un autre texte."),
    "report_state": _("Ce n’est pas possible pour un signalement dans l’état « %(state)s »."),
    "report_not_together": _(
        "Ce signalement n’attend pas de second membre : il n’est pas, ou plus, rangé avec d’autres."
    ),
    "report_held": _("Un autre membre a ce signalement en main."),
    "report_not_held": _("Personne n’a ce signalement en main."),
    "report_no_news": _("Il n’y a rien de nouveau à lire dans ce signalement."),
    "report_changed": _(
        "Un message est arrivé pendant que vous lisiez : relisez les échanges, puis recommencez."
    ),
    "report_purged": _(
        "Les textes de ce signalement sont détruits : plus rien ne peut y être fait."
    ),
    "no_number": _("Donnez le numéro d’un cas ou d’un dossier, comme 12."),
    "no_such_dossier": _("Aucun dossier du bureau ne porte le numéro %(dossier)s."),
    "joins_merged": _(
        "Ce dossier est réuni au cas nº %(number)s : c’est à celui-là qu’il faut rattacher."
    ),
    "joins_erased": _(
        "Les textes de ce dossier sont détruits : rien ne peut plus y être rattaché."
    ),
    "report_has_case": _(
        "Le dossier né de ce signalement existe encore : abandonnez-le ou retirez-le d’abord."
    ),
}

# What a state is called on the desk.
REPORT_STATES: dict[str, Any] = {
    "received": _("reçu"),
    "in_review": _("en examen"),
    "waiting": _("en attente d’une réponse"),
    "accepted": _("retenu"),
    "declined": _("écarté"),
    "withdrawn": _("retiré par son auteur"),
    "spam": _("indésirable"),
}
