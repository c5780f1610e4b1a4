"""Status of a report in words for its author: state, next steps, retention.

It never says that a report looked suspect, nor which member has claimed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from register.cases.deadlines import add_months
from register.cases.models import CaseState as CaseState
from register.cases.vocabulary import Vocabulary
from register.journal import Act
from register.reports import rules
from register.reports.models import MessageKind, ReportState
from register.reports.queries import ReportView
from register.reports.web.i18n import _
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
    :param sentence: the moderators' sentence, until the purge.
    :param must_request_withdrawal: its case is public, so that a withdrawal is a request.
    :param has_requested: a withdrawal has been requested.
    :param is_waiting: a question waits for an answer.
    """

    name: str
    now: str
    next: str
    retention: str
    case: int | None = None
    reason: str = ""
    sentence: str = ""
    may_write: bool = False
    may_withdraw: bool = False
    must_request_withdrawal: bool = False
    has_requested: bool = False
    is_waiting: bool = False


@dataclass(frozen=True)
class _StateTexts:
    name: str
    now: str
    next: str = ""


def status_text(
    report_view: ReportView, vocabulary: Vocabulary, undecided_after: int
) -> StatusText:
    """The status of a report for its author.

    :param undecided_after: months after which an undecided report is declined.
    """
    state = report_view.summary.state
    reason, sentence = _decision_reason(report_view, vocabulary)
    texts = _STATE_TEXTS[state](report_view)
    if report_view.is_purged:
        deleted_on = add_months(report_view.summary.moved_on, rules.ROWS_MONTHS)
        retention = _(
            "Il n’en reste ici que l’état, et la raison d’un refus. Ce code n’ouvrira plus rien "
            "après le %(day)s.",
            day=_format_day(deleted_on),
        )
        return StatusText(
            texts.name, _purged_text(state), "", retention, reason=reason, sentence=sentence
        )
    case_number = _case_number(report_view)
    return StatusText(
        texts.name,
        texts.now,
        texts.next,
        _retention_text(report_view, undecided_after),
        case=case_number,
        reason=reason,
        sentence=sentence,
        may_write=rules.allows(state, Act.REPORT_ADDED),
        may_withdraw=rules.allows(state, Act.REPORT_WITHDRAWN),
        must_request_withdrawal=case_number is not None,
        # A request about a case that is no longer public has no object.
        has_requested=case_number is not None
        and any(message.kind is MessageKind.REQUEST for message in report_view.messages),
        is_waiting=state is ReportState.WAITING,
    )


def _format_day(day: date | None) -> str:
    return day_words(day) if day else "…"


# --- each state ---------------------------------------------------------------------------------


def _received_texts(_report_view: ReportView) -> _StateTexts:
    return _StateTexts(
        _("Reçu, pas encore lu"),
        _(
            "Votre signalement est arrivé. Il attend qu’une personne de l’équipe le prenne en "
            "main. Rien n’en est public."
        ),
        _next_steps_text(),
    )


def _in_review_texts(_report_view: ReportView) -> _StateTexts:
    return _StateTexts(
        _("En cours de lecture"),
        _("Une personne de l’équipe s’occupe de votre signalement. Rien n’en est public."),
        _next_steps_text(),
    )


def _next_steps_text() -> str:
    return _(
        "On vous posera peut-être une question, ici même. La décision et sa raison s’afficheront "
        "sur cette page. L’équipe est bénévole et ne peut pas promettre de délai : revenez dans "
        "une semaine, par exemple, avec votre code."
    )


def _waiting_texts(report_view: ReportView) -> _StateTexts:
    return _StateTexts(
        _("Une question vous attend"),
        _(
            "Pour avancer, l’équipe vous demande une précision. Vous pouvez répondre plus bas ; "
            "rien ne vous y oblige. Rien n’est public."
        ),
        _(
            "Sans réponse d’ici le %(day)s, votre signalement retournera dans la file. Ce n’est "
            "pas un refus.",
            day=_format_day(report_view.summary.moved_on + rules.ANSWER_TERM),
        ),
    )


def _accepted_texts(report_view: ReportView) -> _StateTexts:
    if report_view.is_purged or report_view.case is None:
        return _StateTexts(_("Retenu"), _("Votre signalement a été retenu."))
    state, number = CaseState(report_view.case.state), report_view.case.number
    if state is CaseState.PUBLISHED:
        return _StateTexts(
            _("Retenu et publié"),
            _("Votre signalement a été retenu. Le cas auquel il sert est public."),
            _(
                "Le texte public est celui de l’équipe, pas le vôtre. Si vous y voyez une erreur, "
                "ou un détail qui vous désigne, écrivez-le plus bas."
            ),
        )
    if state is CaseState.DRAFT:
        return _StateTexts(
            _("Retenu, pas encore publié"),
            _("Votre signalement a été retenu. Un cas est en préparation ; rien n’est public."),
            _(
                "L’équipe écrit le texte public, sans reprendre le vôtre tel quel, et le relit. "
                "Tant que le cas n’est pas publié, vous pouvez retirer votre signalement."
            ),
        )
    return _StateTexts(_("Retenu"), _ended_case_text(state, number))


def _ended_case_text(state: CaseState, number: int | None) -> str:
    if state is CaseState.WITHDRAWN:
        return _("Votre signalement a été retenu. Le cas auquel il a servi n’est plus public.")
    if state is CaseState.MERGED:
        return _("Votre signalement a été retenu. Son cas a été réuni à un autre.")
    if number is None:
        return _(
            "Votre signalement avait été retenu, puis le cas a été abandonné avant d’être publié."
        )
    return _("Votre signalement avait été retenu. Le cas auquel il a servi a été effacé.")


def _declined_texts(report_view: ReportView) -> _StateTexts:
    if not report_view.is_purged and report_view.decision.by is None:
        return _StateTexts(
            _("Écarté, faute de décision"),
            _(
                "Personne n’a pu trancher dans le temps que le registre se donne. Votre "
                "signalement est donc écarté. Ce n’est pas un jugement sur ce que vous avez écrit."
            ),
            _reopening_text(report_view),
        )
    return _StateTexts(
        _("Écarté"),
        _("L’équipe a lu votre signalement et a décidé de ne pas en faire un cas public."),
        _reopening_text(report_view),
    )


def _reopening_text(report_view: ReportView) -> str:
    return _(
        "Si vous avez un élément nouveau, ou si nous avons mal compris, écrivez-le plus bas avant "
        "le %(day)s : l’équipe peut rouvrir votre signalement.",
        day=_format_day(report_view.summary.purge_on),
    )


def _withdrawn_texts(report_view: ReportView) -> _StateTexts:
    now_text = _(
        "Vous avez retiré ce signalement. L’équipe en est avertie et ne s’en servira plus."
    )
    if report_view.case is not None:
        now_text = _(
            "Vous avez retiré ce signalement. L’équipe en est avertie et ne s’en servira plus. "
            "Le brouillon auquel il servait n’en garde pas de copie, et a perdu les passages qui "
            "reprenaient vos mots ; il ne peut être publié que s’il tient sans votre signalement."
        )
    return _StateTexts(
        _("Retiré par vous"),
        now_text,
        _("Si vous changez d’avis, il faut en envoyer un nouveau."),
    )


def _spam_texts(report_view: ReportView) -> _StateTexts:
    return _StateTexts(
        _("Mis de côté"),
        _("Votre signalement a été pris pour un envoi indésirable, comme une publicité."),
        _(
            "Si c’est une erreur, dites-le plus bas avant le %(day)s : l’équipe verra votre "
            "message et peut reprendre votre signalement.",
            day=_format_day(report_view.summary.purge_on),
        ),
    )


_STATE_TEXTS: Mapping[ReportState, Callable[[ReportView], _StateTexts]] = {
    ReportState.RECEIVED: _received_texts,
    ReportState.IN_REVIEW: _in_review_texts,
    ReportState.WAITING: _waiting_texts,
    ReportState.ACCEPTED: _accepted_texts,
    ReportState.DECLINED: _declined_texts,
    ReportState.WITHDRAWN: _withdrawn_texts,
    ReportState.SPAM: _spam_texts,
}


def _decision_reason(report_view: ReportView, vocabulary: Vocabulary) -> tuple[str, str]:
    """The label of the reason for a refusal, and the sentence of the decision."""
    declined = report_view.summary.state is ReportState.DECLINED
    # An expired report has a reason in its row, but nobody judged it.
    is_judged = report_view.is_purged or report_view.decision.by is not None
    reason = vocabulary.label("refus", report_view.summary.reason) if declined and is_judged else ""
    return reason, report_view.decision.sentence


def _case_number(report_view: ReportView) -> int | None:
    """The number of its case, if the case has a public page or a tombstone."""
    if report_view.summary.state is not ReportState.ACCEPTED or report_view.case is None:
        return None
    return report_view.case.number if report_view.case.state != CaseState.ERASED else None


# --- retention ----------------------------------------------------------------------------------


def _retention_text(report_view: ReportView, undecided_after: int) -> str:
    summary = report_view.summary
    if summary.state in rules.OPEN_STATES:
        return _(
            "Ce que vous avez envoyé et les échanges sont gardés chiffrés. Si rien n’est décidé "
            "avant le %(day)s, votre signalement sera écarté, puis détruit 90 jours après.",
            day=_format_day(add_months(summary.day, undecided_after)),
        )
    day = _format_day(summary.purge_on)
    if summary.state is ReportState.ACCEPTED and report_view.has_live_case:
        return _(
            "Votre contact et les échanges seront détruits le %(day)s. Ce que vous avez envoyé "
            "reste joint au cas, chiffré et lu par l’équipe seule, aussi longtemps que le cas "
            "existe : c’est ce qui permet de le défendre. Après cette date, ce code montrera "
            "encore l’état pendant un an, mais ne permettra plus d’écrire ; il restera l’adresse "
            "des mentions légales.",
            day=day,
        )
    return _(
        "Ce que vous avez envoyé, votre contact et les échanges seront détruits le %(day)s. Après "
        "cette date, ce code montrera encore l’état et sa raison pendant un an, et rien d’autre.",
        day=day,
    )


def _purged_text(state: ReportState) -> str:
    if state is ReportState.ACCEPTED:
        return _("Votre signalement a été retenu. Votre contact et les échanges sont détruits.")
    if state is ReportState.WITHDRAWN:
        return _("Vous avez retiré ce signalement. Tout ce que vous aviez envoyé est détruit.")
    return _("Ce signalement est clos. Tout ce que vous aviez envoyé est détruit.")
