"""Access to a report by its code, and error pages that keep a form during an outage.

A malformed code and an unknown one take the same path and get the same answer.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from sqlalchemy.exc import SQLAlchemyError

from register.db import db, is_disk_full, is_file_missing
from register.errors import SealError, Unavailable
from register.reports import queries, receipts
from register.reports.queries import ReportView
from register.reports.web.i18n import _
from register.web import limits, logs
from register.web.errors import RETRY_AFTER
from register.web.form_fields import BaseForm, line_field
from register.web.request_context import key_store

# Errors of the server, not of the form: a locked, full or missing database, a missing key.
OUTAGE_ERRORS = (SQLAlchemyError, OSError, SealError, Unavailable)

_OPENS_NOTHING = lazy_gettext(
    "Ce code n’ouvre rien. Reprenez-le lettre par lettre. S’il est ancien, ce qu’il "
    "ouvrait a pu être effacé."
)
_TOO_MANY_CODES = lazy_gettext(
    "Trop de codes faux ont été essayés depuis votre connexion, par vous ou par quelqu’un "
    "d’autre. Attendez %(time)s, puis réessayez : votre code reste dans le champ."
)


class SessionlessForm(BaseForm):
    class Meta(BaseForm.Meta):
        """Options without a CSRF token."""

        csrf = False


class ReceiptCodeForm(SessionlessForm):
    """The form that asks for a report's code."""

    code = line_field(lazy_gettext("Votre code"), limit=200)

    def reject(self) -> None:
        """Set one error for malformed and unknown codes alike."""
        self.code.errors = [_OPENS_NOTHING]


@dataclass(frozen=True)
class ReportAccess:
    """A report opened by its code."""

    code: str
    report_view: ReportView

    @property
    def key(self) -> str:
        """The key of its row, which is on no page."""
        return self.report_view.summary.key

    def reload(self) -> ReportAccess:
        """The report read again, in a new transaction."""
        db.session.rollback()
        return ReportAccess(self.code, queries.get_report(db.session(), key_store(), self.key))


def with_report(
    outage_page: Callable[[str], str],
) -> Callable[[Callable[[ReportAccess], ResponseReturnValue]], Callable[[], ResponseReturnValue]]:
    """Decorate a view of an opened report; without a valid code, the page asks for one.

    :param outage_page: renders the page that keeps the typed text during an outage, from the
        reason in words.
    """

    def decorate(
        view: Callable[[ReportAccess], ResponseReturnValue],
    ) -> Callable[[], ResponseReturnValue]:
        @functools.wraps(view)
        def wrapped() -> ResponseReturnValue:
            try:
                access = _open_by_code()
                return view(access) if isinstance(access, ReportAccess) else access
            except OUTAGE_ERRORS as error:
                return outage_response(error, busy_text(), outage_page)

        return wrapped

    return decorate


def _open_by_code() -> ReportAccess | Response:
    form = ReceiptCodeForm()
    # Checked before the code, so that a wait tells nothing about a guess.
    wait = limits.wait("code", counted=False)
    if wait:
        error_text = str(_TOO_MANY_CODES) % {"time": limits.wait_words(wait)}
        return limits.too_soon_page(code_page(form, error_text), wait)
    typed = form.code.data
    key = queries.key_by_code(db.session(), key_store(), typed)
    if key is None:
        limits.wait("code")
        form.reject()
        return make_response(code_page(form), 422)
    return ReportAccess(
        receipts.normalize_code(typed), queries.get_report(db.session(), key_store(), key)
    )


def code_page(form: ReceiptCodeForm, error_text: str = "") -> str:
    """The page that asks for the code, with the typed one."""
    return render_template("reports/receipt_login.html", form=form, error_text=error_text)


def busy_code_page(_why: str = "") -> str:
    """The page that asks for the code again when the database cannot be read."""
    error_text = _(
        "Le registre est occupé et ne peut pas ouvrir votre signalement. Attendez une minute, puis "
        "réessayez : votre code reste dans le champ."
    )
    return code_page(ReceiptCodeForm(), error_text)


def busy_text() -> str:
    """The sentence for an unconfirmed sending: try again in a minute."""
    return _(
        "Le registre est occupé : votre envoi n’est pas confirmé. Ce que vous avez écrit est resté "
        "dans cette page. Attendez une minute, puis envoyez de nouveau ; ce ne sera enregistré "
        "qu’une fois."
    )


def outage_response(error: Exception, default_text: str, render: Callable[[str], str]) -> Response:
    """A 503 page made without the database, with the typed text.

    :param default_text: the sentence for an outage that may end in a minute.
    :param render: makes the page from the sentence.
    """
    logs.log_failure(secrets.token_hex(4), request.endpoint or "", error)
    with suppress(Exception):
        # An open transaction would block the next request.
        db.session.rollback()
    response = make_response(render(_outage_text(error) or default_text), 503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _outage_text(error: Exception) -> str:
    """The sentence for an outage that lasts longer than a minute; empty for others."""
    if is_disk_full(error):
        return _(
            "Le disque du registre est plein : rien n’a été enregistré. Ce que vous avez écrit est "
            "resté dans cette page. Gardez-la ouverte et envoyez de nouveau plus tard, quand la "
            "personne qui administre le registre aura fait de la place."
        )
    if is_file_missing(error) or getattr(error, "key", "") in ("storage_moved", "keystore_missing"):
        return _(
            "Le registre ne trouve plus ses fichiers : rien n’a été enregistré. Ce que vous avez "
            "écrit est resté dans cette page. Gardez-la ouverte et envoyez de nouveau plus tard, "
            "quand la personne qui administre le registre les aura remis en place."
        )
    return ""
