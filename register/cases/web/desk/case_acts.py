"""Views of the acts on a case, from publication to discard, and of the merge of two cases."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts.web import current_member
from register.cases import acts, queries, second_person
from register.cases.acts import publication
from register.cases.member_view import DeskCase
from register.cases.mergers import Merger
from register.cases.models import CaseState, Reply
from register.cases.queries import MergedCase
from register.cases.second_person import Proposal
from register.cases.web.desk import act_forms
from register.cases.web.desk.act_forms import RefusalForm, parse_id
from register.cases.web.desk.act_view import (
    blocked_reason,
    open_case,
    open_case_of_reply,
    perform_act,
)
from register.cases.web.desk.case import case_checklist
from register.cases.web.desk.content_words import flag_lines
from register.cases.web.public.case_view import build_case_view
from register.cases.web.public.cases import notice_values
from register.db import db, now
from register.errors import Gone, Moved, NotFound
from register.journal import Act
from register.web.blueprints import asks_password, asks_password_when_alone, desk
from register.web.l10n import day_words
from register.web.request_context import key_store, settings


def _lacks_second_person(incident_id: int) -> bool:
    desk_case = open_case(incident_id)
    return case_checklist(desk_case).needs_second and not desk_case.second_persons.get("publish")


@desk.route("/dossiers/<int:incident_id>/publier", methods=["GET", "POST"])
@asks_password_when_alone(
    lazy_gettext("publier seul un cas qui se relit à deux"), when=_lacks_second_person
)
def publish(incident_id: int) -> ResponseReturnValue:
    """The checklist, the attestations and the publication of a draft."""
    return perform_act(
        open_case(incident_id),
        act_forms.PublishForm(),
        Act.PUBLISHED,
        partial(acts.publish, store=key_store(), single=settings().single_moderator),
        lambda line: _("Le cas est publié sous le nº %(number)s.", number=line.case_number),
    )


@desk.route("/dossiers/<int:incident_id>/retablir", methods=["GET", "POST"])
@asks_password_when_alone(
    lazy_gettext("rétablir seul un cas qui se relit à deux"), when=_lacks_second_person
)
def restore(incident_id: int) -> ResponseReturnValue:
    """The checklist, the attestations and the restoration of a withdrawn case."""
    desk_case, form = open_case(incident_id), act_forms.RestoreForm()
    if publication.edited_since_withdrawal(db.session(), incident_id):
        form.public_note.flags.required = True
        if request.method == "GET" and case_checklist(desk_case).needs_second:
            form.public_note.data = publication.FIXED_NOTE
    notice = _("Le cas est rétabli : le public le lit à nouveau.")
    act = partial(acts.restore, store=key_store(), single=settings().single_moderator)
    return perform_act(desk_case, form, Act.RESTORED, act, notice)


@desk.route("/dossiers/<int:incident_id>/approuver", methods=["GET", "POST"])
def approve(incident_id: int) -> ResponseReturnValue:
    """Approval by a second member of the version on the page, to publish or to erase it."""
    erasing = request.values.get("pour") == "effacement"
    purpose = "erase" if erasing else "publish"

    def page_values(present: DeskCase) -> dict[str, Any]:
        why = ""
        if not erasing:
            why = blocked_reason(present, Act.APPROVED)
            if not why and present.state not in (CaseState.DRAFT, CaseState.WITHDRAWN):
                why = _("Ce cas n’attend aucune approbation pour être publié.")
        elif current_member.member().id in present.approvers("erase"):
            why = _("Vous avez déjà approuvé l’effacement.")
        return {"purpose": purpose, "why": why, "refusal_form": RefusalForm(formdata=None)}

    notice = _("Vous avez approuvé cette version. Un autre membre peut maintenant publier.")
    if erasing:
        notice = _("Vous avez approuvé l’effacement de ce cas.")
    run, form = partial(acts.approve, purpose=purpose), act_forms.ActForm()
    return perform_act(open_case(incident_id), form, Act.APPROVED, run, notice, page_values)


@desk.route("/dossiers/<int:incident_id>/reponse", methods=["GET", "POST"])
def receive_reply(incident_id: int) -> ResponseReturnValue:
    """Registration of a right of reply that arrived by post or mail."""
    return perform_act(
        open_case(incident_id),
        act_forms.ReceiveReplyForm(),
        Act.REPLY_RECEIVED,
        acts.receive_reply,
        lambda reply: _(
            "La réponse est notée. Publiez-la ou refusez-la avant la fin du %(day)s.",
            day=day_words(reply.due_on),
        ),
    )


@desk.route("/reponses/<int:reply_id>/publier", methods=["GET", "POST"])
def publish_reply(reply_id: int) -> ResponseReturnValue:
    """Publication of a received reply after the narrative."""
    form = act_forms.PublishReplyForm()

    def page_values(present: DeskCase) -> dict[str, Any]:
        proposal, row = Proposal(Act.REPLIED, "", reply=reply_id), db.session.get(Reply, reply_id)
        flags = second_person.new_flags(present.snapshot.content, proposal, row)
        lines = flag_lines(flags, form.flag_reasons.data)
        return {**_reply_values(present, reply_id), "flags": lines}

    return perform_act(
        open_case_of_reply(reply_id),
        form,
        Act.REPLIED,
        lambda tx, _incident_id, **arguments: acts.reply(tx, reply_id, **arguments),
        _("La réponse est publiée, juste après le récit."),
        page_values,
    )


@desk.route("/reponses/<int:reply_id>/refuser", methods=["GET", "POST"])
def refuse_reply(reply_id: int) -> ResponseReturnValue:
    """Refusal of a received reply, with the reason for its author."""
    return perform_act(
        open_case_of_reply(reply_id),
        act_forms.RefuseReplyForm(),
        Act.REPLY_REFUSED,
        lambda tx, _incident_id, **arguments: acts.refuse_reply(tx, reply_id, **arguments),
        _(
            "La réponse est refusée. Envoyée en ligne, son auteur lit le motif avec son code ; "
            "sinon, envoyez-le-lui."
        ),
        lambda present: _reply_values(present, reply_id),
    )


def _reply_values(desk_case: DeskCase, reply_id: int) -> dict[str, Any]:
    reply = desk_case.reply(reply_id)
    decided = "" if reply.state == "received" else _("Cette réponse a déjà été traitée.")
    return {"reply": reply, "decided": decided}


@desk.route("/dossiers/<int:incident_id>/retirer", methods=["GET", "POST"])
@asks_password(lazy_gettext("retirer un dossier de la vue du public"))
def withdraw(incident_id: int) -> ResponseReturnValue:
    """Withdrawal of a public case; the page shows what the public will read instead."""
    desk_case, form = open_case(incident_id), act_forms.WithdrawForm()
    notice = _("Le cas est retiré. À son adresse, le public lit un avis daté.")
    return perform_act(desk_case, form, Act.WITHDRAWN, acts.withdraw, notice)


@desk.route("/dossiers/<int:incident_id>/effacer", methods=["GET", "POST"])
@asks_password(lazy_gettext("effacer pour toujours les textes d’un dossier"))
def erase(incident_id: int) -> ResponseReturnValue:
    """Erasure of a case's texts, by an administrator and a second person."""
    desk_case = open_case(incident_id)
    seconds = sorted(desk_case.second_persons.get("erase", ()))
    names = ", ".join(map(current_member.display_name, seconds))
    notice, form = _("Les textes de ce dossier sont détruits."), act_forms.EraseForm()
    # Without its keys, a register can still erase what it shows.
    store = key_store() if desk_case.merged_into else None
    act = partial(acts.erase, store=store, single=settings().single_moderator)
    return perform_act(
        desk_case, form, Act.ERASED, act, notice, lambda _present: {"seconds": names}
    )


@desk.route("/dossiers/<int:incident_id>/abandonner", methods=["GET", "POST"])
def discard(incident_id: int) -> ResponseReturnValue:
    """Discard of a draft and destruction of its texts."""
    desk_case, form = open_case(incident_id), act_forms.ActForm()
    notice = _("Le brouillon est abandonné, et ses textes détruits.")
    return perform_act(desk_case, form, Act.DISCARDED, acts.discard, notice)


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
