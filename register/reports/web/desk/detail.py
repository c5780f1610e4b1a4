"""One report as members see it: what was sent, the exchange, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from register.accounts.web import current_member
from register.cases.members_journal import MembersJournalLine
from register.cases.web.desk import act_view
from register.db import db, now
from register.errors import NotFound
from register.journal import Act
from register.journal.web import journal_sentences
from register.reports import acts, queries, receipt_codes, rules
from register.reports.history import history
from register.reports.queries import ReportView
from register.reports.web.desk import labels, list_query, traces
from register.reports.web.desk.decision_forms import AskForm, DeclineForm
from register.text import dates
from register.web.blueprints import desk
from register.web.context import current_vocabulary, key_store
from register.web.l10n import typeset
from register.web.messages.desk_reports import MESSAGE_HEADINGS, REPORTER_ACT_SENTENCES


def require(key: str) -> None:
    """Refuse what can be no report's key before it is looked up.

    :raises NotFound: ``no_such_report``.
    """
    if not receipt_codes.is_nonce(key):
        raise NotFound("no_such_report")


def open_report(key: str) -> ReportView:
    """A report for the member who asks, who leaves a line that they were shown it.

    :raises NotFound: ``no_such_report``.
    """
    require(key)
    report_view = queries.get_report(db.session(), key_store(), key)
    if not report_view.is_purged:
        traces.note_views([key])
    return report_view


@desk.get(f"/signalements/{list_query.KEY_RULE}")
def report(key: str) -> str:
    """Everything about one report, or what is left of it."""
    return report_page(open_report(key))


@desk.post(f"/signalements/{list_query.KEY_RULE}/contact", endpoint="report_contact")
def contact(key: str) -> str:
    """The same page with the contact that was left, whose opening is a line of its own."""
    require(key)
    act_view.run_act(lambda tx, by: acts.view_contact(tx, key, by=by))
    return report_page(open_report(key), shows_contact=True)


@dataclass(frozen=True)
class AllowedActs:
    """What a member may do with a report as it is now."""

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
        """Whether anything can be done but to take it in hand."""
        return self.question or self.decline or self.accept or self.spam or self.reopen


def allowed_acts(report_view: ReportView) -> AllowedActs:
    """What may be done: by the state, by who has it in hand, and nothing once it is purged."""
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
    :param asking: the question that was refused, and so comes back; likewise ``declining``.
    """
    today = dates.paris_day(now())
    until, late = labels.deadline(report_view.summary, today)
    declining_form = declining or DeclineForm(formdata=None)
    declining_form.set_reasons(current_vocabulary())
    lines = history(db.session(), report_view.summary.key, report_view.summary.day)
    return render_template(
        "moderation/reports/report.html",
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
