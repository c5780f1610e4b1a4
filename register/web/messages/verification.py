"""Sentences for the problems that a verification finds, and the names of the ledgers."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

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
        "Dossier %(dossier)s : « %(field)s » n’est pas ce que dit la main courante."
    ),
    "case_snapshot": _("Dossier %(dossier)s : le texte montré manque."),
    "case_rows": _("Dossier %(dossier)s : les tables contredisent la révision (%(fields)s)."),
    "case_codes": _(
        "Dossier %(dossier)s : les anciens codes gardés ne sont pas ceux que dit la main courante."
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
    "desk_destructions": _(
        "Dossier %(dossier)s : les destructions en attente ne sont pas celles que dit le journal."
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
    "desk_claim": _("Dossier %(dossier)s : qui l’a en main n’est pas ce que dit le journal."),
    "member_standing": _("Compte %(member)s : « %(field)s » n’est pas ce que dit le journal."),
    "member_missing": _("Compte %(member)s : le journal en parle et il n’est plus dans la base."),
    "members_unreadable": _("Les comptes gardés sont illisibles (%(cause)s)."),
    "html_changed": _("Dossier %(dossier)s, révision %(revision)s : la page gardée a été changée."),
    "revision_missing": _("Dossier %(dossier)s : la révision %(revision)s a disparu."),
    "revision_changed": _("Dossier %(dossier)s : la révision %(revision)s a été changée."),
    "reason_changed": _("Dossier %(dossier)s : le motif de la révision %(revision)s a été changé."),
}

LEDGER_NAMES: dict[str, Any] = {
    "public": _("Main courante publique"),
    "desk": _("Main courante de la modération"),
    "reports": _("Main courante des signalements"),
}
