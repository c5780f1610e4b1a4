"""The front page."""

from __future__ import annotations

from flask import Blueprint, render_template

from register.cases import events, home_counts
from register.cases.filters import Query
from register.db import db
from register.web.context import book, head
from register.web.drawings.map import france


def route(blueprint: Blueprint) -> None:
    """The address of this module."""
    blueprint.add_url_rule("/", view_func=home)


def home() -> str:
    """What the register is, what moved last, and where."""
    position = head()
    return render_template(
        "public/home.html",
        summary=home_counts.summary(db.session(), book(), position),
        events=events.latest(db.session(), book()),
        map=france(Query()),
    )
