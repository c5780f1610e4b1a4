"""Content of a report: fields, canonical bytes, receipt and encryption.

Canonical bytes are RFC 8785 JSON. They exclude the contact, which the reporter can erase while a
receipt would still prove it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func

from register import encryption
from register.journal.models import canonical_json, commitment
from register.reports.models import MessageKind, Report
from register.text.dates import Language

# Versions of the canonical bytes. Version 2 adds fields that are left out while they are empty; a
# content without any of them is of version 1, so that earlier receipts keep their digests.
VERSIONS = (1, 2)
ACCOUNT_LIMIT = 20_000  # characters, some ten pages
LINE_LIMIT = 500
LINKS_LIMIT = 20
LINK_LIMIT = 2_000  # the limit of a source's address
CONTACT_LIMIT = 500
MESSAGE_LIMIT = 20_000

# Names of the fields in receipts, which citizens read.
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
# The fields that version 2 adds, by their public names.
_ADDED_NAMES: Mapping[str, str] = {
    "answers": "reponses",
    "case": "cas",
    "missing": "manque",
    "files": "fichiers",
}


class SentFile(NamedTuple):
    """A file that was sent with a report: media type, bytes, SHA-256 in hexadecimal.

    Its name is no part of the content: it may name a person.
    """

    mime: str
    size: int
    sha256: str

    def public_fields(self) -> dict[str, Any]:
        """The fields by their names in receipts."""
        return {"nature": self.mime, "octets": self.size, "sha256": self.sha256}


@dataclass(frozen=True)
class ReportContent:
    """The content of a report. Codes are those of the vocabularies, empty for no answer.

    ``place`` and ``when`` are the typed words; ``place_code`` (``commune:93032``) and ``date``
    (EDTF) what they were recognised as, empty if they were not. ``began``: who began proceedings,
    as a direction, ``aucune``, or empty. ``answers``: the answers to questions of the ticked types,
    as pairs of a question's key and a code or typed words, in the order of the keys; the date that
    was recognised in an answer follows under the key of :func:`date_key`. ``case``: the number of
    the public case that the reporter adds to, 0 for none; ``missing``: what they tell of it, a code
    of ``missing_parts``. ``files``: by their digests. ``language``: that of the
    form, which is no part of the receipt.
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
    answers: tuple[tuple[str, str], ...] = ()
    case: int = 0
    missing: str = ""
    files: tuple[SentFile, ...] = ()
    language: Language = "fr"

    @property
    def version(self) -> int:
        """The version of its canonical bytes."""
        return 2 if any(getattr(self, field) for field in _ADDED_NAMES) else 1

    def answer(self, key: str) -> str:
        """The answer to a question, empty for none."""
        return dict(self.answers).get(key, "")

    def public_fields(self) -> dict[str, Any]:
        """The fields by their public names, tuples as lists; those of version 2 if not empty."""
        sent = {name: getattr(self, field) for field, name in _PUBLIC_NAMES.items()}
        public = {name: list(v) if isinstance(v, tuple) else v for name, v in sent.items()}
        if self.answers:
            public[_ADDED_NAMES["answers"]] = dict(self.answers)
        for field in ("case", "missing"):
            if value := getattr(self, field):
                public[_ADDED_NAMES[field]] = value
        if self.files:
            public[_ADDED_NAMES["files"]] = [file.public_fields() for file in self.files]
        return public


def parse_content(public_fields: Mapping[str, Any], language: Language = "fr") -> ReportContent:
    """The inverse of :meth:`ReportContent.public_fields`."""
    sent: dict[str, Any] = {field: public_fields[name] for field, name in _PUBLIC_NAMES.items()}
    for field in ("types", "links"):
        sent[field] = tuple(sent[field])
    sent["answers"] = tuple(sorted(public_fields.get(_ADDED_NAMES["answers"], {}).items()))
    for field, nothing in (("case", 0), ("missing", "")):
        sent[field] = public_fields.get(_ADDED_NAMES[field], nothing)
    sent["files"] = tuple(
        SentFile(file["nature"], file["octets"], file["sha256"])
        for file in public_fields.get(_ADDED_NAMES["files"], ())
    )
    return ReportContent(**sent, language=language)


def date_key(question: str) -> str:
    """The key, among the answers, of the date (EDTF) recognised in the answer to a question."""
    return f"{question}_date"


def receipt_content(sent: ReportContent, day: date) -> bytes:
    """The bytes that a receipt's digest covers: the content and the day of receipt."""
    return canonical_json(
        {"v": sent.version, "jour": day.isoformat(), "envoi": sent.public_fields()}
    )


def content_digest(sent: ReportContent, day: date, salt: bytes) -> bytes:
    """SHA-256(salt ‖ content), 32 bytes."""
    return bytes.fromhex(commitment(salt, receipt_content(sent, day)))


@dataclass(frozen=True)
class Received:
    """The encrypted part of a report: its content and the salt of its receipt (32 bytes)."""

    sent: ReportContent
    salt: bytes


def receipt_document(received: Received, day: date, authority: str) -> bytes:
    """The ``recu.json`` file, a proof of the content and of the day of receipt.

    ``contenu`` is the canonical text, whose bytes with the salt have the stored digest.

    :param authority: the register's name, as in its feeds.
    """
    return canonical_json(
        {
            "v": received.sent.version,
            "registre": authority,
            "jour": day.isoformat(),
            "sel": received.salt.hex(),
            "contenu": receipt_content(received.sent, day).decode("utf-8"),
            "empreinte": content_digest(received.sent, day, received.salt).hex(),
        }
    )


def receipt_digest(document: bytes) -> bytes | None:
    """The digest computed from the content of a receipt; None for an invalid receipt."""
    try:
        receipt_fields = json.loads(document)
        salt = bytes.fromhex(receipt_fields["sel"])
        content = receipt_fields["contenu"].encode("utf-8")
        if len(salt) != 32 or receipt_fields["v"] not in VERSIONS:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return bytes.fromhex(commitment(salt, content))


_CONTACT_ID_BYTES = 8
# The id of a contact without its text, which is enough to name its key.
CONTACT_ID = func.substr(Report.contact, 1, _CONTACT_ID_BYTES).label("contact")
# Texts are padded before encryption, so that the size of the ciphertext tells little of theirs.
# The minimum holds a contact of any length.
_MIN_PADDED_BYTES = 2048
_LENGTH_BYTES = 4  # a prefix with the length of the text


@dataclass(frozen=True)
class Decision:
    """A decision: the sentence for the reporter, the case's id, and the member.

    ``by`` is None where the report expired.
    """

    sentence: str = ""
    incident: int | None = None
    by: int | None = None


def encrypt_content(key: bytes, name: str, received: Received) -> bytes:
    """The encrypted content of a report; ``name`` is the key of the row that stores it."""
    fields = {"envoi": received.sent.public_fields(), "langue": received.sent.language}
    plain = canonical_json({**fields, "sel": received.salt.hex()})
    return _encrypt(key, "sent", plain, name)


def decrypt_content(key: bytes, name: str, sealed: bytes) -> Received:
    """The content of a report.

    :raises SealError: ``seal_opens_nothing``, as all decryption here.
    """
    parsed = json.loads(_decrypt(key, "sent", sealed, name))
    # Contents of former versions have no language, and fields of version 2 only if not empty.
    sent = parse_content(parsed["envoi"], parsed.get("langue", "fr"))
    return Received(sent, bytes.fromhex(parsed["sel"]))


def encrypt_message(key: bytes, name: str, kind: MessageKind, text: str) -> bytes:
    """An encrypted message: its kind and its text."""
    return _encrypt(key, "message", canonical_json({"kind": kind.value, "text": text}), name)


def decrypt_message(key: bytes, name: str, sealed: bytes) -> tuple[MessageKind, str]:
    """The kind of a message and its text."""
    parsed = json.loads(_decrypt(key, "message", sealed, name))
    return MessageKind(parsed["kind"]), parsed["text"]


def encrypt_note(key: bytes, name: str, by: int, text: str) -> bytes:
    """An encrypted note: its member's id and its text."""
    return _encrypt(key, "note", canonical_json({"by": by, "text": text}), name)


def decrypt_note(key: bytes, name: str, sealed: bytes) -> tuple[int, str]:
    """The id of a note's member, and its text."""
    parsed = json.loads(_decrypt(key, "note", sealed, name))
    return parsed["by"], parsed["text"]


def new_contact_id() -> bytes:
    """A random id of a contact, the prefix of its encrypted bytes."""
    return secrets.token_bytes(_CONTACT_ID_BYTES)


def contact_key_name(report: str, sealed: bytes) -> str:
    """The name of a contact's own key: destroying it erases the contact from backups too.

    :param sealed: the encrypted contact, or an id from :func:`new_contact_id`.
    """
    return f"{report} contact {sealed[:_CONTACT_ID_BYTES].hex()}"


def encrypt_contact(key: bytes, report: str, contact_id: bytes, text: str) -> bytes:
    """A contact encrypted with its own key, after its id."""
    return contact_id + _encrypt(key, "contact", text.encode("utf-8"), report)


def decrypt_contact(key: bytes, report: str, sealed: bytes) -> str:
    return _decrypt(key, "contact", sealed[_CONTACT_ID_BYTES:], report).decode("utf-8")


def encrypt_decision(key: bytes, name: str, decision: Decision) -> bytes:
    return _encrypt(key, "decision", canonical_json(asdict(decision)), name)


def decrypt_decision(key: bytes, name: str, sealed: bytes | None) -> Decision:
    """A decision; an empty one where nothing was decided."""
    return Decision(**json.loads(_decrypt(key, "decision", sealed, name))) if sealed else Decision()


def encrypt_label(key: bytes, name: str, label: str) -> bytes | None:
    """The encrypted label of a term; None for an empty one."""
    return _encrypt(key, "term", label.encode("utf-8"), name) if label else None


def decrypt_label(key: bytes, name: str, sealed: bytes | None) -> str:
    return _decrypt(key, "term", sealed, name).decode("utf-8") if sealed else ""


def _encrypt(key: bytes, purpose: str, plain: bytes, name: str) -> bytes:
    # The padded length is the next power of two.
    length = max(_MIN_PADDED_BYTES, 1 << (len(plain) + _LENGTH_BYTES - 1).bit_length())
    prefix = len(plain).to_bytes(_LENGTH_BYTES, "big")
    padded = (prefix + plain).ljust(length, b"\0")
    return encryption.encrypt(key, purpose, padded, f"report {name}".encode())


def _decrypt(key: bytes, purpose: str, sealed: bytes, name: str) -> bytes:
    padded = encryption.decrypt(key, purpose, sealed, f"report {name}".encode())
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
