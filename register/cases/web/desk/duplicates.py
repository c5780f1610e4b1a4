"""Possible duplicates of a case, with the reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.cases.case_content import Content
from register.cases.desk_lists import DeskCaseSummary
from register.cases.duplicates import DuplicateReason, find_possible_duplicates
from register.cases.web.desk.act_view import case_address
from register.db import db, now
from register.web.blueprints import desk
from register.web.l10n import count_words, typeset


@dataclass(frozen=True)
class SimilarCase:
    """A possible duplicate, its address on the desk and the reasons."""

    case: DeskCaseSummary
    address: str
    why: str


@desk.app_template_global("likely_of")
def similar_cases(content: Content, exclude_id: int | None = None) -> Sequence[SimilarCase]:
    """The possible duplicates of a content, most similar first.

    :param exclude_id: the id of the case itself.
    """
    candidates = find_possible_duplicates(
        db.session(), current_member.member(), content, exclude_id=exclude_id, at=now()
    )
    return [
        SimilarCase(
            candidate.case, case_address(candidate.case.id), reasons_sentence(candidate.reasons)
        )
        for candidate in candidates
    ]


def reasons_sentence(reasons: Sequence[DuplicateReason]) -> str:
    """The reasons in words: "même commune, mêmes jours, trois mots communs"."""
    return typeset(", ".join(map(_reason_text, reasons)))


def _reason_text(reason: DuplicateReason) -> str:
    count = count_words(reason.count)
    counted_texts = {
        "types": ngettext("un type commun", "%(count)s types communs", reason.count, count=count),
        "media": ngettext("même média", "%(count)s médias communs", reason.count, count=count),
        "mots": ngettext("un mot commun", "%(count)s mots communs", reason.count, count=count),
    }
    plain_texts = {
        "source": _("même source"),
        "commune": _("même commune"),
        "commune_liee": _("commune liée"),
        "jours": _("mêmes jours"),
        "jours_proches": _("dates proches"),
    }
    return str(counted_texts.get(reason.code) or plain_texts[reason.code])
