"""Forms and words of claims, assignments, danger marks and terms, of cases and reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, SelectField

from register.accounts import acts as accounts
from register.accounts.web import current_member
from register.cases.acts.claims import NOTE_LIMIT
from register.cases.urgency import LABEL_LIMIT, NO_END, Urgency
from register.cases.web.desk.act_forms import DAY_FORMATS, DayField, today
from register.cases.web.desk.revision_forms import parse_id
from register.db import db
from register.web.blueprints import desk
from register.web.form_fields import BaseForm, line_field, text_field
from register.web.l10n import clock, day_words, typeset, with_label


class AssignForm(BaseForm):
    """Assignment to an active member, with an optional note for cases."""

    to = SelectField(  # type: ignore[call-arg]
        lazy_gettext("À qui"),
        coerce=lambda value: parse_id(str(value)),
        choices=lambda: [
            (member.id, member.display_name)
            for member in accounts.all_members(db.session())
            if member.is_active
        ],
        invalid_choice_message=lazy_gettext("Choisissez un membre actif."),
    )
    note = text_field(
        lazy_gettext("Un mot, si besoin"),
        limit=NOTE_LIMIT,
        description=lazy_gettext("Une note interne du dossier : où vous en êtes, ce qui reste."),
    )


class UrgencyForm(BaseForm):
    """Danger mark and term of a case or report."""

    danger = BooleanField(
        lazy_gettext("Quelqu’un peut être en danger"),
        description=lazy_gettext("Passe avant tout le reste dans la file."),
    )
    term_on = DayField(lazy_gettext("Échéance"), format=DAY_FORMATS)
    term_label = line_field(
        lazy_gettext("De quoi"),
        limit=LABEL_LIMIT,
        description=lazy_gettext("En quelques mots : offre de preuve, 10 jours."),
    )

    @property
    def urgency(self) -> Urgency:
        """The marks as the acts take them."""
        return Urgency(bool(self.danger.data), self.term_on.data, self.term_label.data)


desk.add_app_template_global(lambda: AssignForm(formdata=None), "assign_form")


@desk.app_template_global("urgency_form")
def urgency_form(marked: Any, term_label: str) -> UrgencyForm:
    """The form with the present marks of a case or report."""
    return UrgencyForm(
        formdata=None,
        danger=marked.danger_on is not None,
        term_on=marked.term_on,
        term_label=term_label,
    )


@desk.app_template_global("is_assigned")
def is_assigned(until: datetime | None) -> bool:
    """Whether the end of a claim is that of an assignment, which does not expire."""
    return until == NO_END


@desk.app_template_global("holder_words")
def holder_words(by: int | None, until: datetime | None) -> str:
    """The member with a valid claim and its end; "libre" without one."""
    if by is None or until is None:
        return str(_("libre"))
    who = current_member.display_name(by)
    if by == current_member.member().id:
        return str(
            _("à vous") if is_assigned(until) else _("à vous jusqu’à %(hour)s", hour=clock(until))
        )
    if is_assigned(until):
        return str(_("à %(who)s", who=who))
    return str(_("à %(who)s jusqu’à %(hour)s", who=who, hour=clock(until)))


@desk.app_template_global("term_words")
def term_words(term_on: date, label: str = "", at: date | None = None) -> tuple[str, bool]:
    """A term with its label in words, and whether its day has come.

    :param at: the present day.
    """
    days_left = (term_on - (at or today())).days
    if days_left < 0:
        words = _("échéance passée depuis le %(day)s", day=day_words(term_on))
    elif days_left < 2:
        words = _("échéance demain") if days_left else _("échéance aujourd’hui")
    else:
        words = _("échéance le %(day)s", day=day_words(term_on))
    return typeset(with_label(words, label) if label else words), days_left <= 0
