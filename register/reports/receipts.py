"""What a receipt proves: that a report was received, and on which day. Nothing more."""

from __future__ import annotations

import hashlib
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.reports import report_content
from register.reports.models import Report

# The longest report there can be makes a receipt of some 250 kB; whatever is longer is none.
LIMIT = 300_000


def received_on(session: Session, document: bytes) -> date | None:
    """The day of the report that a receipt is of.

    None for a report that was never here, for one whose texts are destroyed, and for what is no
    receipt: the three take the same work, and nobody learns which of them it was.

    :param document: the bytes of a file ``recu.json``.
    """
    digest = report_content.receipt_digest(document) if len(document) <= LIMIT else None
    stmt = select(Report.day).where(Report.digest == (digest or _decoy_digest(document[:LIMIT])))
    return session.scalar(stmt)


def _decoy_digest(document: bytes) -> bytes:
    """A digest that no report has: those of reports begin with a random salt."""
    return hashlib.sha256(b"no receipt" + document).digest()
