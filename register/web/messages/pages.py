"""Why an editorial page cannot be kept as it was written."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

PAGE_ERRORS: dict[str, Any] = {
    "page_unknown": _("Il n’y a pas de page « %(page)s »."),
    "page_changed_meanwhile": _(
        "Quelqu’un a changé cette page pendant que vous y travailliez : rien n’est enregistré, et "
        "rien de ce que vous avez écrit n’est perdu."
    ),
    "page_same": _("La page dit déjà cela : il n’y a rien à enregistrer."),
    "page_shipped": _("La page montre déjà le texte livré avec le logiciel."),
    "page_empty": _("Ce champ doit être rempli."),
    "page_marker": _(
        "Rien ne remplit « %(words)s » à cet endroit. Corrigez ce repère, ou ôtez les accolades ; "
        "un repère de définitions est seul dans son paragraphe."
    ),
    "page_marker_missing": _(
        "Les mentions légales doivent contenir « %(words)s », que la loi impose : laissez ce "
        "repère."
    ),
    "page_anchor": _("Deux titres portent le même nom, « %(words)s » : changez-en un."),
}
