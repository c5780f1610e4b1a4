"""Decisions in words: what was decided, and what was or may still be filed against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from register.cases import decisions
from register.cases.timeline import UNDECIDED, recorded_steps
from register.text.typography import first_upper
from register.web import messages
from register.web.l10n import edtf_words
from register.web.request_context import current_vocabulary

__all__ = ["appeal_words", "court_name", "decision_words", "recorded_steps", "step_title"]

Step = Mapping[str, Any]

_UNKNOWN = ("", "inconnu", "inconnue")


def step_title(step: Step) -> str:
    """What a step is, with what was decided; the decision alone where it says what the step is."""
    vocabulary = current_vocabulary()
    word, title = vocabulary.word("etape", step["step"]), vocabulary.label("etape", step["step"])
    outcome = vocabulary.label("issue", step["outcome"])
    if step["outcome"] not in UNDECIDED and word and word.extra.get("plain"):
        return first_upper(outcome)
    return f"{title}, {outcome}" if outcome else title


def court_name(step: Step) -> str:
    """The court of a decision; empty when it is unknown."""
    return "" if step["court"] in _UNKNOWN else str(step["court"])


def appeal_words(step: Step) -> str:
    """What was filed against a decision, or is open; empty where no appeal exists or is stated."""
    recourse = messages.names.recourses.get(decisions.recourse(step, current_vocabulary()), "")
    day = edtf_words(step["appeal_until"]) if step["appeal_until"] else ""
    sentences = {
        "oui": _("%(recourse)s formé", recourse=recourse),
        "ouvert": _("%(recourse)s ouvert jusqu’au %(day)s", recourse=recourse, day=day)
        if day
        else _("%(recourse)s ouvert", recourse=recourse),
        "non": _("sans recours"),
        "inconnu": _("%(recourse)s éventuel inconnu", recourse=recourse),
    }
    return sentences.get(step["appeal"], "") if recourse else ""


def decision_words(step: Step) -> str:
    """A decision in one line: what was decided, court, day and appeal."""
    day = edtf_words(step["date"]) if step["date"] not in _UNKNOWN else _("date inconnue")
    return ", ".join(filter(None, (step_title(step), court_name(step), day, appeal_words(step))))
