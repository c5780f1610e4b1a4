"""Copies of the sources of a case at the desk, their progress in the whole register, dead links."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.accounts.web.current_member import run_act
from register.cases import acts, cited_sources, source_queue
from register.cases.act_permissions import require_possible
from register.cases.cited_sources import DeskSource
from register.cases.member_view import DeskCase
from register.cases.models import CaseState, SourceCopy
from register.cases.source_watch import CopyRequest
from register.cases.web.desk import act_view
from register.cases.web.desk.act_forms import parse_id
from register.db import db, now
from register.errors import NotFound, Refused
from register.evidence import captures
from register.journal import Act
from register.web import messages
from register.web.blueprints import administrators_only, desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.file_response import send_attachment
from register.web.l10n import number, typeset
from register.web.request_context import key_store

_ALL = "toutes"
# Where a reader looks whether public archives have a page; the address follows.
ARCHIVE_SEARCHES = (
    ("web.archive.org", "https://web.archive.org/web/*/"),
    ("archive.ph", "https://archive.ph/"),
)


@desk.get("/dossiers/<int:incident_id>/sources")
def case_sources(incident_id: int) -> ResponseReturnValue:
    """The sources of a case with their copies."""
    return sources_page(act_view.open_case(incident_id))


def sources_page(desk_case: DeskCase, error_text: str = "") -> str:
    """The page, with why something was not done."""
    may_copy = not act_view.blocked_reason(desk_case, Act.SOURCE_COPIED)
    return render_template(
        "cases/desk/sources.html",
        file=desk_case,
        sources=sources_of(desk_case),
        may_copy=may_copy,
        may_drop=desk_case.state == CaseState.DRAFT,
        searches=ARCHIVE_SEARCHES,
        capture_endings=captures.EXTENSIONS,
        error_text=error_text,
    )


@desk.app_template_global("desk_sources")
def sources_of(desk_case: DeskCase) -> list[DeskSource]:
    """The sources of a case, with copies, requests and checks."""
    viewer = current_member.member()
    return cited_sources.desk_sources(
        db.session(), viewer, desk_case.id, desk_case.snapshot.content
    )


@desk.app_template_global("fetch_failure")
def failure_words(request_row: CopyRequest) -> str:
    """Why a copy could not be made, in a sentence."""
    sentence = str(messages.desk.fetch_failures.get(request_row.failure or "interrupted", ""))
    return typeset(sentence % {"status": request_row.status})


@desk.post("/dossiers/<int:incident_id>/sources/garder")
def keep_sources(incident_id: int) -> ResponseReturnValue:
    """Queue a copy of one source, or of all that have none."""
    desk_case, choice = act_view.open_case(incident_id), request.form.get("source", "")
    try:
        require_possible(CaseState(desk_case.state), Act.SOURCE_COPIED)
    except Refused as error:
        return sources_page(desk_case, typeset(error_sentence(error))), status_of(error)
    sources = [source for source in sources_of(desk_case) if source.address]
    if choice == _ALL:
        chosen = [source.source for source in sources if not source.copies]
    else:
        chosen = [source.source for source in sources if source.source == choice]
    if not chosen:
        missing = NotFound("no_such_source")
        return sources_page(desk_case, typeset(error_sentence(missing))), 404
    member = current_member.member()
    source_queue.request_copies(db.engine, incident_id, chosen, by=member.id, at=now())
    notice = ngettext(
        "La copie est demandée : le registre la fait dans les minutes qui viennent.",
        "%(count)s copies sont demandées : le registre les fait l’une après l’autre.",
        len(chosen),
        count=number(len(chosen)),
    )
    return act_view.redirect_to_case(incident_id, notice, page="sources")


@desk.post("/dossiers/<int:incident_id>/sources/retirer")
def drop_copy(incident_id: int) -> ResponseReturnValue:
    """Remove a copy from a draft."""
    copy = _copy(incident_id, parse_id(request.form.get("copie", "")))
    try:
        run_act(lambda tx, by: acts.drop_source_copy(tx, copy.id, by=by))
    except (Refused, NotFound) as error:
        page = sources_page(act_view.open_case(incident_id), typeset(error_sentence(error)))
        return page, status_of(error)
    notice = _("La copie est retirée, et son fichier détruit.")
    return act_view.redirect_to_case(incident_id, notice, page="sources")


@desk.get("/dossiers/<int:incident_id>/sources/<int:copy_id>")
def source_copy(incident_id: int, copy_id: int) -> ResponseReturnValue:
    """A copy as a download, because strangers wrote it."""
    act_view.open_case(incident_id)
    copy = _copy(incident_id, copy_id)
    manifest = cited_sources.open_copy(key_store(), copy)
    return send_attachment(manifest, cited_sources.file_name(copy, manifest))


def _copy(incident_id: int, copy_id: int) -> SourceCopy:
    copies = cited_sources.list_copies(db.session(), incident_id)
    for copy in copies:
        if copy.id == copy_id:
            return copy
    raise NotFound("no_such_copy")


@desk.get("/sources")
def all_sources() -> str:
    """Progress of the copies of public cases, those that failed, and dead links."""
    session, viewer = db.session(), current_member.member()
    return render_template(
        "cases/desk/all_sources.html",
        progress=source_queue.read_progress(session),
        failed=cited_sources.failed_copies(session, viewer),
        dead=cited_sources.dead_links(session, viewer),
        limit=cited_sources.LISTED,
    )


@desk.post("/sources/garder")
@administrators_only
def keep_all_sources() -> ResponseReturnValue:
    """Queue copies of every source of a public case that has none."""
    count = source_queue.request_missing(db.engine, by=current_member.member().id, at=now())
    flash(
        typeset(
            ngettext(
                "%(count)s copie est demandée.",
                "%(count)s copies sont demandées : le registre les fait l’une après l’autre.",
                count,
                count=number(count),
            )
        )
    )
    return redirect("/moderation/sources", 303)
