"""Decisions of a case: the latest one, what may be filed against one, what the case owes to them.

A case has its outcome from its latest decision, and its evidence level from a court's; a member
writes the outcome only where no proceeding has a decision.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from register.cases.case_content import Content, StepContent
from register.cases.timeline import TimelineItem, list_decisions
from register.cases.vocabulary import Vocabulary
from register.text.normalisation import fold

# Natures of a request for a document: the commission, then the administrative court.
REQUEST_NATURES = frozenset({"cada", "administrative"})
# The last court that a text names, when no court stands above it.
_SUPREME_COURT = re.compile(r"(?:^|\bpuis )(?:la |le )?(?:cour de cassation|conseil d etat)\b")


def latest_decision(content: Mapping[str, Any]) -> TimelineItem | None:
    """The latest decision of a case by canonical content, with its proceeding's ``number``.

    Its ``part`` is the step: date, court, outcome, appeal, source.
    """
    return next(reversed(list_decisions(content)), None)


def proceeding_outcomes(content: Content) -> list[str]:
    """The outcome of each proceeding: that of its latest decision, else what a step says."""
    decided = {event.number: event.outcome for event in _decisions(content)}
    return [
        decided.get(number) or next((step.outcome for step in suit.steps if step.outcome), "")
        for number, suit in enumerate(content.proceedings, start=1)
    ]


def _decisions(content: Content) -> list[TimelineItem]:
    """The decisions of a content, the latest last."""
    if not content.proceedings:
        return []
    # Only these parts: to convert all of them takes longer than to order the events.
    parts = {
        "proceedings": [*map(asdict, content.proceedings)],
        "request": content.request and asdict(content.request),
    }
    return list_decisions(vars(content) | parts)


def outcome_natures(outcome: str, vocabulary: Vocabulary) -> Collection[str]:
    """The natures of the proceedings that can have an outcome."""
    word, natures = vocabulary.word("issue", outcome), vocabulary.lists["nature"]
    return word.extra.get("natures", natures) if word else natures


def recourse(step: Mapping[str, Any], vocabulary: Vocabulary) -> str:
    """What may be filed against a decision: ``appel``, ``pourvoi``, or ``recours`` for either.

    Empty where nothing may be filed.
    """
    outcome = vocabulary.word("issue", step["outcome"])
    word = vocabulary.word("etape", step["step"])
    if (outcome and not outcome.extra.get("appeal")) or _SUPREME_COURT.search(fold(step["court"])):
        return ""
    return str(word.extra.get("recourse", "recours")) if word else "recours"


def with_decisions(content: Content, vocabulary: Vocabulary) -> Content:
    """The content with all that its decisions determine."""
    proceedings = tuple(
        replace(suit, steps=tuple(_with_appeal(step, vocabulary) for step in suit.steps))
        for suit in content.proceedings
    )
    outcomes = [decision.outcome for decision in _decisions(content)]
    is_ruled = not vocabulary.court_outcomes.isdisjoint(outcomes)
    evidence = "juge" if is_ruled else content.evidence
    outcome = (outcomes or [content.outcome])[-1]
    return replace(content, proceedings=proceedings, outcome=outcome, evidence=evidence)


def is_appealed(content: Content) -> bool:
    """Whether the latest decision of a case is under appeal, or what is not decided yet."""
    steps = [vars(step) for suit in content.proceedings for step in suit.steps]
    latest_parts = [decision.part for decision in _decisions(content)[-1:]]
    return any(step["appeal"] == "oui" for step in latest_parts or steps)


def _with_appeal(step: StepContent, vocabulary: Vocabulary) -> StepContent:
    """The step without the state of an appeal where none exists, and a day only of an open one."""
    appeal = step.appeal if recourse(vars(step), vocabulary) else ""
    return replace(step, appeal=appeal, appeal_until=step.appeal_until * (appeal == "ouvert"))
