"""Page of a report opened by its code: access, the reporter's forms, status.

A malformed code and an unknown one take the same path. The sentence of a malformed one tells its
form only, which the person who typed it sees.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField
from wtforms.validators import DataRequired, ValidationError

from register.db import db
from register.reports import queries, receipt_codes
from register.reports.models import MessageKind
from register.reports.queries import ReportView
from register.reports.report_content import CONTACT_LIMIT, MESSAGE_LIMIT
from register.reports.report_files import destroyed_files, report_files
from register.reports.web import public_forms
from register.reports.web.answer_words import list_answers
from register.reports.web.file_field import files_field
from register.reports.web.public_forms import OUTAGE_ERRORS, SessionlessForm, outage_response
from register.reports.web.status_text import status_text
from register.web import messages, rate_limits
from register.web.form_fields import MultilineField, code_choices, line_field, text_field
from register.web.l10n import number, switch_language
from register.web.request_context import key_store

PURPOSE = "suivi"
# The value of the button that erases the contact.
DELETE = "supprimer"


# --- access by code -----------------------------------------------------------------------------


class ReceiptCodeForm(SessionlessForm):
    """The form that asks for a report's code."""

    code = line_field(_("Votre code"), limit=200)


@dataclass(frozen=True)
class ReportAccess:
    """A report opened by its code."""

    code: str
    report_view: ReportView

    @property
    def key(self) -> str:
        """The key of its row, which is on no page."""
        return self.report_view.summary.key

    @property
    def formatted_code(self) -> str:
        """The code in groups of four characters."""
        return receipt_codes.format_code(self.code)


def report_access(code: str, key: str) -> ReportAccess:
    """The report with a key, as it is now."""
    return ReportAccess(code, queries.get_report(db.session(), key_store(), key))


ReportPageView = Callable[[ReportAccess], ResponseReturnValue]
# Views of later rooms, whose codes are typed here too: each takes what was typed, and returns its
# page, or None for a code that it does not know.
other_code_views: list[Callable[[str], ResponseReturnValue | None]] = []


def with_report(
    outage_page: Callable[[str], str],
) -> Callable[[ReportPageView], Callable[[], ResponseReturnValue]]:
    """Decorate a view of an opened report; without a valid code, the page asks for one.

    :param outage_page: renders the page that keeps the typed text during an outage, from the
        reason in words.
    """

    def decorate(view: ReportPageView) -> Callable[[], ResponseReturnValue]:
        @functools.wraps(view)
        def wrapped() -> ResponseReturnValue:
            try:
                return open_with_code(view)
            except OUTAGE_ERRORS as error:
                return outage_response(error, messages.reports.follow_up_busy, outage_page)

        return wrapped

    return decorate


def open_with_code(view: ReportPageView) -> ResponseReturnValue:
    """The answer of a view to the sent code; without a valid one, the page that asks for it."""
    form = ReceiptCodeForm()
    # Checked before the code, so that a wait tells nothing about a guess.
    wait = rate_limits.wait("code", counted=False)
    if wait:
        pattern = messages.reports.too_many_codes
        return rate_limits.too_soon(pattern, wait, lambda why: code_page(form, why))
    key = queries.key_by_code(db.session(), key_store(), form.code.data)
    if key is None:
        for other_view in other_code_views:
            page = other_view(form.code.data)
            if page is not None:
                return page
        if form.code.data:
            rate_limits.wait("code")
        form.code.errors = [_code_error(form.code.data)]
        return code_page(form), 422
    access = report_access(receipt_codes.normalize_code(form.code.data), key)
    sent = access.report_view.summary.sent
    if sent is not None and sent.language != "fr":
        # Whoever types the short address gets the language of their report.
        switch_language(sent.language)
    return view(access)


def _code_error(typed: str) -> str:
    """What is wrong with a code that opens nothing: its absence, its length, or its letters."""
    length = len(receipt_codes.normalize_code(typed))
    if not length:
        return str(messages.reports.code_missing)
    if length != receipt_codes.LENGTH:
        return str(messages.reports.code_length) % {"count": number(length)}
    return str(messages.reports.code_opens_nothing)


def code_page(form: ReceiptCodeForm, error_text: object = "") -> str:
    """The page that asks for the code, with the typed one."""
    return render_template("reports/follow_up_code.html", form=form, error_text=str(error_text))


def busy_code_page(_why: str = "") -> str:
    """The page that asks for the code again when the database cannot be read."""
    return code_page(ReceiptCodeForm(), messages.reports.code_busy)


# --- the forms ----------------------------------------------------------------------------------


class ReporterForm(SessionlessForm):
    """A form of the page; ``act`` names it in the templates."""

    act = ""


class RequiredWithoutFiles(DataRequired):
    """A validator: a text that may be left out where there are files."""

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse a message with neither."""
        if not form.fichiers.files:
            super().__call__(form, field)


class MessageForm(ReporterForm):
    """An answer, an addition or a correction."""

    act = "message"
    nature = RadioField(
        _("Ce message"), choices=code_choices(messages.reports.message_kinds), validate_choice=False
    )
    fichiers = files_field()
    message = text_field(
        _("Votre message"), limit=MESSAGE_LIMIT, validators=[RequiredWithoutFiles()]
    )

    @property
    def kind(self) -> MessageKind:
        """The chosen kind; an addition for an unknown one."""
        code = self.nature.data
        return MessageKind(code) if code in messages.reports.message_kinds else MessageKind.ADDITION


class ContactForm(ReporterForm):
    """A contact; an empty one erases the stored contact."""

    act = "contact"
    contact = text_field(_("Comment vous joindre"), limit=CONTACT_LIMIT)
    # Whether there is no stored contact that an empty one could erase.
    is_needed = False

    def validate_contact(self, field: MultilineField) -> None:
        """Refuse an empty contact where one is needed."""
        if self.is_needed and not field.data:
            raise ValidationError(messages.reports.no_contact)


class WithdrawalForm(ReporterForm):
    """The withdrawal of a report, or the request for it once its case is public."""

    act = "withdrawal"
    # A checkbox, since a button alone is pressed by mistake.
    confirme = BooleanField(
        _("Oui, je veux que mon signalement soit retiré"),
        validators=[DataRequired(messages.reports.withdrawal_not_confirmed)],
    )
    raison = text_field(_("Pourquoi (facultatif)"), limit=MESSAGE_LIMIT)
    # Not offered for the request, since the case still needs its reports.
    detruire = BooleanField(_("Détruire tout de suite ce que j’ai envoyé et les échanges"))


class DestructionForm(ReporterForm):
    """The destruction of a withdrawn report's texts before their day."""

    act = "destruction"
    confirme = BooleanField(
        _("Oui, détruire tout de suite ce que j’ai envoyé et les échanges"),
        validators=[DataRequired(messages.reports.destruction_not_confirmed)],
    )


def submitted_token() -> public_forms.Token | None:
    """The valid token of the form; None for a forged or an old one."""
    return public_forms.read_token(PURPOSE, request.form.get("jeton", ""))


# --- the page -----------------------------------------------------------------------------------


def report_html(
    access: ReportAccess,
    filled: ReporterForm | None = None,
    *,
    done: str = "",
    error_text: str = "",
    used: bool = False,
) -> str:
    """The page of a report.

    :param filled: the form of the request, displayed as it was filled in.
    :param done: the confirmation at the top.
    :param error_text: why nothing was done.
    :param used: whether the form has already made a row, and so needs a new nonce.
    """
    about, sent = status_text(access.report_view), access.report_view.summary.sent
    kind = MessageKind.ANSWER if about.is_waiting else MessageKind.ADDITION
    if isinstance(filled, MessageForm) and filled.kind is MessageKind.ANSWER:
        # Once the question has been answered, the page offers an addition instead.
        filled.nature.data = kind.value
    forms: dict[str, ReporterForm] = {
        "message": MessageForm(formdata=None, nature=kind.value),
        "contact": ContactForm(formdata=None, contact=access.report_view.contact),
        "withdrawal": WithdrawalForm(formdata=None),
        "destruction": DestructionForm(formdata=None),
    }
    if filled is not None:
        forms[filled.act] = filled
    return render_template(
        "reports/follow_up.html",
        file=access.report_view,
        about=about,
        sent=list_answers(sent) if sent else [],
        stored_files=report_files(db.session(), key_store(), access.key) if sent else [],
        destroyed=destroyed_files(db.session(), key_store(), access.key) if sent else [],
        done=done,
        **forms,
        **_form_values(access.code, filled, error_text, used),
    )


def unsaved_form_html(filled: ReporterForm, why: str) -> str:
    """The page with an unsaved form and the reason, made without the database."""
    code = receipt_codes.normalize_code(request.form.get("code", ""))
    return render_template("reports/follow_up_not_saved.html", **_form_values(code, filled, why))


def _form_values(
    code: str, filled: ReporterForm | None, error_text: str, used: bool = False
) -> dict[str, object]:
    """What the templates with the forms of a report have in common."""
    # A form that made no row keeps its nonce, so that it can be sent again.
    is_reusable = filled is not None and not used and submitted_token() is not None
    return {
        "code": receipt_codes.format_code(code),
        "filled": filled,
        "error_text": error_text,
        "again": request.form.get("jeton", "") if is_reusable else "",
        "new": lambda: public_forms.new_token(PURPOSE),
        "delete": DELETE,
    }
