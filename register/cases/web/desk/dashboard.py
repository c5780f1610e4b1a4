"""Home of the desk: pending tasks, account activity, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts import acts as accounts
from register.accounts import sign_in_attempts
from register.accounts.web import current_member
from register.cases import desk_lists, members_journal
from register.cases.desk_lists import COUNT_LIMIT, ClaimFilter, DeskQuery
from register.cases.members_journal import MembersJournalLine
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk import case_list, case_summaries
from register.db import db, now
from register.journal.web import journal_sentences
from register.reports.web.desk import report_summary
from register.text.dates import paris_day
from register.web.blueprints import desk
from register.web.l10n import number, typeset
from register.web.messages.desk import TODO_HEADINGS

MAX_LINES = 6
_PERIOD = timedelta(days=30)
_MANY_WRONG_CODES = lazy_gettext(
    "Beaucoup de codes faux ont été tapés avec votre mot de passe. Si ce n’était pas "
    "vous, quelqu’un le connaît : changez-le dès maintenant dans « Votre compte »."
)
_CODES_REFUSED = lazy_gettext(
    "Trop de codes faux ont été tapés avec votre mot de passe : seul un code de secours "
    "est accepté. Si ce n’était pas vous, quelqu’un connaît ce mot de passe : changez-le "
    "dans « Votre compte », et les codes du téléphone serviront de nouveau."
)
_MEMBER_GUESSED_AT = lazy_gettext(
    "Beaucoup de codes faux ont été tapés avec le mot de passe de %(name)s. Demandez-lui "
    "de vive voix si c’était bien cette personne ; sinon, donnez-lui un autre mot de passe "
    "(webcitoyen member reset) avant d’ôter sa seconde preuve."
)


@dataclass(frozen=True)
class AccountActivity:
    """The newest lines about accounts with their sentences; failed sign-ins of today by member."""

    lines: Sequence[tuple[MembersJournalLine, str]]
    failed_today: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class TaskCount:
    """Number of tasks of one kind, the reason for them, and the address of their list."""

    name: str
    why: str
    count_text: str
    address: str


@desk.get("")
def home() -> str:
    """The task queue and the numbers of tasks by kind."""
    todo_list = case_summaries.todo()
    return render_template(
        "cases/desk/dashboard.html",
        queued=case_summaries.task_queue(todo_list),
        counts=_task_counts(todo_list.counts),
        unread=todo_list.unread,
        reports=report_summary.folder_counts(),
        warnings=[*report_summary.warnings(), *wrong_code_warnings()],
        states=desk_lists.count_states(db.session(), current_member.member()),
        activity=account_activity(),
    )


def account_activity() -> AccountActivity:
    """The account activity that the signed-in member may see."""
    me, at = current_member.member(), now()
    lines = members_journal.recent_account_lines(db.session(), me, at - _PERIOD, MAX_LINES)
    failures_by_member = sign_in_attempts.counts_of_day(db.session(), paris_day(at))
    return AccountActivity(
        [(line, journal_sentences.sentence(line, current_member.display_name)) for line in lines],
        sorted(
            failure
            for failure in failures_by_member.items()
            if me.is_administrator or failure[0] == me.id
        ),
    )


def wrong_code_warnings() -> Iterator[str]:
    """Warnings about wrong codes of the signed-in member; for administrators, of all members."""
    me, at = current_member.member(), now()
    remaining = sign_in_attempts.remaining_attempts(me, at)
    if me.has_factor and remaining <= sign_in_attempts.WARN_BELOW:
        yield typeset(str(_MANY_WRONG_CODES if remaining else _CODES_REFUSED))
    if not me.is_administrator:
        return
    for member in accounts.all_members(db.session()):
        remaining = sign_in_attempts.remaining_attempts(member, at)
        is_guessed_at = member.has_factor and remaining <= sign_in_attempts.WARN_BELOW
        if member.id != me.id and member.is_active and is_guessed_at:
            yield typeset(str(_MEMBER_GUESSED_AT) % {"name": member.display_name})


def _task_counts(counts_by_kind: Mapping[TodoKind, int]) -> Sequence[TaskCount]:
    task_counts = []
    for kind, (name, why) in TODO_HEADINGS.items():
        count = counts_by_kind.get(kind)
        if not count:
            continue
        count_text = number(min(count, COUNT_LIMIT))
        if count > COUNT_LIMIT:
            count_text = str(_("plus de %(most)s", most=count_text))
        is_claimed = kind is TodoKind.CLAIMED
        desk_query = (
            DeskQuery(claim=ClaimFilter.MINE) if is_claimed else DeskQuery(waiting_for=kind)
        )
        address = case_list.list_address(desk_query)
        task_counts.append(TaskCount(typeset(str(name)), typeset(str(why)), count_text, address))
    return task_counts
