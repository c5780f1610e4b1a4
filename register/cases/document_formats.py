"""Formats of a case's document: an older one is converted when it is read, never rewritten.

In format 1 a proceeding had one decision of its own: court, outcome, date and state of the appeal.
Since format 2 each step of a proceeding can be a decision. Format 3 adds the published pieces of
evidence, and the day and digest of the register's copy of each source's page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.cases.timeline import DECISION_STEP, OPENING_STEPS, UNDECIDED, list_decisions

FORMAT_VERSION = 3
# The outcomes of format 1 that only a court gave.
_COURT_OUTCOMES = frozenset({"nullite_procedure", "prescription", "relaxe", "deboute"}) | {
    *("condamnation_cible", "condamnation_auteur", "annulation", "mesure_validee"),
    *("cassation_favorable", "cassation_defavorable"),
}
_UNKNOWN = frozenset({"", "inconnu", "inconnue"})
# Field of a proceeding in format 1 → field of a step.
_STEP_FIELDS = {"court": "court", "outcome": "outcome", "outcome_date": "date", "appeal": "appeal"}
_TEXT_FIELDS = ("date", "outcome", "note", "source_url", "court", "appeal", "appeal_until")
_EMPTY_STEP: Mapping[str, Any] = {**dict.fromkeys(_TEXT_FIELDS, ""), "follow_up": 0}


def convert_document(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parsed canonical content, or that of a proposed change, in the current format.

    The case of a document of format 1 has its outcome and evidence level from its decisions too.
    """
    suits = document.get("proceedings", ())
    if not any("outcome" in suit for suit in suits):
        return document
    converted = {**document, "proceedings": [_convert_proceeding(suit) for suit in suits]}
    outcomes = [decision.outcome for decision in list_decisions(converted)]
    if outcomes:
        converted["outcome"] = outcomes[-1]
    if not _COURT_OUTCOMES.isdisjoint(outcomes):
        converted["evidence"] = "juge"
    return converted


def _convert_proceeding(proceeding: Mapping[str, Any]) -> dict[str, Any]:
    """A proceeding in the current format.

    Its decision completes the last step that has it already, else it becomes a last step.
    """
    steps = [{**_EMPTY_STEP, **step} for step in proceeding["steps"]]
    decision = {name: proceeding[former] for former, name in _STEP_FIELDS.items()}
    remaining = {name: proceeding[name] for name in proceeding if name not in _STEP_FIELDS}
    if is_decision_stated(decision):
        same_steps = [step for step in steps if _is_same(step, decision)]
        if not same_steps:
            same_steps = [{**_EMPTY_STEP, "step": DECISION_STEP}]
            steps += same_steps
        same_steps[-1].update({name: same_steps[-1][name] or decision[name] for name in decision})
    return {**remaining, "steps": steps}


def _is_same(step: Mapping[str, Any], decision: Mapping[str, Any]) -> bool:
    """Whether a step of a proceeding is its decision."""
    day = decision["date"]
    if decision["outcome"] in ("", "inconnue"):
        return step["outcome"] not in UNDECIDED
    if step["outcome"] == decision["outcome"]:
        return step["date"] == day or not _UNKNOWN.isdisjoint({step["date"], day})
    return step["outcome"] == "" != day == step["date"] and step["step"] not in OPENING_STEPS


def is_decision_stated(step: Mapping[str, Any]) -> bool:
    """Whether a court, an outcome, a day or an appeal is known."""
    return not {step[name] for name in _STEP_FIELDS.values()} <= {*_UNKNOWN, "non"}
