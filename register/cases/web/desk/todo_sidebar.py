"""What needs a human now, in words: the margin of the desk, on its home and beside a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.cases import todo as tasks
from register.cases.desk_lists import OnDesk
from register.cases.member_view import Dossier
from register.cases.todo import Task, Todo
from register.cases.todo_clauses import Kind
from register.cases.web.desk.act_view import address
from register.db import db, now
from register.text import dates
from register.text.typography import french
from register.web.context import book, settings
from register.web.l10n import count_words, day_words, typeset
from register.web.messages.desk import WAITING
from register.web.template_env import clock, place_of

# Beyond so many days, the day itself says more than their number.
_COUNTED_DAYS = 31


@dataclass(frozen=True)
class Line:
    """One task: where it leads, which place and case it is about, since when, until when, whose.

    ``said``: since when, and whose. ``late``: its day has come or is past.
    """

    incident: int | None
    address: str
    place: str
    title: str
    said: str
    until: str
    late: bool


def route(blueprint: Blueprint) -> None:
    """What templates of the desk ask: the queue, and who has a case in hand."""
    blueprint.add_app_template_global(queue, "queue")
    blueprint.add_app_template_global(held, "held")
    blueprint.add_app_template_global(holder, "holder")
    blueprint.add_app_template_global(waiting_words, "waiting_words")


def todo() -> Todo:
    """What there is to do for the member who asks."""
    return tasks.todo(
        db.session(), current_member.member(), book(), now(), single=settings().single_moderator
    )


def queue(found: Todo | None = None) -> Sequence[Line]:
    """The first things to do, as the margin shows them."""
    found = found or todo()
    return [line(task, found.moment.today) for task in found.tasks]


def line(task: Task, today: date) -> Line:
    """A task in words."""
    case = task.case
    until, late = _until(task, today)
    # Whoever has a case in hand knows since when.
    since = "" if task.kind is Kind.HELD else _since(task, today)
    said = [since, held(case) if case else ""]
    return Line(
        incident=task.incident,
        address=address(task.incident) if task.incident else "",
        place=_place(case) if case else "",
        title=french(task.what) or _("Dossier sans titre"),
        said=typeset(", ".join(filter(None, said))),
        until=typeset(until),
        late=late,
    )


def _place(case: OnDesk) -> str:
    """The commune alone, which is enough in a margin; else all that is known."""
    return french(case.commune_name) if case.commune_name else place_of(case).striptags()


def held(case: OnDesk) -> str:
    """Who has a case in hand, and until when; a list's rows know only claims that still hold."""
    if case.held_by is None or case.held_until is None:
        return str(_("libre"))
    return in_hand(case.held_by, case.held_until)


def holder(file: Dossier) -> int | None:
    """Who has an opened case in hand now; a claim that ran out is nobody's."""
    return file.holder(now())


def waiting_words(kind: Kind) -> str:
    """What a case waits for, as a row says it."""
    return typeset(str(WAITING[kind]))


def in_hand(by: int, until: datetime) -> str:
    """Whose it is, and until when."""
    if by == current_member.member().id:
        return str(_("à vous jusqu’à %(hour)s", hour=clock(until)))
    return str(_("à %(who)s jusqu’à %(hour)s", who=current_member.called(by), hour=clock(until)))


def _since(task: Task, today: date) -> str:
    if task.kind is Kind.REPLY:
        return str(_("réponse reçue %(when)s", when=when(task.since, today)))
    since = ago(task.since, today)
    if task.kind is Kind.OUTCOME:
        return str(_("issue inconnue, rien %(since)s", since=since))
    return f"{WAITING[task.kind]} {since}"


def when(moment: date | datetime, today: date) -> str:
    """When it was, as people say it."""
    day, passed = _passed(moment, today)
    if passed <= 0:
        return str(_("aujourd’hui"))
    if passed == 1:
        return str(_("hier"))
    if passed < _COUNTED_DAYS:
        return str(_("il y a %(count)s jours", count=count_words(passed)))
    return str(_("le %(day)s", day=day_words(day)))


def _passed(moment: date | datetime, today: date) -> tuple[date, int]:
    day = dates.paris_day(moment) if isinstance(moment, datetime) else moment
    return day, (today - day).days


def _until(task: Task, today: date) -> tuple[str, bool]:
    """The deadline in words, and whether it has come."""
    if task.due is None:
        return "", False
    left = (task.due - today).days
    if left < 0:
        told = ngettext(
            "en retard de %(count)s jour", "en retard de %(count)s jours", -left, count=-left
        )
        return str(told), True
    if left == 0:
        return str(_("à traiter aujourd’hui")), True
    if left == 1:
        return str(_("à traiter avant demain soir")), False
    return str(_("à traiter avant le %(day)s", day=day_words(task.due))), False


def ago(moment: date | datetime, today: date) -> str:
    """Since when, as people say it."""
    day, passed = _passed(moment, today)
    if passed <= 0:
        return str(_("depuis aujourd’hui"))
    if passed == 1:
        return str(_("depuis hier"))
    if passed < _COUNTED_DAYS:
        return str(_("depuis %(count)s jours", count=count_words(passed)))
    return str(_("depuis le %(day)s", day=day_words(day)))
