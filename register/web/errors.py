"""Error pages: what happened and what to do next, without repeating the request.

When the page itself cannot be rendered (faulty template, unreachable database), a plain page that
needs neither is sent instead.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from gettext import translation
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError, TimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

from register import errors as domain
from register.cases.queries import Tombstone
from register.db import db, is_disk_full
from register.journal import Act
from register.text.dates import Language
from register.web import error_messages, logs, messages
from register.web.l10n import day_words, in_language, language, typeset
from register.web.request_context import current_vocabulary

RETRY_AFTER = 10  # seconds; as long as a read waits for a write (register.db.BUSY_TIMEOUT_MS)


@dataclass(frozen=True)
class ErrorText:
    """What an error page says: its title, what happened, what to do."""

    title: Any
    lede: Any
    advice: Any


_STATUS_BY_ERROR: dict[type[domain.RegisterError], int] = {
    domain.Refused: 409,
    domain.NotFound: 404,
    domain.Invalid: 422,
    domain.Incomplete: 422,
    domain.Gone: 410,
}
# What an address got wrong, as opposed to a form: the reader has nothing to fill in again.
_ADDRESS_ERRORS = frozenset(
    {
        "filter",
        "filter_single",
        "filter_too_many",
        "page",
        "place_too_long",
        "search_no_word",
        "search_short_beginning",
        "search_silent",
        "search_too_long",
        "search_too_many",
    }
)

_HTML = "text/html; charset=utf-8"
_REFERENCE = _("Référence de l’erreur : %(reference)s")

_PLAIN_TEMPLATE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Web Citoyen</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{lede}</p>
<p>{advice}</p>
{reference}<p><a href="{start}">{home}</a></p>
</main>
</body>
</html>
"""


def error_text(status: int) -> ErrorText:
    """The words of a status; one without its own has those of its family."""
    pages = messages.errors.error_pages
    return ErrorText(*(pages.get(str(status)) or pages["500" if status >= 500 else "400"]))


def plain_page(status: int, reference: str = "") -> bytes:
    """A whole small page that needs neither template, database nor style sheet."""
    reference_line = f"<p>{escape(_reference_sentence(reference))}</p>\n" if reference else ""
    return _render_plain(status, language(), gettext, reference_line)


def _render_plain(
    status: int, lang: Language, translate: Callable[[str], str], reference_line: str = ""
) -> bytes:
    error_words = error_text(status)
    return _PLAIN_TEMPLATE.format(
        language=lang,
        title=escape(translate(str(error_words.title))),
        lede=escape(translate(str(error_words.lede))),
        advice=escape(translate(str(error_words.advice))),
        reference=reference_line,
        start=in_language("/", lang),
        home=escape(translate("Aller à l’accueil")),
    ).encode()


def refusal(status: int, lang: Language = "fr") -> Response:
    """The refusal of a request before Flask sees it.

    Request headers that are too long (431) and an unknown transfer coding (501) are sent as 400.
    The page of the former keeps its own words, which advise clearing the cookies.
    """
    folder = Path(__file__).resolve().parents[1] / "translations"
    # French, the source language, has no catalogue.
    catalogue = translation("messages", folder, [lang], fallback=True)
    body = _render_plain(400 if status == 501 else status, lang, catalogue.gettext)
    sent_status = 400 if status in (431, 501) else status
    return Response(body, f"{sent_status} {HTTPStatus(sent_status).phrase}", content_type=_HTML)


def attach(app: Flask) -> None:
    """Give an application its error pages."""
    # A pending rollback follows a lost connection that a search went on without.
    for error_class in (OperationalError, InterfaceError, TimeoutError, PendingRollbackError):
        app.register_error_handler(error_class, _unavailable)
    app.register_error_handler(domain.RegisterError, _register_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(
        InternalServerError, lambda error: _failure_page(error.original_exception or error, 500)
    )
    # Flask's own log line would repeat ours, without the reference.
    app.log_exception = lambda exc_info: None  # type: ignore[method-assign]


def status_of(error: domain.RegisterError) -> int:
    """The HTTP status of an error."""
    return next(
        (status for kind, status in _STATUS_BY_ERROR.items() if isinstance(error, kind)), 500
    )


def error_page(
    status: int, sentence: str = "", reference: str = "", template: str = "error", **extra: object
) -> Response:
    """The page of an error.

    :param sentence: what happened; the words of the status by default.
    :param reference: under which the failure is logged.
    """
    try:
        body: str | bytes = render_template(
            f"web/errors/{template}.html",
            status=status,
            words=error_text(status),
            sentence=sentence,
            reference=_reference_sentence(reference) if reference else "",
            **extra,
        )
    except Exception as error:
        reference = reference or secrets.token_hex(4)
        logs.log_failure(reference, "errors", error)
        body = plain_page(status, reference if status >= 500 else "")
    response = Response(body, status, content_type=_HTML)
    if status >= 500:
        response.headers["Cache-Control"] = "no-store"
    return response


def _register_error(error: domain.RegisterError) -> ResponseReturnValue:
    if isinstance(error, domain.Moved):
        return redirect(f"/incidents/{error.values['number']}", 301)
    if isinstance(error, domain.Unavailable) or error.key in (
        "keystore_away",
        "keystore_missing",
        "keystore_foreign",
    ):
        # The store is unreachable, or its new seal key has not reached this machine yet.
        return _unavailable(error)
    status = status_of(error)
    if status == 500:
        # A wrong setting or key is the register's fault, not the reader's.
        return _failure_page(error, 500)
    tombstone = error.values.get("tombstone")
    if isinstance(tombstone, Tombstone):
        word = current_vocabulary().word("restriction", tombstone.reason)
        return error_page(
            410,
            template="gone",
            number=tombstone.number,
            day=typeset(day_words(tombstone.at)),
            at=tombstone.at,
            erased=tombstone.act == Act.ERASED,
            reason=word.label if word else "",
            explained=word.definition if word else "",
        )
    if error.key in _ADDRESS_ERRORS:
        status = 400
    return error_page(status, error_messages.error_sentence(error, quoting=False))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    original = error.get_response()
    if error.response is not None or error.code is None or error.code < 400:
        # A redirect to the canonical address, or an explicit response.
        return original
    response = error_page(error.code)
    for name in ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range"):
        if name in original.headers:
            response.headers[name] = original.headers[name]
    return response


def _unavailable(error: Exception) -> ResponseReturnValue:
    sentence = ""
    if is_disk_full(error):
        sentence = error_messages.error_sentence(domain.Unavailable("storage_full"))
    elif isinstance(error, domain.Unavailable):
        sentence = error_messages.error_sentence(error, quoting=False)
    response = _failure_page(error, 503, sentence)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _failure_page(error: BaseException, status: int, sentence: str = "") -> Response:
    if status == 503:
        reference = logs.log_outage(error)
    else:
        reference = secrets.token_hex(4)
        logs.log_failure(reference, request.endpoint or "", error)
    with suppress(Exception):
        # The error page must not read in the transaction that failed.
        db.session.rollback()
    return error_page(status, sentence, reference)


def _reference_sentence(reference: str) -> str:
    return str(_REFERENCE) % {"reference": reference}
