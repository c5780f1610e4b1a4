"""How sure it is that words within a phrase name a place, by what stands around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from unicodedata import category

from register.territory.codes import is_departement_code
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import PlaceReading, sort_weight
from register.territory.name_normalisation import (
    ARTICLES,
    CONTRACTED_ARTICLES,
    OFFICES,
    PREPOSITIONS,
    Words,
    is_ordinary,
)
from register.text.dates import MONTHS
from register.text.normalisation import fold_name

# Signs that bind what they touch into one address or name: "gagny.blogspot.com", "@gagny".
_BINDING_SIGNS = frozenset(".@_#")
# "Between quotation marks", and -left-out.
_LITERAL = re.compile(r"[\"“”„][^\"“”„]*[\"“”„]?|«[^«»]*»?|(?<!\S)[-\u2212]\S+")
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
    mute_spans = [text_words.span() for text_words in _LITERAL.finditer(text)]
    text_words = [
        TextWord(
            start, end, "" if _is_mute(text, start, end, mute_spans) else fold_name(text[start:end])
        )
        for start, end in _word_spans(text)
    ]
    return _without_dates(text_words)


def _word_spans(text: str) -> Iterator[tuple[int, int]]:
    start = -1
    for index, sign in enumerate(text):
        # A mark without width belongs to its letter, which may come decomposed.
        inside = sign.isalnum() or (start >= 0 and unicodedata.category(sign) in ("Mn", "Cf"))
        if inside and start < 0:
            start = index
        elif not inside and start >= 0:
            yield start, index
            start = -1
    if start >= 0:
        yield start, len(text)


def _is_mute(text: str, start: int, end: int, mute_spans: Sequence[tuple[int, int]]) -> bool:
    previous_sign, next_signs = text[start - 1 : start], text[end : end + 2]
    return (
        any(span_start <= start < span_end for span_start, span_end in mute_spans)
        or previous_sign in _BINDING_SIGNS
        or next_signs[:1] == "*"
        or (next_signs[:1] in _BINDING_SIGNS and next_signs[1:].isalnum())
    )


def _without_dates(text_words: list[TextWord]) -> list[TextWord]:
    """ "29 juillet 1881", "mars 2008": no département, and not the commune of Mars."""
    undated_words = list(text_words)
    for index, word in enumerate(text_words):
        if word.folded not in _MONTHS:
            continue
        previous_word = text_words[index - 1].folded if index else ""
        next_word = text_words[index + 1].folded if index + 1 < len(text_words) else ""
        if _DAY_NUMBER.fullmatch(previous_word):
            undated_words[index - 1] = undated_words[index - 1]._replace(folded="")
        if _DAY_NUMBER.fullmatch(previous_word) or _YEAR_NUMBER.fullmatch(next_word):
            undated_words[index] = word._replace(folded="")
    return undated_words


# Inhabitants. A town of so many is offered for its bare name in small letters; a city of so many
# even for one that is an ordinary word, after "à" or "de": "à nice".
_TOWN_POPULATION = 2_000
_CITY_POPULATION = 10_000
_NAME_PREPOSITIONS = frozenset({"a", "d", "de"})
_LONG_WORD = 3  # letters; "de" and "le" are small in titles too
# What a number beside these words is of: a law, a page, a chamber of a court; a sum.
COUNTED_NOUNS = frozenset(
    ("alinea", "art", "article", "articles", "chambre", "loi", "n", "no", "numero", "page", "pages")
)
_AMOUNT_UNITS = frozenset(("dollars", "eur", "euro", "euros", "francs", "habitants"))
_MAX_DAY = 31


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """The words from ``start`` to before ``end``, which are the name of a place.

    ``name``: the folded words of that name; the article of "du Bourget" is one of them.
    """

    text: str
    text_words: Sequence[TextWord]
    start: int
    end: int
    name: Words

    @property
    def previous_word(self) -> str:
        """The folded word before the name, or ""."""
        return self.text_words[self.start - 1].folded if self.start else ""

    @property
    def is_contracted(self) -> bool:
        """Whether the article of the name is hidden in "du", "au", "des" or "aux"."""
        return len(self.name) > self.end - self.start


def is_offered(
    gazetteer: Gazetteer,
    mention: PlaceMention,
    readings: Iterable[PlaceReading],
    case_counts: Mapping[str, int],
) -> bool:
    """Whether a name in the middle of other words is taken for a place."""
    if _is_sure(mention):
        return True
    is_introduced = mention.is_contracted or mention.previous_word in _NAME_PREPOSITIONS
    weights = [sort_weight(gazetteer, reading, case_counts) for reading in readings]
    population = max(-fewer for _cases, fewer, _code in weights)
    has_cases = any(cases for cases, _fewer, _code in weights)
    if is_ordinary(mention.name):
        # "La garde à vue" differs from "la ville de La Garde" by its capital only.
        return (
            is_introduced
            and mention.name[0] not in ARTICLES
            and (has_cases or population >= _CITY_POPULATION)
        )
    nouns = [word for word in mention.name if word not in ARTICLES]
    return (
        is_introduced
        or _begins_with_capital(mention)
        or len(nouns) > 1
        or has_cases
        or population >= _TOWN_POPULATION
    )


def is_place_number(text: str, text_words: Sequence[TextWord], index: int) -> bool:
    """Whether a number among words may be that of a département, a postal or an INSEE code.

    "Le maire du 93", "filmer 93220" are; "article 65", "10000 euros" and "le 12" are not.
    """
    word = text_words[index]
    if len(word.folded) == 1:
        return False
    previous_sign = text[word.start - 1 : word.start] or " "
    next_sign = text[word.end : word.end + 1] or " "
    if (previous_sign, next_sign) == ("(", ")"):
        return True
    if not (previous_sign.isspace() or previous_sign in "('’") or not (
        next_sign.isspace() or next_sign in "),;.!?"
    ):
        return False
    if text[word.end :].lstrip()[:1] in ("€", "$", "%"):
        return False
    previous_word = text_words[index - 1].folded if index else ""
    next_word = text_words[index + 1].folded if index + 1 < len(text_words) else ""
    if previous_word in COUNTED_NOUNS or next_word in _AMOUNT_UNITS or next_word[:1].isdecimal():
        return False
    if not word.folded.isdecimal():
        return True
    if not is_departement_code(word.folded):
        return not next_word or not previous_word or previous_word in PREPOSITIONS
    if previous_word in OFFICES or (
        previous_word == "le" and _follows_word(text_words, index - 1, "dans")
    ):
        return True
    is_introduced = not next_word or previous_word == "le" or previous_word in CONTRACTED_ARTICLES
    return is_introduced and int(word.folded) > _MAX_DAY


def _follows_word(text_words: Sequence[TextWord], index: int, expected: str) -> bool:
    return index > 0 and text_words[index - 1].folded == expected


def _is_sure(mention: PlaceMention) -> bool:
    if " ".join(mention.name) in OFFICES:
        return False
    return _is_hyphenated(mention) or _follows_office(mention) or _is_proper(mention)


def _is_hyphenated(mention: PlaceMention) -> bool:
    """ "Noisy-le-Sec": nobody writes so but for a name."""
    gaps = (
        mention.text[word.end : next_word.start]
        for word, next_word in pairwise(mention.text_words[mention.start : mention.end])
    )
    return any(gap == "\u2212" or (len(gap) == 1 and category(gap) == "Pd") for gap in gaps)


def _follows_office(mention: PlaceMention) -> bool:
    """ "mairie de", "conseil municipal du"."""
    if mention.previous_word not in PREPOSITIONS:
        return False
    folded = [word.folded for word in mention.text_words[: mention.start - 1]]
    return any(" ".join(folded[-size:]) in OFFICES for size in (1, 2, 3))


def _is_proper(mention: PlaceMention) -> bool:
    """A capital that is neither the first of a sentence nor one of many."""
    preceding_sign = mention.text[: mention.text_words[mention.start].start].rstrip()[-1:]
    if preceding_sign in ("", ".", "!", "?", "…"):
        return False
    has_article = not mention.is_contracted and mention.name[0] in ARTICLES
    capitals = [mention.start + has_article]
    if has_article and is_ordinary(mention.name):
        # "La Garde", but "la Chambre criminelle" of a court.
        capitals.append(mention.start)
    return all(_is_capital(mention, index) for index in capitals) and any(
        len(word.folded) > _LONG_WORD and mention.text[word.start].islower()
        for word in mention.text_words
    )


def _begins_with_capital(mention: PlaceMention) -> bool:
    """A capital at the beginning, which a telephone may have put there."""
    return mention.start == 0 and _is_capital(mention, 0)


def _is_capital(mention: PlaceMention, index: int) -> bool:
    return mention.text[mention.text_words[index].start].isupper()
