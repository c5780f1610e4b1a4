"""An example for each level of evidence and each outcome; those of the types stand elsewhere.

The codes are the vocabularies'; ``tests/pages/test_vocabulary_examples.py`` asks that none is
missing and none is left over.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from register.text.dates import Language

EXAMPLES_FILE = Path(__file__).with_name("examples.toml")
EXAMPLE_LISTS = ("preuve", "issue")


def examples(name: str, language: Language = "fr") -> Mapping[str, str]:
    """The examples of a vocabulary by its codes; each goes on after "Par exemple"."""
    return MappingProxyType({row["code"]: row[language] for row in _read_examples()[name]})


def prepare() -> None:
    """Read the file now, so that a process needs it no more."""
    _read_examples()


@cache
def _read_examples() -> Mapping[str, Sequence[Mapping[str, str]]]:
    parsed = tomllib.loads(EXAMPLES_FILE.read_text("utf-8"))
    return {name: tuple(parsed[name]) for name in EXAMPLE_LISTS}
