"""What somebody reports: its fields, its canonical bytes, and the receipt that proves them.

The bytes are JSON in the form of RFC 8785. A contact is no part of them: it can be taken back, and
a receipt would go on speaking of it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import func

from register import encryption
from register.journal.canonical import canonical_json, commitment
from register.reports.models import MessageKind, Report

VERSION = 1
ACCOUNT_LIMIT = 20_000  # characters, some ten pages
LINE_LIMIT = 500
LINKS_LIMIT = 20
LINK_LIMIT = 2_000  # as long as an address of a source may be
CONTACT_LIMIT = 500
MESSAGE_LIMIT = 20_000

# Each field by the name it has in a receipt, which citizens read.
_PUBLIC_NAMES: Mapping[str, str] = {
    "account": "recit",
    "types": "types",
    "place": "lieu",
    "place_code": "lieu_code",
    "when": "quand",
    "date": "date",
    "actor": "acteur",
    "actor_text": "acteur_texte",
    "target": "cible",
    "target_text": "cible_texte",
    "began": "procedure",
    "links": "liens",
}


@dataclass(frozen=True)
class ReportContent:
    """What was sent. Codes are those of the vocabularies, empty where nothing was said.

    ``place`` and ``when`` are the words that were typed; ``place_code`` (``commune:93032``) and
    ``date`` (EDTF) what they were read as, empty where they were left as they are. ``began``: who
    began proceedings, as a direction, ``aucune``, or empty.
    """

    account: str
    types: tuple[str, ...] = ()
    place: str = ""
    place_code: str = ""
    when: str = ""
    date: str = ""
    actor: str = ""
    actor_text: str = ""
    target: str = ""
    target_text: str = ""
    began: str = ""
    links: tuple[str, ...] = ()

    def public_fields(self) -> dict[str, Any]:
        """The fields by their public names; lists as lists."""
        return {
            _PUBLIC_NAMES[field.name]: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }


def parse_content(public_fields: Mapping[str, Any]) -> ReportContent:
    """What :meth:`ReportContent.told` told."""
    values: dict[str, Any] = {
        field: tuple(public_fields[name])
        if isinstance(public_fields[name], list)
        else public_fields[name]
        for field, name in _PUBLIC_NAMES.items()
    }
    return ReportContent(**values)


def receipt_content(sent: ReportContent, day: date) -> bytes:
    """The bytes that a receipt's digest covers: what was sent, and the day it was received."""
    return canonical_json({"v": VERSION, "jour": day.isoformat(), "envoi": sent.public_fields()})


def content_digest(sent: ReportContent, day: date, salt: bytes) -> bytes:
    """SHA-256(salt ‖ content), 32 bytes."""
    return bytes.fromhex(commitment(salt, receipt_content(sent, day)))


@dataclass(frozen=True)
class Received:
    """What is sealed of a report: what was sent, and the salt of its receipt (32 bytes)."""

    sent: ReportContent
    salt: bytes

    def serialize(self) -> bytes:
        """The bytes to be sealed."""
        return canonical_json({"envoi": self.sent.public_fields(), "sel": self.salt.hex()})


def parse_received(plain: bytes) -> Received:
    """What :meth:`Received.packed` packed."""
    parsed = json.loads(plain)
    return Received(parse_content(parsed["envoi"]), bytes.fromhex(parsed["sel"]))


def receipt_document(received: Received, day: date, authority: str) -> bytes:
    """The file ``recu.json``: it proves to whoever has it what was sent, and on which day.

    ``contenu`` holds the very bytes whose digest the register keeps, as a text.

    :param authority: the register's name, as its feeds bear it.
    """
    return canonical_json(
        {
            "v": VERSION,
            "registre": authority,
            "jour": day.isoformat(),
            "sel": received.salt.hex(),
            "contenu": receipt_content(received.sent, day).decode("utf-8"),
            "empreinte": content_digest(received.sent, day, received.salt).hex(),
        }
    )


def receipt_digest(document: bytes) -> bytes | None:
    """The digest that a receipt leads to, made anew from its content; None for no receipt."""
    try:
        receipt_fields = json.loads(document)
        salt, text = bytes.fromhex(receipt_fields["sel"]), receipt_fields["contenu"].encode("utf-8")
        if len(salt) != 32 or receipt_fields["v"] != VERSION:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return bytes.fromhex(commitment(salt, text))


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
