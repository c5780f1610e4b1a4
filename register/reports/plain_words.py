"""Plain words of the report form for the codes of the vocabularies.

``tests/web/submit/test_report_form.py`` checks that both have the same codes. The words come from
a file, so that the form works without the database.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from register.cases.vocabulary import VOCABULARY_FILE as VOCABULARY
from register.text.dates import Language

FILE = Path(__file__).with_name("plain.toml")
LISTS = ("famille", "type", "acteur", "cible")


@dataclass(frozen=True)
class PlainWord:
    """A code in plain words of one language; types also have an example."""

    code: str
    label: str
    example: str = ""


@cache
def words(name: str, language: Language = "fr") -> Mapping[str, PlainWord]:
    """The plain words of a vocabulary by their codes, in the order of the form."""
    vocabulary_words = tomllib.loads(FILE.read_text("utf-8"))[name]
    return MappingProxyType(
        {
            word["code"]: PlainWord(
                word["code"], word[language], word.get(f"example_{language}", "")
            )
            for word in vocabulary_words
        }
    )


@cache
def families(language: Language = "fr") -> Mapping[str, tuple[PlainWord, ...]]:
    """The types of each family, in the order of the form."""
    content = tomllib.loads(VOCABULARY.read_text("utf-8"))
    family_of = {row["code"]: row["famille"] for row in content["type"]}
    type_words = words("type", language).values()
    return MappingProxyType(
        {
            family: tuple(word for word in type_words if family_of[word.code] == family)
            for family in words("famille", language)
        }
    )
