"""Sentences for every error key raised below the faces, and names of the values in them.

French is the source language of the catalogue. ``tests/web/test_error_messages.py`` checks that
every key in the code has a sentence here, which uses only values that are passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.web.messages.console import COMMAND_ERRORS, SETTING_ERRORS
from register.web.messages.desk import (
    APPROVED_BY_READER,
    LIMITATION_PERIODS,
    MET_CHECKS,
    PERIOD_BEGINNINGS,
    PUBLIC_CHANGES,
    RISK_NAMES,
    UNMET_CHECKS,
)
from register.web.messages.errors import (
    ACCOUNT_ERRORS,
    ACT_ERRORS,
    CASE_STATES,
    FIELD_ERRORS,
    FIELD_NAMES,
    PAGE_ERRORS,
    PUBLIC_ERRORS,
    REPORT_ERRORS,
    REPORT_STATES,
    REVISION_ERRORS,
)
from register.web.messages.verification import LEDGER_NAMES, VERIFY_PROBLEMS

__all__ = [
    "ACCOUNT_ERRORS",
    "ACT_ERRORS",
    "APPROVED_BY_READER",
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
