"""Content of what is sent online about a case: rights of reply, notices, and their encryption."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from register import encryption
from register.incoming.models import Incoming
from register.journal.models import canonical_json
from register.key_store import KeyStore

REPLY_LIMIT = 50_000  # characters of a reply; two hundred lines are fifteen thousand
PASSAGES_LIMIT = 10_000
NOTICE_LIMIT = 20_000  # characters of each text of a notice
LINE_LIMIT = 300
# The ground for which name and address are not asked (regulation (EU) 2022/2065, art. 16 (2) (c)):
# offences of articles 3 to 7 of directive 2011/93/EU, sexual abuse of children.
CHILD_ABUSE = "mineurs"
_PURPOSE = "incoming"
# Contents are padded before encryption, so that their size tells little.
_PADDED_BYTES = 4096


def key_name(key: str) -> str:
    """The name of the data key of a row, in the key store."""
    return f"incoming {key}"


def data_key(store: KeyStore, row: Incoming) -> bytes | None:
    """The data key of a row; None once what it sealed is destroyed, and where it is missing."""
    return store.key(key_name(row.key)) if row.sealed_content else None


# --- rights of reply ----------------------------------------------------------------------------


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


@dataclass(frozen=True)
class SealedPart:
    """What members alone read of a reply, and the digest of the whole."""

    role: str
    proof: str
    passages: str
    contact: str
    digest: str
    language: str


# --- notices ------------------------------------------------------------------------------------


class NoticeDecision(StrEnum):
    """What was decided; the values are those of forms. The acts on the case are done before."""

    NONE = "maintenu"  # nothing, or nothing more, is changed
    CORRECTED = "corrige"
    REDACTED = "caviarde"  # a passage was taken out
    WITHDRAWN = "retire"  # the case was withdrawn


@dataclass(frozen=True)
class NoticeContent:
    """A notice as its author sent it, all of it for members.

    :param text: what is wrong, or why the content is held to be illegal.
    :param location: the exact address, with the passage.
    :param ground: code of the legal ground; empty for an error.
    :param correction: what is right instead; of an error only.
    :param source: what shows it; of an error only.
    :param contact: an e-mail address; for an error it may be something else, or empty.
    """

    text: str
    location: str
    ground: str = ""
    correction: str = ""
    source: str = ""
    name: str = ""
    contact: str = ""


@dataclass(frozen=True)
class ReviewTexts:
    """The words of a complaint, and the reasons of a decision with their ground."""

    complaint: str = ""
    reasons: str = ""
    ground: str = ""


def unseal_notice(key: bytes, name: str, sealed: bytes | None) -> tuple[NoticeContent, str]:
    """The notice and the language of its form.

    :raises SealError: ``seal_opens_nothing``.
    """
    fields = unseal_fields(key, name, sealed)
    language = str(fields.pop("language"))
    fields.pop("digest")
    return NoticeContent(**fields), language


def seal_review(key: bytes, name: str, post_id: int, texts: ReviewTexts) -> bytes:
    """The encrypted texts of a review of the notice with a key."""
    return seal_fields(key, f"{name} {post_id}", asdict(texts))


def unseal_review(key: bytes, name: str, post_id: int, sealed: bytes | None) -> ReviewTexts:
    """The inverse of :func:`seal_review`; no texts where nothing was written yet.

    :raises SealError: ``seal_opens_nothing``.
    """
    return (
        ReviewTexts(**unseal_fields(key, f"{name} {post_id}", sealed)) if sealed else ReviewTexts()
    )


# --- both ---------------------------------------------------------------------------------------


def digest(sent: ReplyContent | NoticeContent) -> str:
    """SHA-256 of all that was sent, by which the same form sent twice is recognised."""
    return hashlib.sha256(canonical_json(asdict(sent))).hexdigest()


def seal(key: bytes, name: str, sent: ReplyContent | NoticeContent, language: str) -> bytes:
    """The encrypted part for members, with the language of its form and the digest of the whole.

    :param name: the key of the row that stores it.
    """
    fields = asdict(sent)
    if isinstance(sent, ReplyContent):
        # The reply of the case and the rows of its files say these.
        for published in ("author", "capacity", "text", "files"):
            del fields[published]
    return seal_fields(key, name, {**fields, "language": language, "digest": digest(sent)})


def seal_fields(key: bytes, name: str, fields: Mapping[str, Any]) -> bytes:
    """Encrypted fields; ``name`` is the key of the row that stores them."""
    plain = canonical_json(fields)
    # Spaces end a JSON text without changing it.
    padded = plain.ljust(-(-len(plain) // _PADDED_BYTES) * _PADDED_BYTES)
    return encryption.encrypt(key, _PURPOSE, padded, name.encode("ascii"))


def unseal_fields(key: bytes, name: str, sealed: bytes | None) -> dict[str, Any]:
    """The inverse of :func:`seal_fields`.

    :raises SealError: ``seal_opens_nothing``.
    """
    plain = encryption.decrypt(key, _PURPOSE, sealed or b"", name.encode("ascii"))
    fields: dict[str, Any] = json.loads(plain)
    return fields
