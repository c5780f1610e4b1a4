"""Steps of each view that acts on a case: load, validate, act, redirect; and the available acts.

A refused form is shown again with the present case and everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.web import current_member
from register.accounts.web.current_member import run_act
from register.cases import act_permissions
from register.cases.member_view import DeskCase, load_desk_case, load_desk_case_of_reply
from register.cases.models import CaseState
from register.cases.web.desk.act_forms import ActForm
from register.db import db, now
from register.errors import Incomplete, Invalid, Refused
from register.journal import Act, JournalEntry
from register.reports import queries
from register.reports.acts import view_retained
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.l10n import typeset
from register.web.request_context import settings

_GRAVE_ACTS = frozenset({Act.WITHDRAWN, Act.MERGED, Act.DRAFT_MERGED, Act.ERASED, Act.DISCARDED})
_PUBLISHING_ACTS = frozenset({Act.APPROVED, Act.PUBLISHED, Act.RESTORED})
_ACT_PAGES: dict[Act, tuple[str, Any]] = {
    Act.PUBLISHED: ("publier", _("Publier…")),
    Act.RESTORED: ("retablir", _("Rétablir…")),
    Act.EDITED: ("modifier", _("Modifier")),
    Act.APPROVED: ("approuver", _("Approuver cette version…")),
    Act.INVITED: ("inviter", _("Inviter à répondre…")),
    Act.FOLLOWED_UP: ("suite", _("Ajouter une suite")),
    Act.REPLY_RECEIVED: ("reponse", _("Noter une réponse reçue")),
    Act.CORRECTED: ("corriger", _("Corriger")),
    Act.REDACTED: ("caviarder", _("Retirer un passage")),
    Act.WITHDRAWN: ("retirer", _("Retirer le cas…")),
    Act.MERGED: ("reunir", _("Réunir à un autre cas…")),
    Act.DRAFT_MERGED: ("reunir", _("Réunir à un autre cas…")),
    Act.PARTED: ("separer", _("Séparer de l’autre cas…")),
    Act.DISCARDED: ("abandonner", _("Abandonner ce brouillon…")),
    Act.ERASED: ("effacer", _("Effacer pour toujours…")),
}
_AWAITS_APPROVAL = _(
    "Ce changement attend un autre membre : le public le lira quand il l’aura approuvé. "
    "Dites-le-lui."
)
_AWAITS_OWN_APPROVAL = _(
    "Ce changement attend votre accord, en un acte à part : le public le lira quand vous l’aurez "
    "approuvé."
)
_APPROVE_ERASURE = _("Approuver l’effacement…")


@dataclass(frozen=True)
class ActLink:
    """The link to an act; ``why`` is the reason why it is not possible, or empty."""

    act: Act
    label: str
    address: str
    why: str = ""

    @property
    def is_main(self) -> bool:
        """Whether it is the main act of the page."""
        return self.act in (Act.PUBLISHED, Act.RESTORED)

    @property
    def is_grave(self) -> bool:
        """Whether it removes something."""
        return self.act in _GRAVE_ACTS


def open_case(incident_id: int) -> DeskCase:
    """A case for the signed-in member.

    :raises NotFound: it does not exist.
    """
    return load_desk_case(db.session(), current_member.member(), incident_id)


def open_case_of_reply(reply_id: int) -> DeskCase:
    """The case of a reply, for the signed-in member.

    :raises NotFound: it does not exist.
    """
    return load_desk_case_of_reply(db.session(), current_member.member(), reply_id)


def note_retained_view(incident_id: int) -> None:
    """Record that the member views the copies of reports that a case retains, if any."""
    if not queries.has_retained(db.session(), incident_id):
        return
    viewed = queries.viewed_on_day(db.session(), Act.COPY_VIEWED, current_member.member().id, now())
    if incident_id not in viewed:
        run_act(lambda tx, by: view_retained(tx, incident_id, by=by))


@desk.app_template_global("desk_address")
def case_address(incident_id: int, act: str = "") -> str:
    """The address of a case on the desk, or of the page of an act on it."""
    return f"/moderation/dossiers/{incident_id}{act and '/'}{act}"


def perform_act(
    desk_case: DeskCase,
    form: ActForm,
    act: Act,
    run: Callable[..., Any],
    notice: Any,
    page_values: Callable[[DeskCase], Mapping[str, Any]] = lambda _present: {},
) -> ResponseReturnValue:
    """Show the page of an act, or run the act.

    :param run: the act; takes the transaction, the id of the case, the member and the arguments
        of the form.
    :param notice: the confirmation, or makes it from the outcome of ``run``; that of a change that
        waits for a second person is always the same.
    :param page_values: makes the values of this template alone from the present case.
    """

    def page(present: DeskCase, error_text: str = "") -> str:
        values = {
            "act": act,
            "file": present,
            "form": form,
            "error_text": error_text,
            "why": blocked_reason(present, act),
            **page_values(present),
        }
        template = form.template or str(request.endpoint).rpartition(".")[2]
        return render_template(f"cases/desk/acts/{template}.html", **values)

    if request.method != "POST":
        form.vu.data = str(desk_case.revision_id or 0)
        return page(desk_case)
    if not form.validate():
        return page(desk_case), 422
    try:
        outcome = run_act(lambda tx, by: run(tx, desk_case.id, by=by, **form.arguments()))
    except (Refused, Invalid, Incomplete) as error:
        present = open_case(desk_case.id)
        error_text = form.attach_error(error, present)
        return page(present, error_text), status_of(error)
    if isinstance(outcome, JournalEntry) and outcome.act == Act.CHANGE_PROPOSED:
        notice = awaits_approval_notice()
    return redirect_to_case(desk_case.id, notice(outcome) if callable(notice) else notice)


def awaits_approval_notice() -> str:
    """The confirmation of a change that waits; a single moderator approves their own."""
    return str(_AWAITS_OWN_APPROVAL if settings().single_moderator else _AWAITS_APPROVAL)


def redirect_to_case(
    incident_id: int, notice: object, fragment: str = "", *, page: str = ""
) -> ResponseReturnValue:
    """A redirect to the case, or to a page of it, which shows the notice."""
    flash(typeset(str(notice)))
    return redirect(f"{case_address(incident_id, page)}{fragment}", 303)


def available_acts(desk_case: DeskCase) -> Sequence[ActLink]:
    """Every act on a case, in the order of the page."""
    # A single moderator has no approvals.
    single = settings().single_moderator
    # Drafts without a number are discarded instead of erased, and merged by an act of their own.
    left_out = {Act.DRAFT_MERGED} if desk_case.number is not None else {Act.MERGED, Act.ERASED}
    is_merged = desk_case.state == CaseState.MERGED
    if not is_merged or desk_case.number is None:
        left_out.add(Act.PARTED)
    if is_merged and (desk_case.number is None or desk_case.restriction):
        left_out.add(Act.WITHDRAWN)
    if single or desk_case.state not in (CaseState.DRAFT, CaseState.WITHDRAWN):
        left_out.add(Act.APPROVED)
    links = [
        ActLink(act, str(label), case_address(desk_case.id, page), blocked_reason(desk_case, act))
        for act, (page, label) in _ACT_PAGES.items()
        if act not in left_out
    ]
    if desk_case.number is not None and not desk_case.is_gone and not single:
        has_approved = current_member.member().id in desk_case.approvers("erase")
        reason = _refusal_text("already_approved", desk_case) if has_approved else ""
        address = case_address(desk_case.id, "approuver?pour=effacement")
        links.append(ActLink(Act.APPROVED, str(_APPROVE_ERASURE), address, reason))
    return links


def blocked_reason(desk_case: DeskCase, act: Act) -> str:
    """Why the signed-in member cannot do an act on the present case; empty when they can try.

    The page of the act shows what the act itself checks, such as the checklist.
    """
    member = current_member.member()
    try:
        act_permissions.require_possible(CaseState(desk_case.state), act)
    except Refused as error:
        return typeset(error_sentence(error))
    if act in act_permissions.ADMINISTRATORS_ACTS and not member.is_administrator:
        return _refusal_text("administrators_only", desk_case)
    if act in _PUBLISHING_ACTS and desk_case.is_refused:
        return _refusal_text("version_refused", desk_case)
    if act is not Act.APPROVED:
        return ""
    refusals = (
        ("report_withdrawn", desk_case.report_withdrawn),
        ("member_vouches_later", not vouching.vouches(member, now())),
        ("own_revision", desk_case.revision_by == member.id),
        ("already_approved", member.id in desk_case.approvers("publish")),
    )
    key = next((key for key, applies in refusals if applies), "")
    return _refusal_text(key, desk_case, from_day=member.vouches_from) if key else ""


def second_person_refusal(author_id: int) -> str:
    """Why the signed-in member cannot be the second person for another; empty when they can."""
    me = current_member.member()
    if settings().single_moderator and author_id == me.id:
        return ""
    author = db.session.get(Member, author_id)
    try:
        vouching.require_second(me, author or me, now())
    except Refused as error:
        return typeset(error_sentence(error))
    return ""


@desk.app_template_global("may_decide")
def may_decide(author_id: int) -> bool:
    """Whether the signed-in member may be the second person for another."""
    return not second_person_refusal(author_id)


def _refusal_text(key: str, desk_case: DeskCase, **values: Any) -> str:
    return typeset(error_sentence(Refused(key, state=desk_case.state, **values)))
