"""Content of a notice of an error or of illegal content, and of what is said about it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum

from register.incoming import content
from register.journal.models import canonical_json

TEXT_LIMIT = 20_000
LINE_LIMIT = 300
# The ground for which name and address are not asked (regulation (EU) 2022/2065, art. 16 (2) (c)):
# offences of articles 3 to 7 of directive 2011/93/EU, sexual abuse of children.
CHILD_ABUSE = "mineurs"


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

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, by which the same form sent twice is recognised."""
        return hashlib.sha256(canonical_json(asdict(self))).hexdigest()


@dataclass(frozen=True)
class ReviewTexts:
    """The words of a complaint, and the reasons of a decision with their ground."""

    complaint: str = ""
    reasons: str = ""
    ground: str = ""


def seal_notice(key: bytes, name: str, notice: NoticeContent, language: str) -> bytes:
    """The encrypted notice, with the language of its form and its digest."""
    fields = {**asdict(notice), "language": language, "digest": notice.digest}
    return content.seal_fields(key, name, fields)


def unseal_notice(key: bytes, name: str, sealed: bytes) -> tuple[NoticeContent, str]:
    """The notice and the language of its form.

    :raises SealError: ``seal_opens_nothing``.
    """
    fields = content.unseal_fields(key, name, sealed)
    language = str(fields.pop("language"))
    fields.pop("digest")
    return NoticeContent(**fields), language


def seal_review(key: bytes, name: str, post_id: int, texts: ReviewTexts) -> bytes:
    """The encrypted texts of a review of the notice with a key."""
    return content.seal_fields(key, f"{name} {post_id}", asdict(texts))


def unseal_review(key: bytes, name: str, post_id: int, sealed: bytes | None) -> ReviewTexts:
    """The inverse of :func:`seal_review`; no texts where nothing was written yet.

    :raises SealError: ``seal_opens_nothing``.
    """
    return (
        ReviewTexts(**content.unseal_fields(key, f"{name} {post_id}", sealed))
        if sealed
        else ReviewTexts()
    )
