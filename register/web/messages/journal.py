"""Names of ledgers, attestations and roles, and checks of a line, for the members' journal."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

LEDGER_LABELS: dict[str, Any] = {
    "public": _("livre public"),
    "bureau": _("livre du bureau"),
    "signalements": _("livre des signalements"),
}

ATTESTED_WORDS: dict[str, Any] = {
    "attribution": _("chaque accusation est attribuée"),
    "no_private_person": _("aucun particulier n’est nommé"),
    "no_private_life": _("rien ne relève de la vie privée"),
    "without_report": _("rien ne repose sur le seul signalement retiré par son auteur"),
}

ROLE_WORDS: dict[str, Any] = {"moderator": _("modérateur"), "administrator": _("administrateur")}

# The checks of one line, each with the sentences for success and failure.
LINE_CHECKS: dict[str, tuple[Any, Any]] = {
    "journal_chain": (
        _("La ligne suit bien de la précédente : son empreinte, calculée à nouveau, concorde."),
        _("La ligne ne suit pas de la précédente : son empreinte, calculée à nouveau, diffère."),
    ),
    "journal_private": (
        _("La partie réservée est celle que la ligne a scellée : l’empreinte concorde."),
        _("La partie réservée n’est pas celle que la ligne a scellée : l’empreinte diffère."),
    ),
    "journal_columns": (
        _("Ce que la liste affiche répète le texte scellé."),
        _("Ce que la liste affiche contredit le texte scellé."),
    ),
}
