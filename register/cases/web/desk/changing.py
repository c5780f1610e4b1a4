"""What waits for a second person on a public case: changes to approve, destructions to confirm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases import acts, changes
from register.cases import checklist as checks
from register.cases.case_content import Snapshot
from register.cases.changes import Change
from register.cases.member_view import Dossier
from register.cases.models import Reply, State
from register.cases.web.desk import content_words
from register.cases.web.desk.act_forms import ActForm, ApproveForm, RefuseChangeForm
from register.cases.web.desk.act_view import address, opened, penned, perform
from register.cases.web.desk.available_acts import why_not
from register.cases.web.desk.case import around
from register.cases.web.desk.seconding import cannot_second, may_decide
from register.db import db
from register.errors import NotFound, Refused
from register.journal import Act, Entry, Pen
from register.text.personal_data import risks
from register.web.context import settings
from register.web.error_messages import say
from register.web.l10n import typeset

_CASE = "/dossiers/<int:incident_id>"
# What is raised of something that somebody has decided: a second click, or two members at once.
_DECIDED = ("no_such_change", "no_such_destruction", "destruction_over")
# What the writer of a change is told, who may not approve it.
_OWN_WAITS = _("Ce changement attend un autre membre que vous. Vous pouvez encore le reprendre.")
_OWN_REFUSED = _(
    "Ce changement vous est revenu : reprenez-le d’après le motif ci-dessous, ou ne le proposez "
    "plus."
)
_OWN_STALE = _(
    "Le public lit maintenant un autre texte que celui sur lequel vous avez écrit ce changement. "
    "Reprenez-le sur le texte d’aujourd’hui, ou ne le proposez plus."
)


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    change = f"{_CASE}/changements/<int:change_id>"
    both = ["GET", "POST"]
    blueprint.add_url_rule(change, "change", change_approve, methods=both)
    blueprint.add_url_rule(f"{change}/refuser", view_func=change_refuse, methods=both)
    blueprint.add_url_rule(f"{change}/reprendre", view_func=change_drop, methods=["POST"])
    for name, view in (("confirmer", destruction_confirm), ("annuler", destruction_keep)):
        rule = f"{_CASE}/destructions/<int:destruction_id>/{name}"
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])
    blueprint.add_app_template_global(change_words)
    blueprint.add_app_template_global(take_up_address)
    blueprint.add_app_template_global(may_decide)


def _or_back_to_case(view: Callable[..., ResponseReturnValue]) -> Callable[..., Any]:
    """A view of something that waits; when somebody has decided it, the case, which says so."""

    @wraps(view)
    def viewed(incident_id: int, **named: int) -> ResponseReturnValue:
        try:
            return view(incident_id, **named)
        except (NotFound, Refused) as error:
            if error.key not in _DECIDED:
                raise
            opened(incident_id)
            return _done(incident_id, say(error))

    return viewed


@_or_back_to_case
def change_approve(incident_id: int, change_id: int) -> ResponseReturnValue:
    """A change as readers would see it and what differs; approved, it is public at once."""
    change, form = _change(incident_id, change_id), ApproveForm()

    def act(pen: Pen, by: int) -> Entry:
        return acts.approve_change(pen, change.id, by=by, single=settings().single_moderator)

    def done(_line: Entry) -> str:
        return str(_("Le changement est publié, avec votre accord."))

    return perform(opened(incident_id), form, partial(_page, change), act, done)


@_or_back_to_case
def change_refuse(incident_id: int, change_id: int) -> ResponseReturnValue:
    """A change goes back to its writer, with a reason."""
    change, form = _change(incident_id, change_id), RefuseChangeForm()

    def act(pen: Pen, by: int) -> Entry:
        return acts.refuse_change(pen, change.id, by=by, refusal=form.refusal.data)

    def done(_line: Entry) -> str:
        who = current_member.called(change.made_by)
        return str(_("Le changement est refusé. %(who)s le retrouve, avec votre motif.", who=who))

    return perform(opened(incident_id), form, partial(_page, change), act, done)


@_or_back_to_case
def change_drop(incident_id: int, change_id: int) -> ResponseReturnValue:
    """One's own change is taken back."""
    change = _change(incident_id, change_id)
    if change.made_by != current_member.member().id:
        abort(404)
    penned(lambda pen, by: acts.refuse_change(pen, change.id, by=by))
    return _done(incident_id, _("Votre changement est repris : il n’attend plus."))


@_or_back_to_case
def destruction_confirm(incident_id: int, destruction_id: int) -> ResponseReturnValue:
    """What a redaction hid is destroyed now."""
    single = settings().single_moderator
    _decide(
        incident_id,
        destruction_id,
        lambda pen, by: acts.confirm_destruction(pen, destruction_id, by=by, single=single),
    )
    return _done(incident_id, _("Les versions cachées sont détruites."))


@_or_back_to_case
def destruction_keep(incident_id: int, destruction_id: int) -> ResponseReturnValue:
    """The destruction of what a redaction hid is taken back; readers still do not see it."""
    _decide(
        incident_id, destruction_id, lambda pen, by: acts.keep_hidden(pen, destruction_id, by=by)
    )
    return _done(
        incident_id, _("Rien ne sera détruit. Le public ne lit toujours pas ces versions.")
    )


def _decide(incident_id: int, destruction_id: int, act: Callable[[Pen, int], Entry]) -> None:
    if destruction_id not in {row.id for row in opened(incident_id).destructions}:
        raise NotFound("no_such_destruction")
    penned(act)


def _done(incident_id: int, said: object) -> ResponseReturnValue:
    flash(typeset(str(said)))
    return redirect(address(incident_id), 303)


def _change(incident_id: int, change_id: int) -> Change:
    change = changes.one(db.session(), current_member.member(), change_id)
    if change.incident != incident_id:
        raise NotFound("no_such_change")
    return change


def _page(change: Change, file: Dossier, form: ActForm, said: str) -> str:
    proposal = change.proposal
    reply = db.session.get(Reply, proposal.reply) if proposal.reply is not None else None
    base = file.snapshot.content
    after = changes.result(base, proposal, change.made_at, reply) if base else Snapshot({})
    content = proposal.content or file.content
    found = list(checks.flags(content))
    for text in changes.new_texts(proposal, reply):
        found += [checks.Flag("text", risk.code, risk.excerpt) for risk in risks(text)]
    refusing = isinstance(form, RefuseChangeForm)
    return render_template(
        "moderation/acts/change.html",
        act=proposal.act,
        file=file,
        form=form,
        said=said,
        change=change,
        after=after,
        about=around(file, after),
        differences=content_words.changes(
            content_words.words_of(base), content_words.words_of(after.content)
        ),
        flags=list(dict.fromkeys(found)),
        why=_why(change, file),
        refusing=refusing,
        refusal=form.refusal if refusing else RefuseChangeForm(formdata=None).refusal,
    )


def _why(change: Change, file: Dossier) -> str:
    """Why the member who asks cannot approve a change; empty when they can."""
    own = change.made_by == current_member.member().id
    if change.refused_at is not None:
        return typeset(str(_OWN_REFUSED) if own else say(Refused("change_refused")))
    impossible = why_not(file, current_member.member(), change.proposal.act)
    if impossible:
        return impossible
    if change.is_stale:
        return typeset(str(_OWN_STALE) if own else say(Refused("change_stale")))
    seconding = cannot_second(change.made_by)
    return typeset(str(_OWN_WAITS)) if seconding and own else seconding


def change_words(act: Act) -> str:
    """What kind of change waits."""
    kinds = {
        Act.CORRECTED: _("Correction"),
        Act.FOLLOWED_UP: _("Suite"),
        Act.REPLIED: _("Publication d’une réponse"),
    }
    return typeset(str(kinds.get(act, act.value)))


def take_up_address(file: Dossier, change: Change) -> str:
    """Where the writer of a change takes it up again; empty when there is nothing to write."""
    if file.state != State.PUBLISHED:
        return ""
    kinds: dict[Any, str] = {Act.CORRECTED: "corriger", Act.FOLLOWED_UP: "suite"}
    kind = kinds.get(change.proposal.act)
    return address(file.id, f"{kind}?changement={change.id}") if kind else ""
