"""What needs a human now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import render_template
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases import desk_lists
from register.cases.desk_lists import ClaimFilter, DeskQuery
from register.cases.todo import COUNT_LIMIT
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk import case_list_query, code_warnings, todo_sidebar
from register.cases.web.desk.activity import account_activity
from register.db import db
from register.reports.web.desk import sidebar
from register.web.blueprints import desk
from register.web.l10n import number, typeset
from register.web.messages.desk import TODO_HEADINGS


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
        warnings=[*sidebar.warnings(), *code_warnings.wrong_code_warnings()],
        states=desk_lists.count_states(db.session(), current_member.member()),
        activity=account_activity(),
    )


def _task_counts(counts_by_kind: Mapping[TodoKind, int]) -> Sequence[TaskCount]:
    return [
        TaskCount(
            typeset(str(name)),
            typeset(str(why)),
            _count_text(counts_by_kind[kind]),
            case_list_query.list_address(_list_query(kind)),
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
