"""The public content of a case: what an editor writes, what is hashed, what a reader sees.

``Content`` is what a draft or a correction contains; it has the shape of the tables without ids.
``canonical_content`` adds follow-ups, replies and corrections and returns the bytes that the
journal commits to. Page, feed and export use the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from register.cases.models import Incident, Scope
from register.journal.canonical import canonical_json, rfc3339
from register.text import markup
from register.text.normalisation import clean, one_line

FORMAT_VERSION = 1


@dataclass(frozen=True)
class SourceContent:
    """A source; dates are EDTF or empty, ``kind`` is from the vocabulary, ``label`` is free."""

    url: str
    kind: str = "autre"
    label: str = ""
    title: str = ""
    publisher: str = ""
    published_on: str = ""
    archived_url: str = ""
    checked_on: str = ""


@dataclass(frozen=True)
class StepContent:
    """A step of a proceeding."""

    step: str
    date: str = ""
    outcome: str = ""
    note: str = ""
    source_url: str = ""


@dataclass(frozen=True)
class ProceedingContent:
    """A proceeding; ``outcome_date`` is EDTF, empty, or the word ``inconnue``."""

    direction: str
    nature: str = "inconnue"
    plaintiff: str = ""
    court: str = ""
    docket: str = ""
    legal_basis: str = ""
    amount: str = ""
    outcome: str = ""
    outcome_date: str = ""
    appeal: str = ""
    steps: tuple[StepContent, ...] = ()


@dataclass(frozen=True)
class RequestContent:
    """A request for a public document and its outcome (CRPA L311-1 s.)."""

    asked: str = ""
    asked_of: str = ""
    asked_on: str = ""
    refusal: str = ""
    refused_on: str = ""
    cada_number: str = ""
    cada_registered_on: str = ""
    cada_opinion_on: str = ""
    opinion: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class LinkContent:
    """A link to another public case, by its number."""

    kind: str
    number: int


@dataclass(frozen=True)
class Content:
    """All the fields that an editor can write. Dates are EDTF strings, empty when unknown."""

    title: str = ""
    summary: str = ""
    narrative: str = ""
    date: str = ""
    end_date: str = ""
    precision_note: str = ""
    country: str = "FR"
    commune: str = ""
    linked_communes: tuple[str, ...] = ()
    departement: str = ""
    region: str = ""
    place_label: str = ""
    level: str = ""
    actor: str = ""
    actor_text: str = ""
    target: str = ""
    outlets: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    evidence: str = ""
    contested: bool = False
    outcome: str = ""
    steps_taken: str = ""
    amount: str = ""
    language: str = "fr"
    sources: tuple[SourceContent, ...] = ()
    proceedings: tuple[ProceedingContent, ...] = ()
    request: RequestContent | None = None
    links: tuple[LinkContent, ...] = ()

    def cleaned(self) -> Content:
        """The content without characters that are invisible or that XML forbids.

        Every text but the narrative is put on one line.
        """
        cleaned_content: Content = _with_clean_lines(self)
        return replace(cleaned_content, narrative=clean(self.narrative))


@dataclass(frozen=True)
class CaseSnapshot:
    """A parsed revision: its content and its rendered HTML."""

    content: Mapping[str, Any]
    html: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


# Fields of Content that are rows of other tables; the rest are columns of the case.
_LIST_FIELDS = frozenset(
    {"commune", "linked_communes", "outlets", "types", "sources", "proceedings", "request", "links"}
)
PLAIN_FIELDS = tuple(spec.name for spec in fields(Content) if spec.name not in _LIST_FIELDS)


def content_of(case: Incident) -> Content:
    """The content of a case, read from its rows."""
    authority_codes = [place.code for place in case.places if place.scope == Scope.AUTHORITY]
    return Content(
        **{name: getattr(case, name) for name in PLAIN_FIELDS},
        commune=authority_codes[0] if authority_codes else "",
        linked_communes=tuple(place.code for place in case.places if place.scope == Scope.LINKED),
        outlets=tuple(outlet.name for outlet in case.outlets),
        types=tuple(case_type.code for case_type in case.types),
        sources=tuple(
            _part_from_row(SourceContent, source_use.source) for source_use in case.sources
        ),
        proceedings=tuple(
            _part_from_row(
                ProceedingContent,
                proceeding,
                steps=tuple(_part_from_row(StepContent, step) for step in proceeding.steps),
            )
            for proceeding in case.proceedings
        ),
        request=_part_from_row(RequestContent, case.request) if case.request else None,
        links=tuple(_part_from_row(LinkContent, link) for link in case.links),
    )


def canonical_content(case: Incident) -> bytes:
    """The canonical bytes of the whole public content of a case, read from its rows."""
    return canonical_json(
        {
            "form": FORMAT_VERSION,
            **asdict(content_of(case)),
            "single_review": case.single_review,
            "follow_ups": [
                {
                    "added_at": rfc3339(part.added_at),
                    "happened_on": part.happened_on,
                    "title": part.title,
                    "text": part.text,
                    "source_url": part.source_url,
                }
                for part in case.follow_ups
            ],
            "replies": [
                {
                    "author": part.author,
                    "capacity": part.capacity,
                    "text": part.text,
                    "received_on": part.received_on.isoformat(),
                    "published_at": rfc3339(part.published_at),
                }
                for part in case.replies
                if part.published_at is not None
            ],
            "corrections": [
                {"made_at": rfc3339(part.made_at), "note": part.note, "redaction": part.redaction}
                for part in case.corrections
            ],
        }
    )


def parse_snapshot(content: bytes, html: bytes | None) -> CaseSnapshot:
    """Parse the stored bytes of a revision."""
    return CaseSnapshot(json.loads(content), json.loads(html) if html else {})


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


def _with_clean_lines(part: Any) -> Any:
    """The part with each of its strings cleaned and put on one line."""
    if isinstance(part, str):
        return one_line(part)
    if isinstance(part, tuple):
        return tuple(map(_with_clean_lines, part))
    if hasattr(part, "__dataclass_fields__"):
        names = (spec.name for spec in fields(part))
        return replace(part, **{name: _with_clean_lines(getattr(part, name)) for name in names})
    return part


def _part_from_row(part_class: type[Any], source_row: Any, **overrides: Any) -> Any:
    columns = {
        spec.name: getattr(source_row, spec.name)
        for spec in fields(part_class)
        if spec.name not in overrides
    }
    return part_class(**columns, **overrides)
