"""The front page."""

from __future__ import annotations

from flask import render_template

from register.cases import events
from register.cases import home_counts as figures
from register.cases.filters import CaseQuery
from register.db import db
from register.web.blueprints import public
from register.web.context import current_vocabulary, head
from register.web.drawings.map import search_map


@public.get("/")
def home() -> str:
    """What the register is, what moved last, and where."""
    position = head()
    return render_template(
        "public/home.html",
        summary=figures.load_register_summary(db.session(), current_vocabulary(), position),
        events=events.latest_events(db.session(), current_vocabulary()),
        map=search_map(CaseQuery()),
    )
