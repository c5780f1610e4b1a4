"""Content of what is sent online about a case, and its encryption."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from register import encryption
from register.journal.models import canonical_json

TEXT_LIMIT = 50_000  # characters of a reply; two hundred lines are fifteen thousand
PASSAGES_LIMIT = 10_000
_PURPOSE = "incoming"
# Contents are padded before encryption, so that their size tells little.
_PADDED_BYTES = 4096


def key_name(key: str) -> str:
    """The name of the data key of a row, in the key store."""
    return f"incoming {key}"


@dataclass(frozen=True)
class ReplyContent:
    """A right of reply as its author sent it.

    ``author``, ``capacity`` and ``text`` are to be published; the rest is for members.

    :param role: ``authority`` for the authority itself, ``mandate`` for a person mandated by it,
        ``person`` for a person named or designated.
    :param proof: how identity and mandate are shown.
    :param passages: the disputed passages (décret nº 2007-1527, art. 2).
    :param files: SHA-256 of the documents, in hexadecimal.
    """

    author: str
    capacity: str
    text: str
    role: str
    proof: str
    passages: str
    contact: str = ""
    files: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, by which the same form sent twice is recognised."""
        return hashlib.sha256(canonical_json({**asdict(self), "files": [*self.files]})).hexdigest()


@dataclass(frozen=True)
class SealedPart:
    """What members alone read of a reply, and the digest of the whole."""

    role: str
    proof: str
    passages: str
    contact: str
    digest: str
    language: str


def seal(key: bytes, name: str, content: ReplyContent, language: str) -> bytes:
    """The encrypted part for members; ``name`` is the key of the row that stores it."""
    part = SealedPart(
        content.role, content.proof, content.passages, content.contact, content.digest, language
    )
    return seal_fields(key, name, asdict(part))


def unseal(key: bytes, name: str, sealed: bytes) -> SealedPart:
    """The inverse of :func:`seal`.

    :raises SealError: ``seal_opens_nothing``.
    """
    return SealedPart(**unseal_fields(key, name, sealed))


def seal_fields(key: bytes, name: str, fields: Mapping[str, Any]) -> bytes:
    """Encrypted fields; ``name`` is the key of the row that stores them."""
    plain = canonical_json(fields)
    # Spaces end a JSON text without changing it.
    padded = plain.ljust(-(-len(plain) // _PADDED_BYTES) * _PADDED_BYTES)
    return encryption.encrypt(key, _PURPOSE, padded, name.encode("ascii"))


def unseal_fields(key: bytes, name: str, sealed: bytes) -> dict[str, Any]:
    """The inverse of :func:`seal_fields`.

    :raises SealError: ``seal_opens_nothing``.
    """
    plain = encryption.decrypt(key, _PURPOSE, sealed, name.encode("ascii"))
    fields: dict[str, Any] = json.loads(plain)
    return fields
