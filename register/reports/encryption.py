"""What of a report is closed, and with which key: the report's own, or that of its case."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from sqlalchemy import func

from register import encryption
from register.journal.canonical import canonical_json
from register.reports.models import MessageKind, Report
from register.reports.report_content import Received, parse_received

_CONTACT_ID_BYTES = 8  # bytes that tell one contact from another
# These alone, where a key's name is wanted and not the contact.
CONTACT_ID = func.substr(Report.contact, 1, _CONTACT_ID_BYTES).label("contact")
# What is closed is made longer first: whoever has the disk and no key sees how long it is. The
# least holds a contact of any length.
_MIN_PADDED_BYTES = 2048
_LENGTH_BYTES = 4  # bytes that tell the true length


@dataclass(frozen=True)
class Decision:
    """What was decided, for its author and for members.

    ``sentence`` is read by the author; ``by`` is the member, None for a term that ran out.
    """

    sentence: str = ""
    incident: int | None = None
    by: int | None = None


def case_key_name(incident_id: int) -> str:
    """The name of a case's key in the key store."""
    return f"case {incident_id}"


def _associated_data(name: str) -> bytes:
    return f"report {name}".encode()


def _pad(plain: bytes) -> bytes:
    """Bytes whose length tells only between which two powers of two the text is long."""
    length = max(_MIN_PADDED_BYTES, 1 << (len(plain) + _LENGTH_BYTES - 1).bit_length())
    return len(plain).to_bytes(_LENGTH_BYTES, "big") + plain.ljust(length - _LENGTH_BYTES, b"\0")


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]


def _encrypt(key: bytes, purpose: str, plain: bytes, name: str) -> bytes:
    return encryption.encrypt(key, purpose, _pad(plain), _associated_data(name))


def _decrypt(key: bytes, purpose: str, sealed: bytes, name: str) -> bytes:
    return _unpad(encryption.decrypt(key, purpose, sealed, _associated_data(name)))


def encrypt_content(key: bytes, name: str, received: Received) -> bytes:
    """Close what was sent; ``name`` is the key of the row that holds it."""
    return _encrypt(key, "sent", received.serialize(), name)


def decrypt_content(key: bytes, name: str, sealed: bytes) -> Received:
    """What was sent.

    :raises SealError: ``seal_opens_nothing``, as the other openings.
    """
    return parse_received(_decrypt(key, "sent", sealed, name))


def encrypt_message(key: bytes, name: str, kind: MessageKind, text: str) -> bytes:
    """Close a message: what it is, and its text."""
    return _encrypt(key, "message", canonical_json({"kind": kind.value, "text": text}), name)


def decrypt_message(key: bytes, name: str, sealed: bytes) -> tuple[MessageKind, str]:
    """What a message is, and its text."""
    parsed = json.loads(_decrypt(key, "message", sealed, name))
    return MessageKind(parsed["kind"]), parsed["text"]


def new_contact_id() -> bytes:
    """What tells one contact of a report from the next: it stands before its closed bytes."""
    return secrets.token_bytes(_CONTACT_ID_BYTES)


def contact_key_name(report: str, sealed: bytes) -> str:
    """The name of a contact's key. It has one of its own: taken back, it is gone from backups too.

    :param sealed: the closed contact, or what :func:`new_contact_id` gave.
    """
    return f"{report} contact {sealed[:_CONTACT_ID_BYTES].hex()}"


def encrypt_contact(key: bytes, report: str, contact_id: bytes, text: str) -> bytes:
    """Close a contact with its own key."""
    return contact_id + _encrypt(key, "contact", text.encode("utf-8"), report)


def decrypt_contact(key: bytes, report: str, sealed: bytes) -> str:
    """A contact."""
    return _decrypt(key, "contact", sealed[_CONTACT_ID_BYTES:], report).decode("utf-8")


def encrypt_decision(key: bytes, name: str, decision: Decision) -> bytes:
    """Close a decision."""
    return _encrypt(key, "decision", canonical_json(asdict(decision)), name)


def decrypt_decision(key: bytes, name: str, sealed: bytes) -> Decision:
    """A decision."""
    return Decision(**json.loads(_decrypt(key, "decision", sealed, name)))
