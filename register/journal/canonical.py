"""The bytes that are hashed: canonical JSON, chain digests and salted commitments."""

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
# Before the first line of a ledger there is nothing: 32 zero bytes.
GENESIS = bytes(32)


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """JSON as UTF-8 with sorted keys and no blanks; strings, integers, booleans and null only.

    Within these types it is the form of RFC 8785, so that anybody can rebuild it.
    """
    json_text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json_text.encode("utf-8")


def chain_digest(previous: bytes, public_json: bytes) -> bytes:
    """The digest of a line: SHA-256(version ‖ previous digest ‖ public_json), 32 bytes."""
    return hashlib.sha256(bytes([VERSION]) + previous + public_json).digest()


def new_salt() -> bytes:
    """32 random bytes: without them, nobody can guess a text from its commitment."""
    return secrets.token_bytes(32)


def commitment(salt: bytes, content: bytes) -> str:
    """SHA-256(salt ‖ content) in hexadecimal."""
    return hashlib.sha256(salt + content).hexdigest()


def rfc3339(at: datetime) -> str:
    """RFC 3339 in UTC, to the second: finer would only tell how somebody works."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def stored_time(ledger: Ledger, at: datetime) -> datetime:
    """The moment of a line as its ledger keeps it: to the second, or no finer than the day.

    Of a report nothing is kept that tells when, within a day, somebody sat down to write it.
    """
    if ledger is not Ledger.REPORTS:
        return at
    day = paris_day(at)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def hashed_time(ledger: str, at: datetime) -> str:
    """The moment of a line as it is hashed: RFC 3339, a full date where only days are kept.

    :param at: as :func:`stored_time` gives it; one that is finer than its ledger keeps stays so.
    """
    timestamp = rfc3339(at)
    return timestamp.removesuffix("T00:00:00Z") if ledger == Ledger.REPORTS.value else timestamp
