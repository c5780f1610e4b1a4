"""How people speak of a place: articles, "mairie de", "18e", CEDEX. Text only, no place is known.

Words are folded (:func:`register.text.normalisation.fold_name`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from register.text.dates import MONTHS
from register.text.normalisation import fold_name

Words = tuple[str, ...]

# Longer than any place name; what comes after is not read.
MAX_TYPED_LENGTH = 200

ARTICLES = frozenset({"le", "la", "les", "l"})
# What stands before a place: "à Gagny", "du Bourget", "dans l'Isère".
PREPOSITIONS = frozenset({"a", "au", "aux", "de", "d", "du", "des", "dans", "en", "sur"})
CONTRACTED_ARTICLES = {"du": "le", "au": "le", "des": "les", "aux": "les"}
SMALL_WORDS = ARTICLES | PREPOSITIONS | {"et", "lez", "pres", "sous"}

# Kinds of places, by the names of their filters.
COMMUNE, DEPARTEMENT, REGION, GROUP = "commune", "departement", "region", "epci"
ALL_KINDS = frozenset({COMMUNE, DEPARTEMENT, REGION, GROUP})

_TABLES = tomllib.loads(Path(__file__).with_name("place_words.toml").read_text("utf-8"))
# Words for a territory and its seat, which said before its name are part of it; and who acts there,
# which lead to it and still say something of their own. Each with the kind of its place.
SEATS, BODIES = (
    {word: kind for kind, words in _TABLES[table].items() for word in words}
    for table in ("seats", "bodies")
)
OFFICES = SEATS | BODIES
_LONGEST_OFFICE = max(len(office.split()) for office in OFFICES)

_ARRONDISSEMENT_WORDS = frozenset({"arrondissement", "arrond", "arrdt", "arrt", "ardt", "arr"})
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
    words = tuple(fold_name(typed).split())
    if "cedex" in words[1:]:
        # Without the postman's word, nor the number after it, which is no arrondissement's.
        cedex_index = words.index("cedex", 1)
        following = words[cedex_index + 1 :]
        has_number = following and parse_ordinal(following[0])
        words = words[:cedex_index] + (following[1:] if has_number else following)
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
    """A number such as 18, 18e or XVIII; ``is_explicit``: a word or an ending says it is a rank."""

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
    joined: list[str] = []
    for word in words[1:] if words[0] in ARTICLES else words:
        if word in _ORDINAL_ENDINGS and joined and joined[-1].isdecimal():
            # "18 ème" in one word.
            joined[-1] += word
        else:
            joined.append(word)
    bare_words = tuple(word for word in joined if word not in _ARRONDISSEMENT_WORDS)
    has_word = len(bare_words) < len(joined)
    if bare_words and (has_word or len(bare_words) > 1):
        if last := parse_ordinal(bare_words[-1]):
            return bare_words[:-1], last.number
        first = parse_ordinal(bare_words[0])
        if first and len(bare_words) > 1 and (has_word or first.is_explicit):
            return after_preposition(bare_words[1:]), first.number
    return None


# Also names of communes, which nobody takes for one without a sign.
_ORDINARY = frozenset(" ".join(_TABLES["ordinary"].values()).split())


def is_ordinary(words: Words) -> bool:
    """Whether folded words, without a sign that they name a place, are taken for something else.

    A name of one or two letters always is.
    """
    name = "".join(words)
    return all(word in _ORDINARY for word in words) or (len(name) < 3 and name.isalpha())


# --- words of a phrase --------------------------------------------------------------------------

# Signs that bind what they touch into one address or name: "gagny.blogspot.com", "@gagny".
_BINDING_SIGNS = frozenset(".@_#")
# "Between quotation marks", and -left-out.
_LITERAL = re.compile(r"[\"“”„][^\"“”„]*[\"“”„]?|«[^«»]*»?|(?<!\S)[-\u2212]\S+")
# Letters and digits; a mark without width belongs to its letter, which may come decomposed.
_MARK = "[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
_WORD = re.compile(rf"[^\W_](?:[^\W_]|{_MARK})*")
_MONTHS = frozenset(fold_name(month) for month in MONTHS)
_DAY_NUMBER = re.compile(r"[0-3]?[0-9]|1er")
_YEAR_NUMBER = re.compile(r"(?:18|19|20)[0-9]{2}")


class TextWord(NamedTuple):
    """A word from ``start`` to ``end``; ``folded`` is empty when it cannot speak of a place."""

    start: int
    end: int
    folded: str


def split_words(text: str) -> list[TextWord]:
    """Every word; those of phrases, of exclusions, addresses, beginnings* and dates are mute."""
    mute_spans = [match.span() for match in _LITERAL.finditer(text)]
    text_words = []
    for start, end in (word.span() for word in _WORD.finditer(text)):
        next_signs = text[end : end + 2]
        is_mute = (
            any(span_start <= start < span_end for span_start, span_end in mute_spans)
            or text[start - 1 : start] in _BINDING_SIGNS
            or next_signs[:1] == "*"
            or (next_signs[:1] in _BINDING_SIGNS and next_signs[1:].isalnum())
        )
        text_words.append(TextWord(start, end, "" if is_mute else fold_name(text[start:end])))
    # "29 juillet 1881", "mars 2008": no département, and not the commune of Mars.
    folded = ["", *(word.folded for word in text_words), ""]
    for index, word in enumerate(list(text_words)):
        # The list of folded words begins one word earlier.
        previous_word, next_word = folded[index], folded[index + 2]
        if word.folded not in _MONTHS:
            continue
        if _DAY_NUMBER.fullmatch(previous_word):
            text_words[index - 1] = text_words[index - 1]._replace(folded="")
        if _DAY_NUMBER.fullmatch(previous_word) or _YEAR_NUMBER.fullmatch(next_word):
            text_words[index] = word._replace(folded="")
    return text_words
