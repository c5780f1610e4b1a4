"""Pages of the invitation to reply: the letter and its note, the authority's address, the mail."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import ValidationError

from register.accounts.sealed_address import MAX_ADDRESS_LENGTH
from register.cases import acts, invitations
from register.cases.field_rules import URL_LIMIT
from register.cases.invitations import AuthorityContact
from register.cases.member_view import DeskCase
from register.cases.models import Incident, Invitation
from register.cases.web.desk.act_forms import CHOOSE_ANSWER, ActForm, DayField, today
from register.cases.web.desk.act_view import blocked_reason, open_case, perform_act
from register.cases.web.desk.claims import run_small_act
from register.db import db, now
from register.errors import Refused
from register.journal import Act
from register.mail.messages import MailKind, mail_texts
from register.text.typography import french
from register.web import urls
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.form_fields import line_field, text_field
from register.web.l10n import typeset
from register.web.request_context import outbox, settings


class InviteForm(ActForm):
    """Invitation of the authority to reply: the day it was sent, or why it was not."""

    how = SelectField(  # type: ignore[call-arg]
        lazy_gettext("L’autorité est-elle invitée à répondre ?"),
        choices=[
            SelectChoice("yes", lazy_gettext("Oui, elle a été invitée")),
            SelectChoice("no", lazy_gettext("Non, et voici pourquoi")),
        ],
        invalid_choice_message=CHOOSE_ANSWER,
    )
    on = DayField(lazy_gettext("Jour de l’envoi"), default=today)
    text = text_field(
        lazy_gettext("Comment, à quelle adresse ; ou pourquoi elle ne l’est pas"), required=True
    )

    @property
    def is_invited(self) -> bool:
        """Whether an invitation was sent."""
        return bool(self.how.data == "yes")

    def validate_on(self, field: DayField) -> None:
        """Require a day for a sent invitation."""
        if self.is_invited and not field.data and not field.errors:
            raise ValidationError(lazy_gettext("Donnez le jour de l’envoi."))

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act; no day without an invitation."""
        sent_on = self.on.data if self.is_invited else None
        return {"text": self.text.data, "on": sent_on, "seen": self.seen}


class AuthorityContactForm(ActForm):
    """The address of the authority's public office, where it is published, and who checked it."""

    takes_revision = False

    address = line_field(
        lazy_gettext("Adresse électronique du service"), required=True, limit=MAX_ADDRESS_LENGTH
    )
    source = line_field(lazy_gettext("Page qui la publie"), required=True, limit=URL_LIMIT)
    checked_on = DayField(
        lazy_gettext("Vérifiée le"),
        default=today,
        missing=lazy_gettext("Donnez le jour de la vérification."),
    )
    is_public_office = BooleanField(
        lazy_gettext("J’ai vérifié que c’est l’adresse publique d’un service, et d’aucune personne")
    )


def _case(desk_case: DeskCase) -> Incident:
    return db.session.get_one(Incident, desk_case.id)


def _contact(desk_case: DeskCase) -> AuthorityContact | None:
    return invitations.contact_of(db.session(), _case(desk_case))


@desk.app_template_global("invitation_mails")
def invitation_mails(incident_id: int) -> Any:
    """State and last answer of the server of the mails that invited to reply to a case."""
    return invitations.mail_states(db.session(), Invitation.incident_id == incident_id)


@desk.route("/dossiers/<int:incident_id>/inviter", methods=["GET", "POST"])
def invite(incident_id: int) -> ResponseReturnValue:
    """The invitation for the authority, and the note that it was sent, or why not."""
    form = InviteForm()
    notice = _("L’invitation est notée.") if form.is_invited else _("C’est noté.")

    def page_values(present: DeskCase) -> dict[str, Any]:
        return {"contact": _contact(present), "has_mail": outbox() is not None}

    desk_case = open_case(incident_id)
    return perform_act(desk_case, form, Act.INVITED, acts.invite, notice, page_values)


@desk.route("/dossiers/<int:incident_id>/inviter/courriel", methods=["GET", "POST"])
def invite_by_mail(incident_id: int) -> ResponseReturnValue:
    """The mail that invites the authority, to be read before it is sent."""
    desk_case = open_case(incident_id)
    link = f"{settings().base_url}{urls.case(desk_case.number or 0)}/droit-de-reponse"

    def page_values(present: DeskCase) -> dict[str, Any]:
        why = blocked_reason(present, Act.INVITED)
        try:
            invitations.require_mailable(db.session(), _case(present), outbox())
        except Refused as error:
            why = why or typeset(error_sentence(error))
        mail_text = mail_texts()[MailKind.REPLY_INVITATION]
        values = invitations.mail_values(present.number, present.moved_at, link, now())
        return {
            "why": why,
            "contact": _contact(present),
            "subject": french(mail_text.subject.format_map(values)),
            "mail_text": mail_text.text.strip().format_map(values),
        }

    return perform_act(
        desk_case,
        ActForm(),
        Act.INVITED,
        partial(acts.invite_by_mail, outbox=outbox(), link=link),
        _("L’invitation part par courriel. Son départ se lit ici, sous « Invitation à répondre »."),
        page_values,
    )


@desk.route("/dossiers/<int:incident_id>/contact", methods=["GET", "POST"])
def authority_contact(incident_id: int) -> ResponseReturnValue:
    """The address of the authority's public office, and the form that notes another."""
    return perform_act(
        open_case(incident_id),
        AuthorityContactForm(),
        Act.CONTACT_NOTED,
        acts.note_contact,
        _("L’adresse de l’autorité est notée, chiffrée."),
        lambda present: {"contact": _contact(present)},
    )


@desk.post("/dossiers/<int:incident_id>/contact/effacer")
def erase_contact(incident_id: int) -> ResponseReturnValue:
    """Erase that address."""
    notice = _("L’adresse de l’autorité est effacée.")
    return run_small_act(incident_id, acts.erase_contact, notice)
