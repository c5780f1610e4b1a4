"""How a report is opened by its code, and what becomes of a form that cannot be kept just now.

A malformed code and an unknown one are one case, from the reading of it to the answer.
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

# What is not the fault of whoever wrote: a database locked, full or away, a key out of reach.
OUTAGE_ERRORS = (SQLAlchemyError, OSError, SealError, Unavailable)

_OPENS_NOTHING = lazy_gettext(
    "Ce code n’ouvre rien. Reprenez-le lettre par lettre. S’il est ancien, ce qu’il "
    "ouvrait a pu être effacé."
)


class SessionlessForm(BaseForm):
    """A form without a session."""

    class Meta(BaseForm.Meta):
        """No token of a session."""

        csrf = False


class ReceiptCodeForm(SessionlessForm):
    """What opens a report."""

    code = line_field(lazy_gettext("Votre code"), limit=200)

    def reject(self) -> None:
        """Say so, in one sentence for whatever was wrong with it."""
        self.code.errors = [_OPENS_NOTHING]


@dataclass(frozen=True)
class ReportAccess:
    """A report that somebody opened by its code."""

    code: str
    report_view: ReportView

    @property
    def key(self) -> str:
        """The key of its row, which no page holds."""
        return self.report_view.summary.key

    def reload(self) -> ReportAccess:
        """The report as it is now; what was read before belongs to a moment that is over."""
        db.session.rollback()
        return ReportAccess(self.code, queries.get_report(db.session(), key_store(), self.key))


def with_report(
    outage_page: Callable[[str], str],
) -> Callable[[Callable[[ReportAccess], ResponseReturnValue]], Callable[[], ResponseReturnValue]]:
    """Make a view of an opened report one of a request: whoever has no code is asked for it.

    :param outage_page: draws the page that keeps what was typed when the database is locked or full,
        with a sentence that says why.
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
    # Before the code is looked at: whoever guesses learns nothing from the wait.
    wait = limits.wait("code", counted=False)
    if wait:
        return limits.too_soon_page(code_page(form, _too_many_text(wait)), wait)
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
    """The page that asks for the code, with what was typed."""
    return render_template("submit/follow_enter.html", form=form, error_text=error_text)


def busy_code_page(_why: str = "") -> str:
    """The page that asks for the code, when the database cannot be read."""
    error_text = _(
        "Le registre est occupé et ne peut pas ouvrir votre signalement. Attendez une minute, puis "
        "réessayez : votre code reste dans le champ."
    )
    return code_page(ReceiptCodeForm(), error_text)


def busy_text() -> str:
    """Why nothing was confirmed, and what to do."""
    return _(
        "Le registre est occupé : votre envoi n’est pas confirmé. Ce que vous avez écrit est resté "
        "dans cette page. Attendez une minute, puis envoyez de nouveau ; ce ne sera enregistré "
        "qu’une fois."
    )


def _too_many_text(wait: int) -> str:
    return _(
        "Trop de codes faux ont été essayés depuis votre connexion, par vous ou par quelqu’un "
        "d’autre. Attendez %(time)s, puis réessayez : votre code reste dans le champ.",
        time=limits.wait_words(wait),
    )


def outage_response(error: Exception, default_text: str, render: Callable[[str], str]) -> Response:
    """A page drawn without the database, with what was typed; nothing was acknowledged.

    :param default_text: the sentence for whatever may be over in a minute.
    """
    logs.log_failure(secrets.token_hex(4), request.endpoint or "", error)
    with suppress(Exception):
        # What is left of the transaction must not hold the next request back.
        db.session.rollback()
    response = make_response(render(_outage_text(error) or default_text), 503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _outage_text(error: Exception) -> str:
    """Why nothing can be kept, where that is not over in a minute; empty otherwise."""
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
