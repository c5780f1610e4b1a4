"""Canonical JSON, chain digests and salted commitments of the journal."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from register.journal.models import Ledger
from register.text.dates import paris_day

VERSION = 1
# The digest that the first line of a ledger follows: 32 zero bytes.
GENESIS = bytes(32)


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """JSON as UTF-8 with sorted keys and no spaces; strings, integers, booleans and null only.

    For these types it is the form of RFC 8785, so that outsiders can reproduce it.
    """
    json_text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json_text.encode("utf-8")


def chain_digest(previous: bytes, public_json: bytes) -> bytes:
    """The digest of a line: SHA-256(version ‖ previous digest ‖ public_json), 32 bytes."""
    return hashlib.sha256(bytes([VERSION]) + previous + public_json).digest()


def new_salt() -> bytes:
    """32 random bytes, without which a text could be guessed from its commitment."""
    return secrets.token_bytes(32)


def commitment(salt: bytes, content: bytes) -> str:
    """SHA-256(salt ‖ content) in hexadecimal."""
    return hashlib.sha256(salt + content).hexdigest()


def rfc3339(at: datetime) -> str:
    """RFC 3339 in UTC, to the second: a finer time would only reveal how somebody works."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def stored_time(ledger: Ledger, at: datetime) -> datetime:
    """The time of a line as stored: to the second, or the day only in the reports ledger.

    Nothing stored may tell at what time of the day somebody wrote a report.
    """
    if ledger is not Ledger.REPORTS:
        return at
    day = paris_day(at)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def hashed_time(ledger: str, at: datetime) -> str:
    """The time of a line as it is hashed: RFC 3339, a date alone in the reports ledger.

    :param at: from :func:`stored_time`; a finer time is not rounded.
    """
    timestamp = rfc3339(at)
    return timestamp.removesuffix("T00:00:00Z") if ledger == Ledger.REPORTS.value else timestamp
