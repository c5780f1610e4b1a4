"""Cases that may be the same as the one in hand, or of its series, with the reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.cases.case_content import Content
from register.cases.desk_lists import OnDesk
from register.cases.duplicates import Reason, likely
from register.cases.web.desk.act_view import address
from register.db import db, now
from register.web.l10n import count_words, typeset


@dataclass(frozen=True)
class Alike:
    """A case that is like another, where it is on the desk, and why."""

    case: OnDesk
    address: str
    why: str


def route(blueprint: Blueprint) -> None:
    """What templates of the desk ask about a case."""
    blueprint.add_app_template_global(likely_of, "likely_of")


def likely_of(content: Content, but: int | None = None) -> Sequence[Alike]:
    """The cases that are like one, the likest first.

    :param but: the case's own id.
    """
    found = likely(db.session(), current_member.member(), content, but=but, at=now())
    return [Alike(one.case, address(one.case.id), why(one.reasons)) for one in found]


def why(reasons: Sequence[Reason]) -> str:
    """Reasons as a sentence says them: "même commune, mêmes jours, trois mots communs"."""
    return typeset(", ".join(map(_said, reasons)))


def _said(reason: Reason) -> str:
    count = count_words(reason.count)
    counted = {
        "types": ngettext("un type commun", "%(count)s types communs", reason.count, count=count),
        "media": ngettext("même média", "%(count)s médias communs", reason.count, count=count),
        "mots": ngettext("un mot commun", "%(count)s mots communs", reason.count, count=count),
    }
    plain = {
        "source": _("même source"),
        "commune": _("même commune"),
        "commune_liee": _("commune liée"),
        "jours": _("mêmes jours"),
        "jours_proches": _("dates proches"),
    }
    return str(counted.get(reason.code) or plain[reason.code])
