"""Names and sentences of the desk: tasks, checklist, risks, periods, report folders."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.todo_clauses import TodoKind
from register.journal import Act
from register.reports.models import MessageKind
from register.reports.report_lists import ReportFolder

# The kinds of tasks for one case, in the queue or a list.
TODO_LABELS: dict[TodoKind, Any] = {
    TodoKind.REPLY: _("réponse à traiter"),
    TodoKind.DANGER: _("danger"),
    TodoKind.TERM: _("échéance"),
    TodoKind.ERASURE: _("effacement approuvé"),
    TodoKind.APPROVE: _("à relire"),
    TodoKind.CHANGE: _("changement à approuver"),
    TodoKind.RETURNED: _("texte à reprendre"),
    TodoKind.DESTRUCTION: _("destruction à confirmer"),
    TodoKind.READY: _("prêt à publier"),
    TodoKind.SECOND: _("attend un second membre"),
    TodoKind.OUTCOME: _("issue à suivre"),
}


# What a draft lacks, in a few words; by the codes of the checklist.
LACKING: dict[str, Any] = {
    "texts": _("le titre ou le résumé"),
    "summary_length": _("un résumé plus court"),
    "source": _("une source"),
    "types": _("les types"),
    "parties": _("qui agit, qui est visé ou le niveau"),
    "place": _("le lieu"),
    "evidence": _("le niveau de preuve"),
    "outcome": _("l’issue"),
    "court": _("une décision de justice complète"),
    "flags": _("la raison de mots à risque"),
    "invitation": _("l’invitation à répondre"),
    "second": _("l’accord d’un second membre"),
    "report_withdrawn": _("une version sans le signalement retiré"),
}

# Unmet lines of the checklist: what is missing, and what to do.
UNMET_CHECKS: dict[str, Any] = {
    "texts": _("Il manque le titre ou le résumé : écrivez les deux."),
    "summary_length": _("Le résumé fait %(length)s caractères : ramenez-le à %(limit)s."),
    "source": _("Il n’y a aucune source : citez-en une au moins."),
    "types": _("Il faut d’un à trois types : choisissez-les, le principal d’abord."),
    "parties": _("Qui agit, qui est visé, quel niveau d’autorité : il manque l’un des trois."),
    "place": _("Il manque le lieu : une commune, à défaut un territoire ou un lieu en mots."),
    "evidence": _("Il manque le niveau de preuve : choisissez-le."),
    "outcome": _("Il manque l’issue : choisissez-la, même si elle est inconnue."),
    "court": _(
        "Il manque à la décision de justice : %(missing)s. Indiquez-le, ou dites que ce n’est pas "
        "connu."
    ),
    "invitation": _(
        "L’autorité n’a pas été invitée à répondre : invitez-la, ou notez pourquoi elle ne l’est "
        "pas."
    ),
    "flags": _(
        "Des mots peuvent nuire à une personne : %(flags)s. Retirez-les, ou écrivez pour chacun "
        "pourquoi il reste."
    ),
    "second": _("Il manque l’accord d’un second membre sur cette version : demandez-le."),
    "report_withdrawn": _(
        "L’auteur d’un signalement de ce dossier l’a retiré : enregistrez une version dont vous "
        "attestez que rien n’y repose sur lui seul, ou abandonnez le brouillon."
    ),
    "attribution": _("Attestez que chaque affirmation est attribuée à sa source."),
    "no_private_person": _("Attestez qu’aucune personne privée n’est nommée ni reconnaissable."),
    "no_private_life": _("Attestez que rien ne touche à la vie privée."),
}

# Met lines of the checklist.
MET_CHECKS: dict[str, Any] = {
    "texts": _("Un titre et un résumé"),
    "summary_length": _("Un résumé assez court"),
    "source": _("Au moins une source"),
    "types": _("D’un à trois types"),
    "parties": _("Qui agit, qui est visé, à quel niveau"),
    "place": _("Un lieu"),
    "evidence": _("Un niveau de preuve"),
    "outcome": _("Une issue"),
    "court": _("Une décision de justice complète, s’il y en a une"),
    "invitation": _("L’autorité invitée à répondre, ou la raison de ne pas l’inviter"),
    "flags": _("Aucun mot à risque, ou la raison de garder chacun"),
    "second": _("L’accord d’un second membre, s’il en faut un"),
    "report_withdrawn": _("Rien qui repose sur le seul signalement que son auteur a retiré"),
    "attribution": _("Chaque affirmation est attribuée à sa source"),
    "no_private_person": _("Aucune personne privée n’est nommée ni reconnaissable"),
    "no_private_life": _("Rien ne touche à la vie privée"),
}

# The second person, for a member who approved the version; by the state of the case.
APPROVED_BY_READER: dict[str, Any] = {
    "draft": _("Vous avez approuvé cette version : c’est donc à un autre membre de publier."),
    "withdrawn": _(
        "Vous avez approuvé cette version : c’est donc à un autre membre de rétablir le cas."
    ),
}

RISK_NAMES: dict[str, Any] = {
    "nom": _("nom d’une personne privée"),
    "iban": _("numéro de compte bancaire"),
    "telephone": _("numéro de téléphone"),
    "courriel": _("adresse électronique"),
    "plaque": _("plaque d’immatriculation"),
    "adresse": _("adresse d’un domicile"),
    "sante": _("santé"),
    "vie_sexuelle": _("vie sexuelle"),
    "religion": _("religion"),
    "mineur": _("personne mineure"),
    "syndicat": _("appartenance syndicale"),
    "opinion_politique": _("opinion politique"),
    "accusation_grave": _("accusation grave"),
}


# What an act changes for the public, by code.
PUBLIC_CHANGES: dict[str, Any] = {
    "shown": _("Le cas devient public, et paraît dans les listes et la recherche."),
    "numbered": _("Il reçoit son numéro et son adresse, qui ne changeront plus."),
    "followers": _("Les flux l’annoncent à qui suit le cas, sa commune ou une recherche."),
    "shown_again": _("Le cas est montré à nouveau, sous son numéro et à son adresse."),
    "fragment": _("Un texte daté s’ajoute sous le récit."),
    "account_stays": _("Le récit lui-même ne change pas."),
    "text_changes": _("Le texte publié est remplacé par le nouveau."),
    "note": _("Une note publique et datée dit ce qui a changé."),
    "before_destroyed": _(
        "Le passage n’est plus montré, dans aucune des versions d’avant, qui gardent le reste de "
        "leur texte. Il sera détruit, dans les notes internes aussi, quand un autre membre l’aura "
        "confirmé, ou dans trente jours."
    ),
    "reply_shown": _(
        "La réponse paraît juste après le récit, à la même taille, telle qu’elle est."
    ),
    "tombstone": _("L’adresse du cas ne montre plus qu’un avis daté, avec un motif."),
    "one_sentence": _(
        "L’adresse du cas ne montre plus qu’une phrase, sans motif : il a été effacé, tel jour."
    ),
    "unlisted": _("Le cas sort des listes, de la recherche et des flux."),
    "feed_says": _("Les flux l’annoncent en une ligne, sans le texte."),
    "texts_kept": _("Le texte est gardé ici : le cas pourra être rétabli."),
    "leads_on": _(
        "L’adresse du cas montre désormais un avis, qui mène à l’autre cas ; celui-ci ne change "
        "pas. Les versions citées se lisent encore."
    ),
    "destroyed": _("Les textes sont détruits partout, pour toujours."),
    "clock_runs": _("Le délai de trois jours pour la publier court depuis sa réception."),
    "reason_sent": _("Le motif est celui que vous enverrez à l’auteur de la réponse."),
    "nothing": _("Rien ne change pour le public."),
}

# Beginnings of limitation periods by code.
LIMITATION_PERIODS: dict[str, Any] = {
    "all": _(
        "Un délai de trois mois s’ouvre : tout le texte peut être poursuivi jusqu’à son terme "
        "(loi du 29 juillet 1881, art. 65)."
    ),
    "again": _(
        "Un juge peut y voir une nouvelle publication : un nouveau délai de trois mois peut "
        "s’ouvrir pour tout le texte (loi du 29 juillet 1881, art. 65 ; Cass. crim., "
        "2 nov. 2016, nº 15-87.163)."
    ),
    "added": _(
        "Un nouveau délai de trois mois s’ouvre pour ce qui est ajouté ou réécrit, et pour cela "
        "seulement (loi du 29 juillet 1881, art. 65)."
    ),
    "reply": _(
        "Un délai de trois mois s’ouvre pour les mots de la réponse, pas pour le récit (loi du "
        "29 juillet 1881, art. 65)."
    ),
    "none": _(
        "Aucun nouveau délai de poursuite ne s’ouvre ; ceux qui courent ne s’arrêtent pas (loi du "
        "29 juillet 1881, art. 65)."
    ),
}

# Public acts that begin a period.
PERIOD_BEGINNINGS: dict[str, Any] = {
    "published": _("Première publication : tout le texte"),
    "restored": _("Rétablissement : peut-être tout le texte"),
    "followed_up": _("Suite : ce qu’elle ajoute"),
    "corrected": _("Correction : ce qu’elle réécrit"),
    "redacted": _("Passage retiré : ce qui a été écrit à la place"),
    "replied": _("Réponse : les mots de son auteur"),
    "merged": _("Réunion d’un autre cas, dont l’adresse mène ici : peut-être tout le texte"),
    "parted": _("Séparation : peut-être tout le texte"),
}


# Name of each report folder, and the reports in it.
REPORT_LISTS: dict[ReportFolder, tuple[Any, Any]] = {
    ReportFolder.NEW: (_("Nouveaux"), _("Personne ne les a encore pris en main.")),
    ReportFolder.NEWS: (
        _("Réponses arrivées"),
        _("Leur auteur a écrit, laissé un contact ou retiré son signalement depuis votre lecture."),
    ),
    ReportFolder.REVIEW: (_("En examen"), _("Quelqu’un les a pris, ou leur réponse a été lue.")),
    ReportFolder.WAITING: (
        _("En attente"),
        _(
            "Une question est posée. Sans réponse, ceux qui ne sont pas décidés reviennent "
            "d’eux-mêmes ; ceux qui sont retenus le restent."
        ),
    ),
    ReportFolder.OVERDUE: (
        _("En retard"),
        _("Reçus il y a plus de douze mois et toujours pas décidés."),
    ),
    ReportFolder.SUSPECT: (
        _("Douteux"),
        _(
            "Remplis comme le ferait un automate, ou arrivés avec beaucoup d’autres. Un vrai "
            "signalement peut s’y trouver."
        ),
    ),
    ReportFolder.ACCEPTED: (_("Retenus"), _("Devenus un dossier, ou joints à un dossier.")),
    ReportFolder.DECLINED: (_("Écartés"), _("Écartés avec un motif que leur auteur lit.")),
    ReportFolder.WITHDRAWN: (_("Retirés"), _("Retirés par leur auteur.")),
    ReportFolder.SPAM: (
        _("Indésirables"),
        _(
            "Rangé seul, un signalement est détruit au bout de sept jours ; rangé avec d’autres, "
            "au bout de trente, ou plus tôt si un autre membre le confirme. D’ici là, il peut "
            "être repris."
        ),
    ),
}

# Sentences of empty folders.
EMPTY_LISTS: dict[ReportFolder, Any] = {
    ReportFolder.NEW: _("Aucun signalement n’attend d’être lu."),
    ReportFolder.NEWS: _("Aucune réponse n’est arrivée."),
    ReportFolder.REVIEW: _("Aucun signalement n’est en examen."),
    ReportFolder.WAITING: _("Aucune question n’attend sa réponse."),
    ReportFolder.OVERDUE: _("Aucun signalement n’est en retard."),
    ReportFolder.SUSPECT: _("Aucun signalement n’est douteux."),
    ReportFolder.ACCEPTED: _("Aucun signalement retenu."),
    ReportFolder.DECLINED: _("Aucun signalement écarté."),
    ReportFolder.WITHDRAWN: _("Aucun signalement retiré par son auteur."),
    ReportFolder.SPAM: _("Aucun signalement indésirable."),
}

# Headings of messages in the exchange with a reporter.
MESSAGE_HEADINGS: dict[MessageKind, Any] = {
    MessageKind.QUESTION: _("Question de l’équipe"),
    MessageKind.ANSWER: _("Réponse de l’auteur"),
    MessageKind.ADDITION: _("Ajout de l’auteur"),
    MessageKind.CORRECTION: _("Correction de l’auteur"),
    MessageKind.REQUEST: _("L’auteur demande le retrait"),
}

# Where a passage to be masked stands, by field or kind of message.
MASKED_TEXTS: dict[str, Any] = {
    "account": _("récit"),
    "place": _("lieu"),
    "when": _("date"),
    "actor_text": _("qui a agi"),
    "target_text": _("qui était visé"),
    "links": _("liens"),
    "question": _("question de l’équipe"),
    "answer": _("réponse de l’auteur"),
    "addition": _("ajout de l’auteur"),
    "correction": _("correction de l’auteur"),
    "request": _("demande de retrait"),
    "note": _("note interne"),
    "decision": _("phrase de la décision"),
    "term": _("ce que dit l’échéance"),
}

# Acts of reporters in the history of a report; acts of members have the journal's sentences.
REPORTER_ACT_SENTENCES: dict[Act, Any] = {
    Act.REPORT_RECEIVED: _("Le signalement est arrivé"),
    Act.REPORT_ADDED: _("Son auteur a écrit, ou changé son contact"),
    Act.REPORT_WITHDRAWN: _("Son auteur l’a retiré"),
    Act.REPORT_DESTROYED: _("Son auteur en a fait détruire les textes"),
}

# Who began proceedings, in the form: the directions of the vocabulary, and nobody.
NOBODY_BEGAN = _("personne")

MANY_UNREAD = _(
    "Plus de %(count)s signalements attendent que quelqu’un les lise. Si c’est une inondation, "
    "triez d’abord les douteux, plusieurs à la fois ; rien n’est refusé à cause du nombre."
)
CLOCK_WARNING = _(
    "L’horloge du serveur est loin du dernier jour où la conservation des signalements a été "
    "examinée (le %(day)s). Rien n’est détruit d’ici à ce que quelqu’un vérifie la date, puis la "
    "confirme par la commande « webcitoyen purge --confirm »."
)
KEY_MISSING = _(
    "Les signalements ne peuvent pas être ouverts : leur clé manque au serveur. Prévenez la "
    "personne qui l’administre."
)
