"""What somebody reports: its fields, its canonical bytes, and the receipt that proves them.

The bytes are JSON in the form of RFC 8785. A contact is no part of them: it can be taken back, and
a receipt would go on speaking of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from register.journal.canonical import canonical_json, commitment

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
