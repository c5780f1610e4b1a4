"""The public content of a case: what an editor writes, what is hashed, what a reader sees.

``Content`` is what a draft or a correction contains. ``canonical_content`` adds the fragments
(follow-ups, replies and corrections) and returns the bytes that a revision stores and the journal
commits to: the document of the case. Page, feed and export use the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

from register.cases.document_formats import FORMAT_VERSION, convert_document
from register.cases.field_rules import (
    OTHER_RULE,
    Actor,
    Appeal,
    Day,
    DayOrUnknown,
    FieldKind,
    FieldRule,
    Line,
    Lines,
    LinkKind,
    Outcome,
    Refusal,
    RequiredUrl,
    Url,
)
from register.cases.models import Incident, Reply
from register.cases.piece_content import PieceContent, PiecePage
from register.journal.models import canonical_json, rfc3339
from register.text import markup
from register.text.normalisation import clean, one_line


@dataclass(frozen=True)
class SourceContent:
    """A source; ``label`` is free.

    The last two are the register's own: its last copy of the page when the document was saved.
    """

    url: RequiredUrl
    kind: Annotated[str, FieldRule.code("source")] = "autre"
    label: Line = ""
    title: Line = ""
    publisher: Line = ""
    published_on: Day = ""
    archived_url: Url = ""
    checked_on: Day = ""
    copied_on: str = ""  # YYYY-MM-DD
    copy_sha256: str = ""


@dataclass(frozen=True)
class StepContent:
    """A step of a proceeding: with an outcome, a decision."""

    step: Annotated[str, FieldRule.code("etape")]
    date: DayOrUnknown = ""
    outcome: Outcome = ""
    note: Line = ""
    source_url: Url = ""
    court: Line = ""
    appeal: Appeal = ""
    appeal_until: Day = ""
    follow_up: int = 0  # rank, from 1, of the follow-up that added it


@dataclass(frozen=True)
class ProceedingContent:
    """A proceeding, whose decisions are steps."""

    direction: Annotated[str, FieldRule.code("sens", is_required=True)]
    nature: Annotated[str, FieldRule.code("nature")] = "inconnue"
    plaintiff: Actor = ""
    docket: Line = ""
    legal_basis: Line = ""
    amount: Line = ""
    steps: tuple[StepContent, ...] = ()


@dataclass(frozen=True)
class RequestContent:
    """A request for a public document and its outcome (CRPA L311-1 s.)."""

    asked: Line = ""
    asked_of: Line = ""
    asked_on: Day = ""
    refusal: Refusal = ""
    refused_on: Day = ""
    cada_number: Line = ""
    cada_registered_on: Day = ""
    cada_opinion_on: Day = ""
    opinion: Line = ""
    outcome: Outcome = ""


@dataclass(frozen=True)
class LinkContent:
    """A link to another public case, by its number."""

    kind: LinkKind
    number: int


@dataclass(frozen=True)
class Content:
    """All the fields that an editor can write. Dates are EDTF strings, empty when unknown."""

    title: Line = ""
    summary: Line = ""
    narrative: Lines = ""
    date: Day = ""
    end_date: Day = ""
    precision_note: Line = ""
    country: str = "FR"
    commune: str = ""
    linked_communes: tuple[str, ...] = ()
    departement: str = ""
    region: str = ""
    place_label: Line = ""
    level: Annotated[str, FieldRule.code("niveau")] = ""
    actor: Actor = ""
    actor_text: Line = ""
    target: Annotated[str, FieldRule.code("cible")] = ""
    outlets: Annotated[tuple[str, ...], FieldRule(FieldKind.TEXT, 200)] = ()
    types: Annotated[tuple[str, ...], FieldRule.code("type")] = ()
    evidence: Annotated[str, FieldRule.code("preuve")] = ""
    contested: bool = False
    outcome: Outcome = ""
    steps_taken: Line = ""
    amount: Line = ""
    language: str = "fr"
    sources: tuple[SourceContent, ...] = ()
    proceedings: tuple[ProceedingContent, ...] = ()
    request: RequestContent | None = None
    links: tuple[LinkContent, ...] = ()
    pieces: tuple[PieceContent, ...] = ()

    def cleaned(self) -> Content:
        """The content without characters that are invisible or that XML forbids.

        Every text but the narrative is put on one line.
        """
        return self.with_strings(
            lambda rule, string: clean(string) if rule.is_multiline else one_line(string)
        )

    def with_strings(self, change: Callable[[FieldRule, str], str]) -> Content:
        """The content with each of its strings replaced."""
        changed: Content = _with_strings(self, OTHER_RULE, change)
        return changed

    def leaves(self) -> Iterator[tuple[str, FieldRule, Any]]:
        """Each value with the path of its field (``proceedings.steps.date``) and its rule."""
        return _leaves(self, "")


PART_CLASSES = {
    "sources": SourceContent,
    "proceedings": ProceedingContent,
    "steps": StepContent,
    "request": RequestContent,
    "links": LinkContent,
    "pieces": PieceContent,
    "pages": PiecePage,
}
# Class of the content or of a part → name of each of its fields → rule.
FIELD_RULES: Mapping[type, Mapping[str, FieldRule]] = {
    part_class: {
        name: next(iter(getattr(hint, "__metadata__", ())), OTHER_RULE)
        for name, hint in get_type_hints(part_class, include_extras=True).items()
    }
    for part_class in (Content, *PART_CLASSES.values())
}


def _leaves(part: Any, prefix: str) -> Iterator[tuple[str, FieldRule, Any]]:
    for name, rule in FIELD_RULES[type(part)].items():
        node = getattr(part, name)
        for leaf in node if isinstance(node, tuple) else (node,):
            if type(leaf) in FIELD_RULES:
                yield from _leaves(leaf, f"{prefix}{name}.")
            elif leaf is not None:
                yield f"{prefix}{name}", rule, leaf


def _with_strings(node: Any, rule: FieldRule, change: Callable[[FieldRule, str], str]) -> Any:
    if isinstance(node, str):
        return change(rule, node)
    if isinstance(node, tuple):
        return tuple(_with_strings(part, rule, change) for part in node)
    if type(node) in FIELD_RULES:
        rules = FIELD_RULES[type(node)]
        changed = {name: _with_strings(getattr(node, name), rules[name], change) for name in rules}
        return replace(node, **changed)
    return node


@dataclass(frozen=True)
class CaseSnapshot:
    """A parsed revision: its content and its rendered HTML."""

    content: Mapping[str, Any]
    html: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def document_of(case: Incident) -> Mapping[str, Any]:
    """The document of a case, from its current revision; empty once its texts are destroyed."""
    document: dict[str, Any] = json.loads(stored_document(case))
    return document if case.remaining_content is None else {**document, **fragments_of(case)}


def stored_document(case: Incident) -> bytes:
    """The bytes that the content of a case is in; those of an empty object once destroyed."""
    present = case.revision.content if case.revision else None
    return case.remaining_content or present or b"{}"


def content_of(case: Incident) -> Content:
    """The content of a case, from its current revision; empty once its texts are destroyed."""
    return parse_content(json.loads(stored_document(case)))


def parse_content(canonical: Mapping[str, Any]) -> Content:
    """The fields that an editor can write, from a document of any form."""
    content: Content = _build_part(Content, convert_document(canonical))
    return content


def _build_part(part_class: type, canonical: Mapping[str, Any]) -> Any:
    """A part from its canonical form; fields that an older form lacks get defaults."""
    fields = {}
    for name in FIELD_RULES[part_class].keys() & canonical.keys():
        node, nested = canonical[name], PART_CLASSES.get(name)
        if isinstance(node, list):
            node = tuple(_build_part(nested, part) if nested else part for part in node)
        elif nested and node is not None:
            node = _build_part(nested, node)
        fields[name] = node
    return part_class(**fields)


def canonical_content(content: Content, fragments: Mapping[str, Any]) -> bytes:
    """The document of a case: the canonical bytes of its whole public content.

    :param fragments: the canonical form of what has rows of its own; see :func:`fragments_of`.
    """
    return canonical_json({"form": FORMAT_VERSION, **asdict(content), **fragments})


# The keys of a document that are no fields of the content.
FRAGMENT_NAMES = ("single_review", "follow_ups", "replies", "corrections")


def fragments_of(case: Incident) -> dict[str, Any]:
    """The canonical form of a case's follow-ups, replies and corrections, from their rows."""
    return {
        "single_review": case.single_review,
        "follow_ups": [
            {
                "added_at": rfc3339(part.added_at),
                "happened_on": part.happened_on,
                "title": part.title,
                "text": part.text,
                "source_url": part.source_url,
                # Left out where it is empty: the documents from before it lack it.
                **({"no_source": part.no_source} if part.no_source else {}),
            }
            for part in case.follow_ups
        ],
        "replies": [
            canonical_reply(reply, reply.published_at)
            for reply in case.replies
            if reply.published_at is not None
        ],
        "corrections": [
            {"made_at": rfc3339(part.made_at), "note": part.note, "redaction": part.redaction}
            for part in case.corrections
        ],
    }


def canonical_reply(reply: Reply, published_at: datetime) -> dict[str, str]:
    """The canonical form of a right of reply that is published at a time."""
    return {
        "author": reply.author,
        "capacity": reply.capacity,
        "text": reply.text,
        "received_on": reply.received_on.isoformat(),
        "published_at": rfc3339(published_at),
    }


def parse_snapshot(content: bytes, html: bytes | None) -> CaseSnapshot:
    """Parse the stored bytes of a revision."""
    return CaseSnapshot(convert_document(json.loads(content)), json.loads(html) if html else {})


def render_texts(content: bytes) -> tuple[bytes, str]:
    """The HTML of a case's texts and the version of the renderer.

    Rendering is done at writing, never per request: Markdown is quadratic on hostile input.

    :param content: canonical bytes of the content.
    :raises register.errors.TextError: a text is too long or hostile.
    """
    parsed = json.loads(content)
    fragments = {
        "narrative": markup.render_markdown(parsed["narrative"]) if parsed["narrative"] else "",
        "follow_ups": [markup.render_markdown(part["text"]) for part in parsed["follow_ups"]],
        "replies": [markup.render_plain_text(part["text"]) for part in parsed["replies"]],
    }
    return canonical_json(fragments), markup.VERSION
