"""What an act changes before the public, and the period for a suit that it may open."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

# The codes of ``incidents.periods``.
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
        "Le texte d’avant n’est plus montré, dans aucune de ses versions. Il sera détruit, avec "
        "les notes internes, quand un autre membre l’aura confirmé, ou dans trente jours."
    ),
    "reply_shown": _(
        "La réponse paraît juste après le récit, à la même taille, telle qu’elle est."
    ),
    "tombstone": _("L’adresse du cas ne montre plus qu’un avis daté, avec un motif."),
    "unlisted": _("Le cas sort des listes, de la recherche et des flux."),
    "feed_says": _("Les flux l’annoncent en une ligne, sans le texte."),
    "texts_kept": _("Le texte est gardé ici : le cas pourra être rétabli."),
    "leads_on": _("L’adresse du cas mène désormais à l’autre cas, qui ne change pas."),
    "destroyed": _("Les textes sont détruits partout, pour toujours."),
    "clock_runs": _("Le délai de trois jours pour la publier court depuis sa réception."),
    "reason_sent": _("Le motif est celui que vous enverrez à l’auteur de la réponse."),
    "nothing": _("Rien ne change pour le public."),
}

# The codes of ``incidents.periods.Opens``.
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

# What a period is said to have begun with; the acts that open one.
PERIOD_BEGINNINGS: dict[str, Any] = {
    "published": _("Première publication : tout le texte"),
    "restored": _("Rétablissement : peut-être tout le texte"),
    "followed_up": _("Suite : ce qu’elle ajoute"),
    "corrected": _("Correction : ce qu’elle réécrit"),
    "redacted": _("Passage retiré : ce qui a été écrit à la place"),
    "replied": _("Réponse : les mots de son auteur"),
    "merged": _("Réunion d’un autre cas, dont l’adresse mène ici : peut-être tout le texte"),
}
