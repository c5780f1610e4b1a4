"""Names of ledgers, acts, attestations and roles, and checks of a journal line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from register.journal import Act

LEDGER_LABELS: dict[str, Any] = {
    "public": _("livre public"),
    "bureau": _("livre du bureau"),
    "signalements": _("livre des signalements"),
}

# Names of the groups of acts in the filter of the members' journal.
GROUP_NAMES: dict[str, Any] = {
    "brouillons": _("Brouillons"),
    "relecture": _("Relecture"),
    "actes-publics": _("Actes publics"),
    "droit-de-reponse": _("Droit de réponse"),
    "en-main": _("Dossiers en main, urgence, notes"),
    "signalements": _("Signalements"),
    "comptes": _("Comptes"),
    "connexions": _("Connexions"),
    "pages": _("Pages du site"),
}

ATTESTED_WORDS: dict[str, Any] = {
    "attribution": _("chaque accusation est attribuée"),
    "no_private_person": _("aucun particulier n’est nommé"),
    "no_private_life": _("rien ne relève de la vie privée"),
    "without_report": _("rien ne repose sur le seul signalement retiré par son auteur"),
}

# Why a passage of a report was masked.
MASK_REASONS: dict[str, Any] = {
    "personne_privee": _("il nomme ou désigne une personne privée"),
    "coordonnees": _("il donne des coordonnées : téléphone, adresse, compte"),
    "vie_privee": _("il touche à la santé, à la famille ou à la vie privée"),
    "securite": _("il met quelqu’un en danger"),
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

# Name in URLs of each public act, with its label; in the order of the form.
PUBLIC_KINDS: Mapping[str, tuple[Act, Any]] = {
    "publication": (Act.PUBLISHED, _("Publication")),
    "suite": (Act.FOLLOWED_UP, _("Suite")),
    "reponse": (Act.REPLIED, _("Droit de réponse")),
    "correction": (Act.CORRECTED, _("Correction")),
    "caviardage": (Act.REDACTED, _("Passage retiré")),
    "retrait": (Act.WITHDRAWN, _("Retrait")),
    "retablissement": (Act.RESTORED, _("Rétablissement")),
    "reunion": (Act.MERGED, _("Réunion")),
    "separation": (Act.PARTED, _("Séparation")),
    "effacement": (Act.ERASED, _("Effacement")),
    "ouverture": (Act.OPENED, _("Ouverture du registre")),
    "page": (Act.PAGE_CHANGED, _("Page du site changée")),
    "textes": (Act.TEXTS_CHANGED, _("Libellés, noms de lieux ou pages mis à jour")),
}
