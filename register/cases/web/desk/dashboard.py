"""What needs a human now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import render_template
from flask_babel import gettext as _

from register.accounts import acts as accounts
from register.accounts import login_attempts
from register.accounts.models import Member
from register.accounts.web import current_member
from register.cases import account_journal, desk_lists
from register.cases.desk_lists import ClaimFilter, DeskQuery
from register.cases.members_journal import MembersJournalLine
from register.cases.todo import COUNT_LIMIT
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk import case_list, todo_sidebar
from register.db import db, now
from register.journal.web import journal_sentences
from register.reports.web.desk import sidebar
from register.text.dates import paris_day
from register.web.blueprints import desk
from register.web.l10n import number, typeset
from register.web.messages.desk import TODO_HEADINGS

MAX_LINES = 6
_PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class AccountActivity:
    """The newest lines, each with its sentence; failed sign-ins of today, by member."""

    lines: Sequence[tuple[MembersJournalLine, str]]
    failed_today: Sequence[tuple[int, int]]


def account_activity() -> AccountActivity:
    """What the member who asks may see of it."""
    me, at = current_member.member(), now()
    lines = account_journal.recent_account_lines(db.session(), me, at - _PERIOD, MAX_LINES)
    failures_by_member = login_attempts.counts_of_day(db.session(), paris_day(at))
    return AccountActivity(
        [(line, journal_sentences.sentence(line, current_member.display_name)) for line in lines],
        sorted(
            failure
            for failure in failures_by_member.items()
            if me.is_administrator or failure[0] == me.id
        ),
    )


@dataclass(frozen=True)
class TaskCount:
    """How much there is of one kind of work, why it is there, and the list of it."""

    name: str
    why: str
    count_text: str
    address: str


@desk.get("")
def home() -> str:
    """The queue in the margin, and what there is of each kind."""
    todo_list = todo_sidebar.todo()
    return render_template(
        "moderation/home.html",
        queued=todo_sidebar.task_queue(todo_list),
        counts=_task_counts(todo_list.counts),
        unread=todo_list.unread,
        reports=sidebar.folder_counts(),
        warnings=[*sidebar.warnings(), *wrong_code_warnings()],
        states=desk_lists.count_states(db.session(), current_member.member()),
        activity=account_activity(),
    )


def _task_counts(counts_by_kind: Mapping[TodoKind, int]) -> Sequence[TaskCount]:
    return [
        TaskCount(
            typeset(str(name)),
            typeset(str(why)),
            _count_text(counts_by_kind[kind]),
            case_list.list_address(_list_query(kind)),
        )
        for kind, (name, why) in TODO_HEADINGS.items()
        if counts_by_kind.get(kind)
    ]


def _count_text(count: int) -> str:
    """A number, or that there are more than anybody wants to know."""
    return (
        number(count)
        if count <= COUNT_LIMIT
        else str(_("plus de %(most)s", most=number(COUNT_LIMIT)))
    )


def _list_query(kind: TodoKind) -> DeskQuery:
    return (
        DeskQuery(claim=ClaimFilter.MINE)
        if kind is TodoKind.CLAIMED
        else DeskQuery(waiting_for=kind)
    )


def wrong_code_warnings() -> Iterator[str]:
    """One sentence about oneself; for administrators, one about each other member."""
    me, at = current_member.member(), now()
    if me.has_factor and login_attempts.remaining_tries(me, at) <= login_attempts.WARN_BELOW:
        yield typeset(_own_warning(login_attempts.remaining_tries(me, at)))
    if me.is_administrator:
        for member in accounts.all_members(db.session()):
            if member.id != me.id and _is_guessed_at(member):
                yield typeset(_member_warning(member))


def _is_guessed_at(member: Member) -> bool:
    has_few = login_attempts.remaining_tries(member, now()) <= login_attempts.WARN_BELOW
    return member.is_active and member.has_factor and has_few


def _own_warning(remaining: int) -> str:
    if remaining:
        return str(
            _(
                "Beaucoup de codes faux ont été tapés avec votre mot de passe. Si ce n’était pas "
                "vous, quelqu’un le connaît : changez-le dès maintenant dans « Votre compte »."
            )
        )
    return str(
        _(
            "Trop de codes faux ont été tapés avec votre mot de passe : seul un code de secours "
            "est accepté. Si ce n’était pas vous, quelqu’un connaît ce mot de passe : changez-le "
            "dans « Votre compte », et les codes du téléphone serviront de nouveau."
        )
    )


def _member_warning(member: Member) -> str:
    return str(
        _(
            "Beaucoup de codes faux ont été tapés avec le mot de passe de %(name)s. Demandez-lui "
            "de vive voix si c’était bien cette personne ; sinon, donnez-lui un autre mot de passe "
            "(webcitoyen member reset) avant d’ôter sa seconde preuve.",
            name=member.display_name,
        )
    )
