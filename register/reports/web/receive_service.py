"""The sending of a report: received once, answered as often as it is sent."""

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
from register.reports.queries import ReportView
from register.reports.receipts import CODES
from register.reports.report_content import MESSAGE_LIMIT
from register.reports.web.answer_review import added_text
from register.reports.web.form_tokens import Token
from register.reports.web.report_form import ReportForm
from register.web import limits
from register.web.request_context import key_store

# Of the twelve threads of a gunicorn process. The embedded server has fewer of them for reports:
# there, nobody is refused because many wait.
WAITING = 7
# Seconds, those in the server's queue included: nobody looks at a blank page for longer.
PATIENCE = 5.0
# Of many at one instant each has its turn: one takes some hundredths of a second. While somebody
# else holds the database, the threads beyond those that wait are soon free for who reads.
OUTSIDE = 0.5

_turns = Bulkhead(max_running=1, max_waiting=WAITING, turn_timeout=PATIENCE, entry_timeout=OUTSIDE)


@contextmanager
def queued_transaction() -> Iterator[WriteTransaction]:
    """Take the pen.

    :raises Unavailable: ``busy``, where it is not to be had in time.
    """
    now = time.monotonic()
    with (
        _turns.turn(already_waited=now - request.environ.get(ARRIVAL_TIME_KEY, now)),
        writing() as tx,
    ):
        yield tx


@dataclass(frozen=True)
class FormReceipt:
    """The report that a form has made, and the code that opens it."""

    code: str
    report_view: ReportView

    @property
    def key(self) -> str:
        """The key of its row, which no page holds."""
        return self.report_view.summary.key

    @property
    def formatted_code(self) -> str:
        """The code as it is shown."""
        return receipts.format_code(self.code)

    @property
    def accepts_additions(self) -> bool:
        """Whether something can be added to it still."""
        return not self.report_view.is_purged and rules.allows(
            self.report_view.summary.state, Act.REPORT_ADDED
        )


@dataclass(frozen=True)
class RateLimited:
    """A form that its source sends too often."""

    seconds: int
    """Until it may be sent again."""
    is_received: bool = False
    """Whether its report is there already."""


def existing_receipt(token: Token) -> FormReceipt | None:
    """The report that this filling of the form made; None while it made none."""
    code = receipts.derive_code(key_store().derived_key(CODES), token.nonce)
    key = queries.key_by_code(db.session(), key_store(), code)
    return FormReceipt(code, queries.get_report(db.session(), key_store(), key)) if key else None


def send(form: ReportForm, token: Token) -> FormReceipt | RateLimited:
    """Receive what a form says; the same once more is the same report.

    What has been received already is answered without the write lock, and has a limit of its own:
    no answer here depends on how many reports there are.

    :raises Refused: ``report_already_sent`` where the form was sent before and says other things.
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
    # Beyond what all sources together have room for, nobody is refused.
    is_suspect = bool(limits.budget("report")) or is_suspect
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    with queued_transaction() as tx:
        received = acts.receive(tx, store, sent, token.nonce, contact=contact, suspect=is_suspect)
    return FormReceipt(received.code, queries.get_report(db.session(), store, received.key))


def add(form: ReportForm, token: Token, first: FormReceipt) -> FormReceipt:
    """Send as an addition what a form says that the report it made before does not.

    :raises Refused: ``report_state`` or ``report_purged`` where nothing can be added any more.
    """
    received, store = first.report_view.received, key_store()
    if received is None:
        raise Refused("report_purged", state=first.report_view.summary.state)
    text, contact = added_text(received.sent, form.sent), form.contact.data
    db.session.rollback()
    with queued_transaction() as tx:
        is_new = _add_parts(tx, store, first.key, text, token.nonce)
        if is_new and contact and contact != first.report_view.contact:
            acts.leave_contact(tx, store, first.key, contact)
    return FormReceipt(first.code, queries.get_report(db.session(), store, first.key))


def _add_parts(tx: WriteTransaction, store: KeyStore, key: str, text: str, nonce: str) -> bool:
    """Whether any of it was new: a second click sends the same messages, which are there."""
    parts = [text[start : start + MESSAGE_LIMIT] for start in range(0, len(text), MESSAGE_LIMIT)]
    were_new = [
        acts.add(tx, store, key, MessageKind.ADDITION, part, _message_nonce(nonce, number, part))
        for number, part in enumerate(parts)
        if part.strip()
    ]
    return any(were_new)


def _message_nonce(nonce: str, number: int, text: str) -> str:
    """That of one message: another text of the same form is another message."""
    return hashlib.sha256(f"{nonce} {number} {text}".encode()).hexdigest()[:32]
