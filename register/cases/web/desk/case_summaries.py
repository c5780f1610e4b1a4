"""Cases in words for lists of the desk: the task queue, possible duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.cases import desk_lists as tasks
from register.cases.case_content import Content
from register.cases.desk_lists import Task, Todo
from register.cases.duplicates import DuplicateReason, PossibleDuplicate, find_possible_duplicates
from register.cases.member_view import DeskCase
from register.cases.todo_clauses import TodoContext, TodoKind
from register.cases.web.desk.act_view import case_address
from register.cases.web.desk.claims import holder_words
from register.db import db, now
from register.text import dates
from register.text.typography import french
from register.web.blueprints import desk
from register.web.l10n import count_words, day_words, typeset
from register.web.messages.desk import TODO_LABELS
from register.web.request_context import current_vocabulary, settings
from register.web.template_env import case_place

# From this many days on, the date is clearer than the number of days.
_COUNTED_DAYS = 31


@dataclass(frozen=True)
class TaskLine:
    """A task in words.

    ``details``: since when it waits, and who has claimed the case. ``until``: its deadline.
    ``late``: whether the deadline is today or past.
    """

    incident: int | None
    address: str
    place: str
    title: str
    details: str
    until: str
    late: bool


@dataclass(frozen=True)
class TaskCount:
    """Number of tasks or reports of one kind, why they wait, and the address of their list.

    ``late``: whether they are overdue.
    """

    name: str
    why: str
    count_text: str
    address: str
    late: bool = False


def todo_context() -> TodoContext:
    """The context of the to-do lists of this request."""
    return TodoContext(current_vocabulary(), now(), settings().single_moderator)


def todo() -> Todo:
    """The tasks of the signed-in member."""
    return tasks.load_todo(db.session(), current_member.member(), todo_context())


@desk.app_template_global("queue")
def task_queue(todo_list: Todo | None = None) -> Sequence[TaskLine]:
    """The first tasks, for the sidebar."""
    today = dates.paris_day(now())
    return [task_line(task, today) for task in (todo_list or todo()).tasks]


def task_line(task: Task, today: date) -> TaskLine:
    """A task in words."""
    case = task.case
    until, late = _deadline_words(task, today)
    # No start for claimed cases: the member knows it.
    waiting = ""
    if task.kind is TodoKind.REPLY:
        waiting = _("réponse reçue %(when)s", when=relative_day(task.since, today))
    elif task.kind is TodoKind.OUTCOME:
        since = relative_day(task.since, today, since=True)
        waiting = _("issue inconnue, rien %(since)s", since=since)
    elif task.kind is not TodoKind.CLAIMED:
        waiting = f"{TODO_LABELS[task.kind]} {relative_day(task.since, today, since=True)}"
    details = [waiting, holder_words(case.held_by, case.held_until) if case else ""]
    place = ""
    if case:
        # The commune alone, to save space; else all that is known.
        place = french(case.commune_name) if case.commune_name else case_place(case).striptags()
    return TaskLine(
        incident=task.incident,
        address=case_address(task.incident) if task.incident else "",
        place=place,
        title=french(task.title) or _("Dossier sans titre"),
        details=typeset(", ".join(filter(None, details))),
        until=typeset(until),
        late=late,
    )


@desk.app_template_global("holder")
def holder(desk_case: DeskCase) -> int | None:
    """The member who has claimed a case; None once the claim has expired."""
    return desk_case.holder(now())


@desk.app_template_global("waiting_words")
def waiting_words(kind: TodoKind) -> str:
    """The label of a kind of task."""
    return typeset(str(TODO_LABELS[kind]))


def relative_day(happened_at: date | datetime, today: date, *, since: bool = False) -> str:
    """A past day in words: "hier", "il y a trois jours".

    :param since: as the start of a period: "depuis hier", "depuis trois jours".
    """
    day = dates.paris_day(happened_at) if isinstance(happened_at, datetime) else happened_at
    passed = (today - day).days
    if passed <= 0:
        return str(_("depuis aujourd’hui") if since else _("aujourd’hui"))
    if passed == 1:
        return str(_("depuis hier") if since else _("hier"))
    if passed < _COUNTED_DAYS:
        count = count_words(passed)
        return str(
            _("depuis %(count)s jours", count=count)
            if since
            else _("il y a %(count)s jours", count=count)
        )
    day_text = day_words(day)
    return str(_("depuis le %(day)s", day=day_text) if since else _("le %(day)s", day=day_text))


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


@desk.app_template_global("likely_of")
def similar_cases(content: Content, exclude_id: int | None = None) -> Sequence[PossibleDuplicate]:
    """The possible duplicates of a content, most similar first.

    :param exclude_id: the id of the case itself.
    """
    return find_possible_duplicates(
        db.session(), current_member.member(), content, exclude_id=exclude_id, at=now()
    )


@desk.app_template_global("reasons_of_likeness")
def reasons_sentence(reasons: Sequence[DuplicateReason]) -> str:
    """The reasons in words: "même commune, mêmes jours, trois mots communs"."""
    sentences = []
    for reason in reasons:
        number, count = reason.count, count_words(reason.count)
        sentences_by_code = {
            "types": ngettext("un type commun", "%(count)s types communs", number, count=count),
            "media": ngettext("même média", "%(count)s médias communs", number, count=count),
            "mots": ngettext("un mot commun", "%(count)s mots communs", number, count=count),
            "source": _("même source"),
            "commune": _("même commune"),
            "commune_liee": _("commune liée"),
            "jours": _("mêmes jours"),
            "jours_proches": _("dates proches"),
        }
        sentences.append(sentences_by_code[reason.code])
    return typeset(", ".join(sentences))
