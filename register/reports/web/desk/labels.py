"""Labels of a report on the desk: place, title, state, holder, dates and refusals."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases.deadlines import offer_of_proof_ends
from register.cases.legal_rules import add_months
from register.cases.vocabulary import VocabularyWord
from register.cases.web.desk.case_summaries import relative_day
from register.cases.web.desk.claims import holder_words, is_assigned
from register.cases.web.public.case_view import labels
from register.db import now
from register.errors import RegisterError
from register.reports.models import ReportState
from register.reports.queries import ReportSummary, ReportView
from register.reports.questions import SUMMONED_ON, answer_day, is_in_danger
from register.reports.report_content import ReportContent
from register.reports.retention import OVERDUE_MONTHS
from register.territory.web import place_names
from register.territory.web.place_names import full_name
from register.text.dates import paris_day
from register.text.normalisation import one_line
from register.text.typography import first_upper, french, shortened
from register.web import messages
from register.web.error_messages import error_sentence
from register.web.l10n import clock, day_words, language_name, typeset, with_label
from register.web.request_context import current_vocabulary, settings, vocabulary_in

# Characters of an account in a list, one or two sentences.
_EXCERPT_LENGTH = 160
_PLACE_KINDS = ("commune", "departement", "region")
# Days before a deadline from which it is displayed.
_SOON_DAYS = 31


def place(sent: ReportContent | None, *, short: bool = False) -> str:
    """The recognised place, or the typed words.

    :param short: without the département or region, for the sidebar.
    """
    if sent is None:
        return str(_("Textes détruits"))
    kind, _between, code = sent.place_code.partition(":")
    if kind in _PLACE_KINDS and code:
        return french((place_names.place_name if short else full_name)(kind, code))
    return one_line(sent.place) or str(_("Lieu non dit"))


def title(summary: ReportSummary) -> str:
    """The title of a report: its place and its first type."""
    where = place(summary.sent, short=True)
    if summary.sent is None or not summary.sent.types:
        return where
    kind = current_vocabulary().label("type", summary.sent.types[0])
    return typeset(with_label(where, f"{kind[:1].lower()}{kind[1:]}"))


def danger_label(summary: ReportSummary) -> str:
    """That an open report says that somebody is in danger, unless a member marked it."""
    if summary.danger_on is not None or not summary.is_open or not is_in_danger(summary.sent):
        return ""
    return str(_("dit que quelqu’un est en danger"))


def summons_text(sent: ReportContent | None) -> str:
    """The last day for an offer of proof, where a report gives the day of a summons."""
    summoned = answer_day(sent, SUMMONED_ON) if sent else None
    if summoned is None:
        return ""
    pattern = _(
        "Citation reçue le %(from)s, selon l’auteur : l’offre de preuve se signifie au plus tard "
        "le %(until)s (loi du 29 juillet 1881, art. 55). L’échéance se note plus bas."
    )
    ends = offer_of_proof_ends(summoned)
    return typeset(str(pattern) % {"from": day_words(summoned), "until": day_words(ends)})


def language_label(sent: ReportContent | None) -> str:
    """The language of the form, where it is not French."""
    if sent is None or sent.language == "fr":
        return ""
    return str(_("rempli en %(language)s", language=language_name(sent.language)))


def refusals(report_view: ReportView) -> Mapping[str, VocabularyWord]:
    """The reasons of refusals in the language of a report, for the sentences to its author."""
    sent = report_view.summary.sent
    return vocabulary_in(sent.language if sent else "fr").lists["refus"]


def type_labels(sent: ReportContent | None) -> list[Markup | str]:
    """The labels of its types, each with the letter of its family."""
    labels_by_code = labels().types
    return [labels_by_code.get(code, code) for code in sent.types] if sent else []


def beginning(sent: ReportContent | None) -> str:
    """The beginning of the account."""
    return shortened(one_line(sent.account), _EXCERPT_LENGTH) if sent else ""


def proceedings_label(code: str) -> str:
    if code == "aucune":
        return str(messages.desk.nobody_began)
    return current_vocabulary().label("sens", code)


def state_label(summary: ReportSummary) -> str:
    return str(messages.names.report_states[summary.state.value])


def holder_text(summary: ReportSummary) -> str:
    """The holder of an open report; empty for an ended one."""
    if not summary.is_open:
        return ""
    return holder_words(summary.holder(now()), summary.held_until)


def since_text(summary: ReportSummary) -> str:
    """The day of receipt while it is open, of its question while it waits, else of its state."""
    today, asked = paris_day(now()), ""
    if summary.asked_on is not None:
        asked = typeset(_("question posée %(when)s", when=relative_day(summary.asked_on, today)))
    if summary.state is ReportState.WAITING:
        return asked
    if summary.is_open:
        return typeset(_("reçu %(when)s", when=relative_day(summary.day, today)))
    moved = typeset(f"{state_label(summary)} {relative_day(summary.moved_on, today)}")
    return f"{moved}, {asked}" if asked else moved


def names_state(summary: ReportSummary) -> bool:
    """Whether :func:`since_text` makes the state clear by itself."""
    return summary.state not in (ReportState.IN_REVIEW, ReportState.WAITING)


def deadline(summary: ReportSummary) -> tuple[str, bool]:
    """The deadline of a decision, or the day of destruction; and whether it is overdue."""
    if summary.sent is None or (summary.purge_on is None and not summary.is_open):
        return "", False
    if summary.purge_on is not None:
        day = day_words(summary.purge_on)
        if summary.together_by is None:
            return str(_("détruit le %(day)s", day=day)), False
        pattern = _("rangé avec d’autres, détruit le %(day)s ou dès qu’un autre membre le confirme")
        return str(pattern) % {"day": day}, False
    today = paris_day(now())
    ends = add_months(summary.day, settings().undecided_after)
    due = min(add_months(summary.day, OVERDUE_MONTHS), ends)
    if due <= today:
        return typeset(_("en retard : écarté d’office le %(day)s", day=day_words(ends))), True
    if (due - today).days <= _SOON_DAYS:
        return str(_("à décider avant le %(day)s", day=day_words(due))), False
    return "", False


def refusal_text(error: RegisterError, summary: ReportSummary | None) -> str:
    """Why an act was refused, with the name of the holder or the present state."""
    by = summary.holder(now()) if summary is not None else None
    if error.key == "report_state":
        code = str(error.values.get("state"))
        sentence = _(
            "Ce signalement est à présent « %(state)s » : ce n’est plus possible.",
            state=str(messages.names.report_states.get(code, code)),
        )
    elif error.key == "report_held" and summary and summary.held_until and by is not None:
        who = current_member.display_name(by)
        if is_assigned(summary.held_until):
            sentence = _("Ce signalement est confié à %(who)s. Vous pouvez le lire.", who=who)
        else:
            sentence = _(
                "%(who)s a ce signalement en main jusqu’à %(hour)s. Vous pouvez le lire.",
                who=who,
                hour=clock(summary.held_until),
            )
    else:
        sentence = error_sentence(error)
    return typeset(first_upper(sentence))
