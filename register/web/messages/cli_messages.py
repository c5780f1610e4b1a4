"""The import and the other commands."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

COMMAND_ERRORS: dict[str, Any] = {
    "import_file_size": _("Le fichier dépasse %(limit)s Mo : coupez-le en plusieurs."),
    "import_file_missing": _("Le fichier %(path)s ne peut pas être lu : %(cause)s."),
    "import_file_empty": _("Le fichier est vide."),
    "import_file_encoding": _(
        "Le fichier n’est pas en UTF-8 (ligne %(line)s) : enregistrez-le dans ce codage."
    ),
    "import_file_cut": _(
        "Le fichier s’arrête au milieu d’une valeur ou ses guillemets ne se ferment pas "
        "(vers la ligne %(line)s)."
    ),
    "import_column_unknown": _("La colonne « %(column)s » n’est pas une colonne connue."),
    "import_column_missing": _("La colonne « %(column)s » manque."),
    "import_column_twice": _("La colonne « %(column)s » est là plusieurs fois."),
    "row_width": _("La ligne a %(found)s cases au lieu de %(wanted)s."),
    "control_character": _("Le texte contient un caractère de contrôle invisible."),
    "no_proceeding": _(
        "La ligne parle d’une procédure et dit à la colonne « procedure » qu’il n’y en a pas."
    ),
    "formula": _("La case commence comme une formule de tableur : « %(value)s »."),
    "id_twice": _("Le même identifiant est porté par une autre ligne au contenu différent."),
    "anchor": _("« %(value)s » n’est pas un repère : écrivez NUMÉRO:EMPREINTE."),
    "no_such_number": _("Aucun cas ne porte le numéro %(number)s."),
    "file_exists": _(
        "Le fichier %(path)s existe déjà : choisissez un autre nom par --output, ou ajoutez "
        "--force pour le remplacer."
    ),
    "file_unwritable": _("Le fichier %(path)s ne peut pas être écrit : %(cause)s."),
    "id_changed": _(
        "Cet identifiant est déjà importé avec un autre contenu : corrigez le cas dans le registre."
    ),
}
