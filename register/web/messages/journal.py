"""The members' journal in words: what each act was, and what its line says besides."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

# After the name of who did it. "act.variant" where a line's details tell acts of one kind apart.
ACT_SENTENCES: dict[str, Any] = {
    "opened": _("%(who)s a ouvert le registre"),
    "published": _("%(who)s a publié le cas"),
    "followed_up": _("%(who)s a ajouté une suite"),
    "replied": _("%(who)s a publié un droit de réponse"),
    "corrected": _("%(who)s a corrigé le cas"),
    "redacted": _("%(who)s a retiré un passage et détruit les textes antérieurs"),
    "withdrawn": _("%(who)s a retiré le cas"),
    "restored": _("%(who)s a rétabli le cas"),
    "merged": _("%(who)s a réuni le cas au cas nº %(into)s"),
    "erased": _("%(who)s a effacé le cas"),
    "drafted": _("%(who)s a ouvert un brouillon"),
    "edited": _("%(who)s a modifié le dossier"),
    "discarded": _("%(who)s a abandonné un brouillon et détruit ses textes"),
    "draft_merged": _("%(who)s a réuni un brouillon au cas nº %(into)s"),
    "approved": _("%(who)s a approuvé une version, pour la publier"),
    "approved.erase": _("%(who)s a approuvé l’effacement du dossier"),
    "approved.change": _("%(who)s a approuvé un changement du cas, publié aussitôt"),
    "change_proposed": _("%(who)s a proposé un changement du cas, à approuver par un autre membre"),
    "change_refused": _("%(who)s a refusé un changement du cas, avec son motif"),
    "change_refused.own": _("%(who)s a repris son changement du cas"),
    "destroyed": _("%(who)s a confirmé la destruction des versions qu’un caviardage avait cachées"),
    "destroyed.term": _(
        "%(who)s a détruit les versions qu’un caviardage avait cachées, leur terme étant venu"
    ),
    "destruction_kept": _(
        "%(who)s a annulé la destruction de versions qu’un caviardage avait cachées : elles "
        "restent cachées au public"
    ),
    "invited": _("%(who)s a noté l’invitation de l’autorité à répondre"),
    "invited.not": _("%(who)s a noté pourquoi l’autorité n’est pas invitée à répondre"),
    "reply_received": _("%(who)s a enregistré un droit de réponse reçu"),
    "reply_refused": _("%(who)s a refusé un droit de réponse"),
    "claimed": _("%(who)s a pris le dossier en main"),
    "released": _("%(who)s a rendu le dossier"),
    "released.other": _("%(who)s a rendu le dossier que %(holder)s avait en main"),
    "noted": _("%(who)s a écrit une note interne"),
    "report_received": _("Un signalement est arrivé"),
    "report_added": _("L’auteur d’un signalement a écrit, ou changé son contact"),
    "report_withdrawn": _("L’auteur d’un signalement l’a retiré"),
    "report_claimed": _("%(who)s a pris un signalement en main"),
    "report_released": _("%(who)s a rendu un signalement"),
    "report_asked": _("%(who)s a posé une question à l’auteur d’un signalement"),
    "report_read": _("%(who)s a lu ce que l’auteur d’un signalement a envoyé depuis"),
    "report_accepted": _("%(who)s a rattaché un signalement à un dossier"),
    "report_accepted.new": _("%(who)s a retenu un signalement et ouvert un brouillon"),
    "report_declined": _("%(who)s a écarté un signalement"),
    "report_spam": _("%(who)s a mis un signalement parmi les indésirables"),
    "report_spam_agreed": _(
        "%(who)s a confirmé un signalement parmi les indésirables, rangé avec d’autres"
    ),
    "report_reopened": _("%(who)s a repris l’examen d’un signalement"),
    "report_viewed": _("%(who)s a ouvert un signalement"),
    "copy_viewed": _("%(who)s a ouvert ce qu’un dossier garde d’un signalement"),
    "report_contact": _("%(who)s a ouvert le contact laissé avec un signalement"),
    "source_withdrawn": _(
        "L’auteur d’un signalement l’a retiré : les approbations du brouillon sont tombées"
    ),
    "source_withdrawn.public": _(
        "L’auteur d’un signalement demande à le reprendre : les changements du cas qui attendaient "
        "et répétaient ses mots sont détruits"
    ),
    "report_returned": _(
        "%(who)s a remis dans la file un signalement dont la question est restée sans réponse"
    ),
    "report_purged": _("%(who)s a détruit les textes d’un signalement"),
    "report_purged.kept": _("%(who)s a détruit ce qu’un cas effacé gardait d’un signalement"),
    "report_purged.counted": _("%(who)s a oublié un signalement et n’en garde que le décompte"),
    "member_invited": _("%(who)s a préparé une invitation à rejoindre le bureau"),
    "member_uninvited": _("%(who)s a repris une invitation à rejoindre le bureau"),
    "member_added": _("%(who)s a ouvert un compte : %(member)s"),
    "member_added.self": _("%(who)s a ouvert son compte, par invitation"),
    "member_confirmed": _("%(who)s a confirmé un compte : %(member)s"),
    "member_disabled": _("%(who)s a désactivé un compte : %(member)s"),
    "member_enabled": _("%(who)s a rouvert un compte : %(member)s"),
    "member_role": _("%(who)s a changé un rôle : %(member)s"),
    "member_reset": _("%(who)s a remis à zéro un mot de passe : %(member)s"),
    "member_password": _("%(who)s a changé son mot de passe"),
    "member_factor": _("%(who)s a mis en place sa seconde preuve"),
    "member_factor.codes": _("%(who)s a renouvelé ses codes de secours"),
    "member_factor_reset": _("%(who)s a retiré une seconde preuve : %(member)s"),
    "signed_in": _("%(who)s a ouvert une séance"),
    "sessions_ended": _("%(who)s a fermé une de ses séances"),
    "sessions_ended.several": _("%(who)s a fermé plusieurs de ses séances : %(count)s"),
    "sessions_ended.other": _("%(who)s a fermé les séances de %(member)s"),
    "browsers_forgotten": _("%(who)s a fait oublier ses navigateurs"),
    "sign_ins_failed": _("Connexions manquées au compte de %(member)s le %(day)s : %(count)s"),
    "page_edited": _("%(who)s a modifié la page %(page)s"),
    "page_restored": _("%(who)s a rétabli le texte livré de la page %(page)s"),
}

GROUP_NAMES: dict[str, Any] = {
    "brouillons": _("Brouillons"),
    "relecture": _("Relecture"),
    "actes-publics": _("Actes publics"),
    "droit-de-reponse": _("Droit de réponse"),
    "en-main": _("Dossiers en main, notes"),
    "signalements": _("Signalements"),
    "comptes": _("Comptes"),
    "connexions": _("Connexions"),
    "pages": _("Pages du site"),
}

# What the kinds of public lines are called, on the public page and on the desk.
PUBLIC_KIND_NAMES: dict[str, Any] = {
    "publication": _("Publication"),
    "suite": _("Suite"),
    "reponse": _("Droit de réponse"),
    "correction": _("Correction"),
    "caviardage": _("Passage retiré"),
    "retrait": _("Retrait"),
    "retablissement": _("Rétablissement"),
    "reunion": _("Réunion"),
    "effacement": _("Effacement"),
    "ouverture": _("Ouverture du registre"),
}

KIND_NAMES: dict[str, Any] = {
    "brouillon": _("Brouillon ouvert"),
    "modification": _("Modification"),
    "abandon": _("Abandon d’un brouillon"),
    "brouillon-reuni": _("Brouillon réuni à un cas"),
    "accord": _("Accord d’un second membre"),
    "changement-propose": _("Changement proposé"),
    "changement-refuse": _("Changement refusé ou repris"),
    "destruction": _("Versions cachées détruites"),
    "destruction-annulee": _("Destruction annulée"),
    "invitation": _("Invitation à répondre"),
    **PUBLIC_KIND_NAMES,
    # Beside those that were only received, or refused.
    "reponse": _("Droit de réponse publié"),
    "reponse-recue": _("Droit de réponse reçu"),
    "reponse-refusee": _("Droit de réponse refusé"),
    "prise": _("Dossier pris en main"),
    "rendu": _("Dossier rendu"),
    "note": _("Note interne"),
    "signalement-recu": _("Signalement arrivé"),
    "signalement-complete": _("Signalement complété par son auteur"),
    "signalement-retire": _("Signalement retiré par son auteur"),
    "signalement-ouvert": _("Signalement ouvert"),
    "contact-ouvert": _("Contact ouvert"),
    "copie-ouverte": _("Copie d’un signalement ouverte"),
    "brouillon-sans-signalement": _("Brouillon privé de son signalement"),
    "signalement-pris": _("Signalement pris en main"),
    "signalement-rendu": _("Signalement rendu"),
    "question": _("Question posée"),
    "signalement-lu": _("Réponse lue"),
    "signalement-retenu": _("Signalement retenu"),
    "signalement-ecarte": _("Signalement écarté"),
    "indesirable": _("Signalement indésirable"),
    "indesirables-confirmes": _("Signalement confirmé indésirable"),
    "signalement-repris": _("Signalement repris"),
    "signalement-revenu": _("Signalement revenu dans la file"),
    "signalement-detruit": _("Signalement détruit à sa date"),
    "membre-invite": _("Invitation d’un membre"),
    "invitation-reprise": _("Invitation reprise"),
    "membre-ajoute": _("Compte ouvert"),
    "membre-confirme": _("Compte confirmé"),
    "membre-desactive": _("Compte désactivé"),
    "membre-reactive": _("Compte rouvert"),
    "membre-role": _("Changement de rôle"),
    "membre-remis": _("Compte remis à zéro"),
    "mot-de-passe": _("Mot de passe changé"),
    "seconde-preuve": _("Seconde preuve mise en place"),
    "seconde-preuve-retiree": _("Seconde preuve retirée"),
    "connexion": _("Connexion"),
    "seances-fermees": _("Séances fermées"),
    "navigateurs-oublies": _("Navigateurs oubliés"),
    "connexions-manquees": _("Connexions manquées"),
    "page-modifiee": _("Page du site modifiée"),
    "page-retablie": _("Page du site rétablie"),
}

LEDGER_LABELS: dict[str, Any] = {
    "public": _("livre public"),
    "bureau": _("livre du bureau"),
    "signalements": _("livre des signalements"),
}

# What a moderator attests, as a journal repeats it.
ATTESTED_WORDS: dict[str, Any] = {
    "attribution": _("chaque accusation est attribuée"),
    "no_private_person": _("aucun particulier n’est nommé"),
    "no_private_life": _("rien ne relève de la vie privée"),
    "without_report": _("rien ne repose sur le seul signalement retiré par son auteur"),
}

ROLE_WORDS: dict[str, Any] = {
    "moderator": _("modérateur"),
    "administrator": _("administrateur"),
}

# The checks of one line, each with what is said when it holds and when it does not.
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
