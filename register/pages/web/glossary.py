"""The words of the vocabularies with their definitions and examples, for the editorial pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flask import render_template

from register.cases.vocabulary import VocabularyWord
from register.pages.vocabulary_examples import examples
from register.reports import plain_words
from register.web.context import current_vocabulary
from register.web.languages import language

# For each marker of a page, the vocabulary that it asks for.
MARKER_LISTS: Mapping[str, str] = {
    "types": "type",
    "preuves": "preuve",
    "issues": "issue",
    "sens": "sens",
    "refus": "refus",
    "retraits": "restriction",
}


@dataclass(frozen=True)
class DefinedWord:
    """A word with what it means, an example where it has one, and the name one can link to."""

    anchor: str
    label: str
    definition: str
    example: str


@dataclass(frozen=True)
class WordGroup:
    """Words under one heading; the only group of a vocabulary without families has none."""

    anchor: str
    label: str
    definition: str
    words: tuple[DefinedWord, ...]


def definitions(marker: str) -> str:
    """The definitions that a marker stands for, as HTML."""
    return render_template("parts/_definitions.html", groups=list(_word_groups(marker)))


def _word_groups(marker: str) -> Iterator[WordGroup]:
    list_name = MARKER_LISTS[marker]
    words = [word for word in current_vocabulary().lists[list_name].values() if _is_public(word)]
    if list_name != "type":
        yield WordGroup("", "", "", _define_words(list_name, words))
        return
    for family in current_vocabulary().lists["famille"].values():
        family_words = [word for word in words if word.extra["famille"] == family.code]
        # The family of what fits nowhere has one type, with its own name.
        if len(family_words) == 1 and family_words[0].label == family.label:
            yield WordGroup("", "", "", _define_words(list_name, family_words))
        elif family_words:
            definition = family.definition
            yield WordGroup(
                f"famille-{family.code}",
                family.label,
                definition,
                _define_words(list_name, family_words),
            )


def _is_public(word: VocabularyWord) -> bool:
    """Whether readers may meet a word: none that is retired, or that members alone know of."""
    return not word.retired and word.extra.get("public", True)


def _define_words(list_name: str, words: Iterable[VocabularyWord]) -> tuple[DefinedWord, ...]:
    examples_by_code = _examples(list_name)
    return tuple(
        DefinedWord(
            f"{list_name}-{word.code}".replace("_", "-"),
            word.label,
            word.definition,
            examples_by_code.get(word.code, ""),
        )
        for word in words
    )


def _examples(list_name: str) -> Mapping[str, str]:
    if list_name == "type":
        return {code: word.example for code, word in plain_words.words("type", language()).items()}
    return examples(list_name, language()) if list_name in ("preuve", "issue") else {}
