"""Outbox: mails written in the transaction of the act that causes them, and sent by the worker.

To send a new kind of mail, add it to :class:`~register.mail.messages.MailKind` and its text to
``texts.toml``, then call :meth:`Outbox.enqueue` inside ``writing()``, with ``tx.session`` and
``tx.at``. The mail exists if the act does. A page calls ``request_context.send_mail``, or gets the
outbox from ``request_context.outbox()``, None in a register without a mail server.

The address of a member is looked up when the mail is sent. An outside address and the values of
the text are encrypted, and deleted once the mail is sent or given up.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from register import encryption
from register.mail.messages import MailKind, require_values
from register.mail.models import MailState, OutgoingMail

KEY_PURPOSE = "outgoing mail"
_TEXT_PURPOSE = "mail text"
# Before the attempt after the first, second, … one. A server that lists unknown senders ("grey")
# accepts them after some minutes.
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
# Longer than an attempt can take, so that no other process sends the same mail meanwhile.
CLAIM_DURATION = timedelta(minutes=10)
LATE_AFTER = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
FORGET_AFTER = timedelta(days=30)
_TAKEN = 250  # the answer of a mail server that has a mail (RFC 5321 §4.2)
# Kinds whose state is shown as long as the case that they are about.
_REMEMBERED_KINDS = (MailKind.REPLY_INVITATION.value,)


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this process sends now, opened; ``address`` is empty for a member."""

    row: OutgoingMail
    address: str
    values: dict[str, str]


@dataclass(frozen=True)
class Outbox:
    """The outbox of a register with a mail server.

    :param key: derived from the root key for :data:`KEY_PURPOSE`.
    :param domain: of the address that sends, for the Message-ID.
    """

    key: bytes
    domain: str

    def enqueue(
        self, session: Session, kind: MailKind, recipient: int | str, at: datetime, **values: str
    ) -> str:
        """Add a mail to the transaction of a session; its Message-ID.

        :param recipient: the id of a member, or an outside address.
        :param values: those that the text of this kind names; each one line.
        :raises ValueError: other values than those of the text, or of several lines: a fault in
            the code.
        """
        require_values(kind, values)
        message_id = f"<{secrets.token_hex(16)}@{self.domain}>"
        is_outside = isinstance(recipient, str)
        plain = json.dumps({"address": recipient if is_outside else "", "values": values})
        mail = OutgoingMail(
            message_id=message_id,
            kind=kind.value,
            member_id=None if is_outside else recipient,
            sealed=encryption.encrypt(self.key, _TEXT_PURPOSE, plain.encode(), message_id.encode()),
            next_at=at,
            created_at=at,
        )
        session.add(mail)
        return message_id

    def claim(self, session: Session, message_id: str, at: datetime) -> ClaimedMail | None:
        """Claim a mail that is due; None when another process has it, or it waits no more.

        The claim is a conditional UPDATE, to be committed before the mail is sent.
        """
        stmt = update(OutgoingMail).where(OutgoingMail.message_id == message_id, _is_due(at))
        claim = {"attempts": OutgoingMail.attempts + 1, "next_at": at + CLAIM_DURATION}
        options = {"populate_existing": True}
        row = session.scalar(stmt.values(claim).returning(OutgoingMail), execution_options=options)
        if row is None:
            return None
        # It is read after the commit, while the mail is sent.
        session.expunge(row)
        plain = encryption.decrypt(self.key, _TEXT_PURPOSE, row.sealed, message_id.encode())
        return ClaimedMail(row, **json.loads(plain))


def due_mails(session: Session, at: datetime, limit: int) -> Sequence[str]:
    """Message-IDs of mails to be tried, those first that have waited longest."""
    stmt = select(OutgoingMail.message_id).where(_is_due(at))
    return session.scalars(stmt.order_by(OutgoingMail.next_at).limit(limit)).all()


def mark_sent(session: Session, message_id: str) -> None:
    """Record that the mail server has a mail; a notice is deleted: its time would date a report."""
    is_sent = OutgoingMail.message_id == message_id
    _finish(session, MailState.SENT, is_sent, reply_code=_TAKEN)
    session.execute(delete(OutgoingMail).where(is_sent, OutgoingMail.kind == MailKind.NOTICE.value))


def mark_dead(session: Session, message_id: str, reply_code: int) -> None:
    """Give a mail up."""
    is_dead = OutgoingMail.message_id == message_id
    _finish(session, MailState.DEAD, is_dead, reply_code=reply_code)


def postpone(session: Session, mail: ClaimedMail, reply_code: int, at: datetime) -> None:
    """Try a mail again later, with a growing delay."""
    attempts = mail.row.attempts
    delay = RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1]
    stmt = update(OutgoingMail).where(
        OutgoingMail.message_id == mail.row.message_id, OutgoingMail.attempts == attempts
    )
    session.execute(stmt.values(next_at=at + delay, reply_code=reply_code))


def drop(session: Session, *message_ids: str) -> None:
    """Delete mails that nobody is to get any more."""
    session.execute(delete(OutgoingMail).where(OutgoingMail.message_id.in_(message_ids)))


def stop(session: Session, message_ids: Collection[str]) -> None:
    """Send mails no more that still wait; one that is being sent right now may leave."""
    is_waiting = OutgoingMail.state == MailState.WAITING.value
    _finish(session, MailState.STOPPED, OutgoingMail.message_id.in_(message_ids), is_waiting)


def give_up_old(session: Session, at: datetime) -> int:
    """Give up the mails that could not be sent for :data:`GIVE_UP_AFTER`; their number."""
    is_late = OutgoingMail.created_at <= at - GIVE_UP_AFTER
    return _finish(session, MailState.DEAD, is_late, _is_due(at))


def forget_old(session: Session, at: datetime) -> None:
    """Delete the rows of mails that were sent or given up :data:`FORGET_AFTER` ago."""
    is_over = OutgoingMail.state != MailState.WAITING.value
    is_old = OutgoingMail.created_at <= at - FORGET_AFTER
    is_forgettable = OutgoingMail.kind.not_in(_REMEMBERED_KINDS)
    session.execute(delete(OutgoingMail).where(is_over, is_old, is_forgettable))


def count_dead(session: Session, at: datetime) -> int:
    """Number of mails that were given up in the last weeks."""
    is_recent = OutgoingMail.created_at > at - FORGET_AFTER
    return _count(session, OutgoingMail.state == MailState.DEAD.value, is_recent)


def count_late(session: Session, at: datetime) -> int:
    """Number of mails that have waited for more than an hour."""
    is_waiting = OutgoingMail.state == MailState.WAITING.value
    return _count(session, is_waiting, OutgoingMail.created_at < at - LATE_AFTER)


def _is_due(at: datetime) -> ColumnElement[bool]:
    return (OutgoingMail.state == MailState.WAITING.value) & (OutgoingMail.next_at <= at)


def _finish(
    session: Session, state: MailState, *conditions: ColumnElement[bool], **columns: int
) -> int:
    """Set the state of mails and other columns, and delete what was sealed in them."""
    stmt = update(OutgoingMail).where(*conditions).values(state=state.value, sealed=b"", **columns)
    outcome = session.execute(stmt, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], outcome).rowcount


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(OutgoingMail).where(*conditions)) or 0
