"""The form of a reply or a notice: its hidden fields, and the steps from the form to the receipt.

As for a report, each step is a POST answered with the next page: neither text nor code is in an
address or a cookie, and the nonce in the form's token makes a second click the same sending.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import StringField

from register.db import db
from register.errors import Refused
from register.incoming import acts
from register.incoming.acts import Receipt
from register.incoming.content import NoticeContent, ReplyContent
from register.journal import WriteTransaction
from register.reports.web import public_forms
from register.reports.web.answer_fields import clean_code, hidden_field
from register.reports.web.public_forms import SessionlessForm
from register.web import messages, rate_limits
from register.web.error_messages import error_sentence
from register.web.request_context import key_store

# Advice in the errors of texts that are too long.
KEEP_SHORT = _("Gardez l’essentiel.")


class IncomingForm(SessionlessForm):
    """What both forms have: a trap for programs, and a token.

    ``purpose``: of the token; ``rate_limit``: its name; ``too_many``: the sentence beyond it.
    """

    purpose: ClassVar[str]
    rate_limit: ClassVar[str]
    too_many: ClassVar[Any]

    site_web = StringField(filters=[clean_code])
    jeton = hidden_field()

    @property
    def sent(self) -> ReplyContent | NoticeContent:
        """What the form says, once it is valid."""
        raise NotImplementedError

    @property
    def next_token(self) -> str:
        """The token for the page that shows this form again."""
        return public_forms.reusable_token(self.purpose, self.jeton.data or "")

    def is_whole(self) -> bool:
        """Whether no file of the form was lost on its way."""
        return True


@dataclass(frozen=True)
class FormPages:
    """The pages of a form: as typed, with why it is shown again; for review; its receipt."""

    form: Callable[[str], str]
    review: Callable[[], str]
    receipt: Callable[[Receipt], str]


# Receives a form in a transaction, by the nonce of its token.
Receive = Callable[[WriteTransaction, str], Receipt]


def run_step(form: IncomingForm, pages: FormPages, receive: Receive) -> ResponseReturnValue:
    """The step of the pressed button; the review, where no button was pressed."""

    def step() -> ResponseReturnValue:
        button = request.form.get("etape", "")
        if button == "modifier":
            return pages.form("")
        if not form.is_sent:
            return pages.form(""), 422
        return _send(form, pages, receive) if button == "envoyer" else pages.review()

    return public_forms.answer_step(step, pages.form)


def _send(form: IncomingForm, pages: FormPages, receive: Receive) -> ResponseReturnValue:
    """Receive a form and show its receipt; a form sent again shows that of the first."""
    token = public_forms.read_token(form.purpose, form.jeton.data or "")
    if token is None:
        return pages.form(str(messages.reports.form_too_old)), 422
    existing = acts.find_received(db.session(), key_store(), form.sent, token.nonce)
    seconds = rate_limits.wait("replay" if existing else form.rate_limit)
    if seconds:
        pattern = messages.reports.sent_too_often if existing else form.too_many
        return rate_limits.too_soon(pattern, seconds, pages.form)
    if existing is not None:
        return pages.receipt(existing)
    if rate_limits.are_enabled() and (form.site_web.data or token.is_hasty):
        form.site_web.data = ""
        return pages.form(str(messages.incoming.hasty)), 422
    if not form.is_whole():
        return pages.form(""), 422
    try:
        with public_forms.queued_transaction() as tx:
            receipt = receive(tx, token.nonce)
    except Refused as error:
        return pages.form(error_sentence(error)), 409
    return pages.receipt(receipt)
