"""The words of the vocabularies with their definitions and examples, for the editorial pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flask import render_template

from register.cases.vocabulary import Word
from register.pages.vocabulary_examples import examples
from register.reports import plain_words
from register.web.context import book
from register.web.languages import language

# For each marker of a page, the vocabulary that it asks for.
LISTS: Mapping[str, str] = {
    "types": "type",
    "preuves": "preuve",
    "issues": "issue",
    "sens": "sens",
    "refus": "refus",
    "retraits": "restriction",
}


@dataclass(frozen=True)
class Defined:
    """A word with what it means, an example where it has one, and the name one can link to."""

    anchor: str
    label: str
    definition: str
    example: str


@dataclass(frozen=True)
class Group:
    """Words under one heading; the only group of a vocabulary without families has none."""

    anchor: str
    label: str
    definition: str
    words: tuple[Defined, ...]


def definitions(marker: str) -> str:
    """The definitions that a marker stands for, as HTML."""
    return render_template("parts/_definitions.html", groups=list(_groups(marker)))


def _groups(marker: str) -> Iterator[Group]:
    name = LISTS[marker]
    words = [word for word in book().lists[name].values() if _is_told(word)]
    if name != "type":
        yield Group("", "", "", _defined(name, words))
        return
    for family in book().lists["famille"].values():
        own = [word for word in words if word.extra["famille"] == family.code]
        # The family of what fits nowhere has one type, with its own name.
        if len(own) == 1 and own[0].label == family.label:
            yield Group("", "", "", _defined(name, own))
        elif own:
            told = family.definition
            yield Group(f"famille-{family.code}", family.label, told, _defined(name, own))


def _is_told(word: Word) -> bool:
    """Whether readers may meet a word: none that is retired, or that members alone know of."""
    return not word.retired and word.extra.get("public", True)


def _defined(name: str, words: Iterable[Word]) -> tuple[Defined, ...]:
    shown = _examples(name)
    return tuple(
        Defined(
            f"{name}-{word.code}".replace("_", "-"),
            word.label,
            word.definition,
            shown.get(word.code, ""),
        )
        for word in words
    )


def _examples(name: str) -> Mapping[str, str]:
    if name == "type":
        return {code: word.example for code, word in plain_words.words("type", language()).items()}
    return examples(name, language()) if name in ("preuve", "issue") else {}
