"""Pure: what of a report becomes which field of a draft.

A draft begins with facts that can be looked up: where, when, what kind, who. No word that the
reporter wrote is copied: it would stand in clear in the draft and its revisions, and outlive the
report. Words are read beside the draft, and what is published is written by a moderator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from register.cases import vocabulary as default_title
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.validation import TYPES_LIMIT, ContentFault, url_faults
from register.cases.vocabulary import Vocabulary
from register.errors import TextError
from register.reports.report_content import ReportContent
from register.territory import place_queries
from register.text import dates

# Who reports that nobody began proceedings.
NO_PROCEEDINGS = "aucune"


@dataclass(frozen=True)
class ReportedPlace:
    """What a report's place was read as: a kind and a code that the territory knows."""

    kind: str
    code: str
    name: str


@dataclass(frozen=True)
class DraftPart:
    """What one tick takes over: fields of a draft, and what of them has to stay behind.

    ``report_fields`` are the fields of the report that it is made of. A part that takes nothing over is
    there all the same, so that everything that was reported is before who decides. ``is_free_text``: the
    reporter's own words, which are never copied.
    """

    name: str
    report_fields: tuple[str, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)
    dropped: Sequence[ContentFault] = ()
    ticked: bool = False
    is_free_text: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take over."""
        return not self.changes


def draft_parts(
    sent: ReportContent, vocabulary: Vocabulary, place: ReportedPlace | None
) -> list[DraftPart]:
    """What a report can give to a draft, in the order of the editor.

    :param place: what its place stands for; None for one that is in no list.
    """
    all_parts = _all_parts(sent, vocabulary, place)
    return [part for part in all_parts if any(getattr(sent, name) for name in part.report_fields)]


def _all_parts(
    sent: ReportContent, vocabulary: Vocabulary, place: ReportedPlace | None
) -> Iterator[DraftPart]:
    yield _place_part(sent, place)
    yield _date_part(sent)
    yield _types_part(sent, vocabulary)
    yield _code_part(vocabulary, "actor", "acteur", sent.actor)
    yield _code_part(vocabulary, "target", "cible", sent.target)
    yield _links_part(sent.links)
    yield DraftPart("actor_text", ("actor_text",), is_free_text=True)
    yield DraftPart("target_text", ("target_text",), is_free_text=True)
    yield _proceedings_part(vocabulary, sent.began)
    yield DraftPart("account", ("account",), is_free_text=True)


def _non_empty(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value}


def _place_part(sent: ReportContent, place: ReportedPlace | None) -> DraftPart:
    report_fields = ("place", "place_code")
    if place is not None:
        return DraftPart("place", report_fields, {place.kind: place.code}, ticked=True)
    if sent.place_code:
        dropped = [ContentFault("place_label", "unknown_code", {"value": sent.place_code})]
        return DraftPart("place", report_fields, dropped=dropped, ticked=True)
    return DraftPart("place", report_fields, is_free_text=True)


def _date_part(sent: ReportContent) -> DraftPart:
    report_fields = ("when", "date")
    try:
        edtf = dates.parse(sent.date).edtf if sent.date else ""
    except TextError as error:
        return DraftPart(
            "date", report_fields, dropped=[ContentFault("date", error.key, {"value": sent.date})]
        )
    dropped = [] if edtf or not sent.when else [ContentFault("date", "typed_date")]
    return DraftPart("date", report_fields, _non_empty(date=edtf), dropped, ticked=True)


def _types_part(sent: ReportContent, vocabulary: Vocabulary) -> DraftPart:
    codes = list(dict.fromkeys(sent.types))
    known_codes = [code for code in codes if vocabulary.accepts("type", code)]
    dropped = [
        ContentFault("types", "unknown_code", {"value": code})
        for code in codes
        if code not in known_codes
    ]
    if len(known_codes) > TYPES_LIMIT:
        dropped.append(ContentFault("types", "too_many", {"limit": TYPES_LIMIT}))
    taken = tuple(known_codes[:TYPES_LIMIT])
    return DraftPart("types", ("types",), _non_empty(types=taken), dropped, ticked=True)


def _code_part(vocabulary: Vocabulary, name: str, vocabulary_name: str, code: str) -> DraftPart:
    if code and not vocabulary.accepts(vocabulary_name, code):
        return DraftPart(
            name, (name,), dropped=[ContentFault(name, "unknown_code", {"value": code})]
        )
    return DraftPart(name, (name,), _non_empty(**{name: code}), ticked=True)


def _links_part(links: Iterable[str]) -> DraftPart:
    sources, dropped = [], []
    for url in dict.fromkeys(links):
        faults = list(url_faults("sources.url", url, is_required=True))
        dropped += [
            ContentFault("sources.url", fault.key, {**fault.values, "value": url})
            for fault in faults
        ]
        if not faults:
            sources.append(SourceContent(url=url))
    return DraftPart("links", ("links",), _non_empty(sources=tuple(sources)), dropped, ticked=True)


def _proceedings_part(vocabulary: Vocabulary, direction: str) -> DraftPart:
    report_fields = ("began",)
    if direction in ("", NO_PROCEEDINGS):
        return DraftPart("began", report_fields)
    if not vocabulary.accepts("sens", direction):
        fault = ContentFault("proceedings.direction", "unknown_code", {"value": direction})
        return DraftPart("began", report_fields, dropped=[fault])
    return DraftPart(
        "began", report_fields, {"proceedings": (ProceedingContent(direction=direction),)}
    )


def draft_content(
    parts: Iterable[DraftPart],
    taken: Collection[str],
    vocabulary: Vocabulary,
    place: ReportedPlace | None = None,
) -> Content:
    """The content of a draft that takes some parts over.

    :param taken: the names of the parts.
    :param place: as in :func:`draft_parts`; its name goes into the title.
    """
    changes: dict[str, Any] = {}
    for part in parts:
        if part.name in taken:
            changes |= part.changes
    place_name = place.name if place and place.kind in changes else ""
    title = default_title.build_title(
        changes.get("types", ()), place_name, changes.get("date", ""), vocabulary
    )
    return Content(title=title, **changes)


def reported_place(session: Session, sent: ReportContent) -> ReportedPlace | None:
    """The place that a report was read as; None when it was left in words, or is in no list."""
    kind, _colon, code = sent.place_code.partition(":")
    name = _place_name(session, kind, code) if code else ""
    return ReportedPlace(kind, code, name) if name else None


def _place_name(session: Session, kind: str, code: str) -> str:
    if kind == "commune" and place_queries.is_commune_code(code):
        # A case is filed under this very code.
        return place_queries.filed_name(session, code) or ""
    if kind == "departement":
        departement = place_queries.departement(session, code)
        return departement.name if departement else ""
    if kind == "region":
        region = place_queries.region(session, code)
        return region.name if region else ""
    return ""
