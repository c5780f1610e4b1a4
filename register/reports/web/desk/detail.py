"""Page of a report on the desk, and the views of its acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from register.accounts.web import current_member
from register.cases.web.desk.act_forms import ChoiceRadios
from register.db import db, now
from register.errors import Invalid, Refused, RegisterError
from register.journal import Act, WriteTransaction
from register.journal.web import journal_sentences
from register.pages.content import ready_sentences
from register.reports import acts, queries
from register.reports.acts.masking import get_notes
from register.reports.acts.moderation import SENTENCE_LIMIT
from register.reports.acts.transitions import allows
from register.reports.history import history
from register.reports.queries import ReportView
from register.reports.report_content import MESSAGE_LIMIT
from register.reports.report_files import destroyed_files, report_files
from register.reports.web.desk import labels, report_list_query, report_summary
from register.web import messages
from register.web.blueprints import desk
from register.web.errors import status_of
from register.web.form_fields import BaseForm, DeskForm, code_choices, text_field
from register.web.l10n import typeset
from register.web.request_context import current_vocabulary, key_store

ReportAct = Callable[[WriteTransaction, int], object]

# --- the forms ----------------------------------------------------------------------------------


class ReportActForm(DeskForm):
    """A form of an act on a report. ``vu``: the number of messages on the member's page."""

    vu = HiddenField()

    @property
    def seen(self) -> int:
        """The number of messages on the member's page; -1, which never matches, if invalid."""
        digits = str(self.vu.data or "")
        return int(digits) if digits.isdecimal() and len(digits) < 6 else -1

    def attach_error(self, error: RegisterError, error_text: str) -> str:
        """Attach an error to the text field that it is about, and return "".

        :param error_text: the error in words, returned for an error about no field.
        """
        if error.values.get("field") != "text":
            return error_text
        # Acts call both a question and the sentence of a decision ``text``.
        field = self["text"] if "text" in self else self["sentence"]
        field.errors = [*field.errors, error_text]
        return ""


class AskForm(ReportActForm):
    """A question to the reporter."""

    text = text_field(
        _("Votre question"),
        required=True,
        limit=MESSAGE_LIMIT,
        description=_(
            "Son auteur la lit avec son code, à sa prochaine visite. Ne demandez que ce qui "
            "manque, et rien qui permette de l’identifier."
        ),
    )


class ReportNoteForm(BaseForm):
    """An internal note."""

    note = text_field(
        _("Ajouter une note"),
        required=True,
        limit=MESSAGE_LIMIT,
        description=_(
            "Pour les membres seulement : l’auteur du signalement ne la lit jamais. Elle est "
            "détruite avec ses textes."
        ),
    )


def _reasons() -> list[SelectChoice]:
    """The current reasons of the vocabulary."""
    words = current_vocabulary().lists["refus"].values()
    return code_choices({word.code: word.label for word in words if not word.retired})


class DeclineForm(ReportActForm):
    """A refusal, with a reason and a sentence for the reporter."""

    reason = ChoiceRadios(
        _("Motif"), choices=_reasons, validators=[InputRequired(_("Choisissez un motif."))]
    )
    sentence = text_field(
        _("La phrase que son auteur lira"),
        limit=SENTENCE_LIMIT,
        description=_("Laissée vide, c’est la phrase écrite sous le motif qui est envoyée."),
    )

    def proposed_sentence(self, report_view: ReportView) -> str:
        """The sentence of the chosen reason, in the report's language."""
        return str(labels.refusals(report_view)[self.reason.data].extra.get("sentence", ""))


# --- the page -----------------------------------------------------------------------------------


def open_report(key: str) -> ReportView:
    """A report for the signed-in member, whose view is recorded.

    :raises NotFound: ``no_such_report``.
    """
    report_view = queries.get_report(db.session(), key_store(), key)
    if not report_view.is_purged:
        report_summary.note_views([key])
    return report_view


@desk.get(f"/signalements/{report_list_query.KEY_RULE}")
def report(key: str) -> str:
    """The page of a report; after the purge, its summary only."""
    return report_page(open_report(key))


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/contact", endpoint="report_contact")
def contact(key: str) -> str:
    """The page of a report with its contact, whose view is recorded separately."""
    current_member.run_act(
        lambda tx, by: acts.view(tx, [key], by=by, act=Act.REPORT_CONTACT_VIEWED)
    )
    return report_page(open_report(key), shows_contact=True)


_OFFERED_ACTS = {
    "claim": Act.REPORT_CLAIMED,
    "release": Act.REPORT_RELEASED,
    "assign": Act.REPORT_ASSIGNED,
    "urgency": Act.REPORT_URGENCY,
    "read": Act.REPORT_READ,
    "question": Act.REPORT_ASKED,
    "decline": Act.REPORT_DECLINED,
    "accept": Act.REPORT_ACCEPTED,
    "spam": Act.REPORT_SPAM,
    "reopen": Act.REPORT_REOPENED,
}


def allowed_acts(report_view: ReportView) -> Mapping[str, bool]:
    """The acts allowed by the state and the holder; none once the report is purged.

    ``any``: whether an act other than a claim, a release or a reading is allowed.
    """
    summary, by = report_view.summary, report_view.summary.holder(now())
    mine = by == current_member.member().id
    is_free = by is None or mine
    may_hand_on = is_free or current_member.member().is_administrator
    conditions = {
        "claim": by is None,
        "release": by is not None and may_hand_on,
        "assign": may_hand_on,
        "urgency": True,
        "read": is_free and summary.news,
        "question": is_free and report_view.takes_questions,
        "reopen": is_free and not report_view.has_live_case,
    }
    allowed = {
        name: conditions.get(name, is_free)
        and allows(summary.state, act)
        and not report_view.is_purged
        for name, act in _OFFERED_ACTS.items()
    }
    deciding = ("question", "decline", "accept", "spam", "reopen")
    return {**allowed, "any": any(allowed[name] for name in deciding)}


def report_page(
    report_view: ReportView,
    form: ReportActForm | ReportNoteForm | None = None,
    *,
    error_text: str = "",
    shows_contact: bool = False,
) -> str:
    """The page of a report.

    :param form: a refused question, refusal or note, to be shown again.
    :param error_text: why an act was refused.
    """
    summary, sent = report_view.summary, report_view.summary.sent
    asking = form if isinstance(form, AskForm) else None
    declining = form if isinstance(form, DeclineForm) else None
    history_lines = []
    for line in history(db.session(), summary.key, summary.day):
        sentence = messages.desk.reporter_act_sentences.get(Act(line.act))
        sentence = sentence or journal_sentences.sentence(line, current_member.display_name)
        history_lines.append((line, str(sentence)))
    return render_template(
        "reports/desk/report.html",
        report=report_view,
        line=summary,
        sent=sent,
        offers=allowed_acts(report_view),
        holder=summary.holder(now()),
        refusals=labels.refusals(report_view),
        history_lines=history_lines,
        notes=get_notes(db.session(), key_store(), summary.key),
        files=report_files(db.session(), key_store(), summary.key) if sent else [],
        destroyed=destroyed_files(db.session(), key_store(), summary.key) if sent else [],
        # Those for somebody in danger.
        ready_sentences=ready_sentences(db.session(), sent.language if sent else "fr"),
        noting=form if isinstance(form, ReportNoteForm) else ReportNoteForm(formdata=None),
        error_text=error_text,
        shows_contact=shows_contact,
        refused=form,
        asking=asking or AskForm(formdata=None),
        declining=declining or DeclineForm(formdata=None),
        opens="question" if asking else "ecarter" if declining else "",
    )


# --- the acts -----------------------------------------------------------------------------------


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/lu", endpoint="report_read")
def read(key: str) -> ResponseReturnValue:
    """Mark the reporter's messages as read, up to the last one on the member's page."""
    seen = ReportActForm().seen
    confirmation = _("C’est noté : il n’y a plus rien de nouveau à lire.")
    return run_report_act(
        key, lambda tx, by: acts.mark_read(tx, key, by=by, seen=seen), confirmation
    )


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/indesirable", endpoint="report_spam")
def spam(key: str) -> ResponseReturnValue:
    confirmation = _("Le signalement est rangé parmi les indésirables.")
    return run_report_act(key, lambda tx, by: acts.spam(tx, key, by=by), confirmation)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/reprendre", endpoint="report_reopen")
def reopen(key: str) -> ResponseReturnValue:
    """Reopen a report that was declined, marked as spam, or accepted for an abandoned case."""
    store = key_store()
    confirmation = _("Le signalement est repris : il attend de nouveau une décision.")
    return run_report_act(key, lambda tx, by: acts.reopen(tx, store, key, by=by), confirmation)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/question", endpoint="report_ask")
def ask_reporter(key: str) -> ResponseReturnValue:
    report_view, form, store = open_report(key), AskForm(), key_store()
    if "phrase" in request.form:
        # For those without JavaScript, whose browser sends what was typed with the button.
        words = request.form["phrase"]
        form.text.data = "\n\n".join(filter(None, (form.text.data, words)))
        return report_page(report_view, form)
    if not form.is_sent:
        return report_page(report_view, form), 422

    def act(tx: WriteTransaction, by: int) -> None:
        acts.ask_reporter(tx, store, key, form.text.data, by=by, seen=form.seen)

    confirmation = _("La question est posée. Son auteur la lit avec son code.")
    return run_report_act(key, act, confirmation, form)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/ecarter", endpoint="report_decline")
def decline(key: str) -> ResponseReturnValue:
    """Decline a report; the step ``proposer`` fills in the sentence of the chosen reason."""
    report_view, form, store = open_report(key), DeclineForm(), key_store()
    if not form.is_sent:
        return report_page(report_view, form), 422
    if request.form.get("etape") == "proposer":
        form.sentence.data = form.proposed_sentence(report_view)
        return report_page(report_view, form)

    def act(tx: WriteTransaction, by: int) -> None:
        sentence = form.sentence.data or form.proposed_sentence(report_view)
        acts.decline(tx, store, key, form.reason.data, by=by, sentence=sentence, seen=form.seen)

    confirmation = _("Le signalement est écarté. Son auteur lira votre phrase.")
    return run_report_act(key, act, confirmation, form)


def run_report_act(
    key: str,
    act: ReportAct,
    confirmation: object,
    form: ReportActForm | ReportNoteForm | None = None,
    *,
    anchor: str = "",
) -> ResponseReturnValue:
    """Run an act; refused, the page shows the current report and the form as it was filled in."""
    try:
        current_member.run_act(act)
    except (Refused, Invalid) as error:
        current = open_report(key)
        error_text = labels.refusal_text(error, current.summary)
        if isinstance(form, ReportActForm):
            form.vu.data = str(current.message_count)
            error_text = form.attach_error(error, error_text)
        return report_page(current, form, error_text=error_text), status_of(error)
    flash(typeset(str(confirmation)))
    return redirect(report_list_query.report_url(key) + anchor, 303)
