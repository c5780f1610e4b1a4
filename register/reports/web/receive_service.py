"""The sending of a report: received once, answered as often as it is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from register.db import db
from register.errors import Refused
from register.journal import Act, Pen
from register.report_keys import KeyStore
from register.reports import acts, queries, receipt_codes, rules
from register.reports.acts.reporter import received_before
from register.reports.models import Kind
from register.reports.queries import File
from register.reports.receipt_codes import CODES
from register.reports.report_content import MESSAGE_LIMIT
from register.reports.web.answer_review import as_text
from register.reports.web.form_tokens import Token
from register.reports.web.report_form import ReportForm
from register.reports.web.write_queue import penned
from register.web import limits
from register.web.context import key_store


@dataclass(frozen=True)
class Held:
    """The report that a form has made, and the code that opens it."""

    code: str
    file: File

    @property
    def key(self) -> str:
        """The key of its row, which no page holds."""
        return self.file.line.key

    @property
    def spelled(self) -> str:
        """The code as it is shown."""
        return receipt_codes.spelled(self.code)

    @property
    def takes_more(self) -> bool:
        """Whether something can be added to it still."""
        return not self.file.is_purged and rules.allows(self.file.line.state, Act.REPORT_ADDED)


@dataclass(frozen=True)
class TooMany:
    """A form that its source sends too often."""

    seconds: int
    """Until it may be sent again."""
    is_received: bool = False
    """Whether its report is there already."""


def held(token: Token) -> Held | None:
    """The report that this filling of the form made; None while it made none."""
    code = receipt_codes.code_of(key_store().derived(CODES), token.nonce)
    key = queries.by_code(db.session(), key_store(), code)
    return Held(code, queries.one(db.session(), key_store(), key)) if key else None


def send(form: ReportForm, token: Token) -> Held | TooMany:
    """Receive what a form says; the same once more is the same report.

    What has been received already is answered without the write lock, and has a limit of its own:
    no answer here depends on how many reports there are.

    :raises Refused: ``report_already_sent`` where the form was sent before and says other things.
    """
    sent, contact, store = form.sent, form.contact.data, key_store()
    try:
        known = received_before(db.session(), store, sent, token.nonce)
    except Refused:
        seconds = limits.wait("replay")
        if seconds:
            return TooMany(seconds, is_received=True)
        raise
    seconds = limits.wait("replay" if known else "report")
    if seconds:
        return TooMany(seconds, is_received=known is not None)
    if known is not None:
        return Held(known.code, queries.one(db.session(), store, known.key))
    is_suspect = limits.are_on() and (bool(form.site_web.data) or token.is_hasty)
    # Beyond what all sources together have room for, nobody is refused.
    is_suspect = bool(limits.budget("report")) or is_suspect
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    with penned() as pen:
        filed = acts.receive(pen, store, sent, token.nonce, contact=contact, suspect=is_suspect)
    return Held(filed.code, queries.one(db.session(), store, filed.key))


def add(form: ReportForm, token: Token, first: Held) -> Held:
    """Send as an addition what a form says that the report it made before does not.

    :raises Refused: ``report_state`` or ``report_purged`` where nothing can be added any more.
    """
    received, store = first.file.received, key_store()
    if received is None:
        raise Refused("report_purged", state=first.file.line.state)
    text, contact = as_text(received.sent, form.sent), form.contact.data
    db.session.rollback()
    with penned() as pen:
        is_new = _added(pen, store, first.key, text, token.nonce)
        if is_new and contact and contact != first.file.contact:
            acts.leave_contact(pen, store, first.key, contact)
    return Held(first.code, queries.one(db.session(), store, first.key))


def _added(pen: Pen, store: KeyStore, key: str, text: str, nonce: str) -> bool:
    """Whether any of it was new: a second click sends the same messages, which are there."""
    parts = [text[start : start + MESSAGE_LIMIT] for start in range(0, len(text), MESSAGE_LIMIT)]
    said = [
        acts.add(pen, store, key, Kind.ADDITION, part, _nonce(nonce, number, part))
        for number, part in enumerate(parts)
        if part.strip()
    ]
    return any(said)


def _nonce(nonce: str, number: int, text: str) -> str:
    """That of one message: another text of the same form is another message."""
    return hashlib.sha256(f"{nonce} {number} {text}".encode()).hexdigest()[:32]
