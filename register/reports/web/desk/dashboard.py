"""Dashboard of the desk: the queue, what happened to accounts, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import render_template, request
from flask_babel import gettext as _

from register.accounts import acts as accounts
from register.accounts import sign_in_attempts
from register.accounts.web import current_member
from register.cases import desk_lists, members_journal
from register.cases.desk_lists import DeskCaseSummary
from register.cases.filters import parse_page_number
from register.cases.models import CaseState
from register.cases.second_person import get_change
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk.act_view import case_address
from register.cases.web.desk.case_summaries import (
    deadline_words,
    holder,
    relative_day,
    todo_context,
)
from register.cases.web.desk.change_approval import may_take_up
from register.cases.web.desk.claims import holder_words, term_words
from register.db import db, now
from register.journal.web import journal_sentences
from register.reports import work_queue
from register.reports.queries import ReportSummary
from register.reports.queue_statements import COUNT_LIMIT, QueueKind
from register.reports.report_lists import ReportFolder, ReportQuery
from register.reports.web.desk import labels
from register.reports.web.desk.report_list_query import list_url, report_url
from register.reports.work_queue import QueueItem, QueuePage
from register.text.dates import paris_day
from register.text.typography import french
from register.web import list_query, messages
from register.web.blueprints import desk
from register.web.l10n import number, typeset
from register.web.list_query import choice_value, last_value
from register.web.request_context import key_store
from register.web.template_env import case_place

PATH = "/moderation"
SIDEBAR_SIZE = 8
MAX_LINES = 6
_PERIOD = timedelta(days=30)
_STATE_KINDS = (QueueKind.DRAFT, QueueKind.EDITED)
_KINDS = {kind.value: kind for kind in QueueKind}


@dataclass(frozen=True)
class QueueLine:
    """A thing of the queue in words.

    ``why``: why it is there, since when and by whom; ``holder``: who has it. ``marks``: danger,
    term and deadline, each with whether it has come. ``act``: the name of the act that
    ``act_address`` leads to, where that is not ``address``.
    """

    key: int | str | None
    place: str
    title: str
    address: str
    why: Sequence[str]
    holder: str
    marks: Sequence[tuple[str, bool]]
    act: str = ""
    act_address: str = ""


@desk.get("")
def home() -> str:
    """The queue, the most urgent first, or the things of one kind."""
    session, me, at = db.session(), current_member.member(), now()
    args = request.args.to_dict(flat=False)
    kind = choice_value(args, "sorte", _KINDS)
    page = _load(kind, parse_page_number(last_value(args, "page")))
    account_lines = members_journal.recent_account_lines(session, me, at - _PERIOD, MAX_LINES)
    failures = sign_in_attempts.counts_of_day(session, paris_day(at))
    return render_template(
        "reports/desk/dashboard.html",
        page=page,
        kind=kind,
        first=_address(kind),
        groups=[
            (*_kind_words(group), list(queue_lines(page, items)))
            for group, items in groupby(page.items, key=lambda item: item.kind)
        ],
        counts=list(_kind_counts(page)),
        warnings=list(wrong_code_warnings()),
        states=desk_lists.count_states(session, me),
        account_lines=[
            (line, journal_sentences.sentence(line, current_member.display_name))
            for line in account_lines
        ],
        failed_today=sorted(
            (member_id, count)
            for member_id, count in failures.items()
            if me.is_administrator or member_id == me.id
        ),
    )


@desk.app_template_global("queue_sidebar")
def queue_sidebar() -> tuple[Sequence[QueueLine], str]:
    """The first things of the queue, and the number of all."""
    page = _load(None, 1, SIDEBAR_SIZE)
    return list(queue_lines(page, page.items)), number(page.total)


def _load(
    kind: QueueKind | None, page_number: int, page_size: int = work_queue.PAGE_SIZE
) -> QueuePage:
    return work_queue.load_queue(
        db.session(),
        key_store(),
        current_member.member(),
        todo_context(),
        kind=kind,
        page=page_number,
        page_size=page_size,
    )


def _address(kind: QueueKind | None) -> str:
    return list_query.list_address(PATH, [("sorte", kind.value)] if kind else [])


def _kind_words(kind: QueueKind) -> tuple[str, str]:
    name, why = messages.desk.queue_kinds[kind]
    return typeset(str(name)), typeset(str(why))


def _kind_counts(page: QueuePage) -> Iterator[tuple[QueueKind | None, str, str, str]]:
    """Each kind, its name, its number of things, and the address of the queue of this kind."""
    yield None, str(_("Tout")), number(page.total), _address(None)
    for kind, count in page.counts.items():
        count_text = number(count)
        if kind is QueueKind.OUTCOME and count > COUNT_LIMIT:
            count_text = str(_("plus de %(most)s", most=number(COUNT_LIMIT)))
        yield kind, _kind_words(kind)[0], count_text, _address(kind)


def queue_lines(page: QueuePage, items: Iterable[QueueItem]) -> Iterator[QueueLine]:
    """Things of a page in words."""
    today = paris_day(now())
    for item in items:
        if item.report in page.reports:
            yield _report_line(item, page.reports[item.report or ""], today)
        elif item.incident in page.cases:
            yield _case_line(item, page.cases[item.incident or 0], page, today)


def _report_line(item: QueueItem, summary: ReportSummary, today: date) -> QueueLine:
    danger, until = (labels.danger_label(summary), True), labels.deadline(summary)
    why = [labels.since_text(summary)]
    if not labels.names_state(summary):
        why.insert(0, labels.state_label(summary))
    if summary.news:
        why.insert(0, str(_("son auteur a écrit")))
    address = report_url(summary.key)
    act, act_address = "", ""
    if item.kind is QueueKind.SPAM:
        act = str(_("Confirmer"))
        act_address = list_url(ReportQuery(folder=ReportFolder.SPAM))
    return QueueLine(
        summary.key,
        str(_("Signalement")),
        # An open report without its content: the keys are missing.
        labels.title(summary) if summary.sent or not summary.is_open else str(_("Illisible")),
        address,
        why,
        labels.holder_text(summary) if summary.holder(now()) else "",
        [*_marks(summary, "", today), *(mark for mark in (danger, until) if mark[0])],
        act,
        act_address,
    )


def _case_line(item: QueueItem, case: DeskCaseSummary, page: QueuePage, today: date) -> QueueLine:
    why, (act, page_name) = _case_words(item, case, page, today)
    due = [deadline_words(item.due, today)] if item.due and item.kind is QueueKind.REPLY else []
    place = french(case.commune_name) if case.commune_name else case_place(case).striptags()
    return QueueLine(
        case.id,
        place,
        french(case.title) or str(_("Dossier sans titre")),
        case_address(case.id),
        [typeset(words) for words in why if words],
        holder_words(case.held_by, case.held_until) if holder(case) else "",
        [*_marks(case, case.term_label, today), *due],
        act,
        f"{case_address(case.id)}{page_name}" if page_name else "",
    )


def _marks(
    marked: DeskCaseSummary | ReportSummary, label: str, today: date
) -> Iterator[tuple[str, bool]]:
    if marked.danger_on is not None:
        since = relative_day(marked.danger_on, today, since=True)
        yield typeset(_("danger %(since)s", since=since)), True
    if marked.term_on is not None:
        yield term_words(marked.term_on, label, today)


def _case_words(
    item: QueueItem, case: DeskCaseSummary, page: QueuePage, today: date
) -> tuple[Sequence[str], tuple[str, str]]:
    """Why a case is in the queue, and the act to do with the name of its page."""
    who = current_member.display_name(item.by) if item.by else ""
    since = relative_day(item.since, today) if item.since else ""
    is_own = item.by == current_member.member().id
    if item.kind is QueueKind.REPLY:
        received = _("réponse reçue %(when)s", when=since)
        return [received], (_("Publier ou refuser"), "#reponses")
    if item.kind in (QueueKind.CHANGE, QueueKind.RETURNED):
        proposed = _("proposé par %(who)s %(when)s", who=who, when=since)
        if item.kind is QueueKind.RETURNED:
            is_returned = may_take_up(
                get_change(db.session(), current_member.member(), item.ref or 0)
            )
            act = _("Reprendre") if is_returned else _("Voir")
        else:
            act = _("Voir") if is_own else _("Relire")
        return [proposed], (act, f"/changements/{item.ref}")
    if item.kind is QueueKind.DESTRUCTION:
        hidden = _("caché par %(who)s %(when)s", who=who, when=since)
        return [hidden], (_("Confirmer ou annuler"), "#destructions")
    if item.kind is QueueKind.ERASURE:
        approved = _("approuvé par %(who)s %(when)s", who=who, when=since)
        is_administrator = current_member.member().is_administrator
        return [approved], (_("Effacer") if is_administrator else _("Voir"), "/effacer")
    if item.kind is QueueKind.OUTCOME and case.moved_at:
        unknown = _("rien %(since)s", since=relative_day(case.moved_at, today, since=True))
        return [unknown], (_("Ajouter une suite"), "/suite")
    if case.state == CaseState.PUBLISHED:
        return [str(messages.names.case_states[case.state])], ("", "")
    return _draft_words(item.kind, case, page, today)


def _draft_words(
    kind: QueueKind, case: DeskCaseSummary, page: QueuePage, today: date
) -> tuple[Sequence[str], tuple[str, str]]:
    """What a draft or a withdrawn case lacks, and whose it is."""
    waits = page.waits.get(case.id, ())
    is_draft = case.state == CaseState.DRAFT
    codes = (case.unmet or "").split()
    if is_draft and case.id in page.uninvited:
        codes.append("invitation")
    if case.report_withdrawn:
        codes.append("report_withdrawn")
    if TodoKind.SECOND in waits:
        codes.append("second")
    lacking = ", ".join(str(messages.desk.lacking[code]) for code in codes)
    why = [
        # The heading of the group says so of the others.
        str(messages.names.case_states[case.state]) if kind not in _STATE_KINDS else "",
        _(
            "changé par %(who)s %(when)s",
            who=current_member.display_name(case.changed_by),
            when=relative_day(case.changed_at, today),
        ),
        _("version refusée par %(who)s", who=current_member.display_name(case.refused_by))
        if case.refused_by
        else "",
        _("il manque : %(lacking)s", lacking=lacking) if lacking else "",
        str(messages.desk.todo_labels[TodoKind.READY]) if TodoKind.READY in waits else "",
    ]
    if case.refused_by and case.changed_by == current_member.member().id:
        return why, (_("Reprendre"), "/modifier")
    # An approval falls with the next version: a text that lacks something is completed first.
    if TodoKind.APPROVE in waits and not set(codes) - {"second", "invitation", "flags"}:
        return why, (_("Relire"), "/approuver")
    if TodoKind.READY in waits:
        return why, (_("Publier"), "/publier")
    if not is_draft and not lacking:
        return why, (_("Rétablir"), "/retablir")
    if codes == ["invitation"]:
        return why, (_("Inviter à répondre"), "/inviter")
    return why, (_("Compléter"), "/modifier") if codes != ["second"] else ("", "")


def wrong_code_warnings() -> Iterator[str]:
    """Warnings about wrong codes of the signed-in member; for administrators, of all members."""
    me, at = current_member.member(), now()
    remaining = sign_in_attempts.remaining_attempts(me, at)
    if me.has_factor and remaining <= sign_in_attempts.WARN_BELOW:
        yield typeset(
            str(messages.desk.many_wrong_codes if remaining else messages.desk.codes_refused)
        )
    if not me.is_administrator:
        return
    for member in accounts.all_members(db.session()):
        remaining = sign_in_attempts.remaining_attempts(member, at)
        is_guessed_at = member.has_factor and remaining <= sign_in_attempts.WARN_BELOW
        if member.id != me.id and member.is_active and is_guessed_at:
            yield typeset(str(messages.desk.member_guessed_at) % {"name": member.display_name})
