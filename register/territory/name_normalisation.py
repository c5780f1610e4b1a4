"""How people speak of a place: articles, "mairie de", "18e", CEDEX. Text only, no place is known.

Everything here reads folded words (:func:`register.text.fold.fold_name`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from register.text.fold import fold_name

Words = tuple[str, ...]

# Longer than any place name; what comes after is not read.
MAX_TYPED_LENGTH = 200

ARTICLES = frozenset({"le", "la", "les", "l"})
# What stands before a place: "à Gagny", "du Bourget", "dans l'Isère".
PREPOSITIONS = frozenset({"a", "au", "aux", "de", "d", "du", "des", "dans", "en", "sur"})
CONTRACTED_ARTICLES = {"du": "le", "au": "le", "des": "les", "aux": "les"}
SMALL_WORDS = ARTICLES | PREPOSITIONS | {"et", "lez", "pres", "sous"}

COMMUNE, DEPARTEMENT, REGION = "commune", "departement", "region"
ALL_KINDS = frozenset({COMMUNE, DEPARTEMENT, REGION})

# Words for a territory and its seat: said before its name, they are part of it.
SEATS = {
    "commune": COMMUNE,
    "hotel de ville": COMMUNE,
    "mairie": COMMUNE,
    "municipalite": COMMUNE,
    "ville": COMMUNE,
    "departement": DEPARTEMENT,
    "dep": DEPARTEMENT,
    "dept": DEPARTEMENT,
    "dpt": DEPARTEMENT,
    "prefecture": DEPARTEMENT,
    "region": REGION,
}
# Who acts there: said before its name, they lead to it, and still say something of their own.
BODIES = {
    "conseil municipal": COMMUNE,
    "maire": COMMUNE,
    "conseil departemental": DEPARTEMENT,
    "conseil general": DEPARTEMENT,
    "prefet": DEPARTEMENT,
    "conseil regional": REGION,
}
OFFICES = SEATS | BODIES
_LONGEST_OFFICE = max(len(office.split()) for office in OFFICES)

ARRONDISSEMENT_WORDS = frozenset({"arrondissement", "arrond", "arrdt", "arrt", "ardt", "arr"})
_ORDINAL_ENDINGS = ("e", "er", "ere", "eme", "ieme", "nd", "nde", "re")
_ORDINAL = re.compile(rf"([0-9]{{1,2}}|[ivx]+)({'|'.join(_ORDINAL_ENDINGS)})?")
_ROMAN_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN_NUMERALS = {
    "x" * (number // 10) + _ROMAN_UNITS[number % 10]: number for number in range(1, 40)
}
# "s/Seine" and "s/s Bois" on forms and signposts.
_ABBREVIATIONS = {"s": ("sur", "sous"), "ss": ("sous",)}


class NameCandidate(NamedTuple):
    """One way to take the words: those that name the place, and the kinds it may be of.

    ``office`` is the word that stood before it, or "".
    """

    words: Words
    kinds: frozenset[str] = ALL_KINDS
    office: str = ""


def name_candidates(typed: str) -> Iterator[NameCandidate]:
    """The ways to take a text, the most literal first; none for a text without words."""
    words = _without_cedex(tuple(fold_name(typed).split()))
    if words:
        yield from _name_candidates(words)
    if len(words) > 1 and words[-1] == "france":
        yield from _name_candidates(words[:-1])


def _name_candidates(words: Words) -> Iterator[NameCandidate]:
    yield NameCandidate(words)
    bare_words = words[1:] if words[0] in ARTICLES else words
    for size in range(min(_LONGEST_OFFICE, len(bare_words) - 1), 0, -1):
        office = " ".join(bare_words[:size])
        if office in OFFICES:
            yield NameCandidate(
                after_preposition(bare_words[size:]), frozenset({OFFICES[office]}), office
            )
            return
    if words[0] in PREPOSITIONS and len(words) > 1:
        yield NameCandidate(after_preposition(words))


def after_preposition(words: Words) -> Words:
    """``words`` without their preposition; "du Bourget" is "le Bourget"."""
    if words[0] not in PREPOSITIONS or len(words) == 1:
        return words
    article = CONTRACTED_ARTICLES.get(words[0])
    return (article, *words[1:]) if article else words[1:]


def without_article(name: str) -> str:
    """A name without its article; an article alone is a name."""
    first_word, _, remainder = name.partition(" ")
    return remainder if first_word in ARTICLES and remainder else name


def skeleton(name: str) -> str:
    """A name without its small words, which people leave out or mistake for one another."""
    remaining_words = " ".join(word for word in name.split() if word not in SMALL_WORDS)
    return remaining_words or name


def initials(name: str) -> Iterator[str]:
    """What a long name is called for short, with its small words or without: IDF, PACA."""
    for words in (name.split(), skeleton(name).split()):
        if len(words) > 2:
            yield "".join(word[0] for word in words)


def expand_abbreviations(name: str) -> Iterator[str]:
    """The names that "Vitry s/Seine" may stand for."""
    words = name.replace("s s ", "ss ").split()
    for index, word in enumerate(words):
        for expanded in _ABBREVIATIONS.get(word, ()):
            yield " ".join([*words[:index], expanded, *words[index + 1 :]])


class Ordinal(NamedTuple):
    """A number such as 18, 18e or XVIII; ``is_explicit`` when a word or an ending says it is a rank."""

    number: int
    is_explicit: bool


def parse_ordinal(word: str) -> Ordinal | None:
    """The rank that a word may be, up to 99 in digits and 39 in Roman numerals."""
    match = _ORDINAL.fullmatch(word)
    if match is None:
        return None
    number = int(match[1]) if match[1].isdecimal() else _ROMAN_NUMERALS.get(match[1], 0)
    return Ordinal(number, match[2] is not None) if number else None


def parse_arrondissement(words: Words) -> tuple[Words, int] | None:
    """The city and the rank in "Paris 18", "18e Paris", "18e arrondissement de Paris".

    The city may be left out after a rank and the word arrondissement.
    """
    words = _join_ordinal_endings(words[1:] if words[0] in ARTICLES else words)
    bare_words = tuple(word for word in words if word not in ARRONDISSEMENT_WORDS)
    has_arrondissement_word = len(bare_words) < len(words)
    if (
        bare_words
        and (last_ordinal := parse_ordinal(bare_words[-1]))
        and (has_arrondissement_word or len(bare_words) > 1)
    ):
        return bare_words[:-1], last_ordinal.number
    if (
        len(bare_words) > 1
        and (first_ordinal := parse_ordinal(bare_words[0]))
        and (has_arrondissement_word or first_ordinal.is_explicit)
    ):
        return after_preposition(bare_words[1:]), first_ordinal.number
    return None


def _join_ordinal_endings(words: Words) -> Words:
    """ "18 ème" in one word."""
    joined: list[str] = []
    for word in words:
        if word in _ORDINAL_ENDINGS and joined and joined[-1].isdecimal():
            joined[-1] += word
        else:
            joined.append(word)
    return tuple(joined)


def _without_cedex(words: Words) -> Words:
    """Without the postman's word, nor the number after it, which is no arrondissement's."""
    if "cedex" not in words[1:]:
        return words
    cedex_index = words.index("cedex", 1)
    following = words[cedex_index + 1 :]
    return words[:cedex_index] + (
        following[1:] if following and parse_ordinal(following[0]) else following
    )
