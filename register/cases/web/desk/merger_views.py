"""Views of the merge of two cases and of its end, with both cases side by side."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.cases import acts, queries
from register.cases.member_view import DeskCase
from register.cases.mergers import Merger
from register.cases.models import CaseState
from register.cases.queries import MergedCase
from register.cases.web.desk import act_forms
from register.cases.web.desk.act_view import open_case, perform_act
from register.cases.web.desk.revision_forms import parse_id
from register.cases.web.public.case_view import build_case_view
from register.cases.web.public.cases import notice_values
from register.db import db, now
from register.errors import Gone, Moved, NotFound
from register.journal import Act
from register.web.blueprints import asks_password, desk
from register.web.request_context import key_store


@desk.route("/dossiers/<int:incident_id>/reunir", methods=["GET", "POST"])
@asks_password(lazy_gettext("réunir deux dossiers"))
def merge(incident_id: int) -> ResponseReturnValue:
    """Merge of a case into a public one, after a comparison of both on the page."""
    desk_case, form = open_case(incident_id), act_forms.MergeForm()

    def page_values(present: DeskCase) -> dict[str, Any]:
        typed = request.args.get("avec", "") if request.method == "GET" else form.into._value()
        return {"number_text": typed, **pair_values(present, parse_id(typed))}

    return perform_act(
        desk_case,
        form,
        Act.MERGED if desk_case.number else Act.DRAFT_MERGED,
        partial(acts.merge, store=key_store()),
        lambda _line: _("Le dossier est réuni au cas nº %(number)s.", number=form.into.data),
        page_values,
    )


@desk.route("/dossiers/<int:incident_id>/separer", methods=["GET", "POST"])
def part(incident_id: int) -> ResponseReturnValue:
    """End of a merge, by which the case is as it was before."""
    return perform_act(
        open_case(incident_id),
        act_forms.PartForm(),
        Act.PARTED,
        partial(acts.part, store=key_store()),
        _("Le cas est séparé de l’autre."),
        lambda present: pair_values(present, present.merged_into or 0),
    )


def pair_values(desk_case: DeskCase, number: int) -> dict[str, Any]:
    """The other case of a merge, if it is public, and the notice that readers would find.

    :param number: that of the other case.
    """
    session = db.session()
    try:
        # A case cannot be merged into itself.
        other = queries.load_public_case(session, 0 if number == desk_case.number else number)
    except (NotFound, Gone, Moved):
        return {"other": None, "other_number": number}
    values = {
        "other": other,
        "other_number": number,
        "other_view": build_case_view(other.snapshot.content, number),
    }
    if desk_case.number and desk_case.first_published_at:
        is_public = desk_case.state == CaseState.PUBLISHED
        case = queries.load_public_case(session, desk_case.number) if is_public else None
        merger = Merger(now(), number, number, is_remaining_public=True, is_readable=is_public)
        published_at = desk_case.first_published_at
        values |= notice_values(MergedCase(desk_case.number, published_at, merger, case))
    return values
