"""Sentences by key, from the TOML files of this folder.

Each file is a namespace of tables, such as ``messages.desk.risk_names``. French is the source
language of the catalogue; a sentence is translated when it is displayed.
``tests/web/test_error_messages.py`` checks that every key in the code has a sentence here, which
uses only values that are passed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask_babel import lazy_gettext

CODE_KEY = "act"  # its value is a code of the journal, not a sentence


def _sentences(table: Any) -> Any:
    if isinstance(table, str):
        return lazy_gettext(table)
    if isinstance(table, list):
        return tuple(map(_sentences, table))
    return {
        key: content if key == CODE_KEY else _sentences(content) for key, content in table.items()
    }


def _load(name: str) -> SimpleNamespace:
    file_text = Path(__file__).with_name(f"{name}.toml").read_text("utf-8")
    return SimpleNamespace(**_sentences(tomllib.loads(file_text)))


accounts, console, desk, errors, evidence, filters, incoming, journal, names, places, reports = map(
    _load,
    (
        *("accounts", "console", "desk", "errors", "evidence"),
        *("filters", "incoming", "journal", "names", "places", "reports"),
    ),
)
