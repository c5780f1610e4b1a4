"""Reports on the desk, in words: their trays, what each is for, and what stands in an empty one."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from register.journal import Act
from register.reports.models import MessageKind
from register.reports.queries import ReportFolder

# What each tray is called, and which reports lie there.
REPORT_LISTS: dict[ReportFolder, tuple[Any, Any]] = {
    ReportFolder.NEW: (_("Nouveaux"), _("Personne ne les a encore pris en main.")),
    ReportFolder.NEWS: (
        _("Réponses arrivées"),
        _("Leur auteur a écrit, laissé un contact ou retiré son signalement depuis votre lecture."),
    ),
    ReportFolder.REVIEW: (_("En examen"), _("Quelqu’un les a pris, ou leur réponse a été lue.")),
    ReportFolder.WAITING: (
        _("En attente"),
        _("Une question est posée ; sans réponse, ils reviennent d’eux-mêmes."),
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

# Those that another member put aside at once, on the home of the desk.
SPAM_TO_CONFIRM = (
    _("Indésirables à confirmer"),
    _(
        "Un autre membre les a rangés ensemble, sans les lire un à un : confirmez-les, "
        "ou reprenez-les."
    ),
)

# What a tray says that holds nothing.
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

# What a message is, as the exchange heads it.
MESSAGE_HEADINGS: dict[MessageKind, Any] = {
    MessageKind.QUESTION: _("Question de l’équipe"),
    MessageKind.ANSWER: _("Réponse de l’auteur"),
    MessageKind.ADDITION: _("Ajout de l’auteur"),
    MessageKind.CORRECTION: _("Correction de l’auteur"),
    MessageKind.REQUEST: _("L’auteur demande le retrait"),
}

# What reporters did, as the history of a report tells it; of members' acts the journal has words.
REPORTER_ACT_SENTENCES: dict[Act, Any] = {
    Act.REPORT_RECEIVED: _("Le signalement est arrivé"),
    Act.REPORT_ADDED: _("Son auteur a écrit, ou changé son contact"),
    Act.REPORT_WITHDRAWN: _("Son auteur l’a retiré"),
}

# Who began proceedings, as the form asks it: the vocabulary's directions, and that nobody did.
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
