"""How every act on a case is done from its page: look up, validate, act, redirect.

A form that is refused comes back with the case as it is now and with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts import vouching
from register.accounts.models import Member, Role
from register.accounts.web import current_member
from register.cases import rules
from register.cases.member_view import DeskCase, load_desk_case, load_desk_case_of_reply
from register.cases.models import CaseState
from register.cases.web.desk.act_forms import ActForm
from register.db import db, now
from register.errors import Incomplete, Invalid, Refused, RegisterError, TextError
from register.journal import Act, JournalEntry, WriteTransaction, writing
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.l10n import typeset
from register.web.request_context import settings

Filled = TypeVar("Filled", bound=ActForm)
Outcome = TypeVar("Outcome")
# Draws the page of an act: the case, the form, and a sentence on what was refused.
ActPage = Callable[[DeskCase, Filled, str], str]


def open_case(incident_id: int) -> DeskCase:
    """A case for the member who asks.

    :raises NotFound: there is none.
    """
    return load_desk_case(db.session(), current_member.member(), incident_id)


def open_case_of_reply(reply_id: int) -> DeskCase:
    """The case that a reply is to, for the member who asks.

    :raises NotFound: there is none.
    """
    return load_desk_case_of_reply(db.session(), current_member.member(), reply_id)


@desk.app_template_global("desk_address")
def case_address(incident_id: int, act: str = "") -> str:
    """Where a case is on the desk, or the page of an act on it."""
    return f"/moderation/dossiers/{incident_id}{act and '/'}{act}"


def run_act(act: Callable[[WriteTransaction, int], Outcome]) -> Outcome:
    """Do something under the pen, for the member who asks; what it gave back."""
    by = current_member.member().id
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    with writing() as tx:
        return act(tx, by)


def perform_act(
    desk_case: DeskCase,
    form: Filled,
    page: ActPage[Filled],
    act: Callable[[WriteTransaction, int], JournalEntry | Any],
    done: Callable[[Any], str],
) -> ResponseReturnValue:
    """Show an act's page, or do the act.

    :param act: does it, as :func:`run_act` asks for it.
    :param done: the sentence that confirms it, from what the act gave back.
    """
    if request.method != "POST":
        form.set_revision(desk_case)
        return page(desk_case, form, "")
    if not form.validate():
        return page(desk_case, form, ""), 422
    try:
        outcome = run_act(act)
    except (Refused, Invalid, Incomplete, TextError) as error:
        return _refused_page(desk_case.id, form, page, error)
    flash(typeset(done(outcome)))
    return redirect(case_address(desk_case.id), 303)


def _refused_page(
    incident_id: int, form: Filled, page: ActPage[Filled], error: RegisterError | TextError
) -> ResponseReturnValue:
    current_file = open_case(incident_id)
    error_text = form.attach_error(error, current_file)
    status = status_of(error) if isinstance(error, RegisterError) else 422
    return page(current_file, form, error_text), status


@dataclass(frozen=True)
class ActLink:
    """An act as a link of a case's page; ``why`` says why it is not possible, or is empty."""

    act: Act
    label: str
    address: str
    why: str = ""

    @property
    def is_main(self) -> bool:
        """What the page is mostly opened for."""
        return self.act in (Act.PUBLISHED, Act.RESTORED)

    @property
    def is_grave(self) -> bool:
        """What takes away."""
        return self.act in _GRAVE_ACTS


_GRAVE_ACTS = frozenset({Act.WITHDRAWN, Act.MERGED, Act.DRAFT_MERGED, Act.ERASED, Act.DISCARDED})
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
    Act.DISCARDED: ("abandonner", _("Abandonner ce brouillon…")),
    Act.ERASED: ("effacer", _("Effacer pour toujours…")),
}
_APPROVE_ERASURE = _("Approuver l’effacement…")


def available_acts(desk_case: DeskCase, member: Member, *, single: bool) -> Sequence[ActLink]:
    """Every act on a case, in the order in which they are offered.

    :param single: the register has one moderator, and nobody approves anything.
    """
    return list(_act_links(desk_case, member, single))


def _act_links(desk_case: DeskCase, member: Member, single: bool) -> Iterator[ActLink]:
    for act, (page_name, label) in _ACT_PAGES.items():
        # A draft is joined by one act, a public case by another; a draft without a number has
        # nothing that would have to outlive it.
        if act is (Act.MERGED if desk_case.number is None else Act.DRAFT_MERGED):
            continue
        if act is Act.ERASED and desk_case.number is None:
            continue
        if act is Act.APPROVED and (
            single or desk_case.state not in (CaseState.DRAFT, CaseState.WITHDRAWN)
        ):
            continue
        yield ActLink(
            act,
            str(label),
            case_address(desk_case.id, page_name),
            blocked_reason(desk_case, member, act),
        )
    if desk_case.number is not None and not desk_case.is_gone and not single:
        approval_block = (
            _refusal_text("already_approved", desk_case)
            if member.id in desk_case.approvers("erase")
            else ""
        )
        approval_address = case_address(desk_case.id, "approuver?pour=effacement")
        yield ActLink(Act.APPROVED, str(_APPROVE_ERASURE), approval_address, approval_block)


def blocked_reason(desk_case: DeskCase, member: Member, act: Act) -> str:
    """Why a member cannot do an act on a case as it is now; empty when they can try.

    What the act itself checks, the checklist above all, is said on its own page.
    """
    try:
        rule = rules.rule_for(CaseState(desk_case.state), act)
    except Refused as error:
        return typeset(error_sentence(error))
    if Role(member.role) not in rule.roles:
        return _refusal_text("administrators_only", desk_case)
    if act is Act.APPROVED and desk_case.report_withdrawn:
        return _refusal_text("report_withdrawn", desk_case)
    if act is Act.APPROVED and not vouching.vouches(member, now()):
        return typeset(
            error_sentence(Refused("member_vouches_later", from_day=member.vouches_from))
        )
    if act is Act.APPROVED and desk_case.revision_by == member.id:
        return _refusal_text("own_revision", desk_case)
    if act is Act.APPROVED and member.id in desk_case.approvers("publish"):
        return _refusal_text("already_approved", desk_case)
    return ""


def _refusal_text(key: str, desk_case: DeskCase) -> str:
    return typeset(error_sentence(Refused(key, state=desk_case.state)))


def second_person_refusal(author_id: int) -> str:
    """Why the member who asks cannot be the second person for another; empty when they can."""
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
    """Whether the member who asks may be the second person for another."""
    return not second_person_refusal(author_id)
