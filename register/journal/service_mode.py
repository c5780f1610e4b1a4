"""Service mode: whether forms are taken and members may sign in.

The last line of the desk ledger about it is the present mode: each process and machine sees it at
its next request, and a restart changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.errors import ReadOnly
from register.journal.models import Act, JournalEntry, Ledger


class ServiceMode(StrEnum):
    """What the register takes; public pages are served in each."""

    OPEN = "open"
    READ_ONLY = "readonly"  # no form is taken; members sign in and read
    LOCKDOWN = "lockdown"  # nor do members sign in


@dataclass(frozen=True)
class ModeState:
    """The present mode, and since when; None for a register that was always open."""

    mode: ServiceMode = ServiceMode.OPEN
    since: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether forms are taken."""
        return self.mode is ServiceMode.OPEN

    def require_open(self, *, signing_in: bool = False) -> None:
        """Require forms to be taken; those of sign-in and sign-out are, unless in lockdown.

        :raises ReadOnly: with the time since when they are not.
        """
        if not (self.is_open or (signing_in and self.mode is ServiceMode.READ_ONLY)):
            if self.mode is ServiceMode.LOCKDOWN:
                raise ReadOnly("lockdown", since=self.since)
            raise ReadOnly("readonly", since=self.since)


_LAST_CHANGE = (
    select(JournalEntry.at, JournalEntry.private_json)
    .where(JournalEntry.ledger == Ledger.DESK.value, JournalEntry.act == Act.MODE_CHANGED.value)
    .order_by(JournalEntry.seq.desc())
    .limit(1)
)
_has_form: ContextVar[bool] = ContextVar("has_form", default=False)


def read_mode(session: Session) -> ModeState:
    """The present mode."""
    row = session.execute(_LAST_CHANGE).first()
    if row is None:
        return ModeState()
    return ModeState(ServiceMode(json.loads(row.private_json)["mode"]), row.at)


@contextmanager
def answering(*, form: bool) -> Iterator[None]:
    """The work of one request; the acts of one with a form need the register to be open.

    Those of a request that only reads, as the line that a member opened a report, do not.
    """
    token = _has_form.set(form)
    try:
        yield
    finally:
        _has_form.reset(token)


def require_open(session: Session, *, signing_in: bool) -> None:
    """Require the register to be open when the present request has a form.

    Called under the write lock: no act of a form follows the line that closed the register.
    """
    if _has_form.get():
        read_mode(session).require_open(signing_in=signing_in)
