"""Risk flags of a case's texts, and the reason that members give for each flag.

A reason belongs to the flagged words, in whatever field they stand. A revision stores the reasons
of all flags in its document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.cases.case_content import Content, parse_content
from register.cases.core_tables import REVISION
from register.cases.field_rules import FieldKind
from register.journal.models import canonical_json
from register.text.normalisation import one_line
from register.text.personal_data import risks

# Reasons by the key of their flag, or one that stands for every flag (an import).
GivenReasons = str | Mapping[str, str]


class Flag(NamedTuple):
    """A risk in one field of a case; readers may see the words once a reason is given."""

    field: str
    code: str
    excerpt: str

    @property
    def key(self) -> str:
        """The key of its reason, the same in every field."""
        return _flag_key(self.code, self.excerpt)


class FlagReason(NamedTuple):
    """The reason for flagged words; without code and excerpt, one for all flags of its revision."""

    code: str
    excerpt: str
    reason: str


def _flag_key(code: str, excerpt: str) -> str:
    return hashlib.sha256(f"{code}\n{excerpt}".encode()).hexdigest()[:12]


def checked_texts(content: Content) -> Iterator[tuple[str, str]]:
    """Every free text of a case with the path of its field."""
    for path, rule, leaf in content.leaves():
        if leaf and rule.kind is FieldKind.TEXT:
            yield path, leaf


_DISPLAYED_TEXTS = {
    "follow_ups": ("title", "text", "no_source"),
    "replies": ("author", "capacity", "text"),
    "corrections": ("note",),
}


def displayed_texts(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The texts that readers see apart from the content, with the paths of their fields.

    They may have been written while the case was withdrawn.

    :param document: a document, or its fragments alone; empty once it is destroyed.
    """
    return [
        (f"{list_name}.{name}", part[name])
        for list_name, names in _DISPLAYED_TEXTS.items()
        for part in document.get(list_name, ())
        for name in names
        if part.get(name)
    ]


def risk_flags(content: Content, texts: Iterable[tuple[str, str]] = ()) -> tuple[Flag, ...]:
    """The risk flags of a content and of texts apart from it, which come with their fields."""
    return tuple(
        Flag(field_name, risk.code, risk.excerpt)
        for field_name, field_text in (*checked_texts(content), *texts)
        for risk in risks(field_text)
    )


def document_flags(document: Mapping[str, Any]) -> tuple[Flag, ...]:
    """The risk flags of all that readers see of a document."""
    return risk_flags(parse_content(document), displayed_texts(document))


def reason_for(flag: Flag, reasons: GivenReasons) -> str:
    """The reason for a flag; empty when there is none."""
    return one_line(reasons if isinstance(reasons, str) else reasons.get(flag.key, ""))


def with_stored(given: GivenReasons, stored: Mapping[str, str]) -> GivenReasons:
    """The reasons given with an act, and the stored ones where it gives none."""
    return given or stored if isinstance(given, str) else {**stored, **given}


def all_reasons(session: Session, incident_id: int, given: GivenReasons) -> GivenReasons:
    """The reasons given with an act, and the stored ones of the case where it gives none."""
    if given and isinstance(given, str):
        return given
    return with_stored(given, stored_reasons(session, incident_id))


def format_reasons(flags: Iterable[Flag], reasons: GivenReasons) -> str:
    """The stored form of the reasons of some flags; empty when none has a reason."""
    flag_reasons = dict.fromkeys(
        FlagReason(flag.code, flag.excerpt, reason_for(flag, reasons)) for flag in flags
    )
    stored = [flag_reason._asdict() for flag_reason in flag_reasons if flag_reason.reason]
    return canonical_json({"flags": stored}).decode() if stored else ""


def parse_reasons(stored: str | None) -> tuple[FlagReason, ...]:
    """The reasons that a revision stores; old ones store one in plain words."""
    if not stored:
        return ()
    try:
        return tuple(FlagReason(**flag_reason) for flag_reason in json.loads(stored)["flags"])
    except (ValueError, TypeError, KeyError):
        return (FlagReason("", "", stored),)


def reasons_of_document(stored: str | None, document: Mapping[str, Any]) -> dict[str, str]:
    """The reasons that a revision stores, by key; one in plain words is that of each flag."""
    return {
        key: flag_reason.reason
        for flag_reason in parse_reasons(stored)
        for key in (
            [_flag_key(flag_reason.code, flag_reason.excerpt)]
            if flag_reason.code
            else {flag.key for flag in document_flags(document)}
        )
    }


# Built once, because an import executes it for every row.
_LAST_REASONS = (
    select(REVISION.c.flags_reason, REVISION.c.content)
    .where(REVISION.c.incident_id == bindparam("case"), REVISION.c.flags_reason != "")
    .order_by(REVISION.c.id.desc())
    .limit(1)
)


def stored_reasons(session: Session, incident_id: int) -> dict[str, str]:
    """The reasons of a case's flags by key, from the last revision that has any."""
    revision = session.execute(_LAST_REASONS, {"case": incident_id}).first()
    if revision is None:
        return {}
    return reasons_of_document(revision.flags_reason, json.loads(revision.content))
