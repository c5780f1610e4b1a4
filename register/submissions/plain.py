"""What the vocabularies call things in the words of the law, as a frightened person says them.

The codes are those of the vocabularies; ``tests/web/submit/test_report_form.py`` asks that none is
missing and none is left over. The form needs no database for them: it comes back filled in even
where there is none any more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from register.incidents.vocabulary import FILE as VOCABULARY

FILE = Path(__file__).with_name("plain.toml")
LISTS = ("famille", "type", "acteur", "cible")


@dataclass(frozen=True)
class Plain:
    """One code in plain words, and an example of it where it has one (types do)."""

    code: str
    fr: str
    en: str
    example_fr: str = ""
    example_en: str = ""


def words(name: str) -> Mapping[str, Plain]:
    """The plain words of a vocabulary by their codes, in the order of the form."""
    return _read()[name]


def families() -> Mapping[str, tuple[Plain, ...]]:
    """The types of each family, in the order of the form."""
    return _families()


@cache
def _read() -> Mapping[str, Mapping[str, Plain]]:
    content = tomllib.loads(FILE.read_text("utf-8"))
    return {
        name: MappingProxyType({row["code"]: Plain(**row) for row in content[name]})
        for name in LISTS
    }


@cache
def _families() -> Mapping[str, tuple[Plain, ...]]:
    content = tomllib.loads(VOCABULARY.read_text("utf-8"))
    family_of = {row["code"]: row["famille"] for row in content["type"]}
    told = words("type").values()
    return MappingProxyType(
        {
            family: tuple(word for word in told if family_of[word.code] == family)
            for family in words("famille")
        }
    )
