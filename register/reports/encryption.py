"""What of a report is closed, and with which key: the report's own, or that of its case."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from sqlalchemy import func

from register import encryption
from register.journal.canonical import canonical
from register.reports.models import Kind, Report
from register.reports.report_content import Received, unpacked

_CONTACT = 8  # bytes that tell one contact from another
# These alone, where a key's name is wanted and not the contact.
WHICH_CONTACT = func.substr(Report.contact, 1, _CONTACT).label("contact")
# What is closed is made longer first: whoever has the disk and no key sees how long it is. The
# least holds a contact of any length.
_LEAST = 2048
_LENGTH = 4  # bytes that tell the true length


@dataclass(frozen=True)
class Decision:
    """What was decided, for its author and for members.

    ``sentence`` is read by the author; ``by`` is the member, None for a term that ran out.
    """

    sentence: str = ""
    incident: int | None = None
    by: int | None = None


def case_key(incident_id: int) -> str:
    """The name of a case's key in the key store."""
    return f"case {incident_id}"


def _bound(name: str) -> bytes:
    return f"report {name}".encode()


def _padded(plain: bytes) -> bytes:
    """Bytes whose length tells only between which two powers of two the text is long."""
    length = max(_LEAST, 1 << (len(plain) + _LENGTH - 1).bit_length())
    return len(plain).to_bytes(_LENGTH, "big") + plain.ljust(length - _LENGTH, b"\0")


def _bare(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH], "big")
    return padded[_LENGTH : _LENGTH + length]


def _close(key: bytes, purpose: str, plain: bytes, name: str) -> bytes:
    return encryption.sealed(key, purpose, _padded(plain), _bound(name))


def _open(key: bytes, purpose: str, closed: bytes, name: str) -> bytes:
    return _bare(encryption.opened(key, purpose, closed, _bound(name)))


def close_sent(key: bytes, name: str, received: Received) -> bytes:
    """Close what was sent; ``name`` is the key of the row that holds it."""
    return _close(key, "sent", received.packed(), name)


def open_sent(key: bytes, name: str, closed: bytes) -> Received:
    """What was sent.

    :raises SealError: ``seal_opens_nothing``, as the other openings.
    """
    return unpacked(_open(key, "sent", closed, name))


def close_message(key: bytes, name: str, kind: Kind, text: str) -> bytes:
    """Close a message: what it is, and its text."""
    return _close(key, "message", canonical({"kind": kind.value, "text": text}), name)


def open_message(key: bytes, name: str, closed: bytes) -> tuple[Kind, str]:
    """What a message is, and its text."""
    told = json.loads(_open(key, "message", closed, name))
    return Kind(told["kind"]), told["text"]


def new_contact() -> bytes:
    """What tells one contact of a report from the next: it stands before its closed bytes."""
    return secrets.token_bytes(_CONTACT)


def contact_key(report: str, closed: bytes) -> str:
    """The name of a contact's key. It has one of its own: taken back, it is gone from backups too.

    :param closed: the closed contact, or what :func:`new_contact` gave.
    """
    return f"{report} contact {closed[:_CONTACT].hex()}"


def close_contact(key: bytes, report: str, which: bytes, text: str) -> bytes:
    """Close a contact with its own key."""
    return which + _close(key, "contact", text.encode("utf-8"), report)


def open_contact(key: bytes, report: str, closed: bytes) -> str:
    """A contact."""
    return _open(key, "contact", closed[_CONTACT:], report).decode("utf-8")


def close_decision(key: bytes, name: str, decision: Decision) -> bytes:
    """Close a decision."""
    return _close(key, "decision", canonical(asdict(decision)), name)


def open_decision(key: bytes, name: str, closed: bytes) -> Decision:
    """A decision."""
    return Decision(**json.loads(_open(key, "decision", closed, name)))
