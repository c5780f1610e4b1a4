"""Kinds of the desk's queue: their names, and why they wait or what to do about them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from register.reports.queue_statements import QueueKind
from register.reports.report_lists import ReportFolder
from register.web.messages.desk import REPORT_LISTS

QUEUE_KINDS: dict[QueueKind, tuple[Any, Any]] = {
    QueueKind.DANGER: (
        _("Danger"),
        _("Quelqu’un peut être en danger : lisez d’abord ceci, et répondez aujourd’hui."),
    ),
    QueueKind.TERM: (
        _("Échéances"),
        _("Un membre a noté un jour : un délai de justice, une réponse promise."),
    ),
    QueueKind.MINE: (
        _("À vous"),
        _("Ce que vous avez en main, ce qu’on vous confie, votre version qu’un membre a refusée."),
    ),
    QueueKind.REPLY: (
        _("Droits de réponse"),
        _("Une réponse reçue s’insère dans les trois jours : publiez-la, ou refusez-la."),
    ),
    QueueKind.NEWS: REPORT_LISTS[ReportFolder.NEWS],
    QueueKind.REPORT: (
        _("Signalements à décider"),
        _("Du plus ancien au plus récent : lisez, puis retenez, questionnez ou écartez."),
    ),
    QueueKind.DRAFT: (
        _("Brouillons"),
        _("Du plus ancien au plus récent, avec ce qui manque à chacun."),
    ),
    QueueKind.EDITED: (
        _("Cas retirés, modifiés depuis"),
        _("Le public lit un avis : rétablissez le cas quand son texte est prêt."),
    ),
    QueueKind.CHANGE: (
        _("Changements à approuver"),
        _("Des changements de cas publics, qui attendent un second membre."),
    ),
    QueueKind.RETURNED: (
        _("Changements à reprendre"),
        _("Refusés, ou dépassés par un autre : leur auteur les reprend."),
    ),
    QueueKind.DESTRUCTION: (
        _("Destructions à confirmer"),
        _("Un passage retiré reste lisible des membres : confirmez sa destruction, ou annulez-la."),
    ),
    QueueKind.ERASURE: (
        _("Effacements approuvés"),
        _("Un second membre est d’accord : un administrateur peut effacer."),
    ),
    QueueKind.HELD: (
        _("En main d’un autre membre"),
        _("Des cas publics ou retirés, sans autre chose à faire que ce qu’il y prépare."),
    ),
    QueueKind.WAITING: (
        _("Questions posées"),
        _("L’auteur n’a pas encore répondu ; sans réponse, le signalement revient de lui-même."),
    ),
    QueueKind.SUSPECT: REPORT_LISTS[ReportFolder.SUSPECT],
    QueueKind.SPAM: (
        _("Indésirables à confirmer"),
        _(
            "Un autre membre les a rangés ensemble, sans les lire un à un : confirmez-les, "
            "ou reprenez-les."
        ),
    ),
    QueueKind.OUTCOME: (
        _("Issue à suivre"),
        _("L’issue n’est pas connue, et rien de public n’est arrivé depuis un an."),
    ),
}
