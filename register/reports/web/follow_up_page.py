"""The page of an opened report: what is told of it, and the forms by which its author answers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template, request

from register.reports import receipt_codes
from register.reports.models import MessageKind
from register.reports.web import form_tokens
from register.reports.web.answer_review import list_answers
from register.reports.web.follow_up_forms import (
    ContactForm,
    MessageForm,
    SessionlessForm,
    WithdrawalForm,
)
from register.reports.web.receipt_login import ReportAccess
from register.reports.web.status_text import StatusText, status_text
from register.web.context import current_vocabulary, settings

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
        code=receipt_codes.format_code(access.code),
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
        code=receipt_codes.format_code(receipt_codes.normalize_code(request.form.get("code", ""))),
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
