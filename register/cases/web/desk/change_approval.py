"""Approval and refusal by a second person: changes and destructions; refusal of a version."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases import acts, second_person
from register.cases.case_content import CaseSnapshot
from register.cases.member_view import DeskCase
from register.cases.models import CaseState, Reply
from register.cases.second_person import PendingChange
from register.cases.web.desk import act_view, content_words
from register.cases.web.desk.act_forms import ActForm, RefusalForm
from register.cases.web.desk.case_acts import pair_values
from register.cases.web.field_texts import content_changes
from register.db import db
from register.errors import NotFound, Refused
from register.journal import Act
from register.web.blueprints import asks_password, asks_password_when_alone, desk
from register.web.error_messages import error_sentence
from register.web.l10n import typeset
from register.web.request_context import key_store, settings

_CHANGE = "/dossiers/<int:incident_id>/changements/<int:change_id>"
# Errors after a decision was made already: a second click, or two members at once.
_DECIDED_ERRORS = ("no_such_change", "no_such_destruction", "destruction_over")
# Messages for the author of a change, who may not approve it.
_OWN_WAITS = _("Ce changement attend un autre membre que vous. Vous pouvez encore le reprendre.")
_OWN_REFUSED = _(
    "Ce changement vous est revenu : reprenez-le d’après le motif ci-dessous, ou ne le proposez "
    "plus."
)
_OWN_STALE = _(
    "Le public lit maintenant un autre texte que celui sur lequel vous avez écrit ce changement. "
    "Reprenez-le sur le texte d’aujourd’hui, ou ne le proposez plus."
)
_ORPHAN = _(
    "Le compte de qui a écrit ce changement est fermé : il ne peut plus paraître à son nom. "
    "Reprenez-le au vôtre, ou ne le proposez plus."
)


def _redirect_when_decided(view: Callable[..., ResponseReturnValue]) -> Callable[..., Any]:
    """Decorate a view of a pending decision: redirect to the case once it is decided."""

    @wraps(view)
    def guarded_view(incident_id: int, **view_args: int) -> ResponseReturnValue:
        try:
            return view(incident_id, **view_args)
        except (NotFound, Refused) as error:
            if error.key not in _DECIDED_ERRORS:
                raise
            act_view.open_case(incident_id)
            return act_view.redirect_to_case(incident_id, error_sentence(error))

    return guarded_view


@desk.route(_CHANGE, endpoint="change", methods=["GET", "POST"])
@asks_password_when_alone(_("publier seul un changement qui se relit à deux"))
@_redirect_when_decided
def change_approve(incident_id: int, change_id: int) -> ResponseReturnValue:
    """A change as readers would see it, its differences, and its approval, which publishes it."""
    change = _get_change(incident_id, change_id)
    single = settings().single_moderator
    return act_view.perform_act(
        act_view.open_case(incident_id),
        _with_template(ActForm(), change),
        change.proposal.act,
        lambda tx, _id, *, seen, by: acts.approve_change(
            tx, change_id, by=by, single=single, store=key_store()
        ),
        _("Le changement est publié, avec votre accord."),
        lambda present: _change_values(change, present),
    )


@desk.route(f"{_CHANGE}/refuser", methods=["GET", "POST"])
@_redirect_when_decided
def change_refuse(incident_id: int, change_id: int) -> ResponseReturnValue:
    """Refusal of a change, with a reason for its author."""
    change, form = _get_change(incident_id, change_id), RefusalForm()
    who = current_member.display_name(change.made_by)
    return act_view.perform_act(
        act_view.open_case(incident_id),
        _with_template(form, change),
        change.proposal.act,
        lambda tx, _id, *, seen, **arguments: acts.refuse_change(tx, change_id, **arguments),
        _("Le changement est refusé. %(who)s le retrouve, avec votre motif.", who=who),
        lambda present: _change_values(change, present, form),
    )


@desk.route("/dossiers/<int:incident_id>/refuser", methods=["GET", "POST"])
def refuse(incident_id: int) -> ResponseReturnValue:
    """Refusal of the version on the page, with a reason and a passage for its writer."""
    desk_case, form = act_view.open_case(incident_id), RefusalForm()
    who = current_member.display_name(desk_case.revision_by or 0)
    return act_view.perform_act(
        desk_case,
        form,
        Act.VERSION_REFUSED,
        acts.refuse_version,
        _("La version est refusée. %(who)s la retrouve, avec votre motif.", who=who),
        lambda _present: {"purpose": "publish", "refusal_form": form, "refusing": True},
    )


@desk.post(f"{_CHANGE}/reprendre")
@_redirect_when_decided
def change_drop(incident_id: int, change_id: int) -> ResponseReturnValue:
    """Withdrawal of one's own change, or of one whose writer's account is closed."""
    change = _get_change(incident_id, change_id)
    if not may_take_up(change):
        abort(404)
    current_member.run_act(lambda tx, by: acts.refuse_change(tx, change_id, by=by))
    return act_view.redirect_to_case(
        incident_id, _("Votre changement est repris : il n’attend plus.")
    )


@desk.post("/dossiers/<int:incident_id>/destructions/<int:destruction_id>/confirmer")
@asks_password(_("détruire ce qu’un caviardage a caché"))
@_redirect_when_decided
def destruction_confirm(incident_id: int, destruction_id: int) -> ResponseReturnValue:
    """Immediate destruction of what a redaction hid."""
    _require_destruction(incident_id, destruction_id)
    single = settings().single_moderator
    current_member.run_act(
        lambda tx, by: acts.confirm_destruction(tx, destruction_id, by=by, single=single)
    )
    return act_view.redirect_to_case(incident_id, _("Ce qui était caché est détruit."))


@desk.post("/dossiers/<int:incident_id>/destructions/<int:destruction_id>/annuler")
@_redirect_when_decided
def destruction_keep(incident_id: int, destruction_id: int) -> ResponseReturnValue:
    """Cancellation of the destruction of hidden passages, which stay hidden."""
    _require_destruction(incident_id, destruction_id)
    current_member.run_act(lambda tx, by: acts.keep_hidden(tx, destruction_id, by=by))
    return act_view.redirect_to_case(
        incident_id, _("Rien ne sera détruit. Le public ne lit toujours pas ce qui est caché.")
    )


def _require_destruction(incident_id: int, destruction_id: int) -> None:
    if destruction_id not in {row.id for row in act_view.open_case(incident_id).destructions}:
        raise NotFound("no_such_destruction")


def _with_template(form: ActForm, change: PendingChange) -> ActForm:
    """The form with the page of the kind of the change."""
    is_merger = change.proposal.act in second_person.ALWAYS_BY_TWO
    form.template = "change_merger" if is_merger else "change"
    return form


def _get_change(incident_id: int, change_id: int) -> PendingChange:
    change = second_person.get_change(db.session(), current_member.member(), change_id)
    if change.incident_id != incident_id:
        raise NotFound("no_such_change")
    return change


def _change_values(
    change: PendingChange, desk_case: DeskCase, refusal_form: RefusalForm | None = None
) -> dict[str, Any]:
    """The values of the page of a change: the text after it, the differences, the risk flags.

    :param refusal_form: the form of a refusal.
    """
    proposal, base = change.proposal, desk_case.snapshot.content
    reply = db.session.get(Reply, proposal.reply) if proposal.reply is not None else None
    after = CaseSnapshot({})
    if base:
        after = second_person.preview_change(base, proposal, change.made_at, reply)
    flags = second_person.new_flags(base, proposal, reply)
    pair: dict[str, Any] = {}
    if proposal.act in second_person.ALWAYS_BY_TWO:
        into = (proposal.words or {}).get("into") or desk_case.merged_into
        pair = pair_values(desk_case, int(into or 0))
    return {
        **pair,
        "change": change,
        "after": after,
        "differences": content_changes(base, after.content),
        "flags": content_words.flag_lines(flags, proposal.flag_reasons),
        "why": _approval_refusal(change, desk_case),
        "refusing": refusal_form is not None,
        "refusal_form": refusal_form or RefusalForm(formdata=None),
    }


def _approval_refusal(change: PendingChange, desk_case: DeskCase) -> str:
    """Why the signed-in member cannot approve a change; empty when they can."""
    is_own = change.made_by == current_member.member().id
    if may_take_up(change) and not is_own:
        return typeset(str(_ORPHAN))
    if change.refused_at is not None:
        return typeset(str(_OWN_REFUSED) if is_own else error_sentence(Refused("change_refused")))
    impossible = act_view.blocked_reason(desk_case, change.proposal.act)
    if impossible:
        return impossible
    if change.is_stale:
        return typeset(str(_OWN_STALE) if is_own else error_sentence(Refused("change_stale")))
    seconding = act_view.second_person_refusal(change.made_by)
    return typeset(str(_OWN_WAITS)) if seconding and is_own else seconding


@desk.app_template_global("take_up_address")
def take_up_address(desk_case: DeskCase, change: PendingChange) -> str:
    """The address at which the author edits a pending change again; empty if it has no text."""
    pages: dict[Any, str] = {Act.CORRECTED: "corriger", Act.FOLLOWED_UP: "suite"}
    page = pages.get(change.proposal.act)
    if page is None or desk_case.state != CaseState.PUBLISHED:
        return ""
    return act_view.case_address(desk_case.id, f"{page}?changement={change.id}")


@desk.app_template_global()
def may_take_up(change: PendingChange) -> bool:
    """Whether the signed-in member may edit a pending change again, or drop it."""
    return second_person.may_take_up(db.session(), change, current_member.member())
