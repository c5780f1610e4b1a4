"""One report as members see it: what was sent, the exchange, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from register.accounts.web import current_member
from register.cases.members_journal import Line
from register.cases.web.desk import act_view
from register.db import db, now
from register.errors import NotFound
from register.journal import Act
from register.journal.web import journal_sentences
from register.reports import acts, queries, receipt_codes, rules
from register.reports.history import history
from register.reports.queries import File
from register.reports.web.desk import labels, list_query, traces
from register.reports.web.desk.decision_forms import AskForm, DeclineForm
from register.text import dates
from register.web.context import book, key_store
from register.web.l10n import typeset
from register.web.messages.desk_reports import BY_REPORTER, MESSAGES


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    rule = f"/signalements/{list_query.KEY}"
    blueprint.add_url_rule(rule, "report", report)
    blueprint.add_url_rule(f"{rule}/contact", "report_contact", contact, methods=["POST"])


def require(key: str) -> None:
    """Refuse what can be no report's key before it is looked up.

    :raises NotFound: ``no_such_report``.
    """
    if not receipt_codes.is_nonce(key):
        raise NotFound("no_such_report")


def opened(key: str) -> File:
    """A report for the member who asks, who leaves a line that they were shown it.

    :raises NotFound: ``no_such_report``.
    """
    require(key)
    file = queries.one(db.session(), key_store(), key)
    if not file.is_purged:
        traces.note_views([key])
    return file


def report(key: str) -> str:
    """Everything about one report, or what is left of it."""
    return page(opened(key))


def contact(key: str) -> str:
    """The same page with the contact that was left, whose opening is a line of its own."""
    require(key)
    act_view.penned(lambda pen, by: acts.view_contact(pen, key, by=by))
    return page(opened(key), shows_contact=True)


@dataclass(frozen=True)
class Offers:
    """What a member may do with a report as it is now."""

    claim: bool
    release: bool
    ask: bool
    decline: bool
    accept: bool
    spam: bool
    reopen: bool
    read: bool

    @property
    def any(self) -> bool:
        """Whether anything can be done but to take it in hand."""
        return self.ask or self.decline or self.accept or self.spam or self.reopen


def offers(file: File) -> Offers:
    """What may be done: by the state, by who has it in hand, and nothing once it is purged."""
    line, by = file.line, file.line.holder(now())
    mine = by == current_member.member().id

    def may(act: Act) -> bool:
        free = by is None or mine
        return free and not file.is_purged and rules.allows(line.state, act)

    return Offers(
        claim=may(Act.REPORT_CLAIMED) and not mine,
        release=may(Act.REPORT_RELEASED) and mine,
        ask=may(Act.REPORT_ASKED),
        decline=may(Act.REPORT_DECLINED),
        accept=may(Act.REPORT_ACCEPTED),
        spam=may(Act.REPORT_SPAM),
        reopen=may(Act.REPORT_REOPENED) and not file.case_stands,
        read=may(Act.REPORT_READ) and line.news,
    )


def _happened(one: Line) -> str:
    """A line of a report's history in words."""
    act = Act(one.act)
    if act not in BY_REPORTER:
        return journal_sentences.sentence(one, current_member.called)
    return str(BY_REPORTER[act])


def page(
    file: File,
    *,
    said: str = "",
    asking: AskForm | None = None,
    declining: DeclineForm | None = None,
    shows_contact: bool = False,
) -> str:
    """The page of a report.

    :param said: why an act was refused.
    :param asking: the question that was refused, and so comes back; likewise ``declining``.
    """
    today = dates.paris_day(now())
    until, late = labels.deadline(file.line, today)
    declining_form = declining or DeclineForm(formdata=None)
    declining_form.offer(book())
    lines = history(db.session(), file.line.key, file.line.day)
    return render_template(
        "moderation/reports/report.html",
        report=file,
        line=file.line,
        sent=file.received.sent if file.received else None,
        title=labels.title(file.line),
        since=labels.since(file.line, today),
        says_state=labels.says_state(file.line),
        until=until,
        late=late,
        offers=offers(file),
        holder=file.line.holder(now()),
        messages=[(typeset(str(MESSAGES[one.kind])), one) for one in file.messages],
        told=[(one, _happened(one)) for one in lines],
        said=said,
        shows_contact=shows_contact,
        refused=asking or declining,
        asking=asking or AskForm(formdata=None),
        declining=declining_form,
        opens="question" if asking else "ecarter" if declining else "",
    )
