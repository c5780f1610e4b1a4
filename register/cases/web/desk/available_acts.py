"""What can be done to a case now by the member who looks at it, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from register.accounts import vouching
from register.accounts.models import Member, Role
from register.cases import rules
from register.cases.member_view import Dossier
from register.cases.models import State
from register.cases.web.desk.act_view import address
from register.db import now
from register.errors import Refused
from register.journal import Act
from register.web.error_messages import say
from register.web.l10n import typeset


@dataclass(frozen=True)
class Deed:
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
        return self.act in _GRAVE


_GRAVE = frozenset({Act.WITHDRAWN, Act.MERGED, Act.DRAFT_MERGED, Act.ERASED, Act.DISCARDED})
_LABELS: dict[Act, tuple[str, Any]] = {
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
_TO_ERASE = _("Approuver l’effacement…")


def deeds(file: Dossier, member: Member, *, single: bool) -> Sequence[Deed]:
    """Every act on a case, in the order in which they are offered.

    :param single: the register has one moderator, and nobody approves anything.
    """
    return list(_deeds(file, member, single))


def _deeds(file: Dossier, member: Member, single: bool) -> Iterator[Deed]:
    for act, (place, label) in _LABELS.items():
        # A draft is joined by one act, a public case by another; a draft without a number has
        # nothing that would have to outlive it.
        if act is (Act.MERGED if file.number is None else Act.DRAFT_MERGED):
            continue
        if act is Act.ERASED and file.number is None:
            continue
        if act is Act.APPROVED and (single or file.state not in (State.DRAFT, State.WITHDRAWN)):
            continue
        yield Deed(act, str(label), address(file.id, place), why_not(file, member, act))
    if file.number is not None and not file.is_gone and not single:
        why = _said("already_approved", file) if member.id in file.approvers("erase") else ""
        to = address(file.id, "approuver?pour=effacement")
        yield Deed(Act.APPROVED, str(_TO_ERASE), to, why)


def why_not(file: Dossier, member: Member, act: Act) -> str:
    """Why a member cannot do an act on a case as it is now; empty when they can try.

    What the act itself checks, the checklist above all, is said on its own page.
    """
    try:
        rule = rules.rule_for(State(file.state), act)
    except Refused as error:
        return typeset(say(error))
    if Role(member.role) not in rule.roles:
        return _said("administrators_only", file)
    if act is Act.APPROVED and file.report_withdrawn:
        return _said("report_withdrawn", file)
    if act is Act.APPROVED and not vouching.vouches(member, now()):
        return typeset(say(Refused("member_vouches_later", from_day=member.vouches_from)))
    if act is Act.APPROVED and file.revision_by == member.id:
        return _said("own_revision", file)
    if act is Act.APPROVED and member.id in file.approvers("publish"):
        return _said("already_approved", file)
    return ""


def _said(key: str, file: Dossier) -> str:
    return typeset(say(Refused(key, state=file.state)))
