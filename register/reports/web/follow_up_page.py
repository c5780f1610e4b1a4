"""Follow-up page of a report: its status, and the reporter's forms."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template, request
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, ValidationError

from register.reports import receipts
from register.reports.models import MessageKind
from register.reports.report_content import CONTACT_LIMIT, MESSAGE_LIMIT
from register.reports.web import form_tokens
from register.reports.web.answer_review import list_answers
from register.reports.web.receipt_login import ReportAccess, SessionlessForm
from register.reports.web.status_text import status_text
from register.web.form_fields import MultilineField, text_field
from register.web.request_context import current_vocabulary, settings

# The kinds of message that a reporter can choose.
KIND_LABELS = {
    MessageKind.ANSWER.value: _("Je réponds à la question"),
    MessageKind.ADDITION.value: _("J’ajoute quelque chose"),
    MessageKind.CORRECTION.value: _("Je corrige une erreur"),
}

_NO_CONTACT = _("Écrivez une adresse ou un numéro, ou ne changez rien.")
_NOT_CONFIRMED = _("Cochez la case pour confirmer. Rien n’a été retiré.")


class MessageForm(SessionlessForm):
    """An answer, an addition or a correction."""

    nature = RadioField(
        _("Ce message"),
        choices=[SelectChoice(code, name) for code, name in KIND_LABELS.items()],
        validate_choice=False,
    )
    message = text_field(_("Votre message"), required=True, limit=MESSAGE_LIMIT)

    @property
    def kind(self) -> MessageKind:
        """The chosen kind; an addition for an unknown one."""
        code = self.nature.data
        return MessageKind(code) if code in KIND_LABELS else MessageKind.ADDITION


class ContactForm(SessionlessForm):
    """A contact; an empty one erases the stored contact."""

    contact = text_field(_("Comment vous joindre"), limit=CONTACT_LIMIT)
    # Whether there is no stored contact that an empty one could erase.
    is_needed = False

    def validate_contact(self, field: MultilineField) -> None:
        """Refuse an empty contact where one is needed."""
        if self.is_needed and not field.data:
            raise ValidationError(_NO_CONTACT)


class WithdrawalForm(SessionlessForm):
    """The withdrawal of a report, or the request for it once its case is public."""

    # A checkbox, since a button alone is pressed by mistake.
    confirme = BooleanField(
        _("Oui, je veux que mon signalement soit retiré"), validators=[DataRequired(_NOT_CONFIRMED)]
    )
    raison = text_field(_("Pourquoi (facultatif)"), limit=MESSAGE_LIMIT)


PURPOSE = "suivi"
# The value of the button that erases the contact.
DELETE = "supprimer"


@dataclass(frozen=True)
class SubmittedForms:
    """The form of the request, displayed as it was filled in; one of the three is set."""

    message: MessageForm | None = None
    contact: ContactForm | None = None
    withdrawal: WithdrawalForm | None = None

    @property
    def form(self) -> SessionlessForm | None:
        return self.message or self.contact or self.withdrawal


def submitted_token() -> form_tokens.Token | None:
    """The valid token of the form; None for a forged or an old one."""
    return form_tokens.read_token(PURPOSE, request.form.get("jeton", ""))


def report_response(
    access: ReportAccess,
    status: int = 200,
    filled: SubmittedForms | None = None,
    *,
    done: str = "",
    error_text: str = "",
    used: bool = False,
) -> Response:
    """The response with the page of a report.

    :param done: the confirmation at the top.
    :param error_text: why nothing was done.
    :param used: whether the form has already made a row, and so needs a new nonce.
    """
    return make_response(
        report_html(access, filled, done=done, error_text=error_text, used=used), status
    )


def report_html(
    access: ReportAccess,
    filled: SubmittedForms | None = None,
    *,
    done: str = "",
    error_text: str = "",
    used: bool = False,
) -> str:
    """The HTML of the page, with the parameters of :func:`report_response`."""
    filled = filled or SubmittedForms()
    about = status_text(access.report_view, current_vocabulary(), settings().undecided_after)
    received = access.report_view.received
    if filled.message and not about.is_waiting and filled.message.kind is MessageKind.ANSWER:
        # The question has been answered: the page offers an addition instead.
        filled.message.nature.data = MessageKind.ADDITION.value
    blank_kind = MessageKind.ANSWER if about.is_waiting else MessageKind.ADDITION
    return render_template(
        "reports/follow_up.html",
        file=access.report_view,
        about=about,
        sent=list_answers(received.sent) if received else [],
        code=receipts.format_code(access.code),
        done=done,
        error_text=error_text,
        filled=filled,
        message=filled.message or MessageForm(formdata=None, nature=blank_kind.value),
        contact=filled.contact or ContactForm(formdata=None, contact=access.report_view.contact),
        withdrawal=filled.withdrawal or WithdrawalForm(formdata=None),
        # A form that made no row keeps its nonce, so that it can be sent again.
        again="" if used or filled.form is None else _reusable_token(),
        new=lambda: form_tokens.new_token(PURPOSE),
        delete=DELETE,
    )


def unsaved_form_html(filled: SubmittedForms, why: str) -> str:
    """The page with an unsaved form and the reason, made without the database."""
    return render_template(
        "reports/follow_up_not_saved.html",
        error_text=why,
        code=receipts.format_code(receipts.normalize_code(request.form.get("code", ""))),
        filled=filled,
        again=_reusable_token(),
        new=lambda: form_tokens.new_token(PURPOSE),
        delete=DELETE,
    )


def _reusable_token() -> str:
    return request.form.get("jeton", "") if submitted_token() else ""
