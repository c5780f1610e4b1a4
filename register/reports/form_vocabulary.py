"""Vocabulary of the report form: everyday words for the codes of the vocabularies.

``tests/web/submit/test_report_form.py`` checks that both have the same codes. The words come from
a file, so that the form works without the database.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from register.cases.vocabulary import VOCABULARY_FILE
from register.text.dates import Language

# Read at the start, so that a server goes on answering while its program is being replaced.
_WORDS: Mapping[str, list[dict[str, str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
_FAMILY_OF: Mapping[str, str] = {
    row["code"]: row["famille"] for row in tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))["type"]
}


@dataclass(frozen=True)
class FormWord:
    """A code in plain words of one language; types also have an example."""

    code: str
    label: str
    example: str = ""


@cache
def words(name: str, language: Language = "fr") -> Mapping[str, FormWord]:
    """The plain words of a vocabulary by their codes, in the order of the form."""
    return {
        word["code"]: FormWord(word["code"], word[language], word.get(f"example_{language}", ""))
        for word in _WORDS[name]
    }


@cache
def labels(name: str, language: Language) -> Mapping[str, str]:
    """The plain labels of a vocabulary by their codes."""
    return {code: word.label for code, word in words(name, language).items()}


@cache
def families(language: Language = "fr") -> Mapping[str, tuple[FormWord, ...]]:
    """The types of each family, in the order of the form."""
    type_words = words("type", language).values()
    return {
        family: tuple(word for word in type_words if _FAMILY_OF[word.code] == family)
        for family in words("famille", language)
    }
