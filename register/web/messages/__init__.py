"""The sentences behind every key that is raised below ``web``, and the words that go into them.

French is the source language of the catalogue. ``tests/web/test_wording.py`` finds every key in
the code and asks for its sentence here, with the values that are really handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.web.messages.accounts import ACCOUNT_ERRORS
from register.web.messages.act_consequences import (
    LIMITATION_PERIODS,
    PERIOD_BEGINNINGS,
    PUBLIC_CHANGES,
)
from register.web.messages.cases import ACT_ERRORS, CASE_STATES
from register.web.messages.checklist import MET_CHECKS, RISK_NAMES, UNMET_CHECKS
from register.web.messages.cli_messages import COMMAND_ERRORS
from register.web.messages.fields import FIELD_ERRORS, FIELD_NAMES
from register.web.messages.pages import PAGE_ERRORS
from register.web.messages.public_errors import PUBLIC_ERRORS
from register.web.messages.reports import REPORT_ERRORS, REPORT_STATES
from register.web.messages.revision_errors import REVISION_ERRORS
from register.web.messages.settings import SETTING_ERRORS
from register.web.messages.verify_messages import LEDGER_NAMES, VERIFY_PROBLEMS

__all__ = [
    "ACCOUNT_ERRORS",
    "ACT_ERRORS",
    "CASE_STATES",
    "COMMAND_ERRORS",
    "ERROR_SENTENCES",
    "FIELD_ERRORS",
    "FIELD_NAMES",
    "LEDGER_NAMES",
    "LIMITATION_PERIODS",
    "MET_CHECKS",
    "PAGE_ERRORS",
    "PERIOD_BEGINNINGS",
    "PUBLIC_CHANGES",
    "PUBLIC_ERRORS",
    "REPORT_ERRORS",
    "REPORT_STATES",
    "REVISION_ERRORS",
    "RISK_NAMES",
    "SETTING_ERRORS",
    "UNMET_CHECKS",
    "VERIFY_PROBLEMS",
]

ERROR_SENTENCES: Mapping[str, Any] = (
    SETTING_ERRORS
    | PUBLIC_ERRORS
    | ACT_ERRORS
    | REPORT_ERRORS
    | ACCOUNT_ERRORS
    | REVISION_ERRORS
    | PAGE_ERRORS
    | FIELD_ERRORS
    | COMMAND_ERRORS
)
