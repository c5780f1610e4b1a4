"""Mapping of a report's fields to those of a draft.

A draft takes over coded facts: place, date, types, roles, links. The reporter's own words are
never copied: they would be in clear in the draft and its revisions, and outlive the report. A
moderator reads them next to the draft and writes the public text.

Of the answers to questions, a code, a day, and words that name a thing (a document, a court, a sum)
can be taken over, each by a box of its own that is not ticked at first: nothing of an answer
becomes public unless a member lets it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from register.cases.case_content import (
    Content,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.validation import TYPES_LIMIT, ContentFault, url_faults
from register.cases.vocabulary import Vocabulary, build_title
from register.errors import TextError
from register.reports.outside_places import read_outside_place
from register.reports.questions import (
    QUESTIONS,
    SUMMONED_ON,
    AnswerKind,
    Question,
    answer_date,
    answered,
)
from register.reports.report_content import ReportContent
from register.territory import place_queries
from register.text import dates
from register.text.date_reading import interval_end

# The place label of what happened online; labels of places are in French, as cases are.
ONLINE_LABEL = "En ligne"
# The report's code for "nobody began proceedings".
NO_PROCEEDINGS = "aucune"


@dataclass(frozen=True)
class DraftPart:
    """The fields of a draft that one checkbox of the acceptance form takes over.

    ``changes``: fields of the draft, or dotted paths, as ``fills`` of a question; empty for a part
    that is displayed only. ``dropped``: faults of values that cannot be taken over. ``ticked``:
    whether the box is ticked at first. ``is_free_text``: the reporter's own words, which are never
    copied. ``is_private``: an answer that no member may let become public.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    dropped: Sequence[ContentFault] = ()
    ticked: bool = False
    is_free_text: bool = False
    is_private: bool = False


# The fields of a report that a part comes from; for other parts, the one of their name.
_SOURCE_FIELDS = {"place": ("place", "place_code"), "date": ("when", "date")}


def draft_parts(sent: ReportContent, vocabulary: Vocabulary) -> list[DraftPart]:
    """The parts of a report, in the order of the editor; those without an answer are left out."""
    all_parts = (
        _place_part(sent),
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
    ] + [_answer_part(sent, question, value, vocabulary) for question, value in answered(sent)]


def _unknown_code(name: str, code: str) -> ContentFault:
    return ContentFault(name, "unknown_code", {"value": code})


def _place_part(sent: ReportContent) -> DraftPart:
    kind, _colon, code = sent.place_code.partition(":")
    if _filed_name(kind, code):
        return DraftPart("place", {kind: code}, ticked=True)
    if sent.place_code:
        return DraftPart(
            "place", dropped=[_unknown_code("place_label", sent.place_code)], ticked=True
        )
    return _outside_part(sent.place)


def _filed_name(kind: str, code: str) -> str:
    """The name of a place of the territory; empty for a code that no longer exists."""
    if kind == "commune":
        # A case is filed under this code, even that of a former commune.
        return place_queries.filed_name(code) or ""
    areas = {"departement": place_queries.departement, "region": place_queries.region}
    area = areas[kind](code) if kind in areas else None
    return area.name if area else ""


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


# --- answers to questions -----------------------------------------------------------------------

_STAGE = "proces_etape"
# Steps that a summons may be, the likeliest first.
_SUMMONS = ("citation_directe", "assignation", "refere")
# The direction of the proceedings that answers tell of, and the answers on who began proceedings
# that are about the same ones.
_DIRECTIONS = {"suit": ("contre_cible", "contre_x", "deux_sens"), "complaint": ("par_cible",)}
_NATURES = {"plainte": "penale", "citation_directe": "penale", "assignation": "civile"}
# Steps in the order in which they follow each other.
_STEP_ORDER = ("mise_en_demeure", "deliberation", "plainte", *_SUMMONS, "audience")


def _answer_part(
    sent: ReportContent, question: Question, value: str, vocabulary: Vocabulary
) -> DraftPart:
    part = DraftPart(
        question.key,
        is_free_text=not (question.fills or question.is_coded),
        is_private=not question.is_public,
    )
    path = _path(sent, question)
    if not path:
        return part
    if question.kind is AnswerKind.DATE:
        value = answer_date(sent, question.key)
        if not value:
            return replace(part, dropped=[ContentFault("date", "typed_date")])
    elif question.vocabulary:
        if not vocabulary.accepts(question.vocabulary, value):
            return replace(part, dropped=[_unknown_code(path, value)])
    elif question.is_coded:
        value = question.values.get(value, "")
        if value and path.endswith(".steps"):
            path = f"{path}.{value}.step"
    return replace(part, changes={path: value} if value else {})


def _path(sent: ReportContent, question: Question) -> str:
    """The path that a question fills; empty for none, and where no answer names its step."""
    stage = QUESTIONS[_STAGE].values.get(sent.answer(_STAGE), "")
    summons = stage if stage in _SUMMONS else _SUMMONS[0]
    if not stage and sent.answer(SUMMONED_ON):
        stage = summons
    path = question.fills.format(stage=stage, summons=summons)
    return "" if ".." in path else path


# --- the draft ----------------------------------------------------------------------------------


def draft_content(
    parts: Iterable[DraftPart], taken: Collection[str], vocabulary: Vocabulary
) -> Content:
    """The content of a draft that takes over some parts.

    :param taken: the names of the parts.
    """
    changes: dict[str, Any] = {}
    for part in parts:
        if part.name in taken:
            changes |= part.changes
    kinds = ("commune", "departement", "region")
    place_names = [_filed_name(kind, changes[kind]) for kind in kinds if kind in changes]
    title = build_title(
        changes.get("types", ()), "".join(place_names), changes.get("date", ""), vocabulary
    )
    return Content(title=title, **draft_fields(changes))


def draft_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a draft from changes by dotted path; other paths are fields as they are."""
    fields = {path: value for path, value in changes.items() if "." not in path}
    request = _part(changes, "request")
    if request:
        fields["request"] = RequestContent(**request)
    proceedings = list(fields.get("proceedings", ()))
    for name, directions in _DIRECTIONS.items():
        own = _part(changes, name)
        if own:
            same = next((one for one in proceedings if one.direction in directions), None)
            filled = _filled(same or ProceedingContent(direction=directions[0]), own)
            proceedings = [filled if one is same else one for one in proceedings]
            proceedings += [] if same else [filled]
    if proceedings:
        fields["proceedings"] = tuple(proceedings)
    return fields


def _part(changes: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The changes under a name, by the rest of their path."""
    prefix = f"{name}."
    return {
        path.removeprefix(prefix): value
        for path, value in changes.items()
        if path.startswith(prefix)
    }


def _filled(proceeding: ProceedingContent, changes: Mapping[str, Any]) -> ProceedingContent:
    steps: dict[str, dict[str, Any]] = {}
    for path, value in _part(changes, "steps").items():
        step, _dot, name = path.partition(".")
        steps.setdefault(step, {"step": step})[name] = value
    ordered = sorted(steps, key=_STEP_ORDER.index)
    natures = [_NATURES[step] for step in ordered if step in _NATURES]
    return replace(
        proceeding,
        **{path: value for path, value in changes.items() if "." not in path},
        nature=natures[-1] if natures else proceeding.nature,
        steps=tuple(StepContent(**steps[step]) for step in ordered),
    )
