"""The revisions of a case: who wrote what and why, the case as it was, and what changed between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases import revisions
from register.cases.member_view import Dossier
from register.cases.queries import Case
from register.cases.revisions import Past, Version
from register.cases.web.desk import content_words
from register.cases.web.desk.act_view import address, opened
from register.cases.web.public import case_view
from register.cases.web.public.case_view import File
from register.db import db
from register.errors import NotFound
from register.web.context import book
from register.web.messages.journal import DONE


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    case = "/dossiers/<int:incident_id>"
    blueprint.add_url_rule(f"{case}/versions", view_func=versions)
    blueprint.add_url_rule(f"{case}/versions/<int:revision>", view_func=version)
    blueprint.add_url_rule(f"{case}/au/<day>", view_func=as_of)
    blueprint.add_url_rule(f"{case}/comparer", view_func=compare)
    blueprint.add_app_template_global(version_words)


def versions(incident_id: int) -> ResponseReturnValue:
    """Every revision, the newest first; a day that is asked for leads to the case as it was."""
    file = opened(incident_id)
    asked = request.args.get("au", "").strip()
    if asked:
        return redirect(address(incident_id, f"au/{_day(asked).isoformat()}"), 303)
    rows = revisions.listing(db.session(), current_member.member(), incident_id)
    return render_template("moderation/versions.html", file=file, rows=rows)


def version(incident_id: int, revision: int) -> ResponseReturnValue:
    """The case as a revision kept it."""
    file = opened(incident_id)
    past = revisions.content_of(db.session(), current_member.member(), incident_id, revision)
    return _shown(file, past)


def as_of(incident_id: int, day: str) -> ResponseReturnValue:
    """The case as it read at the end of a day in Paris."""
    file = opened(incident_id)
    past = revisions.as_of(db.session(), current_member.member(), incident_id, _day(day))
    return _shown(file, past, _day(day))


def compare(incident_id: int) -> ResponseReturnValue:
    """What changed between two revisions, field by field and word by word."""
    file = opened(incident_id)
    rows = revisions.listing(db.session(), current_member.member(), incident_id)
    older, newer = _pair(rows)
    before, after = (
        content_words.words_of(
            revisions.content_of(
                db.session(), current_member.member(), incident_id, one
            ).snapshot.content
        )
        for one in (older, newer)
    )
    return render_template(
        "moderation/versions_compared.html",
        file=file,
        rows=rows,
        older=older,
        newer=newer,
        changes=content_words.changes(before, after),
    )


def version_words(version: Version, file: Dossier) -> str:
    """Who made a revision, and by which act: "Chloé a corrigé le cas"."""
    who = current_member.called(version.made_by)
    told = {"who": who[:1].upper() + who[1:], "into": file.merged_into or "…"}
    return str(DONE.get(version.act, version.act)) % told


def _pair(rows: Sequence[Version]) -> tuple[int, int]:
    """The two revisions that are asked for; without a word, the last one and the one before."""
    kept = [row.id for row in rows if not row.is_destroyed]
    newer = _number("a") or (kept[0] if kept else 0)
    older = _number("de") or next((one for one in kept if one < newer), newer)
    return older, newer


def _number(name: str) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFound("no_such_revision") from error


def _shown(file: Dossier, past: Past, day: date | None = None) -> ResponseReturnValue:
    return render_template(
        "moderation/version.html", file=file, past=past, about=_around(file, past), day=day
    )


def _around(file: Dossier, past: Past) -> File:
    """What a public page would have shown around the text of that revision."""
    case = Case(
        number=file.number or 0,
        first_published_at=past.version.made_at,
        moved_at=past.version.made_at,
        version=0,
        current=past.version.is_current,
        version_at=past.version.made_at,
        commitment="",
        snapshot=past.snapshot,
    )
    return case_view.open_file(db.session(), case, book())
