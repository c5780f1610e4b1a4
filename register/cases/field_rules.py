"""Kinds of a content's fields, what each may hold, and the types that carry these rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

TEXT_LIMIT = 2_000
NARRATIVE_LIMIT = 50_000
URL_LIMIT = 2_000


class FieldKind(StrEnum):
    """The kind of a field's strings."""

    TEXT = "text"  # free text, which a removal or an erasure destroys
    DATE = "date"  # EDTF
    URL = "url"
    CODE = "code"  # of a vocabulary, or of a closed list
    DIGEST = "digest"  # SHA-256, 64 hexadecimal digits; or empty
    OTHER = "other"  # codes of the territory, numbers and flags


@dataclass(frozen=True)
class FieldRule:
    """What a field may hold: a code of a list of the ``vocabulary``, or one of closed ``choices``.

    ``or_unknown`` allows the word ``inconnue`` for a date.
    """

    kind: FieldKind
    limit: int = TEXT_LIMIT
    vocabulary: str = ""
    choices: tuple[str, ...] = ()
    is_required: bool = False
    is_multiline: bool = False
    or_unknown: bool = False

    @classmethod
    def code(cls, vocabulary: str, *, is_required: bool = False) -> FieldRule:
        """The rule of a code of a vocabulary."""
        return cls(FieldKind.CODE, vocabulary=vocabulary, is_required=is_required)


_CODE = FieldKind.CODE
Line = Annotated[str, FieldRule(FieldKind.TEXT)]
Digest = Annotated[str, FieldRule(FieldKind.DIGEST)]
Lines = Annotated[str, FieldRule(FieldKind.TEXT, NARRATIVE_LIMIT, is_multiline=True)]
Day = Annotated[str, FieldRule(FieldKind.DATE)]
DayOrUnknown = Annotated[str, FieldRule(FieldKind.DATE, or_unknown=True)]
Url = Annotated[str, FieldRule(FieldKind.URL, URL_LIMIT)]
RequiredUrl = Annotated[str, FieldRule(FieldKind.URL, URL_LIMIT, is_required=True)]
Actor = Annotated[str, FieldRule.code("acteur")]
Outcome = Annotated[str, FieldRule.code("issue")]
Appeal = Annotated[str, FieldRule(FieldKind.CODE, choices=("", "oui", "ouvert", "non", "inconnu"))]
Refusal = Annotated[str, FieldRule(_CODE, choices=("", "explicite", "implicite"))]
LinkKind = Annotated[str, FieldRule(_CODE, choices=("meme_affaire", "fait_suite", "voir_aussi"))]

OTHER_RULE = FieldRule(FieldKind.OTHER)
