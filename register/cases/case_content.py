"""The public content of a case: what an editor writes, what is hashed, what a reader is shown.

``Content`` is what a draft or a correction brings; it has the shape of the tables without their
ids. ``canonical_of`` adds what comes afterwards (follow-ups, replies, corrections) and gives the
bytes that the journal commits to. They are the same for the page, the feed and the export.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from register.cases.models import Incident, Scope
from register.journal.canonical import canonical, moment
from register.text import markup
from register.text.sanitize import clean, one_line

FORM = 1


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
    """A request for information and what became of it (CRPA L311-1 s.)."""

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
    """All that an editor may write of a case. Dates are EDTF strings, empty when unknown."""

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
        """The same without characters that XML forbids or that hide (see ``text.clean``)."""
        multiline = {"narrative"}
        changes: dict[str, Any] = {}
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, str):
                changes[spec.name] = clean(value) if spec.name in multiline else one_line(value)
            elif isinstance(value, tuple):
                changes[spec.name] = tuple(_cleaned(part) for part in value)
        if self.request is not None:
            changes["request"] = _cleaned(self.request)
        return replace(self, **changes)


def _cleaned(part: Any) -> Any:
    if isinstance(part, str):
        return one_line(part)
    changes: dict[str, Any] = {}
    for spec in fields(part):
        value = getattr(part, spec.name)
        if isinstance(value, str):
            changes[spec.name] = one_line(value)
        elif isinstance(value, tuple):
            changes[spec.name] = tuple(_cleaned(step) for step in value)
    return replace(part, **changes)


# Columns of a case that have the same name and form in Content.
PLAIN = tuple(
    spec.name
    for spec in fields(Content)
    if spec.name
    not in {
        "commune",
        "linked_communes",
        "outlets",
        "types",
        "sources",
        "proceedings",
        "request",
        "links",
    }
)


def of(case: Incident) -> Content:
    """The content of a case as its rows hold it now."""
    authority = [place.code for place in case.places if place.scope == Scope.AUTHORITY]
    return Content(
        **{name: getattr(case, name) for name in PLAIN},
        commune=authority[0] if authority else "",
        linked_communes=tuple(p.code for p in case.places if p.scope == Scope.LINKED),
        outlets=tuple(outlet.name for outlet in case.outlets),
        types=tuple(kind.code for kind in case.types),
        sources=tuple(_row(SourceContent, use.source) for use in case.sources),
        proceedings=tuple(
            _row(
                ProceedingContent,
                row,
                steps=tuple(_row(StepContent, step) for step in row.steps),
            )
            for row in case.proceedings
        ),
        request=_row(RequestContent, case.request) if case.request else None,
        links=tuple(_row(LinkContent, link) for link in case.links),
    )


def _row(shape: type[Any], row: Any, **given: Any) -> Any:
    read = {spec.name: getattr(row, spec.name) for spec in fields(shape) if spec.name not in given}
    return shape(**read, **given)


def canonical_of(case: Incident) -> bytes:
    """The canonical bytes of everything public in a case, as its rows hold it now."""
    return canonical(
        {
            "form": FORM,
            **_listed(asdict(of(case))),
            "single_review": case.single_review,
            "follow_ups": [
                {
                    "added_at": moment(row.added_at),
                    "happened_on": row.happened_on,
                    "title": row.title,
                    "text": row.text,
                    "source_url": row.source_url,
                }
                for row in case.follow_ups
            ],
            "replies": [
                {
                    "author": row.author,
                    "capacity": row.capacity,
                    "text": row.text,
                    "received_on": row.received_on.isoformat(),
                    "published_at": moment(row.published_at),
                }
                for row in case.replies
                if row.published_at is not None
            ],
            "corrections": [
                {"made_at": moment(row.made_at), "note": row.note, "redaction": row.redaction}
                for row in case.corrections
            ],
        }
    )


def _listed(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON gives back when it is read."""
    if isinstance(value, dict):
        return {key: _listed(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_listed(part) for part in value]
    return value


@dataclass(frozen=True)
class Snapshot:
    """A revision opened for reading: its content and its rendered HTML."""

    content: Mapping[str, Any]
    html: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def opened(content: bytes, html: bytes | None) -> Snapshot:
    """Read a revision's stored bytes."""
    return Snapshot(json.loads(content), json.loads(html) if html else {})


def rendered(content: bytes) -> tuple[bytes, str]:
    """The HTML of a case's texts and the renderer's version: made when written, never per request.

    :param content: the canonical bytes that the HTML is shown for.
    :raises register.text.errors.TextError: a text is too long or hostile.
    """
    told = json.loads(content)
    fragments = {
        "narrative": markup.render(told["narrative"]) if told["narrative"] else "",
        "follow_ups": [markup.render(row["text"]) for row in told["follow_ups"]],
        "replies": [markup.plain(row["text"]) for row in told["replies"]],
    }
    return canonical(fragments), markup.VERSION
