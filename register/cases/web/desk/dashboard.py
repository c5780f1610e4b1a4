"""What needs a human now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases import desk_lists
from register.cases.desk_lists import Asked, Holding
from register.cases.todo import COUNTED
from register.cases.todo_clauses import Kind
from register.cases.web.desk import case_list_query, code_warnings, duplicates, todo_sidebar
from register.cases.web.desk.activity import activity
from register.db import db
from register.reports.web.desk import sidebar
from register.web.l10n import number, typeset
from register.web.messages.desk import TASKS


def route(blueprint: Blueprint) -> None:
    """The addresses of this module, and what the margin and the cases of the desk ask for."""
    todo_sidebar.route(blueprint)
    duplicates.route(blueprint)
    blueprint.add_url_rule("", "home", home)


@dataclass(frozen=True)
class Count:
    """How much there is of one kind of work, why it is there, and the list of it."""

    name: str
    why: str
    said: str
    address: str


def home() -> str:
    """The queue in the margin, and what there is of each kind."""
    found = todo_sidebar.todo()
    return render_template(
        "moderation/home.html",
        queued=todo_sidebar.queue(found),
        counts=_counts(found.counts),
        unread=found.unread,
        reports=sidebar.counts(),
        warnings=[*sidebar.warnings(), *code_warnings.warnings()],
        states=desk_lists.counts(db.session(), current_member.member()),
        activity=activity(),
    )


def _counts(found: Mapping[Kind, int]) -> Sequence[Count]:
    return [
        Count(
            typeset(str(name)),
            typeset(str(why)),
            _said(found[kind]),
            case_list_query.address(_list(kind)),
        )
        for kind, (name, why) in TASKS.items()
        if found.get(kind)
    ]


def _said(count: int) -> str:
    """A number, or that there are more than anybody wants to know."""
    return number(count) if count <= COUNTED else str(_("plus de %(most)s", most=number(COUNTED)))


def _list(kind: Kind) -> Asked:
    return Asked(holding=Holding.MINE) if kind is Kind.HELD else Asked(waiting=kind)
