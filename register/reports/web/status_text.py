"""What the author of a report is told of it: where it stands, what comes next, what is kept.

Nothing here says that a form looked suspect, nor who among the members has a report in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from register.cases.deadlines import add_months
from register.cases.models import State as CaseState
from register.cases.vocabulary import Book
from register.journal import Act
from register.reports import rules
from register.reports.models import Kind, State
from register.reports.queries import File
from register.reports.web.i18n import _
from register.web.l10n import day_words


@dataclass(frozen=True)
class Told:
    """A report's state in plain words, and what may still be done.

    :param name: the state, in a word or two.
    :param now: where it stands.
    :param next: what comes next, or what may be done; empty when there is nothing.
    :param kept: what is kept, and until when.
    :param case: the number of its case, where a page shows it or says what became of it.
    :param reason: why it was declined: the label of the reason.
    :param said: the moderators' own sentence, while it is kept.
    """

    name: str
    now: str
    next: str
    kept: str
    case: int | None = None
    reason: str = ""
    said: str = ""
    may_write: bool = False
    may_withdraw: bool = False
    # The case is public: it can be asked for only.
    asks_to_withdraw: bool = False
    # That was asked already.
    has_asked: bool = False
    # A question waits for an answer.
    is_waiting: bool = False


@dataclass(frozen=True)
class _Words:
    name: str
    now: str
    next: str = ""


def told(file: File, book: Book, undecided_after: int) -> Told:
    """What to tell the author of a report.

    :param undecided_after: months after which a report that nobody decided is declined.
    """
    state = file.line.state
    reason, said = _why(file, book)
    words = _WORDS[state](file)
    if file.is_purged:
        return Told(words.name, _left(state), "", _kept_of_purged(file), None, reason, said)
    public = _number(file)
    return Told(
        words.name,
        words.now,
        words.next,
        _kept(file, undecided_after),
        case=public,
        reason=reason,
        said=said,
        may_write=rules.allows(state, Act.REPORT_ADDED),
        may_withdraw=rules.allows(state, Act.REPORT_WITHDRAWN),
        asks_to_withdraw=public is not None,
        # What was asked of a case that is no longer public is asked of nobody.
        has_asked=public is not None
        and any(message.kind is Kind.REQUEST for message in file.messages),
        is_waiting=state is State.WAITING,
    )


def _day(day: date | None) -> str:
    return day_words(day) if day else "…"


# --- each state ---------------------------------------------------------------------------------


def _received(_file: File) -> _Words:
    return _Words(
        _("Reçu, pas encore lu"),
        _(
            "Votre signalement est arrivé. Il attend qu’une personne de l’équipe le prenne en "
            "main. Rien n’en est public."
        ),
        _to_come(),
    )


def _in_review(_file: File) -> _Words:
    return _Words(
        _("En cours de lecture"),
        _("Une personne de l’équipe s’occupe de votre signalement. Rien n’en est public."),
        _to_come(),
    )


def _to_come() -> str:
    return _(
        "On vous posera peut-être une question, ici même. La décision et sa raison s’afficheront "
        "sur cette page. L’équipe est bénévole et ne peut pas promettre de délai : revenez dans "
        "une semaine, par exemple, avec votre code."
    )


def _waiting(file: File) -> _Words:
    return _Words(
        _("Une question vous attend"),
        _(
            "Pour avancer, l’équipe vous demande une précision. Vous pouvez répondre plus bas ; "
            "rien ne vous y oblige. Rien n’est public."
        ),
        _(
            "Sans réponse d’ici le %(day)s, votre signalement retournera dans la file. Ce n’est "
            "pas un refus.",
            day=_day(file.line.moved_on + rules.UNANSWERED),
        ),
    )


def _accepted(file: File) -> _Words:
    if file.is_purged or file.case is None:
        return _Words(_("Retenu"), _("Votre signalement a été retenu."))
    state, number = CaseState(file.case.state), file.case.number
    if state is CaseState.PUBLISHED:
        return _Words(
            _("Retenu et publié"),
            _("Votre signalement a été retenu. Le cas auquel il sert est public."),
            _(
                "Le texte public est celui de l’équipe, pas le vôtre. Si vous y voyez une erreur, "
                "ou un détail qui vous désigne, écrivez-le plus bas."
            ),
        )
    if state is CaseState.DRAFT:
        return _Words(
            _("Retenu, pas encore publié"),
            _("Votre signalement a été retenu. Un cas est en préparation ; rien n’est public."),
            _(
                "L’équipe écrit le texte public, sans reprendre le vôtre tel quel, et le relit. "
                "Tant que le cas n’est pas publié, vous pouvez retirer votre signalement."
            ),
        )
    return _Words(_("Retenu"), _of_other_case(state, number))


def _of_other_case(state: CaseState, number: int | None) -> str:
    if state is CaseState.WITHDRAWN:
        return _("Votre signalement a été retenu. Le cas auquel il a servi n’est plus public.")
    if state is CaseState.MERGED:
        return _("Votre signalement a été retenu. Son cas a été réuni à un autre.")
    if number is None:
        return _(
            "Votre signalement avait été retenu, puis le cas a été abandonné avant d’être publié."
        )
    return _("Votre signalement avait été retenu. Le cas auquel il a servi a été effacé.")


def _declined(file: File) -> _Words:
    if not file.is_purged and file.decision.by is None:
        return _Words(
            _("Écarté, faute de décision"),
            _(
                "Personne n’a pu trancher dans le temps que le registre se donne. Votre "
                "signalement est donc écarté. Ce n’est pas un jugement sur ce que vous avez écrit."
            ),
            _reopened(file),
        )
    return _Words(
        _("Écarté"),
        _("L’équipe a lu votre signalement et a décidé de ne pas en faire un cas public."),
        _reopened(file),
    )


def _reopened(file: File) -> str:
    return _(
        "Si vous avez un élément nouveau, ou si nous avons mal compris, écrivez-le plus bas avant "
        "le %(day)s : l’équipe peut rouvrir votre signalement.",
        day=_day(file.line.purge_on),
    )


def _withdrawn(file: File) -> _Words:
    standing = _(
        "Vous avez retiré ce signalement. L’équipe en est avertie et ne s’en servira plus."
    )
    if file.case is not None:
        standing = _(
            "Vous avez retiré ce signalement. L’équipe en est avertie et ne s’en servira plus. "
            "Le brouillon auquel il servait n’en garde pas de copie, et a perdu les passages qui "
            "reprenaient vos mots ; il ne peut être publié que s’il tient sans votre signalement."
        )
    return _Words(
        _("Retiré par vous"),
        standing,
        _("Si vous changez d’avis, il faut en envoyer un nouveau."),
    )


def _spam(file: File) -> _Words:
    return _Words(
        _("Mis de côté"),
        _("Votre signalement a été pris pour un envoi indésirable, comme une publicité."),
        _(
            "Si c’est une erreur, dites-le plus bas avant le %(day)s : l’équipe verra votre "
            "message et peut reprendre votre signalement.",
            day=_day(file.line.purge_on),
        ),
    )


_WORDS: Mapping[State, Callable[[File], _Words]] = {
    State.RECEIVED: _received,
    State.IN_REVIEW: _in_review,
    State.WAITING: _waiting,
    State.ACCEPTED: _accepted,
    State.DECLINED: _declined,
    State.WITHDRAWN: _withdrawn,
    State.SPAM: _spam,
}


def _why(file: File, book: Book) -> tuple[str, str]:
    """The label of the reason for a refusal, and the sentence that came with the decision."""
    declined = file.line.state is State.DECLINED
    # Where nobody decided, the reason that the row bears is nobody's judgement.
    is_judged = file.is_purged or file.decision.by is not None
    reason = book.label("refus", file.line.reason) if declined and is_judged else ""
    return reason, file.decision.sentence


def _number(file: File) -> int | None:
    """The number of its case, where a page shows that case or says what became of it."""
    if file.line.state is not State.ACCEPTED or file.case is None:
        return None
    return file.case.number if file.case.state != CaseState.ERASED else None


# --- what is kept -------------------------------------------------------------------------------


def _kept(file: File, undecided_after: int) -> str:
    line = file.line
    if line.state in rules.OPEN:
        return _(
            "Ce que vous avez envoyé et les échanges sont gardés chiffrés. Si rien n’est décidé "
            "avant le %(day)s, votre signalement sera écarté, puis détruit 90 jours après.",
            day=_day(add_months(line.day, undecided_after)),
        )
    day = _day(line.purge_on)
    if line.state is State.ACCEPTED and _rests_on_it(file):
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


def _rests_on_it(file: File) -> bool:
    return file.case is not None and file.case.state != CaseState.ERASED


def _left(state: State) -> str:
    if state is State.ACCEPTED:
        return _("Votre signalement a été retenu. Votre contact et les échanges sont détruits.")
    if state is State.WITHDRAWN:
        return _("Vous avez retiré ce signalement. Tout ce que vous aviez envoyé est détruit.")
    return _("Ce signalement est clos. Tout ce que vous aviez envoyé est détruit.")


def _kept_of_purged(file: File) -> str:
    return _(
        "Il n’en reste ici que l’état, et la raison d’un refus. Ce code n’ouvrira plus rien après "
        "le %(day)s.",
        day=_day(add_months(file.line.moved_on, rules.ROWS_MONTHS)),
    )
