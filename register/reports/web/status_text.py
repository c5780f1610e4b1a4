"""Status of a report in words for its author: state, next steps, retention.

It never says that a report looked suspect, nor which member has claimed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.deadlines import add_months
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.journal import Act
from register.reports.acts.transitions import allows
from register.reports.models import OPEN_STATES, MessageKind, ReportState
from register.reports.queries import ReportView
from register.reports.retention import ANSWER_TERM, ROWS_MONTHS, TEXTS_TERM, last_purge_day
from register.web.l10n import day_words


@dataclass(frozen=True)
class StatusText:
    """A report's state in words, and what its author may still do.

    :param name: the state, in a few words.
    :param now: the present situation.
    :param next: the next steps; empty when there are none.
    :param retention: what is stored, and until when.
    :param case: the number of its case, if the case has a public page or a tombstone.
    :param reason: the label of the reason for a refusal.
    :param has_requested: a withdrawal has been requested.
    :param is_waiting: a question waits for an answer.
    :param may_destroy: it is withdrawn, and its texts can be destroyed before their day.
    """

    name: str
    now: str
    next: str
    retention: str
    case: int | None = None
    reason: str = ""
    may_write: bool = False
    may_withdraw: bool = False
    has_requested: bool = False
    is_waiting: bool = False
    may_destroy: bool = False

    @property
    def must_request_withdrawal(self) -> bool:
        """Whether its case is public, so that a withdrawal is a request."""
        return self.case is not None


def status_text(
    report_view: ReportView, vocabulary: Vocabulary, undecided_after: int, at: datetime
) -> StatusText:
    """The status of a report for its author.

    :param at: the current time, which decides whether a member holds the report.
    :param undecided_after: months after which an undecided report is declined.
    """
    summary, state = report_view.summary, report_view.summary.state
    name, situation, next_steps = _state_texts(report_view, at)
    # An expired report has a reason in its row, but nobody judged it.
    is_judged = report_view.is_purged or report_view.decision.by is not None
    has_reason = state is ReportState.DECLINED and is_judged
    reason = vocabulary.label("refus", summary.reason) if has_reason else ""
    if report_view.is_purged:
        situation = _PURGED_TEXTS.get(state, _CLOSED)
        retention = _fill(_PURGED, add_months(summary.moved_on, ROWS_MONTHS))
        return StatusText(str(name), str(situation), "", retention, None, reason)
    has_case = state is ReportState.ACCEPTED and report_view.has_live_case
    case_number = report_view.case.number if report_view.case and has_case else None
    if state in OPEN_STATES:
        retention = _fill(_UNDECIDED, add_months(summary.day, undecided_after))
    elif has_case and summary.purge_on is None:
        retention = _fill(_DURING_WORK, last_purge_day(summary.day, undecided_after))
    else:
        retention = _fill(_WITH_CASE if has_case else _DECIDED, summary.purge_on)
    waits_until = summary.asked_on + ANSWER_TERM if summary.asked_on else None
    return StatusText(
        str(name),
        str(situation),
        _fill(next_steps, waits_until if state is ReportState.WAITING else summary.purge_on),
        retention,
        case_number,
        reason,
        may_write=allows(state, Act.REPORT_ADDED),
        may_withdraw=allows(state, Act.REPORT_WITHDRAWN),
        # A request about a case that is no longer public has no object.
        has_requested=case_number is not None
        and any(message.kind is MessageKind.REQUEST for message in report_view.messages),
        is_waiting=_is_waiting(report_view),
        may_destroy=allows(state, Act.REPORT_DESTROYED),
    )


def _is_waiting(report_view: ReportView) -> bool:
    return report_view.summary.asked_on is not None and report_view.takes_questions


def _fill(pattern: object, day: date | None) -> str:
    return str(pattern) % {"day": day_words(day) if day else "…", "days": TEXTS_TERM.days}


# --- each state ---------------------------------------------------------------------------------

_DECIDING = _(
    "On vous posera peut-être une question, ici même. La décision et sa raison s’afficheront "
    "sur cette page. L’équipe est bénévole et ne peut pas promettre de délai : revenez dans "
    "une semaine, par exemple, avec votre code."
)
_REOPENING = _(
    "Si vous avez un élément nouveau, ou si nous avons mal compris, écrivez-le plus bas avant "
    "le %(day)s : l’équipe peut rouvrir votre signalement."
)

# For each state: its name, the present situation, the next steps.
_STATE_TEXTS: Mapping[ReportState, tuple[Any, Any, Any]] = {
    ReportState.RECEIVED: (
        _("Reçu, en attente"),
        _(
            "Votre signalement est arrivé. Il attend qu’une personne de l’équipe le prenne en "
            "main. Rien n’en est public."
        ),
        _DECIDING,
    ),
    ReportState.IN_REVIEW: (
        _("En cours de lecture"),
        _("Une personne de l’équipe s’occupe de votre signalement. Rien n’en est public."),
        _DECIDING,
    ),
    ReportState.WAITING: (
        _("Une question vous attend"),
        _(
            "Pour avancer, l’équipe vous demande une précision. Vous pouvez répondre plus bas ; "
            "rien ne vous y oblige. Rien n’est public."
        ),
        _(
            "Sans réponse d’ici le %(day)s, votre signalement retournera dans la file. Ce n’est "
            "pas un refus."
        ),
    ),
    ReportState.ACCEPTED: (_("Retenu"), _("Votre signalement a été retenu."), ""),
    ReportState.DECLINED: (
        _("Écarté"),
        _("L’équipe a lu votre signalement et a décidé de ne pas en faire un cas public."),
        _REOPENING,
    ),
    ReportState.WITHDRAWN: (
        _("Retiré par vous"),
        _("Vous avez retiré ce signalement. L’équipe en est avertie et ne s’en servira plus."),
        _("Si vous changez d’avis, il faut en envoyer un nouveau."),
    ),
    ReportState.SPAM: (
        _("Mis de côté"),
        _("Votre signalement a été pris pour un envoi indésirable, comme une publicité."),
        _(
            "Si c’est une erreur, dites-le plus bas avant le %(day)s : l’équipe verra votre "
            "message et peut reprendre votre signalement."
        ),
    ),
}

# The same for an accepted report, by the state of its case.
_CASE_TEXTS: Mapping[CaseState, tuple[Any, Any, Any]] = {
    CaseState.PUBLISHED: (
        _("Retenu et publié"),
        _("Votre signalement a été retenu. Le cas auquel il sert est public."),
        _(
            "Le texte public est celui de l’équipe, pas le vôtre. Si vous y voyez une erreur, "
            "ou un détail qui vous désigne, écrivez-le plus bas."
        ),
    ),
    CaseState.DRAFT: (
        _("Retenu, pas encore publié"),
        _("Votre signalement a été retenu. Un cas est en préparation ; rien n’est public."),
        _(
            "L’équipe écrit le texte public, sans reprendre le vôtre tel quel, et le relit. "
            "Tant que le cas n’est pas publié, vous pouvez retirer votre signalement."
        ),
    ),
}
_ASKED_ABOUT_DRAFT = (
    _("Une question vous attend"),
    _(
        "Votre signalement a été retenu, et un cas est en préparation ; rien n’est public. "
        "L’équipe vous demande une précision. Vous pouvez répondre plus bas ; rien ne vous y "
        "oblige."
    ),
    _(
        "Vous pouvez répondre tant que le cas n’est pas publié. Sans réponse, votre signalement "
        "reste retenu. Tant que le cas n’est pas publié, vous pouvez aussi le retirer."
    ),
)
# For other states of its case: the situation.
_ENDED_CASE_TEXTS = {
    CaseState.WITHDRAWN: _(
        "Votre signalement a été retenu. Le cas auquel il a servi n’est plus public."
    ),
    CaseState.MERGED: _("Votre signalement a été retenu. Son cas a été réuni à un autre."),
    CaseState.ERASED: _(
        "Votre signalement avait été retenu. Le cas auquel il a servi a été effacé."
    ),
}
_DISCARDED = _(
    "Votre signalement avait été retenu, puis le cas a été abandonné avant d’être publié."
)
# Somebody has read it, and the claim ended or ran out.
_UNHELD = (
    _("Lu, pas encore tranché"),
    _(
        "L’équipe a ouvert votre signalement ; personne ne l’a en main pour l’instant. Rien "
        "n’en est public."
    ),
    _DECIDING,
)
_EXPIRED = (
    _("Écarté, faute de décision"),
    _(
        "Personne n’a pu trancher dans le temps que le registre se donne. Votre "
        "signalement est donc écarté. Ce n’est pas un jugement sur ce que vous avez écrit."
    ),
    _REOPENING,
)
_WITHDRAWN_FROM_DRAFT = _(
    "Vous avez retiré ce signalement. L’équipe en est avertie et ne s’en servira plus. "
    "Le brouillon auquel il servait n’en garde pas de copie, et a perdu les passages qui "
    "reprenaient vos mots ; il ne peut être publié que s’il tient sans votre signalement."
)


def _state_texts(report_view: ReportView, at: datetime) -> tuple[Any, Any, Any]:
    """Name of the state, situation and next steps."""
    state, case = report_view.summary.state, report_view.case
    texts = _STATE_TEXTS[state]
    if report_view.is_purged:
        return texts
    if state is ReportState.IN_REVIEW and report_view.summary.holder(at) is None:
        return _UNHELD
    if state is ReportState.DECLINED and report_view.decision.by is None:
        return _EXPIRED
    if state is ReportState.WITHDRAWN and case is not None:
        return texts[0], _WITHDRAWN_FROM_DRAFT, texts[2]
    if state is ReportState.ACCEPTED and _is_waiting(report_view):
        return _ASKED_ABOUT_DRAFT
    if state is ReportState.ACCEPTED and case is not None:
        state_of_case = CaseState(case.state)
        if state_of_case in _CASE_TEXTS:
            return _CASE_TEXTS[state_of_case]
        is_discarded = state_of_case is CaseState.ERASED and case.number is None
        return texts[0], _DISCARDED if is_discarded else _ENDED_CASE_TEXTS[state_of_case], ""
    return texts


# --- retention ----------------------------------------------------------------------------------

_PURGED = _(
    "Il n’en reste ici que l’état, et la raison d’un refus. Ce code n’ouvrira plus rien "
    "après le %(day)s."
)
_PURGED_TEXTS = {
    ReportState.ACCEPTED: _(
        "Votre signalement a été retenu. Votre contact et les échanges sont détruits."
    ),
    ReportState.WITHDRAWN: _(
        "Vous avez retiré ce signalement. Tout ce que vous aviez envoyé est détruit."
    ),
}
_CLOSED = _("Ce signalement est clos. Tout ce que vous aviez envoyé est détruit.")
_UNDECIDED = _(
    "Ce que vous avez envoyé et les échanges sont gardés chiffrés. Si rien n’est décidé "
    "avant le %(day)s, votre signalement sera écarté, puis détruit %(days)s jours après."
)
_DURING_WORK = _(
    "Votre contact et les échanges sont gardés chiffrés pendant que l’équipe écrit le cas, puis "
    "%(days)s jours après sa publication ou son abandon : cette page dira quel jour, et ce sera le "
    "%(day)s au plus tard. Ce que vous avez envoyé reste joint au cas, chiffré et lu par l’équipe "
    "seule, aussi longtemps que le cas existe : c’est ce qui permet de le défendre."
)
_WITH_CASE = _(
    "Votre contact et les échanges seront détruits le %(day)s. Ce que vous avez envoyé "
    "reste joint au cas, chiffré et lu par l’équipe seule, aussi longtemps que le cas "
    "existe : c’est ce qui permet de le défendre. Après cette date, ce code montrera "
    "encore l’état pendant un an, mais ne permettra plus d’écrire ; il restera l’adresse "
    "des mentions légales."
)
_DECIDED = _(
    "Ce que vous avez envoyé, votre contact et les échanges seront détruits le %(day)s. Après "
    "cette date, ce code montrera encore l’état et sa raison pendant un an, et rien d’autre."
)

# What a receipt proves, by :attr:`ReceiptProof.masked`.
RECEIPT_VERDICTS: dict[str, Any] = {
    "": _("Un signalement au contenu identique a été reçu le %(day)s."),
    "later": _(
        "Un signalement au contenu identique a été reçu le %(day)s. Depuis, l’équipe en a masqué "
        "un passage, qu’elle n’a plus : ce fichier-ci l’a encore."
    ),
    "before": _(
        "Un signalement a été reçu le %(day)s. L’équipe en a masqué un passage depuis ; le reste "
        "est identique à ce fichier."
    ),
}
