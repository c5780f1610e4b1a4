"""What can be done to a case now by the member who looks at it, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from register.accounts import vouching
from register.accounts.models import Member, Role
from register.cases import rules
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.web.desk.act_view import case_address
from register.db import now
from register.errors import Refused
from register.journal import Act
from register.web.error_messages import error_sentence
from register.web.l10n import typeset


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
