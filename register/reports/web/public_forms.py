"""Forms of reporters: signed tokens, the write queue, and pages during an outage.

A token holds a nonce and the time of display. Neither is stored; the time tells how fast a form
was filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

from flask import Response, make_response
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError

from register.concurrency_limit import Bulkhead
from register.db import db, is_disk_full, is_file_missing, now
from register.errors import ReadOnly, SealError, Unavailable
from register.journal import WriteTransaction, writing
from register.reports import receipt_codes
from register.text.dates import paris_day
from register.web import logs, messages, request_context
from register.web.error_messages import error_sentence
from register.web.errors import RETRY_AFTER
from register.web.form_fields import BaseForm


class SessionlessForm(BaseForm):
    class Meta(BaseForm.Meta):
        """Options without a CSRF token: forms that act have a signed token (``jeton``)."""

        csrf = False

    def hidden_fields(self, shown: Collection[str] = ()) -> list[tuple[str, str]]:
        """Names and values of the fields, for the hidden inputs of a review page.

        :param shown: names of fields that the page shows itself. Files have boxes.
        """
        return [
            (field.name, "y" if value is True else value)
            for field in self
            if field.short_name not in ("jeton", "fichiers") and field.name not in shown
            for value in (field.data if isinstance(field.data, list) else [field.data])
            if value
        ]


# --- tokens -------------------------------------------------------------------------------------

# Purposes of the tokens of the report form, and of the files of a case at the desk.
FORM_NAME, DESK_FORM = "signaler", "pieces"
# Purpose of the tokens of the form of a right of reply.
REPLY_FORM_NAME = "droit-de-reponse"
# And of the forms of a notice about a case.
NOTICE_FORM_NAME = "signaler-contenu"
# Seconds. A form can stay open for a weekend; an older one is shown again, filled in.
MAX_AGE = 3 * 24 * 3600
# Seconds. A person needs more to read the page and write an account.
MIN_AGE = 5


@dataclass(frozen=True)
class Token:
    """A nonce, the day on which the form was displayed, and its age in seconds."""

    nonce: str
    day: date
    age: float

    @property
    def is_hasty(self) -> bool:
        """Whether the form was filled in faster than a person can."""
        return self.age < MIN_AGE


def new_token(purpose: str) -> str:
    """A new token; it is valid for forms of the same purpose only."""
    return str(_signer(purpose).dumps(receipt_codes.new_key()))


def read_token(purpose: str, signed: str) -> Token | None:
    """The token of a submitted form; None for a forged or an old one."""
    try:
        nonce, signed_at = _signer(purpose).loads(signed, max_age=MAX_AGE, return_timestamp=True)
    except BadData:
        return None
    if not isinstance(nonce, str) or not receipt_codes.is_nonce(nonce):
        return None
    return Token(nonce, paris_day(signed_at), (now() - signed_at).total_seconds())


def reusable_token(purpose: str, signed: str) -> str:
    """A form's token while it is valid, so that one filling has one nonce; else a new token."""
    return signed if read_token(purpose, signed) else new_token(purpose)


def _signer(purpose: str) -> URLSafeTimedSerializer:
    key = request_context.derived_key(request_context.FORM_PURPOSE)
    return URLSafeTimedSerializer(key, salt=f"webcitoyen {purpose}")


# --- the write queue ----------------------------------------------------------------------------

# Empty forms are made and sent ones processed two at a time each, because each one more would take
# the processor from readers. Those who wait hold a thread each.
form_queue = Bulkhead(2, 40, 5.0)
submission_queue = Bulkhead(2, 60, 5.0, entry_timeout=1.0)
MAX_WAITING = 7  # requests in the queue of those who write
TURN_TIMEOUT = 5.0  # seconds in the queue
# Seconds at the entrance of a full queue. Each write takes some hundredths of a second, so that a
# burst of requests gets through; while another process locks the database, the threads beyond
# those that wait are soon free for readers.
ENTRY_TIMEOUT = 0.5

_write_queue = Bulkhead(1, MAX_WAITING, TURN_TIMEOUT, entry_timeout=ENTRY_TIMEOUT)


@contextmanager
def queued_transaction() -> Iterator[WriteTransaction]:
    """A write transaction, once the queue gives the request its turn.

    :raises Unavailable: ``busy``, when the turn does not come in time.
    """
    # An open read transaction would keep words that an act destroys in the database's log.
    db.session.rollback()
    with _write_queue.turn(), writing() as tx:
        yield tx


def answer_step(
    step: Callable[[], ResponseReturnValue], page: Callable[[str], str]
) -> ResponseReturnValue:
    """The answer of a step of a form; during an outage or a burst, the form as it was typed.

    :param page: makes the page of the form from the reason.
    """
    try:
        with submission_queue.turn():
            return step()
    except OUTAGE_ERRORS as error:
        return outage_response(error, messages.reports.form_busy, page)


# --- outages ------------------------------------------------------------------------------------

# Errors of the server, not of the form: a locked, full or missing database, a missing key.
OUTAGE_ERRORS = (SQLAlchemyError, OSError, SealError, Unavailable)


def outage_response(
    error: Exception, default_text: object, render: Callable[[str], str]
) -> Response:
    """A 503 page made without the database, with the typed text.

    :param default_text: the sentence for an outage that may end in a minute.
    :param render: makes the page from the sentence.
    """
    if not isinstance(error, ReadOnly):
        logs.log_outage(error)
    with suppress(Exception):
        # An open transaction would block the next request.
        db.session.rollback()
    sentence = str(default_text)
    if isinstance(error, ReadOnly):
        sentence = error_sentence(error)
    elif is_disk_full(error):
        sentence = str(messages.reports.disk_full)
    elif is_file_missing(error) or (
        getattr(error, "key", "") in ("storage_moved", "keystore_missing")
    ):
        sentence = str(messages.reports.files_missing)
    response = make_response(render(sentence), 503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
