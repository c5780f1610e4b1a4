"""Page of a report on the desk, and the views of its acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases.members_journal import MembersJournalLine
from register.cases.web.desk import act_view
from register.db import db, now
from register.errors import Invalid, NotFound, Refused, RegisterError
from register.journal import Act, WriteTransaction
from register.journal.web import journal_sentences
from register.report_keys import KeyStore
from register.reports import acts, queries, receipts, rules
from register.reports.queries import ReportView
from register.reports.report_history import history
from register.reports.web.desk import labels, list_query, report_summary
from register.reports.web.desk.decision_forms import AskForm, DeclineForm, ReportActForm
from register.text import dates
from register.web.blueprints import desk
from register.web.errors import status_of
from register.web.l10n import typeset
from register.web.messages.desk import MESSAGE_HEADINGS, REPORTER_ACT_SENTENCES
from register.web.request_context import current_vocabulary, french_vocabulary, key_store


def require(key: str) -> None:
    """Check the shape of a key before any query.

    :raises NotFound: ``no_such_report``.
    """
    if not receipts.is_nonce(key):
        raise NotFound("no_such_report")


def open_report(key: str) -> ReportView:
    """A report for the signed-in member, whose view is recorded.

    :raises NotFound: ``no_such_report``.
    """
    require(key)
    report_view = queries.get_report(db.session(), key_store(), key)
    if not report_view.is_purged:
        report_summary.note_views([key])
    return report_view


@desk.get(f"/signalements/{list_query.KEY_RULE}")
def report(key: str) -> str:
    """The page of a report; after the purge, its summary only."""
    return report_page(open_report(key))


@desk.post(f"/signalements/{list_query.KEY_RULE}/contact", endpoint="report_contact")
def contact(key: str) -> str:
    """The page of a report with its contact, whose view is recorded separately."""
    require(key)
    act_view.run_act(lambda tx, by: acts.view_contact(tx, key, by=by))
    return report_page(open_report(key), shows_contact=True)


@dataclass(frozen=True)
class AllowedActs:
    """The acts that a member may do on a report at present."""

    claim: bool
    release: bool
    question: bool
    decline: bool
    accept: bool
    spam: bool
    reopen: bool
    read: bool

    @property
    def any(self) -> bool:
        """Whether an act other than a claim, a release or a reading is allowed."""
        return self.question or self.decline or self.accept or self.spam or self.reopen


def allowed_acts(report_view: ReportView) -> AllowedActs:
    """The acts allowed by the state and the holder; none once the report is purged."""
    summary, by = report_view.summary, report_view.summary.holder(now())
    mine = by == current_member.member().id

    def may(act: Act) -> bool:
        free = by is None or mine
        return free and not report_view.is_purged and rules.allows(summary.state, act)

    return AllowedActs(
        claim=may(Act.REPORT_CLAIMED) and not mine,
        release=may(Act.REPORT_RELEASED) and mine,
        question=may(Act.REPORT_ASKED),
        decline=may(Act.REPORT_DECLINED),
        accept=may(Act.REPORT_ACCEPTED),
        spam=may(Act.REPORT_SPAM),
        reopen=may(Act.REPORT_REOPENED) and not report_view.has_live_case,
        read=may(Act.REPORT_READ) and summary.news,
    )


def _line_sentence(line: MembersJournalLine) -> str:
    """A line of a report's history in words."""
    act = Act(line.act)
    if act not in REPORTER_ACT_SENTENCES:
        return journal_sentences.sentence(line, current_member.display_name)
    return str(REPORTER_ACT_SENTENCES[act])


def report_page(
    report_view: ReportView,
    *,
    error_text: str = "",
    asking: AskForm | None = None,
    declining: DeclineForm | None = None,
    shows_contact: bool = False,
) -> str:
    """The page of a report.

    :param error_text: why an act was refused.
    :param asking: a refused question, to be shown again; likewise ``declining``.
    """
    today = dates.paris_day(now())
    until, late = labels.deadline(report_view.summary, today)
    declining_form = declining or DeclineForm(formdata=None)
    declining_form.set_reasons(current_vocabulary())
    lines = history(db.session(), report_view.summary.key, report_view.summary.day)
    return render_template(
        "reports/desk/report.html",
        report=report_view,
        line=report_view.summary,
        sent=report_view.received.sent if report_view.received else None,
        title=labels.title(report_view.summary),
        since=labels.since_text(report_view.summary, today),
        names_state=labels.names_state(report_view.summary),
        until=until,
        late=late,
        offers=allowed_acts(report_view),
        holder=report_view.summary.holder(now()),
        messages=[
            (typeset(str(MESSAGE_HEADINGS[record.kind])), record) for record in report_view.messages
        ],
        history_lines=[(record, _line_sentence(record)) for record in lines],
        error_text=error_text,
        shows_contact=shows_contact,
        refused=asking or declining,
        asking=asking or AskForm(formdata=None),
        declining=declining_form,
        opens="question" if asking else "ecarter" if declining else "",
    )


# An act in a transaction, for the member with an id.
ReportAct = Callable[[WriteTransaction, KeyStore, int], object]
# Renders the report again, with the reason of a refusal.
RefusalPage = Callable[[RegisterError], str]


@desk.post(f"/signalements/{list_query.KEY_RULE}/prendre", endpoint="report_claim")
def claim(key: str) -> ResponseReturnValue:
    """Claim a report; the refusal names the member who already holds it."""

    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.claim(tx, key, by=by)

    return _run_simple_act(key, act, _("Vous avez ce signalement en main."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/rendre", endpoint="report_release")
def release(key: str) -> ResponseReturnValue:
    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.release(tx, key, by=by)

    return _run_simple_act(key, act, _("Le signalement est rendu : chacun peut le prendre."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/lu", endpoint="report_read")
def read(key: str) -> ResponseReturnValue:
    """Mark the reporter's messages as read, up to the last one on the member's page."""
    seen = ReportActForm().seen

    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.mark_read(tx, key, by=by, seen=seen)

    return _run_simple_act(key, act, _("C’est noté : il n’y a plus rien de nouveau à lire."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/indesirable", endpoint="report_spam")
def spam(key: str) -> ResponseReturnValue:
    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.spam(tx, key, by=by)

    return _run_simple_act(key, act, _("Le signalement est rangé parmi les indésirables."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/reprendre", endpoint="report_reopen")
def reopen(key: str) -> ResponseReturnValue:
    """Reopen a report that was declined, marked as spam, or accepted for an abandoned case."""

    def act(tx: WriteTransaction, store: KeyStore, by: int) -> None:
        acts.reopen(tx, store, key, by=by)

    return _run_simple_act(
        key, act, _("Le signalement est repris : il attend de nouveau une décision.")
    )


@desk.post(f"/signalements/{list_query.KEY_RULE}/question", endpoint="report_ask")
def ask_reporter(key: str) -> ResponseReturnValue:
    report_view, form = open_report(key), AskForm()
    if not form.is_sent:
        return report_page(report_view, asking=form), 422

    def act(tx: WriteTransaction, store: KeyStore, by: int) -> None:
        acts.ask_reporter(tx, store, key, form.text.data, by=by, seen=form.seen)

    def page(current: ReportView, error_text: str) -> str:
        return report_page(current, error_text=error_text, asking=form)

    confirmation = _("La question est posée. Son auteur la lit avec son code.")
    return _run_act(key, act, _refusal_with_form(key, form, page), confirmation)


@desk.post(f"/signalements/{list_query.KEY_RULE}/ecarter", endpoint="report_decline")
def decline(key: str) -> ResponseReturnValue:
    """Decline a report; the step ``proposer`` fills in the sentence of the chosen reason."""
    report_view, form = open_report(key), DeclineForm()
    form.set_reasons(current_vocabulary())
    if not form.is_sent:
        return report_page(report_view, declining=form), 422
    if request.form.get("etape") == "proposer":
        form.sentence.data = form.proposed_sentence(french_vocabulary())
        return report_page(report_view, declining=form)

    def act(tx: WriteTransaction, store: KeyStore, by: int) -> None:
        sentence = form.reporter_sentence(french_vocabulary())
        acts.decline(tx, store, key, form.reason.data, by=by, sentence=sentence, seen=form.seen)

    def page(current: ReportView, error_text: str) -> str:
        return report_page(current, error_text=error_text, declining=form)

    confirmation = _("Le signalement est écarté. Son auteur lira votre phrase.")
    return _run_act(key, act, _refusal_with_form(key, form, page), confirmation)


def _refusal_with_form(
    key: str, form: ReportActForm, page: Callable[[ReportView, str], str]
) -> RefusalPage:
    """A page with the current report and the form as it was filled in."""

    def refusal_page(error: RegisterError) -> str:
        current = open_report(key)
        form.vu.data = str(current.message_count)
        return page(current, form.attach_error(error, labels.refusal_text(error, current.summary)))

    return refusal_page


def _run_simple_act(key: str, act: ReportAct, confirmation: str) -> ResponseReturnValue:
    """Run an act without a form."""
    require(key)

    def refusal_page(error: RegisterError) -> str:
        current = open_report(key)
        return report_page(current, error_text=labels.refusal_text(error, current.summary))

    return _run_act(key, act, refusal_page, confirmation)


def _run_act(
    key: str, act: ReportAct, refusal_page: RefusalPage, confirmation: str
) -> ResponseReturnValue:
    store = key_store()
    try:
        act_view.run_act(lambda tx, by: act(tx, store, by))
    except (Refused, Invalid) as error:
        return refusal_page(error), status_of(error)
    flash(typeset(confirmation))
    return redirect(list_query.report_url(key), 303)
