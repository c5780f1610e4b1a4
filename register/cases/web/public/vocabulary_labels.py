"""The vocabularies' words as a list shows them, made once for each version of the vocabularies.

Twenty entries carry sixty of them: looking each up and escaping it again would be most of the
work of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from register.cases.vocabulary import Book, Word
from register.text.dates import Language
from register.text.typography import french

_MARK = Markup(
    '<span class="fam {family}"><i aria-hidden="true">{letter}</i> <span>{label}</span></span>'
)


@dataclass(frozen=True)
class Labels:
    """Words by code. ``types`` and ``families`` carry the family's letter in its frame."""

    types: Mapping[str, Markup]
    families: Mapping[str, Markup]
    evidence: Mapping[str, str]
    outcomes: Mapping[str, str]


# Of one version at a time, by language.
_labels: dict[str, dict[Language, Labels]] = {}


def labels(book: Book) -> Labels:
    """The words of one version of the vocabularies, in the language of the book."""
    if book.version not in _labels:
        _labels.clear()
    known = _labels.setdefault(book.version, {})
    if book.language not in known:
        known[book.language] = _made(book)
    return known[book.language]


def _made(book: Book) -> Labels:
    families = book.lists["famille"]
    return Labels(
        types={
            code: _mark(families[book.family_of[code]], word.label)
            for code, word in book.lists["type"].items()
        },
        families={code: _mark(word, word.label) for code, word in families.items()},
        evidence={code: word.label for code, word in book.lists["preuve"].items()},
        outcomes={code: word.label for code, word in book.lists["issue"].items()},
    )


def _mark(family: Word, label: str) -> Markup:
    return _MARK.format(family=family.code, letter=family.extra["letter"], label=label)


# Free labels come from cases and are many; the cache is bounded for their sake.
@lru_cache(maxsize=4096, typed=True)
def place_line(name: str, around: str) -> Markup:
    """A place with what it lies in, unless the two bear the same name, as Paris does."""
    if not around or around == name:
        return Markup("<b>{}</b>").format(_spaced(name))
    return Markup("<b>{}</b> ({})").format(_spaced(name), _spaced(around))


def _spaced(name: str) -> str:
    return name if isinstance(name, Markup) else french(name)
