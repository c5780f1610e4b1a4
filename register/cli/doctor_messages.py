"""What ``doctor`` says of each of its questions."""

from __future__ import annotations

from collections.abc import Callable

from register.cli.i18n import _
from register.operations.doctor import Finding

_SENTENCES: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "database": (
        lambda: _("La base de données répond."),
        lambda: _(
            "La base de données manque ou ne répond pas : remettez son fichier en place, ou "
            "relancez son serveur. Pour un registre neuf : webcitoyen init."
        ),
    ),
    "schema": (
        lambda: _("Les tables sont à la version du programme."),
        lambda: _("Les tables ne sont pas à la version du programme : webcitoyen upgrade."),
    ),
    "seal": (
        lambda: _("La clé de scellement est là et c’est bien celle de cette instance."),
        lambda: _(
            "La clé de scellement manque ou n’est pas celle de cette instance : "
            "remettez sa copie en place."
        ),
    ),
    "territory": (
        lambda: _("Les communes sont à la version du programme."),
        lambda: _("Les communes ne sont pas à la version du programme : webcitoyen upgrade."),
    ),
    "vocabulary": (
        lambda: _("Les vocabulaires sont chargés."),
        lambda: _("Les vocabulaires manquent : webcitoyen upgrade."),
    ),
    "journal": (
        lambda: _("La tête du journal est sa dernière ligne."),
        lambda: _("La tête du journal n’est pas sa dernière ligne : webcitoyen verify."),
    ),
    "key_store": (
        lambda: _("Les clés des signalements sont là et ce sont celles de cette instance."),
        lambda: _(
            "Les clés des signalements manquent ou ne sont pas celles de cette instance : "
            "remettez leur copie en place."
        ),
    ),
    "report_keys": (
        lambda: _("Chaque signalement a sa clé."),
        lambda: _(
            "Des signalements ont perdu leur clé et sont illisibles : arrêtez le service et "
            "remettez en place la dernière copie des clés."
        ),
    ),
    "overdue": (
        lambda: _("Aucun signalement n’attend une décision depuis un an."),
        lambda: _("Des signalements attendent une décision depuis un an : le bureau les liste."),
    ),
    "retention": (
        lambda: _("L’horloge avance jour après jour : ce qui doit être détruit l’est à sa date."),
        lambda: _(
            "L’horloge a sauté depuis la dernière purge, et rien n’est plus détruit : si la date "
            "est juste, webcitoyen purge --confirm."
        ),
    ),
    "mode": (
        lambda: _("Les secrets ne sont lisibles que par le service."),
        lambda: _("Un secret est lisible par d’autres : chmod go-rwx."),
    ),
    "pages": (
        lambda: _("Les modèles des pages et les feuilles de style sont là."),
        lambda: _(
            "Les modèles des pages ou les feuilles de style manquent : "
            "servez le registre depuis son dossier entier."
        ),
    ),
    "search": (
        lambda: _("L’index de la recherche est utilisable, ou sera fait par le prochain suiveur."),
        lambda: _(
            "Un suiveur est à l’œuvre et l’index de la recherche n’est pas utilisable : s’il ne "
            "vient pas de démarrer, lisez son journal ou lancez webcitoyen search rebuild."
        ),
    ),
    "legal": (
        lambda: _("Les mentions légales suffisent à cette adresse."),
        lambda: _("Une adresse publique demande les mentions légales."),
    ),
}


def finding_sentence(finding: Finding) -> str:
    """One line: the answer, and what was found."""
    good, bad = _SENTENCES[finding.code]
    sentence = good() if finding.good else bad()
    return f"{sentence} ({finding.detail})" if finding.detail else sentence
