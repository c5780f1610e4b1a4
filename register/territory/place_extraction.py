"""Places that are named among other words: "filmer à Gagny", "blog de Saint-Denis 93"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from register.territory.area_hints import area
from register.territory.common_words import is_ordinary
from register.territory.disambiguation import COUNTED, Mention, is_number_of_a_place, is_offered
from register.territory.exact_matchers import STEPS, bearing, read
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import Reading, Resolution, ordered
from register.territory.name_normalisation import (
    ARTICLES,
    BODIES,
    COMMUNE,
    CONTRACTED,
    LONGEST,
    OFFICES,
    PREPOSITIONS,
    Statement,
    Words,
    numbered,
    ordinal,
    statements,
)
from register.territory.short_names import longer
from register.territory.tokenizer import Word, words

MOST = 3
# Words that may stand before a name, "18e arrondissement de", and after it, "(région Provence-…)".
_BEFORE, _AFTER = 3, 7
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]")
_LOOSE = re.compile(r"(?:(?<=\s)|^)[,;:/–—-]+(?=\s|$)|^[\s,;:]+|[\s,;:]+$")


@dataclass(frozen=True, slots=True)
class Placed:
    """Words of a text that name a place.

    ``resolution``: what they may mean; ``text``: the words as typed; ``rest``: the text without
    them and the preposition before them, to be searched for; empty when the whole text is a place.
    """

    resolution: Resolution
    text: str
    rest: str


@dataclass(frozen=True, slots=True)
class _Found:
    first: int
    last: int
    readings: tuple[Reading, ...]


def placed(
    gazetteer: Gazetteer, text: str, known: Mapping[str, int] | None = None
) -> tuple[Placed, ...]:
    """The places that a text names, those of most words first, at most :data:`MOST`.

    A word that usually means something else counts only where something says that it is a place:
    a capital, a hyphen, "mairie de", a département beside it, or its being all there is.
    """
    counts = known or {}
    said = words(text[:LONGEST])
    whole = _whole(gazetteer, text, said, counts)
    if whole:
        return (Placed(Resolution(ordered(gazetteer, whole, counts)), text.strip(), ""),)
    found = sorted(
        _named(gazetteer, text, said, counts), key=lambda one: (one.first - one.last, one.first)
    )
    chosen: dict[tuple[Reading, ...], _Found] = {}
    for one in found:
        if all(one.last <= other.first or other.last <= one.first for other in chosen.values()):
            # A place that is named twice is offered once.
            chosen.setdefault(ordered(gazetteer, one.readings, counts), one)
    return tuple(
        Placed(Resolution(readings), *_cut(text, said, one))
        for readings, one in list(chosen.items())[:MOST]
    )


def _whole(
    gazetteer: Gazetteer, text: str, said: Sequence[Word], known: Mapping[str, int]
) -> list[Reading]:
    """What the text is as a whole; but "conseil municipal de Gagny" says more than Gagny."""
    if not said or any(not word.folded for word in said):
        return []
    for statement in statements(text[:LONGEST]):
        found = read(gazetteer, statement)
        if found and statement.office not in BODIES and " ".join(statement.words) not in OFFICES:
            more = longer(gazetteer, statement.words, found, known, statement.kinds)
            return found + more if _is_literal(gazetteer, statement) else []
    return []


def _is_literal(gazetteer: Gazetteer, statement: Statement) -> bool:
    """Whether ordinary words are a name as they stand: "le titre" is, "le maire" is not Maire."""
    return not is_ordinary(statement.words) or bool(bearing(gazetteer, " ".join(statement.words)))


def _named(
    gazetteer: Gazetteer, text: str, said: Sequence[Word], known: Mapping[str, int]
) -> Iterator[_Found]:
    for mention, readings in _mentions(gazetteer, text, said):
        if wider := _wider(gazetteer, mention):
            yield wider
        elif is_offered(gazetteer, mention, readings, known):
            more = longer(gazetteer, mention.name, readings, known)
            yield _Found(mention.first, mention.last, (*readings, *more))
    for place, word in enumerate(said):
        if word.folded[:1].isdecimal() and is_number_of_a_place(text, said, place):
            coded = [one for reader in STEPS[0] for one in reader(gazetteer, (word.folded,))]
            if coded:
                yield _Found(place, place + 1, tuple(coded))


def _mentions(
    gazetteer: Gazetteer, text: str, said: Sequence[Word]
) -> Iterator[tuple[Mention, list[Reading]]]:
    """Every run of words that is the name of something."""
    longest = gazetteer.spellings.most_words
    for first in range(len(said)):
        name: Words = ()
        for last in range(first + 1, min(len(said), first + longest) + 1):
            name += (said[last - 1].folded,)
            article = CONTRACTED.get(said[first - 1].folded, "") if first else ""
            for full in ((article, *name), name) if article else (name,):
                mention = Mention(text, said, first, last, full)
                if readings := _borne(gazetteer, mention):
                    yield mention, readings
                    break


def _borne(gazetteer: Gazetteer, mention: Mention) -> list[Reading]:
    """What bears the name; nobody is "en" a commune, so "en Bretagne" is no village."""
    found = bearing(gazetteer, " ".join(mention.name))
    lands = [reading for reading in found if reading.kind != COMMUNE]
    return lands if lands and mention.before == "en" else found


def _wider(gazetteer: Gazetteer, mention: Mention) -> _Found | None:
    """The name with what says where it is, "Saint-Denis (93)", or which part, "Paris 18e"."""
    said = tuple(word.folded for word in mention.words)
    name = mention.name
    firsts = [mention.first, *_starts(said, mention.first)]
    lasts = [mention.last, *_ends(gazetteer, said, mention)]
    for first, last in sorted(product(firsts, lasts), key=lambda ends: ends[0] - ends[1]):
        around = (*said[first : mention.first], *name, *said[mention.last : last])
        if len(around) == len(name) or "" in around:
            continue
        found = [one for reader in STEPS[1] for one in reader(gazetteer, around)]
        if found and not _is_apart(mention, last, found):
            return _Found(first, last, tuple(found))
    return None


def _starts(said: Words, first: int) -> Iterator[int]:
    """Where "93200" or "18e arrondissement de" may begin before a name."""
    for start in range(max(0, first - _BEFORE), first):
        if said[start][:1].isdecimal() or ordinal(said[start]):
            yield start


def _ends(gazetteer: Gazetteer, said: Words, mention: Mention) -> Iterator[int]:
    """Where "93", "La Réunion" or "18e" may end after a name."""
    for last in range(mention.last + 1, min(len(said), mention.last + _AFTER) + 1):
        after = said[mention.last : last]
        if "" not in after and (area(gazetteer, after) or numbered((*mention.name, *after))):
            yield last


def _is_apart(mention: Mention, last: int, found: Sequence[Reading]) -> bool:
    """Whether a number after the name is the next word's: "Paris 18 élus", "(17e chambre)"."""
    end = mention.words[last - 1].end
    if "(" in mention.text[mention.words[mention.last - 1].end : end]:
        return mention.text[end : end + 1] != ")"
    number = mention.words[last - 1].folded
    following = mention.words[last].folded if last < len(mention.words) else ""
    ranks = bool(ordinal(number)) and found[0].why == "arrondissement"
    return ranks and (following in COUNTED or (number.isdecimal() and following != ""))


def _cut(text: str, said: Sequence[Word], found: _Found) -> tuple[str, str]:
    """The words that name the place, and the text without them and without "à", "dans le"."""
    start, end = said[found.first].start, said[found.last - 1].end
    if "(" in text[start:end] and text[end : end + 1] == ")":
        end += 1
    before = start
    words_before = [word.folded for word in said[max(0, found.first - 2) : found.first]]
    led = 0
    if words_before[-1:] and words_before[-1] in PREPOSITIONS:
        led = 1
    elif len(words_before) == 2 and words_before[1] in ARTICLES and words_before[0] in PREPOSITIONS:
        led = 2
    if led:
        before = said[found.first - led].start
    rest = _EMPTY.sub(" ", f"{text[:before]} {text[end:]}")
    return text[start:end], " ".join(_LOOSE.sub(" ", rest).split())
