"""Page of the differences between two public versions of a case."""

from __future__ import annotations

from flask import render_template

from register.cases import queries
from register.cases.web.field_texts import content_changes
from register.db import db
from register.errors import NotFound
from register.web import urls
from register.web.blueprints import public
from register.web.request_context import head


@public.get("/incidents/<number>/versions/<before>-<after>")
def version_difference(number: str, before: str, after: str) -> str:
    """Two versions that readers may still read, word by word, with the notes between them.

    :raises NotFound: no such case or version, or the second version is not after the first.
    :raises Gone: the case is withdrawn or erased, or a version is hidden or destroyed.
    """
    # Read the head first: the content must not be older than the position in its ETag.
    head()
    case_number = urls.case_number(number)
    lines = [int(line) if urls.NUMBER_PATTERN.fullmatch(line) else 0 for line in (before, after)]
    if not 0 < lines[0] < lines[1]:
        raise NotFound("no_such_version")
    older, newer = (queries.load_public_case(db.session(), case_number, line) for line in lines)
    acts = queries.list_changes(db.session(), newer)
    ranks = {act.version: act.rank for act in acts}
    return render_template(
        "cases/public/version_difference.html",
        older=older,
        newer=newer,
        first=ranks[older.version],
        last=ranks[newer.version],
        acts=[act for act in acts if act.version > older.version],
        changes=content_changes(older.snapshot.content, newer.snapshot.content),
    )
