"""The sentences behind every key that is raised below ``web``, and the words that go into them.

French is the source language of the catalogue. ``tests/web/test_wording.py`` finds every key in
the code and asks for its sentence here, with the values that are really handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.web.sentences.cases import ACTS, STATES
from register.web.sentences.checklist import ASKED, LINES, RISKS
from register.web.sentences.commands import COMMANDS
from register.web.sentences.consequences import BEGINNINGS, CHANGES, OPENINGS
from register.web.sentences.editing import EDITING
from register.web.sentences.fields import FIELD_REASONS, FIELDS
from register.web.sentences.members import MEMBERS
from register.web.sentences.pages import PAGES
from register.web.sentences.proofs import LEDGERS, PROBLEMS
from register.web.sentences.readers import READERS
from register.web.sentences.reports import REPORT_STATES, REPORTS
from register.web.sentences.settings import SETTINGS

__all__ = [
    "ACTS",
    "ASKED",
    "BEGINNINGS",
    "CHANGES",
    "COMMANDS",
    "EDITING",
    "FIELDS",
    "FIELD_REASONS",
    "LEDGERS",
    "LINES",
    "MEMBERS",
    "OPENINGS",
    "PAGES",
    "PROBLEMS",
    "READERS",
    "REASONS",
    "REPORTS",
    "REPORT_STATES",
    "RISKS",
    "SETTINGS",
    "STATES",
]

REASONS: Mapping[str, Any] = (
    SETTINGS | READERS | ACTS | REPORTS | MEMBERS | EDITING | PAGES | FIELD_REASONS | COMMANDS
)
