"""What the desk has to do, in words: the kinds of tasks, and what makes two cases alike."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.todo_clauses import TodoKind

# What each kind is called as a heading, and why it is there.
TODO_HEADINGS: dict[TodoKind, tuple[Any, Any]] = {
    TodoKind.REPLY: (
        _("Réponses à traiter"),
        _(
            "Une réponse reçue s’insère dans les trois jours (loi nº 2004-575 du 21 juin 2004, "
            "art. 1-1, III)."
        ),
    ),
    TodoKind.CLAIMED: (
        _("En main"),
        _("Les dossiers que vous avez pris. Ils redeviennent libres d’eux-mêmes."),
    ),
    TodoKind.APPROVE: (
        _("À relire"),
        _("Des brouillons qu’un second membre doit approuver, et que vous n’avez pas écrits."),
    ),
    TodoKind.CHANGE: (
        _("Changements à approuver"),
        _("Des corrections, suites et réponses de cas publics, qui attendent un second membre."),
    ),
    TodoKind.RETURNED: (
        _("Vos changements à reprendre"),
        _("Ils ont été refusés, ou le cas a changé depuis que vous les avez écrits."),
    ),
    TodoKind.DESTRUCTION: (
        _("Destructions à confirmer"),
        _(
            "Un caviardage a caché des versions au public : confirmez leur destruction, ou "
            "annulez-la."
        ),
    ),
    TodoKind.READY: (
        _("Prêts à publier"),
        _("Il n’y manque que ce que vous attestez au moment de publier."),
    ),
    TodoKind.SECOND: (
        _("En attente d’un second membre"),
        _("Tous les brouillons à faire approuver, les vôtres compris."),
    ),
    TodoKind.OUTCOME: (
        _("Issue à suivre"),
        _("L’issue n’est pas connue, et rien de public n’est arrivé depuis un an."),
    ),
}

# The same of one case, as a line of the queue or of a list says it.
TODO_LABELS: dict[TodoKind, Any] = {
    TodoKind.REPLY: _("réponse à traiter"),
    TodoKind.CLAIMED: _("en main"),
    TodoKind.APPROVE: _("à relire"),
    TodoKind.CHANGE: _("changement à approuver"),
    TodoKind.RETURNED: _("changement à reprendre"),
    TodoKind.DESTRUCTION: _("destruction à confirmer"),
    TodoKind.READY: _("prêt à publier"),
    TodoKind.SECOND: _("attend un second membre"),
    TodoKind.OUTCOME: _("issue à suivre"),
}
