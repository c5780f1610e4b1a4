"""Reports on the desk, in words: their trays, what each is for, and what stands in an empty one."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from register.journal import Act
from register.reports.models import Kind
from register.reports.queries import Tray

# What each tray is called, and which reports lie there.
TRAYS: dict[Tray, tuple[Any, Any]] = {
    Tray.NEW: (_("Nouveaux"), _("Personne ne les a encore pris en main.")),
    Tray.NEWS: (
        _("Réponses arrivées"),
        _("Leur auteur a écrit, laissé un contact ou retiré son signalement depuis votre lecture."),
    ),
    Tray.REVIEW: (_("En examen"), _("Quelqu’un les a pris, ou leur réponse a été lue.")),
    Tray.WAITING: (
        _("En attente"),
        _("Une question est posée ; sans réponse, ils reviennent d’eux-mêmes."),
    ),
    Tray.OVERDUE: (_("En retard"), _("Reçus il y a plus de douze mois et toujours pas décidés.")),
    Tray.SUSPECT: (
        _("Douteux"),
        _(
            "Remplis comme le ferait un automate, ou arrivés avec beaucoup d’autres. Un vrai "
            "signalement peut s’y trouver."
        ),
    ),
    Tray.ACCEPTED: (_("Retenus"), _("Devenus un dossier, ou joints à un dossier.")),
    Tray.DECLINED: (_("Écartés"), _("Écartés avec un motif que leur auteur lit.")),
    Tray.WITHDRAWN: (_("Retirés"), _("Retirés par leur auteur.")),
    Tray.SPAM: (
        _("Indésirables"),
        _(
            "Rangé seul, un signalement est détruit au bout de sept jours ; rangé avec d’autres, "
            "au bout de trente, ou plus tôt si un autre membre le confirme. D’ici là, il peut "
            "être repris."
        ),
    ),
}

# Those that another member put aside at once, on the home of the desk.
TOGETHER = (
    _("Indésirables à confirmer"),
    _(
        "Un autre membre les a rangés ensemble, sans les lire un à un : confirmez-les, "
        "ou reprenez-les."
    ),
)

# What a tray says that holds nothing.
EMPTY: dict[Tray, Any] = {
    Tray.NEW: _("Aucun signalement n’attend d’être lu."),
    Tray.NEWS: _("Aucune réponse n’est arrivée."),
    Tray.REVIEW: _("Aucun signalement n’est en examen."),
    Tray.WAITING: _("Aucune question n’attend sa réponse."),
    Tray.OVERDUE: _("Aucun signalement n’est en retard."),
    Tray.SUSPECT: _("Aucun signalement n’est douteux."),
    Tray.ACCEPTED: _("Aucun signalement retenu."),
    Tray.DECLINED: _("Aucun signalement écarté."),
    Tray.WITHDRAWN: _("Aucun signalement retiré par son auteur."),
    Tray.SPAM: _("Aucun signalement indésirable."),
}

# What a message is, as the exchange heads it.
MESSAGES: dict[Kind, Any] = {
    Kind.QUESTION: _("Question de l’équipe"),
    Kind.ANSWER: _("Réponse de l’auteur"),
    Kind.ADDITION: _("Ajout de l’auteur"),
    Kind.CORRECTION: _("Correction de l’auteur"),
    Kind.REQUEST: _("L’auteur demande le retrait"),
}

# What reporters did, as the history of a report tells it; of members' acts the journal has words.
BY_REPORTER: dict[Act, Any] = {
    Act.REPORT_RECEIVED: _("Le signalement est arrivé"),
    Act.REPORT_ADDED: _("Son auteur a écrit, ou changé son contact"),
    Act.REPORT_WITHDRAWN: _("Son auteur l’a retiré"),
}

# Who began proceedings, as the form asks it: the vocabulary's directions, and that nobody did.
NOBODY_BEGAN = _("personne")

MANY = _(
    "Plus de %(count)s signalements attendent que quelqu’un les lise. Si c’est une inondation, "
    "triez d’abord les douteux, plusieurs à la fois ; rien n’est refusé à cause du nombre."
)
CLOCK = _(
    "L’horloge du serveur est loin du dernier jour où la conservation des signalements a été "
    "examinée (le %(day)s). Rien n’est détruit d’ici à ce que quelqu’un vérifie la date, puis la "
    "confirme par la commande « webcitoyen purge --confirm »."
)
UNOPENED = _(
    "Les signalements ne peuvent pas être ouverts : leur clé manque au serveur. Prévenez la "
    "personne qui l’administre."
)
