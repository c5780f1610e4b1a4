"""Days, tasks and possible duplicates in words, for the lists of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web import current_member
from register.cases.case_content import Content
from register.cases.duplicates import DuplicateReason, PossibleDuplicate, find_possible_duplicates
from register.cases.todo_clauses import TodoContext
from register.cases.urgency import ClaimedRow, claim_holder
from register.db import db, now
from register.text import dates
from register.web.blueprints import desk
from register.web.l10n import count_words, day_words, typeset
from register.web.request_context import current_vocabulary, settings

# From this many days on, the date is clearer than the number of days.
_COUNTED_DAYS = 31


def todo_context() -> TodoContext:
    """The context of the to-do lists of this request."""
    return TodoContext(current_vocabulary(), now(), settings().single_moderator)


@desk.app_template_global("holder")
def holder(claimed: ClaimedRow) -> int | None:
    """The member who has claimed a case; None once the claim has expired."""
    return claim_holder(claimed, now())


def relative_day(happened_at: date | datetime, today: date, *, since: bool = False) -> str:
    """A past day in words: "hier", "il y a trois jours".

    :param since: as the start of a period: "depuis hier", "depuis trois jours".
    """
    day = dates.paris_day(happened_at) if isinstance(happened_at, datetime) else happened_at
    passed = (today - day).days
    if passed <= 0:
        return str(_("depuis aujourd’hui") if since else _("aujourd’hui"))
    if passed == 1:
        return str(_("depuis hier") if since else _("hier"))
    if passed < _COUNTED_DAYS:
        count = count_words(passed)
        return str(
            _("depuis %(count)s jours", count=count)
            if since
            else _("il y a %(count)s jours", count=count)
        )
    day_text = day_words(day)
    return str(_("depuis le %(day)s", day=day_text) if since else _("le %(day)s", day=day_text))


def deadline_words(due: date, today: date) -> tuple[str, bool]:
    """A deadline in words, and whether it has come."""
    days_left = (due - today).days
    if days_left < 0:
        late_text = ngettext(
            "en retard de %(count)s jour",
            "en retard de %(count)s jours",
            -days_left,
            count=-days_left,
        )
        return typeset(late_text), True
    if days_left == 0:
        return typeset(_("à traiter aujourd’hui")), True
    if days_left == 1:
        return typeset(_("à traiter avant demain soir")), False
    return typeset(_("à traiter avant le %(day)s", day=day_words(due))), False


@desk.app_template_global("likely_of")
def similar_cases(content: Content, exclude_id: int | None = None) -> Sequence[PossibleDuplicate]:
    """The possible duplicates of a content, most similar first.

    :param exclude_id: the id of the case itself.
    """
    viewer = current_member.member()
    return find_possible_duplicates(db.session(), viewer, content, exclude_id=exclude_id)


@desk.app_template_global("reasons_of_likeness")
def reasons_sentence(reasons: Sequence[DuplicateReason]) -> str:
    """The reasons in words: "même commune, mêmes jours, trois mots communs"."""
    sentences = []
    for reason in reasons:
        number, count = reason.count, count_words(reason.count)
        sentences_by_code = {
            "types": ngettext("un type commun", "%(count)s types communs", number, count=count),
            "media": ngettext("même média", "%(count)s médias communs", number, count=count),
            "mots": ngettext("un mot commun", "%(count)s mots communs", number, count=count),
            "source": _("même source"),
            "commune": _("même commune"),
            "commune_liee": _("commune liée"),
            "jours": _("mêmes jours"),
            "jours_proches": _("dates proches"),
        }
        sentences.append(sentences_by_code[reason.code])
    return typeset(", ".join(sentences))
