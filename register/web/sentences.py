"""The sentences behind every key that is raised below ``web``, and the words that go into them.

French is the source language of the catalogue. ``tests/web/test_wording.py`` finds every key in
the code and asks for its sentence here, with the values that are really handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

SETTINGS: dict[str, Any] = {
    "config_file": _("La variable %(name)s nomme un fichier qui ne peut pas être lu."),
    "config_unknown": _("La variable %(name)s n’existe pas : vérifiez son orthographe."),
    "config_switch": _("%(name)s vaut « %(value)s » : écrivez « on » ou « off »."),
    "config_number": _("%(name)s vaut « %(value)s » : écrivez un nombre de 0 à %(limit)s."),
    "config_base_url": _(
        "%(name)s vaut « %(value)s » : écrivez une adresse entière et sans chemin, "
        "comme https://registre.example."
    ),
    "config_https": _(
        "%(name)s vaut « %(value)s » : une adresse publique commence par https://, "
        "sinon les recherches des lecteurs se lisent en chemin."
    ),
    "config_database": _("%(name)s doit désigner un fichier SQLite ou une base PostgreSQL."),
    "config_search": _("%(name)s vaut « %(value)s » : écrivez « whoosh » ou « postgresql »."),
    "config_search_database": _(
        "%(name)s vaut « postgresql », mais la base est un fichier SQLite : écrivez « whoosh », ou "
        "donnez au registre une base PostgreSQL."
    ),
    "config_secret": _("%(name)s est trop courte : il faut au moins %(limit)s caractères."),
    "config_seal_inside": _(
        "%(name)s vaut « %(value)s », qui est dans le dossier des données : une copie de ce "
        "dossier emporterait la clé qui l’ouvre. Choisissez un autre endroit."
    ),
    "config_text": _("%(name)s doit tenir sur une ligne de %(limit)s caractères au plus."),
    "config_legal": _(
        "À une adresse publique, la loi demande de dire qui publie et qui héberge. "
        "Renseignez : %(names)s."
    ),
    "config_listen": _(
        "Impossible d’écouter sur %(host)s, port %(port)s : l’adresse n’est pas celle de cette "
        "machine, ou un autre programme l’occupe."
    ),
    "config_workers": _(
        "Plusieurs processus demandent gunicorn, qui n’est pas installé : dans le dossier du "
        'programme, lancez pip install -c constraints.txt -e ".[scale]", ou servez sans --workers.'
    ),
    "config_assets": _(
        "Les feuilles de style ne peuvent pas être préparées dans le dossier des données : "
        "%(path)s. Vérifiez qu’il existe et que le registre a le droit d’y écrire."
    ),
    "config_static": _(
        "Les feuilles de style manquent ou ne se lisent pas : %(path)s. Servez le registre depuis "
        "son dossier entier, où pip install -e l’installe."
    ),
    "config_static_name": _(
        "Ce fichier ne peut pas être servi : %(path)s. Son nom doit être en minuscules, chiffres "
        "et tirets, avec une extension."
    ),
    "config_templates": _(
        "Les modèles des pages manquent ou ne se lisent pas : %(path)s. Servez le registre depuis "
        "son dossier entier, où pip install -e l’installe."
    ),
    "config_instance": _(
        "Le dossier des données ne peut pas être créé ou écrit : %(path)s. Lancez la commande sous "
        "le compte du service, ou donnez-lui ce dossier."
    ),
    "config_database_read_only": _(
        "La base de données ne peut pas être écrite : %(path)s. Donnez ce fichier et son dossier "
        "au compte du service."
    ),
    "config_database_down": _("La base de données ne répond pas."),
    "seal_exists": _("Une clé de scellement existe déjà et ne sera pas remplacée : %(path)s"),
    "seal_missing": _(
        "La clé de scellement est introuvable : %(path)s. Remettez en place la copie gardée à "
        "part ; aucune autre clé n’ouvrira ce qui est scellé."
    ),
    "seal_unreadable": _(
        "La clé de scellement ne peut pas être lue : %(path)s. Vérifiez les droits du fichier, "
        "ou remettez en place la copie gardée à part."
    ),
    "seal_foreign": _(
        "La clé de scellement est celle d’un autre registre : %(path)s. Remettez en place la "
        "copie gardée à part."
    ),
    "not_initialised": _("Ce registre n’est pas encore ouvert : lancez « webcitoyen init »."),
    "schema_missing": _("La base de données est vide : lancez « webcitoyen init »."),
    "schema_other": _(
        "La base de données est à la version %(present)s et le programme attend %(wanted)s : "
        "lancez « webcitoyen upgrade »."
    ),
    "schema_failed": _(
        "La mise à jour de la base a échoué (%(cause)s). Copie d’avant, s’il y en a une, à "
        "détruire une fois la base remise en état : %(copy)s"
    ),
}

READERS: dict[str, Any] = {
    "no_such_case": _("Aucun cas publié ne porte ce numéro."),
    "no_such_version": _("Ce cas n’a pas de version publique sous ce numéro."),
    "no_such_place": _("Aucun territoire ne porte ce code."),
    "no_such_page": _("La liste n’a pas tant de pages."),
    "no_such_line": _("La main courante n’a pas de ligne sous ce numéro."),
    "no_such_row": _("Ce qui était demandé n’existe pas ou n’existe plus."),
    "case_gone": _("Ce cas n’est plus publié."),
    "version_destroyed": _(
        "Cette version du texte a été détruite ; le cas peut en avoir d’autres."
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

ACTS: dict[str, Any] = {
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
    "own_revision": _("Cette version est de vous : un autre membre doit l’approuver."),
    "already_approved": _("Vous avez déjà approuvé cette version."),
    "reply_decided": _("Cette réponse a déjà été traitée."),
    "reply_lines": _("Une réponse fait %(limit)s lignes au plus (décret nº 2007-1527, art. 3)."),
    "checklist": _("La publication attend encore ceci. %(lines)s"),
    "content": _("Le dossier ne peut pas être gardé ainsi. %(faults)s"),
    "unknown_restriction": _("« %(value)s » n’est pas un motif de retrait connu."),
    "unknown_purpose": _("« %(value)s » n’est pas un acte qui s’approuve."),
    "member_exists": _("Un compte existe déjà pour %(email)s."),
    "member_disabled": _("Le compte de %(email)s est déjà désactivé."),
    "member_last_administrator": _(
        "%(email)s est le dernier compte d’administration : nommez quelqu’un d’autre d’abord."
    ),
    "member_may_not_act": _("Ce compte n’existe pas ou a été désactivé : il ne peut plus agir."),
    "member_unknown": _("Aucun compte n’a l’adresse %(email)s."),
    "member_email": _("« %(email)s » n’est pas une adresse électronique complète."),
    "password_short": _("Le mot de passe est trop court : %(limit)s caractères au moins."),
    "password_long": _("Le mot de passe est trop long : %(limit)s caractères au plus."),
}

FIELD_REASONS: dict[str, Any] = {
    "missing": _("Ce champ doit être rempli."),
    "too_long": _("Le texte dépasse %(limit)s caractères."),
    "too_many": _("Il y en a trop : %(limit)s au plus."),
    "twice": _("La même valeur est donnée deux fois."),
    "unknown_code": _("« %(value)s » n’est pas dans la liste."),
    "commune_abroad": _("La commune %(value)s est en France, et le pays n’est pas la France."),
    "ends_before": _("La fin (%(value)s) est avant le début."),
    "url": _("L’adresse doit commencer par http:// ou https:// et nommer un site."),
    "date_form": _(
        "La date doit s’écrire AAAA, AAAA-MM ou AAAA-MM-JJ, suivie de ~ (environ) ou de ? "
        "(incertain) s’il le faut."
    ),
    "date_impossible": _("Cette date n’existe dans aucun calendrier, ou sort de 1000 à 2999."),
    "text_too_long": _("Le texte dépasse %(limit)s caractères."),
    "text_hostile": _(
        "La mise en forme du texte est trop enchevêtrée : retirez les signes répétés."
    ),
}

COMMANDS: dict[str, Any] = {
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
    "id_changed": _(
        "Cet identifiant est déjà importé avec un autre contenu : corrigez le cas dans le registre."
    ),
}

REASONS: Mapping[str, Any] = SETTINGS | READERS | ACTS | FIELD_REASONS | COMMANDS

# What an unmet line lacks, and what to do about it.
LINES: dict[str, Any] = {
    "texts": _("Il manque le titre ou le résumé : écrivez les deux."),
    "summary_length": _("Le résumé fait %(length)s caractères : ramenez-le à %(limit)s."),
    "source": _("Il n’y a aucune source : citez-en une au moins."),
    "types": _("Il faut d’un à trois types : choisissez-les, le principal d’abord."),
    "parties": _("Il manque qui agit, qui est visé ou à quel niveau : indiquez les trois."),
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
    "attribution": _("Attestez que chaque affirmation est attribuée à sa source."),
    "no_private_person": _("Attestez qu’aucune personne privée n’est nommée ni reconnaissable."),
    "no_private_life": _("Attestez que rien ne touche à la vie privée."),
}

PROBLEMS: dict[str, Any] = {
    "journal_gap": _("%(ledger)s, ligne %(seq)s : la ligne %(expected)s était attendue ici."),
    "journal_chain": _("%(ledger)s, ligne %(seq)s : la ligne ne suit pas de la précédente."),
    "journal_anchor": _("%(ledger)s, ligne %(seq)s : l’empreinte n’est pas celle du repère donné."),
    "journal_truncated": _("%(ledger)s : la ligne %(seq)s du repère donné n’existe plus."),
    "journal_head": _("%(ledger)s : la tête notée n’est pas celle de la dernière ligne."),
    "journal_ledger": _("Des lignes sont écrites dans un livre inconnu : « %(ledger)s »."),
    "journal_unreadable": _("%(ledger)s, ligne %(seq)s : la partie publique est illisible."),
    "journal_private": _("%(ledger)s, ligne %(seq)s : la partie réservée a été changée."),
    "journal_columns": _("%(ledger)s, ligne %(seq)s : une colonne contredit le texte scellé."),
    "content_missing": _(
        "%(ledger)s, ligne %(seq)s : le texte de la révision %(revision)s manque, et aucune ligne "
        "ne dit qu’il a été détruit."
    ),
    "content_survives": _(
        "%(ledger)s, ligne %(seq)s : le texte de la révision %(revision)s devait être détruit et "
        "existe encore."
    ),
    "content_changed": _(
        "%(ledger)s, ligne %(seq)s : le texte de la révision %(revision)s a été changé."
    ),
    "case_unreadable": _("Dossier %(dossier)s : ce qui est gardé est illisible (%(cause)s)."),
    "case_standing": _(
        "Dossier %(dossier)s : « %(field)s » n’est pas ce que dit la main courante."
    ),
    "case_snapshot": _("Dossier %(dossier)s : le texte montré manque."),
    "case_rows": _("Dossier %(dossier)s : les tables contredisent la révision (%(fields)s)."),
    "case_codes": _(
        "Dossier %(dossier)s : les anciens codes gardés ne sont pas ceux que dit la main courante."
    ),
    "case_missing": _("Dossier %(dossier)s : le journal en parle et il n’est plus dans la base."),
    "html_changed": _("Dossier %(dossier)s, révision %(revision)s : la page gardée a été changée."),
    "revision_missing": _("Dossier %(dossier)s : la révision %(revision)s a disparu."),
    "revision_changed": _("Dossier %(dossier)s : la révision %(revision)s a été changée."),
    "reason_changed": _("Dossier %(dossier)s : le motif de la révision %(revision)s a été changé."),
}

# Names of fields as a sentence says them; ``say_fault`` raises the first letter.
FIELDS: dict[str, Any] = {
    "title": _("titre"),
    "summary": _("résumé"),
    "narrative": _("récit"),
    "date": _("date"),
    "end_date": _("date de fin"),
    "precision_note": _("précision publique"),
    "country": _("pays"),
    "commune": _("commune"),
    "linked_communes": _("communes liées"),
    "departement": _("département"),
    "region": _("région"),
    "place_label": _("lieu"),
    "level": _("niveau"),
    "actor": _("auteur de l’acte"),
    "actor_text": _("auteur de l’acte, selon la source"),
    "target": _("personne visée"),
    "outlets": _("médias"),
    "types": _("types"),
    "evidence": _("niveau de preuve"),
    "contested": _("contestation"),
    "outcome": _("issue"),
    "steps_taken": _("démarches"),
    "amount": _("montant"),
    "language": _("langue"),
    "sources": _("sources"),
    "sources.kind": _("sorte de source"),
    "sources.url": _("adresse de la source"),
    "sources.archived_url": _("adresse de la copie archivée"),
    "sources.published_on": _("date de la source"),
    "sources.checked_on": _("date de vérification de la source"),
    "source_url": _("adresse de la source"),
    "proceeding": _("procédure"),
    "proceedings": _("procédures"),
    "proceedings.course": _("suite des procédures"),
    "proceedings.direction": _("sens de la procédure"),
    "proceedings.nature": _("nature de la procédure"),
    "proceedings.plaintiff": _("partie qui agit"),
    "proceedings.outcome": _("issue de la procédure"),
    "proceedings.outcome_date": _("date de la décision"),
    "proceedings.appeal": _("appel"),
    "proceedings.steps": _("étapes de la procédure"),
    "court": _("juridiction"),
    "outcome_date": _("date de la décision"),
    "appeal": _("appel"),
    "request": _("demande d’information"),
    "request.asked": _("objet de la demande"),
    "request.asked_of": _("destinataire de la demande"),
    "request.asked_on": _("date de la demande"),
    "request.refusal": _("forme du refus"),
    "request.refused_on": _("date du refus"),
    "request.cada_number": _("numéro de la CADA"),
    "request.cada_registered_on": _("date de saisine de la CADA"),
    "request.cada_opinion_on": _("date de l’avis de la CADA"),
    "request.opinion": _("avis de la CADA"),
    "request.outcome": _("issue de la demande"),
    "links": _("cas liés"),
    "reason": _("motif"),
    "public_note": _("note publique"),
    "text": _("texte"),
    "author": _("auteur de la réponse"),
    "capacity": _("qualité de l’auteur de la réponse"),
    "refusal": _("motif du refus"),
}

STATES: dict[str, Any] = {
    "draft": _("brouillon"),
    "published": _("publié"),
    "withdrawn": _("retiré"),
    "merged": _("réuni à un autre"),
    "erased": _("effacé"),
    "received": _("reçue"),
    "refused": _("refusée"),
}

LEDGERS: dict[str, Any] = {
    "public": _("Main courante publique"),
    "desk": _("Main courante de la modération"),
    "reports": _("Main courante des signalements"),
}

RISKS: dict[str, Any] = {
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
