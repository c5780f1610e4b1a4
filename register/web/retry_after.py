"""The answer to whoever asks too often: how long to wait, in words and for machines."""

from __future__ import annotations

from flask import Response, make_response
from flask_babel import ngettext

from register.web.l10n import count_words

_MINUTE = 60
_HOUR = 3_600


def wait_words(seconds: int) -> str:
    """A time to wait: "une minute", "douze minutes", "deux heures"."""
    if seconds > 2 * _HOUR:
        hours = -(-seconds // _HOUR)
        return str(
            ngettext(
                "une heure", "%(count)s heures", hours, count=count_words(hours, feminine=True)
            )
        )
    minutes = max(1, -(-seconds // _MINUTE))
    return str(ngettext("une minute", "%(count)s minutes", minutes, count=count_words(minutes)))


def too_soon_page(body: str, seconds: int, status: int = 429) -> Response:
    """A page that keeps what was typed, and says when it may be sent again (RFC 6585 §4).

    :param status: 503 where it is no fault of whoever sent it (RFC 9110 §15.6.4).
    """
    response = make_response(body, status)
    response.headers["Retry-After"] = str(seconds)
    return response
