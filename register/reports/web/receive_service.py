"""Idempotent receipt of reports and additions, behind a bounded write queue."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request

from register.bulkhead import ARRIVAL_TIME_KEY, Bulkhead
from register.db import db
from register.errors import Refused
from register.journal import Act, WriteTransaction, writing
from register.report_keys import KeyStore
from register.reports import acts, queries, receipts, rules
from register.reports.acts.reporter import find_received
from register.reports.models import MessageKind
from register.reports.receipts import CODES
from register.reports.report_content import MESSAGE_LIMIT
from register.reports.web.answer_review import added_text
from register.reports.web.form_tokens import Token
from register.reports.web.receipt_login import ReportAccess
from register.reports.web.report_form import ReportForm
from register.web import limits
from register.web.request_context import key_store

# Requests in the queue, of the twelve threads of a gunicorn process. The embedded server has fewer
# threads for reports, so that its queue is never full.
MAX_WAITING = 7
# Seconds in the queue, the time in the server's queue included.
TURN_TIMEOUT = 5.0
# Seconds at the entrance of a full queue. Each write takes some hundredths of a second, so that a
# burst of requests gets through; while another process locks the database, the threads beyond
# those that wait are soon free for readers.
ENTRY_TIMEOUT = 0.5

_write_queue = Bulkhead(
    max_running=1, max_waiting=MAX_WAITING, turn_timeout=TURN_TIMEOUT, entry_timeout=ENTRY_TIMEOUT
)


@contextmanager
def queued_transaction() -> Iterator[WriteTransaction]:
    """A write transaction, once the queue gives the request its turn.

    :raises Unavailable: ``busy``, when the turn does not come in time.
    """
    now = time.monotonic()
    with (
        _write_queue.turn(already_waited=now - request.environ.get(ARRIVAL_TIME_KEY, now)),
        writing() as tx,
    ):
        yield tx


@dataclass(frozen=True)
class FormReceipt(ReportAccess):
    """The report that a form has made, and its code."""

    @property
    def formatted_code(self) -> str:
        """The code in groups of four characters."""
        return receipts.format_code(self.code)

    @property
    def accepts_additions(self) -> bool:
        """Whether its state still accepts additions."""
        return not self.report_view.is_purged and rules.allows(
            self.report_view.summary.state, Act.REPORT_ADDED
        )


@dataclass(frozen=True)
class RateLimited:
    """A form sent too often from one source.

    ``seconds``: the wait until it can be sent again. ``is_received``: its report was received
    before.
    """

    seconds: int
    is_received: bool = False


def existing_receipt(token: Token) -> FormReceipt | None:
    """The report received before with the token's nonce; None if there is none."""
    code = receipts.derive_code(key_store().derived_key(CODES), token.nonce)
    key = queries.key_by_code(db.session(), key_store(), code)
    return FormReceipt(code, queries.get_report(db.session(), key_store(), key)) if key else None


def send(form: ReportForm, token: Token) -> FormReceipt | RateLimited:
    """Receive a form's report, or give the receipt of the one received before.

    A form sent again is answered without the write lock, and has a rate limit of its own. No
    answer depends on the number of reports.

    :raises Refused: ``report_already_sent`` for the same nonce with another content.
    """
    sent, contact, store = form.sent, form.contact.data, key_store()
    try:
        existing = find_received(db.session(), store, sent, token.nonce)
    except Refused:
        seconds = limits.wait("replay")
        if seconds:
            return RateLimited(seconds, is_received=True)
        raise
    seconds = limits.wait("replay" if existing else "report")
    if seconds:
        return RateLimited(seconds, is_received=existing is not None)
    if existing is not None:
        return FormReceipt(existing.code, queries.get_report(db.session(), store, existing.key))
    is_suspect = limits.are_enabled() and (bool(form.site_web.data) or token.is_hasty)
    # Beyond the budget of all sources together, a report is marked as suspect, never refused.
    is_suspect = bool(limits.budget("report")) or is_suspect
    # An open read transaction would keep words that another act destroys in the database's log.
    db.session.rollback()
    with queued_transaction() as tx:
        received = acts.receive(tx, store, sent, token.nonce, contact=contact, suspect=is_suspect)
    return FormReceipt(received.code, queries.get_report(db.session(), store, received.key))


def add(form: ReportForm, token: Token, first: FormReceipt) -> FormReceipt:
    """Add a form's changed answers to the report that it made before.

    :raises Refused: ``report_state`` or ``report_purged`` when nothing can be added any more.
    """
    received, store = first.report_view.received, key_store()
    if received is None:
        raise Refused("report_purged", state=first.report_view.summary.state)
    addition, contact = added_text(received.sent, form.sent), form.contact.data
    db.session.rollback()
    with queued_transaction() as tx:
        is_new = _add_parts(tx, store, first.key, addition, token.nonce)
        if is_new and contact and contact != first.report_view.contact:
            acts.leave_contact(tx, store, first.key, contact)
    return FormReceipt(first.code, queries.get_report(db.session(), store, first.key))


def _add_parts(tx: WriteTransaction, store: KeyStore, key: str, addition: str, nonce: str) -> bool:
    """Add a text as messages of at most ``MESSAGE_LIMIT`` characters; whether any was new."""
    is_new = False
    for number, start in enumerate(range(0, len(addition), MESSAGE_LIMIT)):
        part = addition[start : start + MESSAGE_LIMIT]
        if part.strip():
            # The text is in the nonce: another text of the same form is another message.
            part_nonce = hashlib.sha256(f"{nonce} {number} {part}".encode()).hexdigest()[:32]
            is_new |= acts.add(tx, store, key, MessageKind.ADDITION, part, part_nonce)
    return is_new
