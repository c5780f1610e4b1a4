"""What a redaction takes out of the stored texts of a case, for the act and for its page."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.case_content import FIELD_RULES, PART_CLASSES
from register.cases.core_tables import REVISION
from register.cases.field_rules import FieldKind
from register.errors import TextError
from register.journal.models import canonical_json
from register.text.normalisation import one_line
from register.text.passage_removal import (
    PassageRemoval,
    remove_from_tree,
    removed_passages,
    strings_of_tree,
)

# Keys of documents whose values are codes or dates, in any format. Another key is a text.
UNTOUCHED_KEYS = frozenset(
    {"added_at", "happened_on", "received_on", "published_at", "made_at", "outcome_date"}
) | {
    name
    for rules in FIELD_RULES.values()
    for name, rule in rules.items()
    if rule.kind not in (FieldKind.TEXT, FieldKind.URL) and name not in PART_CLASSES
}
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class RedactedVersion:
    """The texts of an earlier revision without the passages; ``former_document`` has them."""

    id: int
    former_document: bytes
    document: bytes
    html: bytes
    renderer: str
    reason: str
    flags_reason: str


@dataclass(frozen=True)
class RedactionPlan:
    """What a redaction does with each earlier version.

    ``redacted``: those with a passage, as they will read. ``hidden``: ids of those to hide whole,
    by choice or because a passage cannot be taken out of them by its words. ``unmatched``: ids of
    those without any of the passages. ``remaining``: the fields of the present document that still
    have a passage. ``keeps_replies``: a published reply still has one, so that the replies in
    earlier versions stay as they are.
    """

    passages: Sequence[str]
    redacted: Sequence[RedactedVersion]
    hidden: Sequence[int]
    unmatched: Sequence[int]
    remaining: Sequence[str]
    keeps_replies: bool


def passages_removed(
    before: Mapping[str, Any], present: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """The passages that a redaction takes out of a document.

    :returns: those that the document ``present`` lacks, and those that it still has elsewhere.
    """
    texts = _texts_by_key(present)
    passages = removed_passages(_texts_by_key(before), texts)
    remaining = [
        passage for passage in passages if _remaining_fields(texts, PassageRemoval([passage]))
    ]
    return [passage for passage in passages if passage not in remaining], remaining


def _remaining_fields(texts: Mapping[str, str], removal: PassageRemoval) -> list[str]:
    """The keys of a document's texts with a passage; a reply may keep it."""
    return [key for key, text in texts.items() if key != "replies" and removal.occurs_in(text)]


def _texts_by_key(document: Mapping[str, Any]) -> dict[str, str]:
    return {key: "\n".join(_strings({key: node})) for key, node in document.items()}


def distinct_passages(lines: Iterable[str]) -> list[str]:
    """The passages of some lines, cleaned, without empty and repeated ones."""
    return list(dict.fromkeys(filter(None, map(one_line, lines))))


def plan_redaction(
    session: Session,
    incident_id: int,
    present: Mapping[str, Any],
    passages: Sequence[str],
    chosen: Collection[int] = (),
) -> RedactionPlan:
    """What the removal of some passages does with each stored version of a case.

    :param present: the document of the case after the redaction.
    :param chosen: ids of the versions to hide whole.
    """
    passages = distinct_passages(passages)
    removal = PassageRemoval(passages)
    keeps_replies = any(map(removal.occurs_in, _strings(present["replies"])))
    redacted, hidden, unmatched = [], [], []
    columns = [REVISION.c[name] for name in ("id", "content", "reason", "flags_reason")]
    versions = session.execute(
        select(*columns, REVISION.c.destruction_id)
        .where(REVISION.c.incident_id == incident_id, REVISION.c.content.is_not(None))
        .order_by(REVISION.c.id)
    )
    for version in versions:
        texts = [version.reason or "", version.flags_reason or ""]
        is_whole = version.id in chosen or version.destruction_id is not None
        document = redact_document(version.content, removal, keeps_replies=keeps_replies)
        reasons = list(map(removal.remove_from, texts))
        if document == version.content and reasons == texts:
            if version.id in chosen:
                hidden.append(version.id)
            elif not is_whole:
                unmatched.append(version.id)
            continue
        rendered = None if is_whole else _render(document, removal, keeps_replies=keeps_replies)
        if rendered is None:
            hidden.append(version.id)
        else:
            redacted.append(
                RedactedVersion(version.id, version.content, document, *rendered, *reasons)
            )
    remaining = _remaining_fields(_texts_by_key(present), removal)
    return RedactionPlan(passages, redacted, hidden, unmatched, remaining, keeps_replies)


def redact_document(
    document: bytes, removal: PassageRemoval, *, keeps_replies: bool = False
) -> bytes:
    """Canonical bytes of a document, or of a proposed change, without the passages.

    Codes and dates stay. The format stays too: an old document is never rewritten in a new one.
    """
    skipped = UNTOUCHED_KEYS | {"replies"} if keeps_replies else UNTOUCHED_KEYS
    return canonical_json(remove_from_tree(json.loads(document), removal, skipped))


def _render(
    document: bytes, removal: PassageRemoval, *, keeps_replies: bool
) -> tuple[bytes, str] | None:
    """The rendered texts of a document; None if a passage is still to be read in them."""
    try:
        html, renderer = contents.render_texts(document)
    except TextError:
        # The text is older than a limit of the renderer.
        return None
    fragments = json.loads(html)
    if keeps_replies:
        del fragments["replies"]
    is_readable = any(removal.occurs_in(_TAG.sub("", text)) for text in _strings(fragments))
    return None if is_readable else (html, renderer)


def _strings(node: Any) -> Iterator[str]:
    """The texts of a part of a document."""
    return strings_of_tree(node, UNTOUCHED_KEYS)
