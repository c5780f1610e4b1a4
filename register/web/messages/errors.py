"""Sentences for errors of acts, pages, reports and accounts."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

SITE_ERRORS: dict[str, Any] = {
    # public pages
    "busy": _("Beaucoup de demandes arrivent à la fois, et la vôtre n’a pas eu son tour."),
    "storage_full": _("Le disque du registre est plein : rien n’a été enregistré."),
    "storage_moved": _("Le registre ne trouve plus ses fichiers : rien n’a été enregistré."),
    "no_such_case": _("Aucun cas publié ne porte ce numéro."),
    "no_such_version": _("Ce cas n’a pas de version publique sous ce numéro."),
    "no_such_place": _("Aucun territoire ne porte ce code."),
    "no_such_page": _("La liste n’a pas tant de pages."),
    "no_such_line": _("Le journal public n’a pas de ligne sous ce numéro."),
    "no_such_row": _("Ce qui était demandé n’existe pas ou n’existe plus."),
    "case_gone": _("Ce cas n’est plus publié."),
    "version_destroyed": _(
        "Cette version du texte n’est plus montrée : un passage en a été retiré. Le cas peut en "
        "avoir d’autres."
    ),
    "filter": _("Le filtre « %(name)s » ne connaît pas la valeur demandée."),
    "filter_too_many": _("Le filtre « %(name)s » prend %(limit)s valeurs au plus à la fois."),
    "filter_single": _("Le filtre « %(name)s » ne prend qu’une valeur."),
    "page": _("Ce numéro de page n’existe pas."),
    "place_too_long": _("Ce lieu dépasse %(limit)s caractères : gardez son nom."),
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
    # acts on cases
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
    "case_merged": _(
        "Ce cas est réuni à un autre, qui seul peut changer ; pour l’en séparer, il faut être deux."
    ),
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
    "unknown_assignee": _("Choisissez un membre actif."),
    "needs_correction": _(
        "Une suite ajoute, sans changer ni ôter ce qui est publié. Passez par une correction "
        "pour : %(fields)s."
    ),
    "flags_unexplained": _(
        "Chaque mot signalé demande d’abord sa raison, à lire avec le texte : %(flags)s."
    ),
    "no_source": _("Donnez l’adresse de la source, ou dites pourquoi il n’y en a pas."),
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
    "version_refused": _(
        "Cette version a été refusée : une nouvelle version, relue à son tour, y répond."
    ),
    "own_version_refused": _("Cette version est de vous : modifiez-la plutôt."),
    "passage_missing": _(
        "La page ne contient pas ce passage. Copiez-le tel quel, ou laissez ce champ vide."
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
    "no_passage": _(
        "Aucun mot n’est retiré. Écrivez le passage, ou choisissez les versions à cacher en entier."
    ),
    "passage_common": _(
        "« %(passage)s » est trop court ou trop courant : il viderait d’autres phrases. Écrivez le "
        "passage plus au long."
    ),
    "passage_remains": _(
        "Un passage à retirer est encore ici : %(fields)s. Ôtez-le, ou retirez-le de cette liste."
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
    "no_such_revision": _(
        "Ce dossier n’a pas de version sous ce numéro ou à cette date, ou son texte a été détruit."
    ),
    # reports
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
    "report_work_ended": _("Son dossier n’est plus un brouillon : les échanges sont clos."),
    "report_has_case": _(
        "Le dossier né de ce signalement existe encore : abandonnez-le ou retirez-le d’abord."
    ),
    # accounts
    "member_exists": _("Un compte existe déjà pour %(email)s."),
    "member_disabled": _("Le compte de %(email)s est déjà désactivé."),
    "member_enabled": _("Le compte de %(email)s est déjà ouvert."),
    "member_has_role": _("%(email)s a déjà ce rôle."),
    "member_administrators_only": _(
        "Seul un compte d’administration peut inviter, fermer ou changer des comptes."
    ),
    "member_vouches": _("Le compte de %(email)s n’a pas, ou plus, à être confirmé."),
    "member_vouches_later": _(
        "Votre compte est récent, ou vient d’être rouvert : jusqu’au %(from_day)s, il ne vaut pas "
        "de seconde personne et ne change pas d’autres comptes. Demandez à un membre qui ne l’a "
        "pas ouvert de le confirmer, depuis la page « À faire »."
    ),
    "own_change": _("C’est à un autre membre que vous de le faire."),
    "own_invitation": _(
        "Vous avez ouvert le compte de ce membre : jusqu’au %(from_day)s, c’est à quelqu’un "
        "d’autre d’être la seconde personne, ou de confirmer ce compte."
    ),
    "member_factor_none": _("%(email)s n’a pas de seconde preuve."),
    "member_name": _("Le nom dépasse %(limit)s caractères : raccourcissez-le."),
    "member_not_first": _(
        "Le registre a déjà des comptes : demandez une invitation à l’administration."
    ),
    "invitation_unknown": _(
        "Cette invitation n’ouvre plus de compte : elle a servi, a été reprise ou date de plus "
        "d’une semaine. Demandez-en une autre à qui vous l’a envoyée."
    ),
    "invitation_over": _(
        "Cette invitation n’est plus à reprendre : elle a servi, a déjà été reprise ou a plus "
        "d’une semaine."
    ),
    "member_last_administrator": _(
        "%(email)s est le dernier compte d’administration : nommez quelqu’un d’autre d’abord."
    ),
    "member_may_not_act": _("Ce compte n’existe pas ou a été désactivé : il ne peut plus agir."),
    "member_unknown": _("Aucun compte n’a l’adresse %(email)s."),
    "member_email": _("« %(email)s » n’est pas une adresse électronique complète."),
    "password_short": _("Le mot de passe est trop court : %(limit)s caractères au moins."),
    "password_long": _("Le mot de passe est trop long : %(limit)s caractères au plus."),
    "password_common": _(
        "Ce mot de passe est de ceux que l’on essaie d’abord : choisissez plutôt quatre mots sans "
        "rapport entre eux."
    ),
    "password_leaked": _(
        "Ce mot de passe figure dans une liste de mots de passe volés : choisissez plutôt quatre "
        "mots sans rapport entre eux."
    ),
    "password_yours": _(
        "Le mot de passe contient « %(part)s », qui est dans votre adresse : choisissez-en un qui "
        "ne parle pas de vous."
    ),
    # editorial pages
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

# Errors of one field, whose name precedes the sentence.
FIELD_ERRORS: dict[str, Any] = {
    "missing": _("Ce champ doit être rempli."),
    "passage_absent": _(
        "Ces mots ne sont dans aucun texte de ce signalement : copiez-les tels quels."
    ),
    "passage_short": _("Donnez au moins %(limit)s caractères."),
    "too_long": _("Le texte dépasse %(limit)s caractères."),
    "too_many": _("Il y en a trop : %(limit)s au plus."),
    "twice": _("La même valeur est donnée deux fois."),
    "unknown_code": _("« %(value)s » n’est pas dans la liste."),
    "outcome_nature": _("Une procédure ou une demande de cette nature n’a pas cette issue."),
    "no_appeal": _("Il n’y a pas de recours contre une telle décision : laissez vide."),
    "commune_abroad": _("La commune %(value)s est en France, et le pays n’est pas la France."),
    "ends_before": _("La fin (%(value)s) est avant le début."),
    "url": _("L’adresse doit commencer par http:// ou https:// et nommer un site."),
    "date_form": _(
        "La date doit s’écrire AAAA, AAAA-MM ou AAAA-MM-JJ, suivie de ~ (environ) ou de ? "
        "(incertain) s’il le faut."
    ),
    "typed_date": _(
        "Cette date n’a pas été comprise : écrivez-la comme « 26 juin 2006 », « juin 2006 », "
        "« 2006 » ou « vers 2006 », ou laissez vide ce que la source ne dit pas."
    ),
    "typed_date_year": _("L’année manque : écrivez-la avec ses quatre chiffres."),
    "date_impossible": _("Cette date n’existe dans aucun calendrier, ou sort de 1000 à 2999."),
    "text_too_long": _("Le texte dépasse %(limit)s caractères."),
    "text_hostile": _(
        "La mise en forme du texte est trop enchevêtrée : retirez les signes répétés."
    ),
}
