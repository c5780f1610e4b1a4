"""Formats of a case's document: an older one is converted when it is read, never rewritten.

In format 1 a proceeding had one decision of its own: court, outcome, date and state of the appeal.
Since format 2 each step of a proceeding can be a decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.cases.timeline import DECISION_STEP, UNDECIDED, list_decisions

FORMAT_VERSION = 2
FRAGMENT_LISTS = ("follow_ups", "replies", "corrections")
# The outcomes of format 1 that only a court gave.
_COURT_OUTCOMES = frozenset(
    {
        *("nullite_procedure", "prescription", "relaxe", "deboute", "annulation", "mesure_validee"),
        *("condamnation_cible", "condamnation_auteur"),
        *("cassation_favorable", "cassation_defavorable"),
    }
)
_RULING_STEPS = frozenset({"refere", "jugement", "arret", "cassation"})
_UNKNOWN = frozenset({"", "inconnu", "inconnue"})
# Field of a proceeding in format 1 → field of a step.
_STEP_FIELDS = {"court": "court", "outcome": "outcome", "outcome_date": "date", "appeal": "appeal"}
_TEXT_FIELDS = ("date", "outcome", "note", "source_url", "court", "appeal", "appeal_until")
_EMPTY_STEP: Mapping[str, Any] = {**dict.fromkeys(_TEXT_FIELDS, ""), "follow_up": 0}


def convert_document(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parsed canonical content, or that of a proposed change, in the current format.

    The case of a document of format 1 has its outcome and evidence level from its decisions too.
    """
    if not any("outcome" in proceeding for proceeding in document.get("proceedings", ())):
        return document
    proceedings = [
        convert_proceeding(proceeding) if "outcome" in proceeding else proceeding
        for proceeding in document["proceedings"]
    ]
    converted = {**document, "proceedings": proceedings}
    decisions = list_decisions({**dict.fromkeys(FRAGMENT_LISTS, ()), **converted})
    if decisions:
        converted["outcome"] = decisions[-1].outcome
    if not _COURT_OUTCOMES.isdisjoint(decision.outcome for decision in decisions):
        converted["evidence"] = "juge"
    return converted


def convert_proceeding(proceeding: Mapping[str, Any]) -> dict[str, Any]:
    """A proceeding of format 1 in the current format.

    Its decision completes the step that has it already, else it becomes a last step.
    """
    steps = [{**_EMPTY_STEP, **step} for step in proceeding["steps"]]
    decision = {name: proceeding[former] for former, name in _STEP_FIELDS.items()}
    outcome, day = decision["outcome"], decision["date"]
    if not is_decision_stated(decision):
        return _with_steps(proceeding, steps)
    if outcome not in ("", "inconnue"):
        same_steps = [
            step
            for step in steps
            if (
                step["outcome"] == outcome
                and (step["date"] == day or {day, step["date"]} & _UNKNOWN)
            )
            or (step["outcome"] == "" != day == step["date"] and step["step"] in _RULING_STEPS)
        ]
    else:
        same_steps = [step for step in steps if step["outcome"] not in UNDECIDED]
    if same_steps:
        same_steps[-1].update({name: same_steps[-1][name] or decision[name] for name in decision})
    else:
        steps.append({**_EMPTY_STEP, "step": DECISION_STEP, **decision})
    return _with_steps(proceeding, steps)


def is_decision_stated(step: Mapping[str, Any]) -> bool:
    """Whether a court, an outcome, a day or an appeal is known."""
    stated = {step["court"], step["outcome"], step["date"], step["appeal"]}
    return not stated <= {*_UNKNOWN, "non"}


def _with_steps(proceeding: Mapping[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    remaining = {name: proceeding[name] for name in proceeding if name not in _STEP_FIELDS}
    return {**remaining, "steps": steps}
