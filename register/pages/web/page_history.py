"""The history of the editorial pages: who wrote what and why, and what changed between."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from register.cases.web.desk import content_words
from register.db import db
from register.pages import content as editorial
from register.pages import queries
from register.pages.web.desk import ONE, standing
from register.pages.web.page_diff import changes
from register.pages.web.public import whole


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule(f"{ONE}/versions", view_func=page_versions)
    # Beyond the bound a number is none that the database could hold.
    one = f"{ONE}/versions/<int(min=1, max=999999999):revision>"
    blueprint.add_url_rule(one, view_func=page_version)
    blueprint.add_url_rule(f"{ONE}/comparer", view_func=page_compare)


def page_versions(page: str) -> ResponseReturnValue:
    """Every revision of a page, the newest first, down to the text that came with the code."""
    rows = queries.history(db.session(), page)
    return render_template("moderation/pages/versions.html", now=standing(page), rows=rows)


def page_version(page: str, revision: int) -> ResponseReturnValue:
    """The page as a revision kept it."""
    row = queries.one(db.session(), page, revision)
    return render_template(
        "moderation/pages/version.html", now=standing(page), row=row, shown=whole(row.html)
    )


def page_compare(page: str) -> ResponseReturnValue:
    """What changed between two revisions, word by word; 0 is the text that comes with the code."""
    older, newer = _number("de"), _number("a")
    return render_template(
        "moderation/pages/compared.html",
        now=standing(page),
        older=older,
        newer=newer,
        changes=changes(_words(page, older), _words(page, newer)),
    )


def _words(page: str, revision: int) -> content_words.Told:
    row = queries.one(db.session(), page, revision) if revision else editorial.shipped(page)
    return {"title": row.title, "text": row.text}


def _number(name: str) -> int:
    asked = request.args.get(name, "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
