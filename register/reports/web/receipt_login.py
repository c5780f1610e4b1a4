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
from sqlalchemy.exc import SQLAlchemyError

from register.db import db, is_full, is_missing
from register.errors import SealError, Unavailable
from register.reports import queries, receipt_codes
from register.reports.queries import File
from register.reports.web.follow_up_forms import Code
from register.reports.web.i18n import _
from register.web import limits, logs, retry_after
from register.web.context import key_store
from register.web.errors import RETRY_AFTER

# What is not the fault of whoever wrote: a database locked, full or away, a key out of reach.
AWAY = (SQLAlchemyError, OSError, SealError, Unavailable)


@dataclass(frozen=True)
class Opened:
    """A report that somebody opened by its code."""

    code: str
    file: File

    @property
    def key(self) -> str:
        """The key of its row, which no page holds."""
        return self.file.line.key

    def again(self) -> Opened:
        """The report as it is now; what was read before belongs to a moment that is over."""
        db.session.rollback()
        return Opened(self.code, queries.one(db.session(), key_store(), self.key))


def entered(
    away: Callable[[str], str],
) -> Callable[[Callable[[Opened], ResponseReturnValue]], Callable[[], ResponseReturnValue]]:
    """Make a view of an opened report one of a request: whoever has no code is asked for it.

    :param away: draws the page that keeps what was typed when the database is locked or full,
        with a sentence that says why.
    """

    def made(view: Callable[[Opened], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
        @functools.wraps(view)
        def within() -> ResponseReturnValue:
            try:
                found = _opened()
                return view(found) if isinstance(found, Opened) else found
            except AWAY as error:
                return unavailable(error, busy(), away)

        return within

    return made


def _opened() -> Opened | Response:
    form = Code()
    # Before the code is looked at: whoever guesses learns nothing from the wait.
    wait = limits.wait("code", counted=False)
    if wait:
        return retry_after.too_soon(page(form, _too_many(wait)), wait)
    typed = form.code.data
    key = queries.by_code(db.session(), key_store(), typed)
    if key is None:
        limits.wait("code")
        form.opens_nothing()
        return make_response(page(form), 422)
    return Opened(receipt_codes.read(typed), queries.one(db.session(), key_store(), key))


def page(form: Code, said: str = "") -> str:
    """The page that asks for the code, with what was typed."""
    return render_template("submit/follow_enter.html", form=form, said=said)


def kept_code(_why: str = "") -> str:
    """The page that asks for the code, when the database cannot be read."""
    said = _(
        "Le registre est occupé et ne peut pas ouvrir votre signalement. Attendez une minute, puis "
        "réessayez : votre code reste dans le champ."
    )
    return page(Code(), said)


def busy() -> str:
    """Why nothing was confirmed, and what to do."""
    return _(
        "Le registre est occupé : votre envoi n’est pas confirmé. Ce que vous avez écrit est resté "
        "dans cette page. Attendez une minute, puis envoyez de nouveau ; ce ne sera enregistré "
        "qu’une fois."
    )


def _too_many(wait: int) -> str:
    return _(
        "Trop de codes faux ont été essayés depuis votre connexion, par vous ou par quelqu’un "
        "d’autre. Attendez %(time)s, puis réessayez : votre code reste dans le champ.",
        time=retry_after.in_words(wait),
    )


def unavailable(error: Exception, is_busy: str, draw: Callable[[str], str]) -> Response:
    """A page drawn without the database, with what was typed; nothing was acknowledged.

    :param is_busy: the sentence for whatever may be over in a minute.
    """
    logs.failure(secrets.token_hex(4), request.endpoint or "", error)
    with suppress(Exception):
        # What is left of the transaction must not hold the next request back.
        db.session.rollback()
    response = make_response(draw(_cause(error) or is_busy), 503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _cause(error: Exception) -> str:
    """Why nothing can be kept, where that is not over in a minute; empty otherwise."""
    if is_full(error):
        return _(
            "Le disque du registre est plein : rien n’a été enregistré. Ce que vous avez écrit est "
            "resté dans cette page. Gardez-la ouverte et envoyez de nouveau plus tard, quand la "
            "personne qui administre le registre aura fait de la place."
        )
    if is_missing(error) or getattr(error, "key", "") in ("storage_moved", "keystore_missing"):
        return _(
            "Le registre ne trouve plus ses fichiers : rien n’a été enregistré. Ce que vous avez "
            "écrit est resté dans cette page. Gardez-la ouverte et envoyez de nouveau plus tard, "
            "quand la personne qui administre le registre les aura remis en place."
        )
    return ""
