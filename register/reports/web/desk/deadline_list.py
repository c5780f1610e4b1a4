"""Overview of the desk's running days, as a list and for a calendar application."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts import acts as accounts
from register.accounts.web import current_member
from register.cases import desk_lists
from register.cases.desk_lists import DeskCaseSummary
from register.cases.filters import parse_page_number
from register.cases.legal_rules import rule
from register.cases.web.desk.act_view import case_address
from register.db import db, now
from register.reports import desk_deadlines, work_queue
from register.reports.desk_deadlines import DeadlineKind, DeadlinePage, DeadlineQuery, DeskDeadline
from register.reports.queries import ReportSummary
from register.reports.web.desk import labels
from register.reports.web.desk.report_list_query import report_url
from register.text.dates import paris_day
from register.text.typography import french
from register.web import list_query, messages
from register.web.blueprints import desk
from register.web.calendar_file import CalendarDay, calendar_file
from register.web.l10n import day_words, language, typeset
from register.web.list_query import QueryArgs, choice_value, last_value
from register.web.request_context import derived_key, head, key_store, settings

PATH = "/moderation/echeances"
# Days of one calendar file.
FILE_SIZE = 500
_FORM_PARAMETERS = frozenset({"sorte", "membre", "page"})
_KINDS = {kind.value: kind for kind in DeadlineKind}
# Where on the page of a case a kind is dealt with.
_CASE_PARTS = {
    DeadlineKind.REPLY: "#reponses",
    DeadlineKind.DESTRUCTION: "#destructions",
    DeadlineKind.REQUEST: "#texte",
    DeadlineKind.LIMITATION: "#delais",
}


def _address(query: DeadlineQuery, path: str = PATH) -> str:
    """The address of the list, or of its calendar."""
    pairs = [
        ("sorte", query.kind.value if query.kind else ""),
        ("membre", str(query.member or "")),
        ("page", str(query.page) if query.page > 1 else ""),
    ]
    return list_query.list_address(path, [pair for pair in pairs if pair[1]])


@desk.get("/echeances")
def deadlines() -> ResponseReturnValue:
    """The days that run, the earliest first."""
    head()
    names = accounts.display_names(db.session())
    query = _parse(request.args.to_dict(flat=False), names)
    if redirection := list_query.canonical_redirect(_FORM_PARAMETERS, _address(query)):
        return redirection
    page = _load(query)
    list_query.require_page(query.page, page.pages)
    return render_template(
        "reports/desk/deadlines.html",
        query=query,
        page=page,
        first=_address(replace(query, page=1)),
        # The kinds of the filter; empty ones only where chosen.
        kinds=[kind for kind in DeadlineKind if page.counts.get(kind) or kind is query.kind],
        members=names,
        lines=list(_lines(page)),
        today=paris_day(now()),
        days_left=_days_left_words,
        file_address=_address(replace(query, page=1), f"{PATH}.ics"),
        file_size=FILE_SIZE,
    )


@desk.get("/echeances.ics")
def deadline_file() -> Response:
    """The same days as a download; its titles name no case, no report and nobody.

    Not a feed: an address that a calendar application fetches by itself would have to let in
    whoever knows it (docs/decisions/0065).
    """
    query = _parse(request.args.to_dict(flat=False), accounts.display_names(db.session()))
    page = _load(replace(query, page=1), FILE_SIZE)
    key = derived_key("calendar")
    return calendar_file(
        [
            CalendarDay(
                _event_key(key, item),
                item.due,
                str(_("Web Citoyen : %(kind)s", kind=messages.desk.deadline_kinds[item.kind])),
                settings().base_url + _address(DeadlineQuery(item.kind)),
                # The end of a period asks nothing of anybody, and there is one a publication.
                has_alarms=item.kind is not DeadlineKind.LIMITATION,
            )
            for item in page.items
        ],
        filename="echeances-du-bureau.ics",
    )


def _event_key(key: bytes, item: DeskDeadline) -> str:
    # Keyed: the file must not confirm a guess of which case or report is meant.
    identity = f"{item.kind.value} {item.incident} {item.report} {item.ref}"
    return hmac.digest(key, identity.encode(), hashlib.sha256).hex()


def _parse(args: QueryArgs, names: Mapping[int, str]) -> DeadlineQuery:
    """The query of an address.

    :raises Invalid: ``filter``, for an unknown kind or member.
    """
    member = choice_value(args, "membre", {str(member_id): member_id for member_id in names})
    page = parse_page_number(last_value(args, "page"))
    return DeadlineQuery(choice_value(args, "sorte", _KINDS), member, page)


def _load(query: DeadlineQuery, page_size: int = desk_deadlines.PAGE_SIZE) -> DeadlinePage:
    session, member = db.session(), current_member.member()
    undecided_after = settings().undecided_after
    return desk_deadlines.load_deadlines(session, member, now(), query, undecided_after, page_size)


def _lines(page: DeadlinePage) -> Iterator[tuple[DeskDeadline, str, str, str]]:
    """Each day with the title and address of what it is about, and the reason."""
    session, me = db.session(), current_member.member()
    ids = list({item.incident for item in page.items if item.incident})
    cases = desk_lists.load_summaries(session, me, ids)
    keys = [item.report for item in page.items if item.report]
    reports = work_queue.load_reports(session, key_store(), keys)
    for item in page.items:
        title, address = _subject(item, cases, reports)
        yield item, title, address, _reason(item, cases)


def _subject(
    item: DeskDeadline, cases: Mapping[int, DeskCaseSummary], reports: Mapping[str, ReportSummary]
) -> tuple[str, str]:
    """The title and the page of a case, a report, or what came by post."""
    if item.kind is DeadlineKind.POST:
        case = cases.get(item.incident or 0)
        # What came by a form has a page, where it is decided.
        page = f"/{item.ref}" if item.member is None else ""
        title = french(case.title) if case else str(_("Courrier reçu"))
        return title, f"/moderation/courrier{page}"
    if item.report:
        summary = reports.get(item.report)
        title = (
            labels.title(summary) if summary and summary.sent else str(_("Signalement illisible"))
        )
        return title, report_url(item.report)
    incident = item.incident or 0
    case = cases.get(incident)
    title = french(case.title) if case else ""
    part = _CASE_PARTS.get(item.kind, "")
    return title or str(_("Dossier sans titre")), f"{case_address(incident)}{part}"


def _reason(item: DeskDeadline, cases: Mapping[int, DeskCaseSummary]) -> str:
    if item.kind is DeadlineKind.REQUEST:
        return french(rule(item.act).labels[language()])
    if item.act and item.since:
        began = typeset(str(messages.desk.period_beginnings[item.act]))
        return typeset(_("%(act)s, le %(day)s", act=began, day=day_words(item.since)))
    case = cases.get(item.incident or 0)
    if item.kind is DeadlineKind.TERM and case and case.term_label:
        return french(case.term_label)
    return ""


def _days_left_words(due: date, today: date) -> str:
    """The days to a day: "dans trois jours", "aujourd’hui", "passé depuis deux jours"."""
    days = (due - today).days
    if days < 0:
        return str(ngettext("passé depuis %(num)s jour", "passé depuis %(num)s jours", -days))
    if days < 2:
        return str(_("demain") if days else _("aujourd’hui"))
    return str(ngettext("dans %(num)s jour", "dans %(num)s jours", days))
