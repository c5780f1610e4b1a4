"""What a receipt proves: that a report was received, and on which day. Nothing more."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
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


# What the keys made from the seal key are for.
CODES, RECEIPTS = "receipt code", "receipt lookup"
# Digits and letters without I, L, O and U, which are read as others (Crockford's base 32).
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_GROUP_LENGTH = 4
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_NONCE = re.compile(r"[0-9a-f]{32}")


def new_nonce() -> str:
    """What names one filling of a form: 128 random bits, hexadecimal. It is stored nowhere."""
    return secrets.token_hex(16)


def is_nonce(text: str) -> bool:
    """Whether a text has the shape of a nonce."""
    return _NONCE.fullmatch(text) is not None


def new_key() -> str:
    """A random name for a row, 128 bits in hexadecimal."""
    return secrets.token_hex(16)


def derive_code(receipt_key: bytes, nonce: str) -> str:
    """The code of the report that a form with this nonce sends: 16 letters, 80 bits."""
    number = int.from_bytes(hmac.digest(receipt_key, nonce.encode(), hashlib.sha256)[:10], "big")
    return "".join(LETTERS[number >> (5 * place) & 31] for place in reversed(range(LENGTH)))


def derive_row_key(receipt_key: bytes, purpose: str, nonce: str) -> str:
    """The key of the row that one sending of a form makes, so that the second makes no other."""
    return hmac.digest(receipt_key, f"{purpose} {nonce}".encode(), hashlib.sha256).hex()[:32]


def format_code(code: str) -> str:
    """A code as it is shown: in groups of four."""
    return "-".join(
        code[start : start + _GROUP_LENGTH] for start in range(0, len(code), _GROUP_LENGTH)
    )


def normalize_code(typed: str) -> str:
    """A code as it was copied: spaces, dashes and small letters make no difference, O is 0.

    What is no code comes back as something that no report has.
    """
    text = unicodedata.normalize("NFKC", typed[:200]).upper().translate(_LOOKALIKES)
    return "".join(letter for letter in text if letter in LETTERS)


def hash_code(lookup_key: bytes, code: str) -> bytes:
    """What is kept of a code: its HMAC, 32 bytes, of no use without the seal key."""
    return hmac.digest(lookup_key, code.encode(), hashlib.sha256)
