"""What a reader asked for and cannot have."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

PUBLIC_ERRORS: dict[str, Any] = {
    "busy": _("Beaucoup de demandes arrivent à la fois, et la vôtre n’a pas eu son tour."),
    "storage_full": _("Le disque du registre est plein : rien n’a été enregistré."),
    "storage_moved": _("Le registre ne trouve plus ses fichiers : rien n’a été enregistré."),
    "no_such_case": _("Aucun cas publié ne porte ce numéro."),
    "no_such_version": _("Ce cas n’a pas de version publique sous ce numéro."),
    "no_such_place": _("Aucun territoire ne porte ce code."),
    "no_such_page": _("La liste n’a pas tant de pages."),
    "no_such_line": _("La main courante n’a pas de ligne sous ce numéro."),
    "no_such_row": _("Ce qui était demandé n’existe pas ou n’existe plus."),
    "case_gone": _("Ce cas n’est plus publié."),
    "version_destroyed": _(
        "Cette version du texte n’est plus montrée : un passage en a été retiré. Le cas peut en "
        "avoir d’autres."
    ),
    "filter": _("Le filtre « %(name)s » ne connaît pas la valeur demandée."),
    "filter_too_many": _("Le filtre « %(name)s » reçoit trop de valeurs à la fois."),
    "page": _("Ce numéro de page n’existe pas."),
    "search_too_long": _(
        "Cette recherche dépasse %(limit)s caractères : gardez les mots qui comptent."
    ),
    "search_too_many": _(
        "Cette recherche a plus de %(limit)s mots, et chacun doit se trouver dans le cas : "
        "gardez-en quelques-uns."
    ),
    "search_no_word": _("Il n’y a pas de mot à chercher dans « %(words)s »."),
    "search_short_beginning": _(
        "« %(words)s » : le début d’un mot se cherche à partir de %(limit)s lettres avant "
        "l’astérisque."
    ),
    "search_silent": _(
        "« %(words)s » ne contient que des mots trop courants pour être cherchés : ajoutez-en un "
        "qui dise de quoi il s’agit."
    ),
}
