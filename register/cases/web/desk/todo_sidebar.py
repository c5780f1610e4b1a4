"""What needs a human now, in words: the margin of the desk, on its home and beside a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.cases import todo as tasks
from register.cases.desk_lists import DeskCaseSummary
from register.cases.member_view import DeskCase
from register.cases.todo import Task, Todo
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk.act_view import case_address
from register.db import db, now
from register.text import dates
from register.text.typography import french
from register.web.blueprints import desk
from register.web.l10n import count_words, day_words, typeset
from register.web.messages.desk import TODO_LABELS
from register.web.request_context import current_vocabulary, settings
from register.web.template_env import case_place, clock

# Beyond so many days, the day itself says more than their number.
_COUNTED_DAYS = 31


@dataclass(frozen=True)
class TaskLine:
    """One task: where it leads, which place and case it is about, since when, until when, whose.

    ``details``: since when, and whose. ``late``: its day has come or is past.
    """

    incident: int | None
    address: str
    place: str
    title: str
    details: str
    until: str
    late: bool


def todo() -> Todo:
    """What there is to do for the member who asks."""
    return tasks.load_todo(
        db.session(),
        current_member.member(),
        current_vocabulary(),
        now(),
        single=settings().single_moderator,
    )


@desk.app_template_global("queue")
def task_queue(todo_list: Todo | None = None) -> Sequence[TaskLine]:
    """The first things to do, as the margin shows them."""
    todo_list = todo_list or todo()
    return [task_line(task, todo_list.todo_context.today) for task in todo_list.tasks]


def task_line(task: Task, today: date) -> TaskLine:
    """A task in words."""
    case = task.case
    until, late = _deadline_words(task, today)
    # Whoever has a case in hand knows since when.
    since = "" if task.kind is TodoKind.CLAIMED else _waiting_words(task, today)
    details = [since, claim_words(case) if case else ""]
    return TaskLine(
        incident=task.incident,
        address=case_address(task.incident) if task.incident else "",
        place=_place_text(case) if case else "",
        title=french(task.title) or _("Dossier sans titre"),
        details=typeset(", ".join(filter(None, details))),
        until=typeset(until),
        late=late,
    )


def _place_text(case: DeskCaseSummary) -> str:
    """The commune alone, which is enough in a margin; else all that is known."""
    return french(case.commune_name) if case.commune_name else case_place(case).striptags()


@desk.app_template_global("held")
def claim_words(case: DeskCaseSummary) -> str:
    """Who has a case in hand, and until when; a list's rows know only claims that still hold."""
    if case.held_by is None or case.held_until is None:
        return str(_("libre"))
    return claim_holder_words(case.held_by, case.held_until)


@desk.app_template_global("holder")
def holder(desk_case: DeskCase) -> int | None:
    """Who has an opened case in hand now; a claim that ran out is nobody's."""
    return desk_case.holder(now())


@desk.app_template_global("waiting_words")
def waiting_words(kind: TodoKind) -> str:
    """What a case waits for, as a row says it."""
    return typeset(str(TODO_LABELS[kind]))


def claim_holder_words(by: int, until: datetime) -> str:
    """Whose it is, and until when."""
    if by == current_member.member().id:
        return str(_("à vous jusqu’à %(hour)s", hour=clock(until)))
    return str(
        _("à %(who)s jusqu’à %(hour)s", who=current_member.display_name(by), hour=clock(until))
    )


def _waiting_words(task: Task, today: date) -> str:
    if task.kind is TodoKind.REPLY:
        return str(_("réponse reçue %(when)s", when=relative_day(task.since, today)))
    since = since_words(task.since, today)
    if task.kind is TodoKind.OUTCOME:
        return str(_("issue inconnue, rien %(since)s", since=since))
    return f"{TODO_LABELS[task.kind]} {since}"


def relative_day(happened_at: date | datetime, today: date) -> str:
    """When it was, as people say it."""
    day, passed = _days_passed(happened_at, today)
    if passed <= 0:
        return str(_("aujourd’hui"))
    if passed == 1:
        return str(_("hier"))
    if passed < _COUNTED_DAYS:
        return str(_("il y a %(count)s jours", count=count_words(passed)))
    return str(_("le %(day)s", day=day_words(day)))


def _days_passed(happened_at: date | datetime, today: date) -> tuple[date, int]:
    day = dates.paris_day(happened_at) if isinstance(happened_at, datetime) else happened_at
    return day, (today - day).days


def _deadline_words(task: Task, today: date) -> tuple[str, bool]:
    """The deadline in words, and whether it has come."""
    if task.due is None:
        return "", False
    days_left = (task.due - today).days
    if days_left < 0:
        late_text = ngettext(
            "en retard de %(count)s jour",
            "en retard de %(count)s jours",
            -days_left,
            count=-days_left,
        )
        return str(late_text), True
    if days_left == 0:
        return str(_("à traiter aujourd’hui")), True
    if days_left == 1:
        return str(_("à traiter avant demain soir")), False
    return str(_("à traiter avant le %(day)s", day=day_words(task.due))), False


def since_words(happened_at: date | datetime, today: date) -> str:
    """Since when, as people say it."""
    day, passed = _days_passed(happened_at, today)
    if passed <= 0:
        return str(_("depuis aujourd’hui"))
    if passed == 1:
        return str(_("depuis hier"))
    if passed < _COUNTED_DAYS:
        return str(_("depuis %(count)s jours", count=count_words(passed)))
    return str(_("depuis le %(day)s", day=day_words(day)))
