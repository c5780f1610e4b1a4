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
LONGEST = 200

ARTICLES = frozenset({"le", "la", "les", "l"})
# What stands before a place: "à Gagny", "du Bourget", "dans l'Isère".
PREPOSITIONS = frozenset({"a", "au", "aux", "de", "d", "du", "des", "dans", "en", "sur"})
CONTRACTED = {"du": "le", "au": "le", "des": "les", "aux": "les"}
SMALL_WORDS = ARTICLES | PREPOSITIONS | {"et", "lez", "pres", "sous"}

COMMUNE, DEPARTEMENT, REGION = "commune", "departement", "region"
EVERY = frozenset({COMMUNE, DEPARTEMENT, REGION})

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
_ENDINGS = ("e", "er", "ere", "eme", "ieme", "nd", "nde", "re")
_ORDINAL = re.compile(rf"([0-9]{{1,2}}|[ivx]+)({'|'.join(_ENDINGS)})?")
_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN = {"x" * (number // 10) + _UNITS[number % 10]: number for number in range(1, 40)}
# "s/Seine" and "s/s Bois" on forms and signposts.
_SHORTENED = {"s": ("sur", "sous"), "ss": ("sous",)}


class Statement(NamedTuple):
    """One way to take the words: those that name the place, and the kinds it may be of.

    ``office`` is the word that stood before it, or "".
    """

    words: Words
    kinds: frozenset[str] = EVERY
    office: str = ""


def statements(typed: str) -> Iterator[Statement]:
    """The ways to take a text, the most literal first; none for a text without words."""
    words = _without_cedex(tuple(fold_name(typed).split()))
    if words:
        yield from _statements(words)
    if len(words) > 1 and words[-1] == "france":
        yield from _statements(words[:-1])


def _statements(words: Words) -> Iterator[Statement]:
    yield Statement(words)
    after = words[1:] if words[0] in ARTICLES else words
    for size in range(min(_LONGEST_OFFICE, len(after) - 1), 0, -1):
        office = " ".join(after[:size])
        if office in OFFICES:
            yield Statement(after_preposition(after[size:]), frozenset({OFFICES[office]}), office)
            return
    if words[0] in PREPOSITIONS and len(words) > 1:
        yield Statement(after_preposition(words))


def after_preposition(words: Words) -> Words:
    """``words`` without their preposition; "du Bourget" is "le Bourget"."""
    if words[0] not in PREPOSITIONS or len(words) == 1:
        return words
    article = CONTRACTED.get(words[0])
    return (article, *words[1:]) if article else words[1:]


def without_article(name: str) -> str:
    """A name without its article; an article alone is a name."""
    first, _, rest = name.partition(" ")
    return rest if first in ARTICLES and rest else name


def skeleton(name: str) -> str:
    """A name without its small words, which people leave out or mistake for one another."""
    bare = " ".join(word for word in name.split() if word not in SMALL_WORDS)
    return bare or name


def initials(name: str) -> Iterator[str]:
    """What a long name is called for short, with its small words or without: IDF, PACA."""
    for words in (name.split(), skeleton(name).split()):
        if len(words) > 2:
            yield "".join(word[0] for word in words)


def unshortened(name: str) -> Iterator[str]:
    """The names that "Vitry s/Seine" may stand for."""
    words = name.replace("s s ", "ss ").split()
    for place, word in enumerate(words):
        for full in _SHORTENED.get(word, ()):
            yield " ".join([*words[:place], full, *words[place + 1 :]])


class Ordinal(NamedTuple):
    """A number such as 18, 18e or XVIII; ``said`` when a word or an ending says it is a rank."""

    number: int
    said: bool


def ordinal(word: str) -> Ordinal | None:
    """The rank that a word may be, up to 99 in digits and 39 in Roman numerals."""
    parts = _ORDINAL.fullmatch(word)
    if parts is None:
        return None
    number = int(parts[1]) if parts[1].isdecimal() else _ROMAN.get(parts[1], 0)
    return Ordinal(number, parts[2] is not None) if number else None


def numbered(words: Words) -> tuple[Words, int] | None:
    """The city and the rank in "Paris 18", "18e Paris", "18e arrondissement de Paris".

    The city may be left out after a rank and the word arrondissement.
    """
    words = _glued(words[1:] if words[0] in ARTICLES else words)
    plain = tuple(word for word in words if word not in ARRONDISSEMENT_WORDS)
    said = len(plain) < len(words)
    if plain and (last := ordinal(plain[-1])) and (said or len(plain) > 1):
        return plain[:-1], last.number
    if len(plain) > 1 and (first := ordinal(plain[0])) and (said or first.said):
        return after_preposition(plain[1:]), first.number
    return None


def _glued(words: Words) -> Words:
    """ "18 ème" in one word."""
    glued: list[str] = []
    for word in words:
        if word in _ENDINGS and glued and glued[-1].isdecimal():
            glued[-1] += word
        else:
            glued.append(word)
    return tuple(glued)


def _without_cedex(words: Words) -> Words:
    """Without the postman's word, nor the number after it, which is no arrondissement's."""
    if "cedex" not in words[1:]:
        return words
    place = words.index("cedex", 1)
    after = words[place + 1 :]
    return words[:place] + (after[1:] if after and ordinal(after[0]) else after)
