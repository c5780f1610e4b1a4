"""Sentences for the faults of an import file and of its rows."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

IMPORT_ERRORS: dict[str, Any] = {
    "import_file_size": _("Le fichier dépasse %(limit)s Mo : coupez-le en plusieurs."),
    "import_file_missing": _("Le fichier %(path)s ne peut pas être lu : %(cause)s."),
    "import_file_empty": _("Le fichier manque, ou il est vide."),
    "import_file_encoding": _(
        "Le fichier n’est ni en UTF-8 ni en Windows-1252 (ligne %(line)s) : enregistrez-le au "
        "format « CSV UTF-8 »."
    ),
    "import_file_cut": _(
        "Le fichier s’arrête au milieu d’une valeur ou ses guillemets ne se ferment pas "
        "(vers la ligne %(line)s)."
    ),
    "import_too_long": _(
        "Ici, %(rows)s cas et %(size)s ko au plus. Coupez le fichier, ou faites-le importer par "
        "la commande « webcitoyen import »."
    ),
    "import_column_unknown": _("La colonne « %(column)s » n’est pas une colonne connue."),
    "import_column_missing": _("La colonne « %(column)s » manque."),
    "import_column_twice": _("La colonne « %(column)s » est là plusieurs fois."),
    "row_width": _("La ligne a %(found)s cases au lieu de %(wanted)s."),
    "control_character": _("Le texte contient un caractère de contrôle invisible."),
    "unknown_code_near": _("« %(value)s » n’est pas dans la liste ; au plus près : %(names)s."),
    "no_proceeding": _(
        "La ligne parle d’une procédure et dit à la colonne « procedure » qu’il n’y en a pas."
    ),
    "formula": _("La case commence comme une formule de tableur : « %(value)s »."),
    "id_twice": _("Le même identifiant est porté par une autre ligne au contenu différent."),
    "id_changed": _(
        "Cet identifiant est déjà importé avec un autre contenu : corrigez le cas dans le registre."
    ),
}
