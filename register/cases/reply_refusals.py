"""Reasons for which the law lets a right of reply be refused, from a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from register.text.dates import Language

# Read at the start, so that a server goes on answering while its program is being replaced.
_ROWS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["reason"]


class RefusalReason(NamedTuple):
    """A reason: its article of law, and the sentence that the author of the reply reads."""

    code: str
    article: str
    sentence: str


@cache
def reasons(language: Language = "fr") -> Mapping[str, RefusalReason]:
    """The reasons by code, in the order of the form; articles are in French in both languages."""
    return {row["code"]: RefusalReason(row["code"], row["article"], row[language]) for row in _ROWS}
