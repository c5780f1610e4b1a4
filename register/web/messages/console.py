"""Sentences of the console, in French only: settings, keys, schema, commands, verification."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

CONSOLE_ERRORS: dict[str, Any] = {
    # settings, seal key, schema
    "config_file": _("La variable %(name)s nomme un fichier qui ne peut pas être lu."),
    "config_unknown": _("La variable %(name)s n’existe pas : vérifiez son orthographe."),
    "config_switch": _("%(name)s vaut « %(value)s » : écrivez « on » ou « off »."),
    "config_protection": _(
        "%(name)s vaut « off » alors que l’adresse est publique : retirez cette variable, ou "
        "servez sur cette machine seulement."
    ),
    "config_months": _("%(name)s vaut « %(value)s » : écrivez un nombre de mois, de 12 à 120."),
    "config_limiter": _("%(name)s doit valoir « memory:// » ou désigner un Redis, redis://…"),
    "config_key_store": _(
        "%(name)s désigne la base du registre ou son dossier : leurs sauvegardes emporteraient les "
        "clés des signalements. Donnez-leur une base à part."
    ),
    "keystore_missing": _(
        "Le magasin des clés des signalements manque ou ne se lit pas : %(where)s. Remettez sa "
        "copie en place, ou lancez webcitoyen upgrade si cette instance n’en a jamais eu."
    ),
    "keystore_foreign": _(
        "Le magasin des clés (%(where)s) et la clé de scellement (%(path)s) ne vont pas ensemble : "
        "l’un des deux est celui d’un autre registre, ou d’avant un changement de clé. Si la clé a "
        "été changée sur une autre machine, copiez ici la nouvelle."
    ),
    "root_missing": _(
        "Le magasin des clés n’a pas encore de clé racine : lancez « webcitoyen upgrade »."
    ),
    "seal_busy": _("La clé de scellement est déjà en train d’être changée. Attendez un instant."),
    "config_number": _("%(name)s vaut « %(value)s » : écrivez un nombre de 0 à %(limit)s."),
    "config_base_url": _(
        "%(name)s vaut « %(value)s » : écrivez une adresse entière et sans chemin, "
        "comme https://registre.example."
    ),
    "config_https": _(
        "%(name)s vaut « %(value)s » : une adresse publique commence par https://, "
        "sinon les recherches des lecteurs se lisent en chemin. Une adresse .onion entière peut "
        "commencer par http://."
    ),
    "config_onion": _(
        "%(name)s vaut « %(value)s » : écrivez une adresse .onion entière, comme la donne Tor, à "
        "côté d’une adresse publique en https:// (REGISTER_BASE_URL)."
    ),
    "config_database": _("%(name)s doit désigner un fichier SQLite ou une base PostgreSQL."),
    "config_search": _("%(name)s vaut « %(value)s » : écrivez « whoosh » ou « postgresql »."),
    "config_search_database": _(
        "%(name)s vaut « postgresql », mais la base est un fichier SQLite : écrivez « whoosh », ou "
        "donnez au registre une base PostgreSQL."
    ),
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
    "config_proxy": _(
        "Sans proxy devant lui, le registre n’écoute que sur cette machine, et pas sur %(host)s : "
        "quelques clients lents suffiraient à l’arrêter. Mettez nginx ou Caddy devant, puis "
        "REGISTER_TRUSTED_PROXIES=1."
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
        "Le magasin des clés est celui d’une autre base de données : %(path)s. Remettez en place "
        "la base et le magasin qui vont ensemble."
    ),
    "seal_opens_nothing": _(
        "Une donnée scellée ne s’ouvre pas : elle a été changée, ou vient d’un autre registre. "
        "Lancez « webcitoyen doctor »."
    ),
    "not_initialised": _("Ce registre n’est pas encore ouvert : lancez « webcitoyen init »."),
    "schema_missing": _("La base de données est vide : lancez « webcitoyen init »."),
    "schema_other": _(
        "La base de données est à la version %(present)s et le programme attend %(wanted)s : "
        "lancez « webcitoyen upgrade »."
    ),
    "codes_outdated": _(
        "Les codes qui font trouver les cas datent d’avant la mise à jour : lancez "
        "« webcitoyen upgrade »."
    ),
    "schema_failed": _(
        "La mise à jour de la base a échoué (%(cause)s). Copie d’avant, s’il y en a une, à "
        "détruire une fois la base remise en état : %(copy)s"
    ),
    # commands
    "anchor": _("« %(value)s » n’est pas un repère : écrivez NUMÉRO:EMPREINTE."),
    "no_such_number": _("Aucun cas ne porte le numéro %(number)s."),
    "file_exists": _(
        "Le fichier %(path)s existe déjà : choisissez un autre nom par --output, ou ajoutez "
        "--force pour le remplacer."
    ),
    "file_unwritable": _("Le fichier %(path)s ne peut pas être écrit : %(cause)s."),
}


VERIFY_PROBLEMS: dict[str, Any] = {
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
    "report_missing": _(
        "Signalement %(report)s : il n’est plus là, et aucune ligne ne dit pourquoi."
    ),
    "report_survives": _("Signalement %(report)s : il devait avoir disparu, et il est encore là."),
    "report_differs": _("Signalement %(report)s : aucune ligne ne mène à l’état où il est."),
    "case_unreadable": _("Dossier %(dossier)s : ce qui est gardé est illisible (%(cause)s)."),
    "case_standing": _(
        "Dossier %(dossier)s : « %(field)s » n’est pas ce que dit le journal public."
    ),
    "case_snapshot": _("Dossier %(dossier)s : le texte montré manque."),
    "case_rows": _("Dossier %(dossier)s : les tables contredisent la révision (%(fields)s)."),
    "revision_checklist": _(
        "Dossier %(dossier)s : ce que les listes de modération savent de la révision %(revision)s "
        "n’est plus ce que son texte donne. Lancez « webcitoyen upgrade », qui le refait."
    ),
    "case_codes": _(
        "Dossier %(dossier)s : les codes qui le font trouver contredisent son texte ou le journal."
    ),
    "case_missing": _("Dossier %(dossier)s : le journal en parle et il n’est plus dans la base."),
    "desk_approvals": _("Dossier %(dossier)s : les accords ne sont pas ceux que dit le journal."),
    "desk_invitations": _(
        "Dossier %(dossier)s : les invitations à répondre ne sont pas celles que dit le journal."
    ),
    "desk_notes": _("Dossier %(dossier)s : les notes ne sont pas celles que dit le journal."),
    "desk_changes": _(
        "Dossier %(dossier)s : les changements en attente ne sont pas ceux que dit le journal."
    ),
    "desk_refusals": _(
        "Dossier %(dossier)s : les versions refusées ne sont pas celles que dit le journal."
    ),
    "desk_destructions": _(
        "Dossier %(dossier)s : les destructions en attente ne sont pas celles que dit le journal."
    ),
    "revision_originals": _(
        "Dossier %(dossier)s : les textes d’avant un caviardage ne sont pas ceux que dit le "
        "journal."
    ),
    "revision_shown": _(
        "Dossier %(dossier)s : la version %(revision)s est cachée au public, ou lui est montrée, "
        "sans qu’une ligne le dise."
    ),
    "desk_replies": _(
        "Dossier %(dossier)s : les droits de réponse ne sont pas où le journal les laisse."
    ),
    "desk_lost_report": _(
        "Dossier %(dossier)s : le journal et le dossier ne disent pas la même chose d’un "
        "signalement retiré par son auteur."
    ),
    "desk_urgency": _(
        "Dossier %(dossier)s : danger ou échéance ne sont pas ce que dit le journal."
    ),
    "desk_claim": _("Dossier %(dossier)s : qui l’a en main n’est pas ce que dit le journal."),
    "member_standing": _("Compte %(member)s : « %(field)s » n’est pas ce que dit le journal."),
    "member_missing": _("Compte %(member)s : le journal en parle et il n’est plus dans la base."),
    "members_unreadable": _("Les comptes gardés sont illisibles (%(cause)s)."),
    "html_changed": _("Dossier %(dossier)s, révision %(revision)s : la page gardée a été changée."),
    "vocabulary_table": _(
        "Vocabulaire %(list)s, code %(code)s : la base diffère de ce que scelle le journal public "
        "(%(word_fields)s). « webcitoyen upgrade » y remet le vocabulaire du programme."
    ),
    "vocabulary_file": _(
        "Vocabulaire %(list)s, code %(code)s : ce que livre le programme diffère de ce que scelle "
        "le journal public (%(word_fields)s). Si le programme vient de changer de version, "
        "« webcitoyen upgrade » l’y inscrit."
    ),
    "place_name": _(
        "%(name)s, lieu %(code)s : le journal public scelle le nom « %(before)s », "
        "et « %(after)s » est montré."
    ),
    "published_text": _(
        "%(name)s : ce qui est montré n’est pas ce que scelle le journal public. Si le programme "
        "vient de changer de version, « webcitoyen upgrade » l’y inscrit."
    ),
    "page_revision": _(
        "Page %(page)s, version %(revision)s : son texte n’est pas celui que scelle le journal "
        "public."
    ),
    "texts_unreadable": _(
        "Ce que le journal public scelle des libellés, des lieux et des pages est illisible "
        "(%(cause)s)."
    ),
    "revision_missing": _("Dossier %(dossier)s : la révision %(revision)s a disparu."),
    "revision_changed": _("Dossier %(dossier)s : la révision %(revision)s a été changée."),
    "reason_changed": _("Dossier %(dossier)s : le motif de la révision %(revision)s a été changé."),
}

# Fields of the words of a vocabulary.
WORD_FIELDS: dict[str, Any] = {
    "fr": _("libellé en français"),
    "en": _("libellé en anglais"),
    "definition_fr": _("définition en français"),
    "definition_en": _("définition en anglais"),
}

LEDGER_NAMES: dict[str, Any] = {
    "public": _("Journal public"),
    "desk": _("Journal de la modération"),
    "reports": _("Journal des signalements"),
}
