"""The history of the editorial pages: who wrote what and why, and what changed between."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from register.cases.web.desk import content_words
from register.db import db
from register.pages import content as editorial
from register.pages import queries
from register.pages.web.page_editor import PAGE_RULE, current_page, page_changes
from register.pages.web.public_pages import fill_page
from register.web.blueprints import desk
from register.web.view_permissions import administrators_only


@desk.get(f"{PAGE_RULE}/versions")
@administrators_only
def page_versions(page: str) -> ResponseReturnValue:
    """Every revision of a page, the newest first, down to the text that came with the code."""
    revisions = queries.page_revisions(db.session(), page)
    return render_template("pages/desk/versions.html", now=current_page(page), rows=revisions)


# Beyond the bound a number is none that the database could hold.
@desk.get(f"{PAGE_RULE}/versions/<int(min=1, max=999999999):revision>")
@administrators_only
def page_version(page: str, revision: int) -> ResponseReturnValue:
    """The page as a revision kept it."""
    page_revision = queries.get_revision(db.session(), page, revision)
    return render_template(
        "pages/desk/version.html",
        now=current_page(page),
        row=page_revision,
        page_html=fill_page(page_revision.html),
    )


@desk.get(f"{PAGE_RULE}/comparer")
@administrators_only
def page_compare(page: str) -> ResponseReturnValue:
    """What changed between two revisions, word by word; 0 is the text that comes with the code."""
    older, newer = _revision_number("de"), _revision_number("a")
    return render_template(
        "pages/desk/compared.html",
        now=current_page(page),
        older=older,
        newer=newer,
        changes=page_changes(_page_fields(page, older), _page_fields(page, newer)),
    )


def _page_fields(page: str, revision_id: int) -> content_words.FieldTexts:
    page_text = (
        queries.get_revision(db.session(), page, revision_id)
        if revision_id
        else editorial.shipped_page(page)
    )
    return {"title": page_text.title, "text": page_text.text}


def _revision_number(argument: str) -> int:
    raw = request.args.get(argument, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else 0
