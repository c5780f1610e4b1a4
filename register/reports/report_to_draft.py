"""Mapping of a report's fields to those of a draft.

A draft takes over coded facts: place, date, types, roles, links. The reporter's own words are
never copied: they would be in clear in the draft and its revisions, and outlive the report. A
moderator reads them next to the draft and writes the public text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.validation import TYPES_LIMIT, ContentFault, url_faults
from register.cases.vocabulary import Vocabulary, build_title
from register.errors import TextError
from register.reports.answers_to_draft import answer_changes, draft_fields
from register.reports.outside_places import read_outside_place
from register.reports.report_content import ReportContent
from register.territory import place_queries
from register.text import dates
from register.text.date_reading import interval_end

# The place label of what happened online; labels of places are in French, as cases are.
ONLINE_LABEL = "En ligne"
# The report's code for "nobody began proceedings".
NO_PROCEEDINGS = "aucune"


@dataclass(frozen=True)
class ReportedPlace:
    """The recognised place of a report, by kind and code of the gazetteer."""

    kind: str
    code: str
    name: str


@dataclass(frozen=True)
class DraftPart:
    """The fields of a draft that one checkbox of the acceptance form takes over.

    ``changes``: fields of the draft, or dotted paths of ``answers_to_draft``; empty for a part that
    is displayed only. ``dropped``: faults of values that cannot be taken over. ``ticked``: whether
    the box is ticked at first. ``is_free_text``: the reporter's own words, which are never copied.
    ``is_private``: an answer that no member may let become public.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    dropped: Sequence[ContentFault] = ()
    ticked: bool = False
    is_free_text: bool = False
    is_private: bool = False


# The fields of a report that a part comes from; for other parts, the one of their name.
_SOURCE_FIELDS = {"place": ("place", "place_code"), "date": ("when", "date")}


def draft_parts(
    sent: ReportContent, vocabulary: Vocabulary, place: ReportedPlace | None
) -> list[DraftPart]:
    """The parts of a report, in the order of the editor; those without an answer are left out.

    :param place: the recognised place; None for one outside the gazetteer.
    """
    if place is not None:
        place_part = DraftPart("place", {place.kind: place.code}, ticked=True)
    elif sent.place_code:
        dropped = [_unknown_code("place_label", sent.place_code)]
        place_part = DraftPart("place", dropped=dropped, ticked=True)
    else:
        place_part = _outside_part(sent.place)
    all_parts = (
        place_part,
        _date_part(sent),
        _types_part(sent, vocabulary),
        _code_part(vocabulary, "actor", "acteur", sent.actor),
        _code_part(vocabulary, "target", "cible", sent.target),
        _links_part(sent.links),
        DraftPart("actor_text", is_free_text=True),
        DraftPart("target_text", is_free_text=True),
        _proceedings_part(vocabulary, sent.began),
        DraftPart("account", is_free_text=True),
    )
    return [
        part
        for part in all_parts
        if any(getattr(sent, name) for name in _SOURCE_FIELDS.get(part.name, (part.name,)))
    ] + [
        DraftPart(
            question.key,
            changes,
            dropped,
            is_free_text=not (question.fills or question.is_coded),
            is_private=not question.is_public,
        )
        for question, (changes, dropped) in answer_changes(sent, vocabulary)
    ]


def _unknown_code(name: str, code: str) -> ContentFault:
    return ContentFault(name, "unknown_code", {"value": code})


def _outside_part(typed: str) -> DraftPart:
    """A place that the territory does not have; its name only if it is that of a known town."""
    place = read_outside_place(typed)
    if place is None:
        return DraftPart("place", is_free_text=True)
    if place.is_online:
        return DraftPart("place", {"place_label": ONLINE_LABEL}, ticked=True)
    if not place.sole_country:
        return DraftPart("place", dropped=[ContentFault("country", "missing")], ticked=True)
    label = {"place_label": place.town} if place.town else {}
    return DraftPart("place", {"country": place.sole_country, **label}, ticked=True)


def _date_part(sent: ReportContent) -> DraftPart:
    try:
        edtf = dates.parse(sent.date).edtf if sent.date else ""
    except TextError as error:
        return DraftPart("date", dropped=[ContentFault("date", error.key, {"value": sent.date})])
    dropped = [] if edtf or not sent.when else [ContentFault("date", "typed_date")]
    end = interval_end(sent.when, edtf)
    changes = {"date": edtf, "end_date": end} if end else {"date": edtf} if edtf else {}
    return DraftPart("date", changes, dropped, ticked=True)


def _types_part(sent: ReportContent, vocabulary: Vocabulary) -> DraftPart:
    codes = list(dict.fromkeys(sent.types))
    known_codes = [code for code in codes if vocabulary.accepts("type", code)]
    dropped = [_unknown_code("types", code) for code in codes if code not in known_codes]
    if len(known_codes) > TYPES_LIMIT:
        dropped.append(ContentFault("types", "too_many", {"limit": TYPES_LIMIT}))
    changes = {"types": tuple(known_codes[:TYPES_LIMIT])} if known_codes else {}
    return DraftPart("types", changes, dropped, ticked=True)


def _code_part(vocabulary: Vocabulary, name: str, vocabulary_name: str, code: str) -> DraftPart:
    if code and not vocabulary.accepts(vocabulary_name, code):
        return DraftPart(name, dropped=[_unknown_code(name, code)])
    return DraftPart(name, {name: code} if code else {}, ticked=True)


def _links_part(links: Iterable[str]) -> DraftPart:
    sources, dropped = [], []
    for url in dict.fromkeys(links):
        faults = list(url_faults("sources.url", url, is_required=True))
        for fault in faults:
            dropped.append(ContentFault("sources.url", fault.key, {**fault.values, "value": url}))
        if not faults:
            sources.append(SourceContent(url=url))
    return DraftPart("links", {"sources": tuple(sources)} if sources else {}, dropped, ticked=True)


def _proceedings_part(vocabulary: Vocabulary, direction: str) -> DraftPart:
    if direction in ("", NO_PROCEEDINGS):
        return DraftPart("began")
    if not vocabulary.accepts("sens", direction):
        return DraftPart("began", dropped=[_unknown_code("proceedings.direction", direction)])
    return DraftPart("began", {"proceedings": (ProceedingContent(direction=direction),)})


def draft_content(
    parts: Iterable[DraftPart],
    taken: Collection[str],
    vocabulary: Vocabulary,
    place: ReportedPlace | None = None,
) -> Content:
    """The content of a draft that takes over some parts.

    :param taken: the names of the parts.
    :param place: as in :func:`draft_parts`; the title names it.
    """
    changes: dict[str, Any] = {}
    for part in parts:
        if part.name in taken:
            changes |= part.changes
    place_name = place.name if place and place.kind in changes else ""
    title = build_title(changes.get("types", ()), place_name, changes.get("date", ""), vocabulary)
    return Content(title=title, **draft_fields(changes))


def reported_place(session: Session, sent: ReportContent) -> ReportedPlace | None:
    """The recognised place of a report; None for typed words and for codes that no longer exist."""
    kind, _colon, code = sent.place_code.partition(":")
    name = None
    if kind == "commune" and place_queries.is_commune_code(code):
        # A case is filed under this code, even that of a former commune.
        name = place_queries.filed_name(code)
    elif kind == "departement" and (departement := place_queries.departement(code)):
        name = departement.name
    elif kind == "region" and (region := place_queries.region(code)):
        name = region.name
    return ReportedPlace(kind, code, name) if name else None
