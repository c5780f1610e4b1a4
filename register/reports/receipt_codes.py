"""Receipt codes, row keys derived from a form's nonce, and verification of receipt files."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import date
from textwrap import wrap
from typing import Literal, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from register.errors import Invalid
from register.key_store import KeyStore
from register.reports import receipt_file, report_content
from register.reports.models import Report

# Bytes of a receipt file: the longest possible report makes one of some 250 kB.
LIMIT = 300_000
# Bytes of a receipt file: its page has the text twice.
FILE_LIMIT = 390_000
# Purposes of the keys derived from the seal key.
CODES, RECEIPTS, ACCOUNTS = "receipt code", "receipt lookup", "account lookup"
# Crockford's base 32: digits and letters without I, L, O and U, which are misread.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_GROUP_LENGTH = 4
# Words of an account that nobody else writes by chance.
OWN_WORDS = 12
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_NONCE = re.compile(r"[0-9a-f]{32}")


def is_nonce(candidate: str) -> bool:
    """Whether a text has the format of a nonce."""
    return _NONCE.fullmatch(candidate) is not None


def new_key() -> str:
    """A random row key, or the nonce of one filling of a form: 128 bits in hexadecimal."""
    return secrets.token_hex(16)


def derive_code(receipt_key: bytes, nonce: str) -> str:
    """The code of the report sent with a nonce: 16 characters, 80 bits."""
    number = int.from_bytes(hmac.digest(receipt_key, nonce.encode(), hashlib.sha256)[:10], "big")
    return "".join(LETTERS[number >> (5 * place) & 31] for place in reversed(range(LENGTH)))


def derive_receipt(store: KeyStore, nonce: str) -> tuple[str, bytes]:
    """The code of what a form with a nonce sends, and the stored hash of the code.

    :raises Invalid: ``report_nonce``.
    """
    if not is_nonce(nonce):
        raise Invalid("report_nonce")
    code = derive_code(store.derived_key(CODES), nonce)
    return code, hash_code(store.derived_key(RECEIPTS), code)


def derive_row_key(receipt_key: bytes, purpose: str, nonce: str) -> str:
    """The key of the row that a form creates; sent again, the form finds the same row."""
    return hmac.digest(receipt_key, f"{purpose} {nonce}".encode(), hashlib.sha256).hex()[:32]


def format_code(code: str) -> str:
    """A code in groups of four characters."""
    return "-".join(wrap(code, _GROUP_LENGTH))


def normalize_code(typed: str) -> str:
    """A typed code without spaces and dashes, in capitals, with lookalikes replaced (O is 0).

    An invalid code gives a text that matches no report.
    """
    capitals = unicodedata.normalize("NFKC", typed[:200]).upper().translate(_LOOKALIKES)
    return "".join(letter for letter in capitals if letter in LETTERS)


def hash_code(lookup_key: bytes, code: str) -> bytes:
    """The stored HMAC of a code, 32 bytes."""
    return hmac.digest(lookup_key, code.encode(), hashlib.sha256)


def hash_account(store: KeyStore, account: str) -> bytes | None:
    """The stored HMAC of an account, 32 bytes; None for one that two people might write."""
    words = account.split()
    if len(words) < OWN_WORDS:
        return None
    return hmac.digest(store.derived_key(ACCOUNTS), " ".join(words).encode(), hashlib.sha256)


class ReceiptProof(NamedTuple):
    """What a receipt proves: a day, and whether a passage was masked after or before it.

    ``masked``: ``later`` for a receipt of the whole text, ``before`` for one of what is left.
    ``report``: the key of the report, for what became of its files.
    """

    day: date
    masked: Literal["", "later", "before"]
    report: str


def is_possible_size(file: bytes) -> bool:
    """Whether a receipt file is not longer than that of the longest report."""
    return len(file) <= (FILE_LIMIT if receipt_file.is_page(file) else LIMIT)


def receipt_proof(session: Session, document: bytes) -> ReceiptProof | None:
    """What a receipt proves.

    None for a report that never existed, for one whose texts are destroyed, and for an invalid
    receipt: the three take the same work, so that the time of the answer does not tell them apart.

    :param document: the bytes of a ``recu.json`` or ``recu.html`` file.
    """
    document = receipt_file.receipt_document(document)
    digest = report_content.receipt_digest(document) if len(document) <= LIMIT else None
    # No report has the decoy digest: those of reports begin with a random salt.
    decoy = hashlib.sha256(b"no receipt" + document[:LIMIT]).digest()
    is_whole, is_left = (
        column == (digest or decoy) for column in (Report.digest, Report.masked_digest)
    )
    stmt = select(Report.key, Report.day, Report.masked_digest, is_left.label("is_left"))
    row = session.execute(stmt.where(or_(is_whole, is_left))).one_or_none()
    if row is None:
        return None
    masked: Literal["", "later", "before"] = "before" if row.is_left else "later"
    return ReceiptProof(row.day, masked if row.masked_digest else "", row.key)
