"""Mapping of the answers to questions to the fields of a draft.

A code, a day, and words that name a thing (a document, a court, a sum) can be taken over, each by a
box of its own that is not ticked at first: nothing of an answer becomes public unless a member lets
it. Other words stand beside the draft, as the account does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from register.cases.case_content import ProceedingContent, RequestContent, StepContent
from register.cases.validation import ContentFault
from register.cases.vocabulary import Vocabulary
from register.reports.questions import (
    QUESTIONS,
    SUMMONED_ON,
    AnswerKind,
    Question,
    answer_date,
    answered,
)
from register.reports.report_content import ReportContent

_STAGE = "proces_etape"
# Steps that a summons may be, the likeliest first.
_SUMMONS = ("citation_directe", "assignation", "refere")
# The direction of the proceedings that answers tell of, and the answers on who began proceedings
# that are about the same ones.
_DIRECTIONS = {"suit": ("contre_cible", "contre_x", "deux_sens"), "complaint": ("par_cible",)}
_NATURES = {"plainte": "penale", "citation_directe": "penale", "assignation": "civile"}
# Steps in the order in which they follow each other.
_STEP_ORDER = ("mise_en_demeure", "deliberation", "plainte", *_SUMMONS, "audience")


# What an answer changes in a draft, by dotted path, and why it changes nothing.
AnswerChanges = tuple[Mapping[str, str], Sequence[ContentFault]]


def answer_changes(
    sent: ReportContent, vocabulary: Vocabulary
) -> Iterator[tuple[Question, AnswerChanges]]:
    """The answered questions, each with what it changes."""
    for question, value in answered(sent):
        yield question, _changes(sent, question, value, vocabulary)


def _changes(
    sent: ReportContent, question: Question, value: str, vocabulary: Vocabulary
) -> AnswerChanges:
    path = _path(sent, question)
    if not path:
        return {}, ()
    if question.kind is AnswerKind.DATE:
        edtf = answer_date(sent, question.key)
        dropped = () if edtf else (ContentFault("date", "typed_date"),)
        return {path: edtf} if edtf else {}, dropped
    if question.vocabulary:
        if not vocabulary.accepts(question.vocabulary, value):
            return {}, (ContentFault(path, "unknown_code", {"value": value}),)
    elif question.is_coded:
        value = question.values.get(value, "")
        if value and path.endswith(".steps"):
            return {f"{path}.{value}.step": value}, ()
    return {path: value} if value else {}, ()


def _path(sent: ReportContent, question: Question) -> str:
    """The path that a question fills; empty for none, and where no answer names its step."""
    stage = QUESTIONS[_STAGE].values.get(sent.answer(_STAGE), "")
    summons = stage if stage in _SUMMONS else _SUMMONS[0]
    if not stage and sent.answer(SUMMONED_ON):
        stage = summons
    path = question.fills.format(stage=stage, summons=summons)
    return "" if ".." in path else path


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
