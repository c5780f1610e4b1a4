"""Job that sends the mails of the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.db import housekeeping, now
from register.mail import outbox as mails
from register.mail.delivery import DeliveryError, DeliveryScope, MailConnection
from register.mail.messages import MailKind, compose
from register.mail.outbox import ClaimedMail, Outbox
from register.text.dates import paris_day
from register.worker.loop import EventLog, KeepGoing

# Seconds.
IDLE_SECONDS = 15.0  # between two looks at the outbox without a new line
BATCH_SIZE = 100  # mails of one connection
# Before a server that does not answer, or refuses every mail, is tried again. Longer and longer:
# many servers lock out an address from which wrong passwords come.
OUTAGE_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))


@dataclass
class MailJob:
    """Sending of mails.

    :param open_outbox: opens the outbox.
    :param connect: connects to the mail server.
    :param clock: returns the current time.
    """

    name = "mail"

    database: Engine
    open_outbox: Callable[[], Outbox]
    connect: Callable[[], MailConnection]
    sender: str
    log_event: EventLog
    clock: Callable[[], datetime] = now
    _outages: int = field(default=0, init=False)  # connections in a row that could send nothing
    _retry_at: datetime | None = field(default=None, init=False)
    _day: date | None = field(default=None, init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Send what is due, over one connection."""
        at = self.clock()
        if paris_day(at) != self._day:
            with housekeeping(self.database) as session:
                mails.forget_old(session, at)
            self._day = paris_day(at)
        if self._is_pausing(at):
            return IDLE_SECONDS
        with Session(self.database) as session:
            has_mail = bool(mails.due_mails(session, at, 1))
        if not has_mail:
            return IDLE_SECONDS
        self._note_outage(is_away=not self._send_batch())
        return 0.0

    def _is_pausing(self, at: datetime) -> bool:
        # A clock that was set back must not lengthen the pause.
        return self._retry_at is not None and at < self._retry_at <= at + OUTAGE_PAUSES[-1]

    def _note_outage(self, *, is_away: bool) -> None:
        """Count an outage, with one line at its begin and one at its end."""
        if not is_away:
            if self._outages:
                self.log_event("mail_healed")
            self._outages, self._retry_at = 0, None
            return
        self._retry_at = self.clock() + OUTAGE_PAUSES[min(self._outages, len(OUTAGE_PAUSES) - 1)]
        self._outages += 1

    def _send_batch(self) -> bool:
        """Send the mails that are due over one connection; False when none could be sent."""
        with housekeeping(self.database) as session:
            mails.give_up_old(session, self.clock())
        with Session(self.database) as session:
            message_ids = mails.due_mails(session, self.clock(), BATCH_SIZE)
        if not message_ids:
            return True
        outbox, has_answered = self.open_outbox(), False
        try:
            with self.connect() as connection:
                for message_id in message_ids:
                    has_answered |= self._send(connection, outbox, message_id)
        except DeliveryError as error:
            if not has_answered and not self._outages:
                self.log_event("mail_away", step=error.cause, reply=error.reply_code)
            return has_answered
        return True

    def _send(self, connection: MailConnection, outbox: Outbox, message_id: str) -> bool:
        """Send one mail and record what became of it; False when it was not to be sent.

        :raises DeliveryError: the connection is of no use any more.
        """
        with housekeeping(self.database) as session:
            claimed = outbox.claim(session, message_id, self.clock())
            recipient = _recipient(session, claimed) if claimed else ""
            if claimed is not None and not recipient:
                # The account was closed meanwhile.
                mails.drop(session, message_id)
        if claimed is None or not recipient:
            return False
        try:
            mail = compose(
                MailKind(claimed.row.kind),
                claimed.values,
                sender=self.sender,
                recipient=recipient,
                message_id=message_id,
                at=claimed.row.created_at,
            )
            connection.send(mail)
        except ValueError:
            self._record_failure(claimed, DeliveryError(DeliveryScope.RECIPIENT, "address"))
        except DeliveryError as error:
            self._record_failure(claimed, error)
            if error.scope is DeliveryScope.SERVER:
                raise
        else:
            with housekeeping(self.database) as session:
                mails.mark_sent(session, message_id)
        return True

    def _record_failure(self, claimed: ClaimedMail, error: DeliveryError) -> None:
        with housekeeping(self.database) as session:
            if error.scope is DeliveryScope.RECIPIENT:
                mails.mark_dead(session, claimed.row.message_id, error.reply_code)
            else:
                mails.postpone(session, claimed, error.reply_code, self.clock())


def _recipient(session: Session, claimed: ClaimedMail) -> str:
    """The address of a mail; empty for a member whose account is closed."""
    if claimed.row.member_id is None:
        return claimed.address
    return accounts.open_address(session, claimed.row.member_id)
