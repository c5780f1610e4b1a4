"""The page of an opened report: what is told of it, and the forms by which its author answers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template, request

from register.reports import receipt_codes
from register.reports.models import Kind
from register.reports.web import form_tokens
from register.reports.web.answer_review import answered
from register.reports.web.follow_up_forms import CodeForm, Contact, Message, Withdrawal
from register.reports.web.receipt_login import Opened
from register.reports.web.status_text import Told, told
from register.web.context import book, settings

PURPOSE = "suivi"
# The button that takes a contact back, beside the one that keeps it.
DELETE = "supprimer"


@dataclass(frozen=True)
class Filled:
    """The form that came with a request, to be shown as it was filled in; one of the three."""

    message: Message | None = None
    contact: Contact | None = None
    withdrawal: Withdrawal | None = None

    @property
    def form(self) -> CodeForm | None:
        """Whichever it is."""
        return self.message or self.contact or self.withdrawal


def sent_token() -> form_tokens.Token | None:
    """The token that a form came with; None for one that is not ours, or too old."""
    return form_tokens.read(PURPOSE, request.form.get("jeton", ""))


def shown(
    found: Opened,
    status: int = 200,
    filled: Filled | None = None,
    *,
    done: str = "",
    said: str = "",
    used: bool = False,
) -> Response:
    """The page of a report.

    :param done: what was done, said at the top.
    :param said: why nothing was done.
    :param used: whether the form that came has made a row already, so that it needs a new nonce.
    """
    return make_response(drawn(found, filled, done=done, said=said, used=used), status)


def drawn(
    found: Opened,
    filled: Filled | None = None,
    *,
    done: str = "",
    said: str = "",
    used: bool = False,
) -> str:
    """The same as HTML."""
    filled = filled or Filled()
    about = told(found.file, book(), settings().undecided_after)
    received = found.file.received
    if filled.message and not about.is_waiting and filled.message.kind is Kind.ANSWER:
        # What it answers is answered: the page offers an addition instead.
        filled.message.nature.data = Kind.ADDITION.value
    return render_template(
        "submit/follow.html",
        file=found.file,
        about=about,
        sent=answered(received.sent) if received else [],
        code=receipt_codes.spelled(found.code),
        done=done,
        said=said,
        filled=filled,
        message=filled.message or _blank_message(about),
        contact=filled.contact or Contact(formdata=None, contact=found.file.contact),
        withdrawal=filled.withdrawal or Withdrawal(formdata=None),
        # A form that was not kept may be sent once more as it is: it is one filling of it.
        again="" if used or filled.form is None else _again(),
        new=lambda: form_tokens.new(PURPOSE),
        delete=DELETE,
    )


def kept(filled: Filled, why: str) -> str:
    """One form as it was sent, and why it is here, on a page that asks nothing of the database."""
    return render_template(
        "submit/follow_kept.html",
        said=why,
        code=receipt_codes.spelled(receipt_codes.read(request.form.get("code", ""))),
        filled=filled,
        again=_again(),
        new=lambda: form_tokens.new(PURPOSE),
        delete=DELETE,
    )


def _blank_message(about: Told) -> Message:
    kind = Kind.ANSWER if about.is_waiting else Kind.ADDITION
    return Message(formdata=None, nature=kind.value)


def _again() -> str:
    return request.form.get("jeton", "") if sent_token() else ""
