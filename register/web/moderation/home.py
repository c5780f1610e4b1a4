"""What needs a human now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext as _

from register.db import db
from register.incidents import desk
from register.incidents.desk import Asked, Holding
from register.incidents.tasks import COUNTED
from register.incidents.waiting import Kind
from register.web import members
from register.web.moderation import alike, code_warnings, listed, queue
from register.web.moderation.activity import activity
from register.web.moderation.reports import margin
from register.web.sentences.desk import TASKS
from register.web.speech import number, typeset


def route(blueprint: Blueprint) -> None:
    """The addresses of this module, and what the margin and the cases of the desk ask for."""
    queue.route(blueprint)
    alike.route(blueprint)
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
    found = queue.todo()
    return render_template(
        "moderation/home.html",
        queued=queue.queue(found),
        counts=_counts(found.counts),
        unread=found.unread,
        reports=margin.counts(),
        warnings=[*margin.warnings(), *code_warnings.warnings()],
        states=desk.counts(db.session(), members.member()),
        activity=activity(),
    )


def _counts(found: Mapping[Kind, int]) -> Sequence[Count]:
    return [
        Count(
            typeset(str(name)), typeset(str(why)), _said(found[kind]), listed.address(_list(kind))
        )
        for kind, (name, why) in TASKS.items()
        if found.get(kind)
    ]


def _said(count: int) -> str:
    """A number, or that there are more than anybody wants to know."""
    return number(count) if count <= COUNTED else str(_("plus de %(most)s", most=number(COUNTED)))


def _list(kind: Kind) -> Asked:
    return Asked(holding=Holding.MINE) if kind is Kind.HELD else Asked(waiting=kind)
