"""Acts on a case that are not possible now, and the states a case is in."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

ACT_ERRORS: dict[str, Any] = {
    "already_published": _("Ce cas est déjà publié."),
    "published_changes_by_correction": _(
        "Un cas publié ne se modifie plus librement : rédigez une correction, avec sa note."
    ),
    "published_is_withdrawn": _("Un cas publié ne s’abandonne pas : retirez-le, avec un motif."),
    "not_a_draft": _("Ce dossier n’est pas un brouillon : l’acte ne vaut que pour un brouillon."),
    "withdrawn_is_restored": _(
        "Ce cas a été retiré : il ne se publie pas à nouveau, il se rétablit."
    ),
    "already_withdrawn": _("Ce cas est déjà retiré."),
    "draft_is_discarded": _("Un brouillon ne se retire pas, il s’abandonne."),
    "draft_has_no_number": _(
        "Un brouillon n’a pas encore de numéro : joignez-le comme brouillon à un autre cas."
    ),
    "not_published_yet": _("Ce dossier n’est pas encore publié."),
    "not_in_this_state": _("Cet acte n’est pas possible sur un cas publié."),
    "case_withdrawn": _("Ce cas a été retiré : cet acte n’est plus possible."),
    "case_merged": _("Ce cas a été réuni à un autre, qui seul peut encore changer."),
    "case_erased": _("Ce dossier a été effacé : plus rien ne peut y être changé."),
    "administrators_only": _("Cet acte est réservé aux administrateurs."),
    "second_person_missing": _(
        "Il faut l’accord d’un second membre sur cette version : demandez-le-lui."
    ),
    "changed_meanwhile": _(
        "Le dossier a changé pendant que vous y travailliez : comparez les deux textes, rien de ce "
        "que vous avez écrit n’est perdu."
    ),
    "held": _("Un autre membre a ce dossier en main."),
    "not_held": _("Personne n’a ce dossier en main."),
    "needs_correction": _(
        "Une suite ne change que l’issue et la procédure. Passez par une correction pour : "
        "%(fields)s."
    ),
    "no_such_fragment": _("Ce cas n’a pas de texte numéro %(id)s de cette sorte."),
    "nothing_changed": _("Rien n’a changé : il n’y a pas de correction à publier."),
    "merge_target": _(
        "Le cas nº %(number)s ne peut pas accueillir celui-ci : il doit être publié."
    ),
    "nothing_to_approve": _(
        "Il n’y a rien à approuver : le dossier est dans l’état « %(state)s »."
    ),
    "no_such_change": _(
        "Ce changement n’attend plus : il a été publié, repris, ou remplacé. Relisez le dossier."
    ),
    "change_refused": _("Ce changement a déjà été refusé : il est retourné à qui l’a écrit."),
    "change_stale": _(
        "Le public lit maintenant un autre texte que celui sur lequel ce changement a été écrit. "
        "Refusez-le en le disant : qui l’a écrit le reprendra sur le texte d’aujourd’hui."
    ),
    "changes_waiting": _(
        "%(limit)s changements de ce cas attendent déjà une seconde personne : faites-les "
        "approuver ou refuser d’abord."
    ),
    "redaction_adds": _(
        "Ce cas se lit à deux : un caviardage n’y fait qu’ôter des mots, en laissant au besoin "
        "« […] » à leur place. Ici, il ajoute ou change : %(fields)s. Ôtez d’abord le passage ; "
        "proposez le reste par une correction, qu’un autre membre approuvera."
    ),
    "note_fixed": _(
        "Ce cas se lit à deux, et personne n’a relu cette note. Gardez celle-ci : « %(note)s »"
    ),
    "no_such_destruction": _("Il n’y a plus rien à détruire ici : c’est déjà fait."),
    "destruction_over": _("C’est déjà décidé : relisez le dossier."),
    "own_revision": _("Cette version est de vous : un autre membre doit l’approuver."),
    "report_withdrawn": _(
        "L’auteur d’un signalement de ce dossier l’a retiré : attestez d’abord, dans l’éditeur, "
        "que rien n’y repose sur lui seul."
    ),
    "already_approved": _("Vous avez déjà approuvé cette version."),
    "reply_decided": _("Cette réponse a déjà été traitée."),
    "reply_lines": _(
        "Une réponse fait %(limit)s lignes au plus (décret nº 2007-1527, art. 3) : refusez "
        "celle-ci avec ce motif, son auteur pourra en envoyer une plus courte."
    ),
    "day_to_come": _(
        "Ce jour n’est pas encore venu : donnez celui d’aujourd’hui ou un jour passé."
    ),
    "checklist": _("La publication attend encore ceci. %(lines)s"),
    "content": _("Le dossier ne peut pas être gardé ainsi. %(faults)s"),
    "unknown_restriction": _("« %(value)s » n’est pas un motif de retrait connu."),
    "unknown_purpose": _("« %(value)s » n’est pas un acte qui s’approuve."),
}

CASE_STATES: dict[str, Any] = {
    "draft": _("brouillon"),
    "published": _("publié"),
    "withdrawn": _("retiré"),
    "merged": _("réuni à un autre"),
    "erased": _("effacé"),
    "received": _("reçue"),
    "refused": _("refusée"),
}
