"""The sentences behind every key that is raised below ``web``, and the words that go into them.

French is the source language of the catalogue. ``tests/web/test_wording.py`` finds every key in
the code and asks for its sentence here, with the values that are really handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.web.messages.accounts import MEMBERS
from register.web.messages.act_consequences import BEGINNINGS, CHANGES, OPENINGS
from register.web.messages.cases import ACTS, STATES
from register.web.messages.checklist import ASKED, LINES, RISKS
from register.web.messages.cli_messages import COMMANDS
from register.web.messages.fields import FIELD_REASONS, FIELDS
from register.web.messages.pages import PAGES
from register.web.messages.public_errors import READERS
from register.web.messages.reports import REPORT_STATES, REPORTS
from register.web.messages.revision_errors import EDITING
from register.web.messages.settings import SETTINGS
from register.web.messages.verify_messages import LEDGERS, PROBLEMS

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
