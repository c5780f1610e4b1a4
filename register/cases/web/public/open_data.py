"""Where the register's data come from, and under which licences."""

from __future__ import annotations

from functools import cache

from flask import render_template

from register.cases import home_counts
from register.db import db
from register.journal.web import public_journal
from register.territory import dataset
from register.web.blueprints import public
from register.web.context import current_vocabulary, head, settings

# The manifest is a file of this version of the code: it cannot change under a running process.
_manifest = cache(dataset.read_manifest)


@public.get("/donnees")
def data() -> str:
    """Sources and licences, and what will be offered for download."""
    position = head()
    return render_template(
        "public/data.html",
        summary=home_counts.load_register_summary(db.session(), current_vocabulary(), position),
        manifest=_manifest(),
        commands=public_journal.verify_commands(settings().base_url),
    )
