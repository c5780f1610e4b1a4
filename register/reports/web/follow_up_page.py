"""The page of an opened report: what is told of it, and the forms by which its author answers."""

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
from register.reports.web.status_text import StatusText, status_text
from register.web.form_fields import MultilineField, text_field
from register.web.request_context import current_vocabulary, settings

# What the author of a report may say that a message is.
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
        """What it is said to be; whatever else was sent is an addition."""
        code = self.nature.data
        return MessageKind(code) if code in KIND_LABELS else MessageKind.ADDITION


class ContactForm(SessionlessForm):
    """How to be reached; an empty one takes back what was left before."""

    contact = text_field(_("Comment vous joindre"), limit=CONTACT_LIMIT)
    # Whether there is nothing yet that an empty one could take back.
    is_needed = False

    def validate_contact(self, field: MultilineField) -> None:
        """Refuse to keep nothing."""
        if self.is_needed and not field.data:
            raise ValidationError(_NO_CONTACT)


class WithdrawalForm(SessionlessForm):
    """To take a report back, or to ask for it once its case is public."""

    # A button alone is pressed by mistake.
    confirme = BooleanField(
        _("Oui, je veux que mon signalement soit retiré"), validators=[DataRequired(_NOT_CONFIRMED)]
    )
    raison = text_field(_("Pourquoi (facultatif)"), limit=MESSAGE_LIMIT)


PURPOSE = "suivi"
# The button that takes a contact back, beside the one that keeps it.
DELETE = "supprimer"


@dataclass(frozen=True)
class SubmittedForms:
    """The form that came with a request, to be shown as it was filled in; one of the three."""

    message: MessageForm | None = None
    contact: ContactForm | None = None
    withdrawal: WithdrawalForm | None = None

    @property
    def form(self) -> SessionlessForm | None:
        """Whichever it is."""
        return self.message or self.contact or self.withdrawal


def submitted_token() -> form_tokens.Token | None:
    """The token that a form came with; None for one that is not ours, or too old."""
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
    """The page of a report.

    :param done: what was done, said at the top.
    :param error_text: why nothing was done.
    :param used: whether the form that came has made a row already, so that it needs a new nonce.
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
    """The same as HTML."""
    filled = filled or SubmittedForms()
    about = status_text(access.report_view, current_vocabulary(), settings().undecided_after)
    received = access.report_view.received
    if filled.message and not about.is_waiting and filled.message.kind is MessageKind.ANSWER:
        # What it answers is answered: the page offers an addition instead.
        filled.message.nature.data = MessageKind.ADDITION.value
    return render_template(
        "submit/follow.html",
        file=access.report_view,
        about=about,
        sent=list_answers(received.sent) if received else [],
        code=receipts.format_code(access.code),
        done=done,
        error_text=error_text,
        filled=filled,
        message=filled.message or _blank_message(about),
        contact=filled.contact or ContactForm(formdata=None, contact=access.report_view.contact),
        withdrawal=filled.withdrawal or WithdrawalForm(formdata=None),
        # A form that was not kept may be sent once more as it is: it is one filling of it.
        again="" if used or filled.form is None else _reusable_token(),
        new=lambda: form_tokens.new_token(PURPOSE),
        delete=DELETE,
    )


def unsaved_form_html(filled: SubmittedForms, why: str) -> str:
    """One form as it was sent, and why it is here, on a page that asks nothing of the database."""
    return render_template(
        "submit/follow_kept.html",
        error_text=why,
        code=receipts.format_code(receipts.normalize_code(request.form.get("code", ""))),
        filled=filled,
        again=_reusable_token(),
        new=lambda: form_tokens.new_token(PURPOSE),
        delete=DELETE,
    )


def _blank_message(about: StatusText) -> MessageForm:
    kind = MessageKind.ANSWER if about.is_waiting else MessageKind.ADDITION
    return MessageForm(formdata=None, nature=kind.value)


def _reusable_token() -> str:
    return request.form.get("jeton", "") if submitted_token() else ""
