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

from register.journal.canonical import canonical, commitment

VERSION = 1
ACCOUNT_LIMIT = 20_000  # characters, some ten pages
LINE_LIMIT = 500
LINKS_LIMIT = 20
LINK_LIMIT = 2_000  # as long as an address of a source may be
CONTACT_LIMIT = 500
MESSAGE_LIMIT = 20_000

# Each field by the name it has in a receipt, which citizens read.
_NAMES: Mapping[str, str] = {
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
class Sent:
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

    def told(self) -> dict[str, Any]:
        """The fields by their public names; lists as lists."""
        return {
            _NAMES[field.name]: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }


def of(told: Mapping[str, Any]) -> Sent:
    """What :meth:`Sent.told` told."""
    values: dict[str, Any] = {
        field: tuple(told[name]) if isinstance(told[name], list) else told[name]
        for field, name in _NAMES.items()
    }
    return Sent(**values)


def content(sent: Sent, day: date) -> bytes:
    """The bytes that a receipt's digest covers: what was sent, and the day it was received."""
    return canonical({"v": VERSION, "jour": day.isoformat(), "envoi": sent.told()})


def digest(sent: Sent, day: date, salt: bytes) -> bytes:
    """SHA-256(salt ‖ content), 32 bytes."""
    return bytes.fromhex(commitment(salt, content(sent, day)))


@dataclass(frozen=True)
class Received:
    """What is sealed of a report: what was sent, and the salt of its receipt (32 bytes)."""

    sent: Sent
    salt: bytes

    def packed(self) -> bytes:
        """The bytes to be sealed."""
        return canonical({"envoi": self.sent.told(), "sel": self.salt.hex()})


def unpacked(plain: bytes) -> Received:
    """What :meth:`Received.packed` packed."""
    told = json.loads(plain)
    return Received(of(told["envoi"]), bytes.fromhex(told["sel"]))


def receipt(received: Received, day: date, authority: str) -> bytes:
    """The file ``recu.json``: it proves to whoever has it what was sent, and on which day.

    ``contenu`` holds the very bytes whose digest the register keeps, as a text.

    :param authority: the register's name, as its feeds bear it.
    """
    return canonical(
        {
            "v": VERSION,
            "registre": authority,
            "jour": day.isoformat(),
            "sel": received.salt.hex(),
            "contenu": content(received.sent, day).decode("utf-8"),
            "empreinte": digest(received.sent, day, received.salt).hex(),
        }
    )


def proved(document: bytes) -> bytes | None:
    """The digest that a receipt leads to, made anew from its content; None for no receipt."""
    try:
        told = json.loads(document)
        salt, text = bytes.fromhex(told["sel"]), told["contenu"].encode("utf-8")
        if len(salt) != 32 or told["v"] != VERSION:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return bytes.fromhex(commitment(salt, text))
