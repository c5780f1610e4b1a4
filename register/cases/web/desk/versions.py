"""Revisions of a case: the list, one revision, the difference between two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases import revisions
from register.cases.member_view import DeskCase
from register.cases.revisions import CaseAtRevision, RevisionSummary
from register.cases.web.desk import content_words
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.desk.act_view import case_address, open_case
from register.cases.web.public.case_view import build_case_view
from register.db import db
from register.errors import NotFound
from register.journal.web.journal_sentences import ACT_SENTENCES
from register.web.blueprints import desk
from register.web.request_context import current_vocabulary


@desk.get("/dossiers/<int:incident_id>/versions")
def versions(incident_id: int) -> ResponseReturnValue:
    """The revisions, newest first; with a day in the query, a redirect to the case of that day."""
    desk_case = open_case(incident_id)
    day_text = request.args.get("au", "").strip()
    if day_text:
        return redirect(case_address(incident_id, f"au/{_parse_day(day_text).isoformat()}"), 303)
    revision_rows = revisions.list_revisions(db.session(), current_member.member(), incident_id)
    return render_template("cases/desk/versions.html", file=desk_case, rows=revision_rows)


@desk.get("/dossiers/<int:incident_id>/versions/<int:revision>")
def version(incident_id: int, revision: int) -> ResponseReturnValue:
    """The case at a revision."""
    desk_case = open_case(incident_id)
    past = revisions.case_at_revision(db.session(), current_member.member(), incident_id, revision)
    return _version_page(desk_case, past)


@desk.get("/dossiers/<int:incident_id>/au/<day>")
def as_of(incident_id: int, day: str) -> ResponseReturnValue:
    """The case at the end of a day in Paris."""
    desk_case = open_case(incident_id)
    past = revisions.case_at_day(
        db.session(), current_member.member(), incident_id, _parse_day(day)
    )
    return _version_page(desk_case, past, _parse_day(day))


@desk.get("/dossiers/<int:incident_id>/comparer")
def compare(incident_id: int) -> ResponseReturnValue:
    """The difference between two revisions by field and word."""
    desk_case = open_case(incident_id)
    revision_rows = revisions.list_revisions(db.session(), current_member.member(), incident_id)
    older, newer = _compared_ids(revision_rows)
    before, after = (
        content_words.field_texts(
            revisions.case_at_revision(
                db.session(), current_member.member(), incident_id, revision_id
            ).snapshot.content
        )
        for revision_id in (older, newer)
    )
    return render_template(
        "cases/desk/versions_compared.html",
        file=desk_case,
        rows=revision_rows,
        older=older,
        newer=newer,
        changes=content_words.field_changes(before, after),
    )


@desk.app_template_global("version_words")
def version_words(version: RevisionSummary, desk_case: DeskCase) -> str:
    """The sentence of a revision's act: "Chloé a corrigé le cas"."""
    who = current_member.display_name(version.made_by)
    names = {"who": who[:1].upper() + who[1:], "into": desk_case.merged_into or "…"}
    return str(ACT_SENTENCES.get(version.act, version.act)) % names


def _compared_ids(rows: Sequence[RevisionSummary]) -> tuple[int, int]:
    """The two revisions of the query; by default the last one and the one before."""
    readable_ids = [row.id for row in rows if not row.is_destroyed]
    newer = parse_id(request.args.get("a", "")) or (readable_ids[0] if readable_ids else 0)
    older = parse_id(request.args.get("de", "")) or next(
        (revision_id for revision_id in readable_ids if revision_id < newer), newer
    )
    return older, newer


def _parse_day(day_text: str) -> date:
    try:
        return date.fromisoformat(day_text)
    except ValueError as error:
        raise NotFound("no_such_revision") from error


def _version_page(
    desk_case: DeskCase, past: CaseAtRevision, day: date | None = None
) -> ResponseReturnValue:
    return render_template(
        "cases/desk/version.html",
        file=desk_case,
        past=past,
        about=build_case_view(
            db.session(), past.snapshot.content, desk_case.number or 0, current_vocabulary()
        ),
        day=day,
    )
