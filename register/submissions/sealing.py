"""What of a report is closed, and with which key: the report's own, or that of its case."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from register import seal
from register.journal.canonical import canonical
from register.submissions.payload import Received, unpacked

_CONTACT = 8  # bytes that tell one contact from another


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


def close_sent(key: bytes, name: str, received: Received) -> bytes:
    """Close what was sent; ``name`` is the key of the row that holds it."""
    return seal.sealed(key, "sent", received.packed(), _bound(name))


def open_sent(key: bytes, name: str, closed: bytes) -> Received:
    """What was sent.

    :raises SealError: ``seal_opens_nothing``, as the other openings.
    """
    return unpacked(seal.opened(key, "sent", closed, _bound(name)))


def close_message(key: bytes, name: str, text: str) -> bytes:
    """Close a message."""
    return seal.sealed(key, "message", text.encode("utf-8"), _bound(name))


def open_message(key: bytes, name: str, closed: bytes) -> str:
    """A message."""
    return seal.opened(key, "message", closed, _bound(name)).decode("utf-8")


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
    return which + seal.sealed(key, "contact", text.encode("utf-8"), _bound(report))


def open_contact(key: bytes, report: str, closed: bytes) -> str:
    """A contact."""
    return seal.opened(key, "contact", closed[_CONTACT:], _bound(report)).decode("utf-8")


def close_decision(key: bytes, name: str, decision: Decision) -> bytes:
    """Close a decision."""
    return seal.sealed(key, "decision", canonical(asdict(decision)), _bound(name))


def open_decision(key: bytes, name: str, closed: bytes) -> Decision:
    """A decision."""
    return Decision(**json.loads(seal.opened(key, "decision", closed, _bound(name))))
