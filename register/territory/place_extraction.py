"""Places that are named among other words: "filmer à Gagny", "blog de Saint-Denis 93"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from unicodedata import category

from register.territory import name_normalisation as names
from register.territory.exact_matchers import (
    longer_names,
    match_exactly_or_longer,
    match_step,
    parse_area,
)
from register.territory.gazetteer import Gazetteer
from register.territory.place_queries import is_departement_code
from register.territory.readings import (
    SECONDARY_NAMES,
    PlaceReading,
    PlaceResolution,
    primary_readings,
    rank_readings,
    readings_of_name,
    sort_weight,
)

MAX_PLACES = 3
# Words that may stand before a name, "18e arrondissement de", and after it, "(région Provence-…)".
_MAX_WORDS_BEFORE, _MAX_WORDS_AFTER = 3, 7
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")
_LOOSE_PUNCTUATION = re.compile(r"(?:(?<=\s)|^)[,;:/–—-]+(?=\s|$)|^[\s,;:]+|[\s,;:]+$")
# Inhabitants. A town of so many is offered for its bare name in small letters; a city of so many
# even for one that is an ordinary word, after "à" or "de": "à nice".
_TOWN_POPULATION = 2_000
_CITY_POPULATION = 10_000
_NAME_PREPOSITIONS = frozenset({"a", "d", "de"})
_LONG_WORD = 3  # letters; "de" and "le" are small in titles too
# What a number beside these words is of: a law, a page, a chamber of a court; a sum.
_COUNTED_NOUNS = frozenset(
    ("alinea", "art", "article", "articles", "chambre", "loi", "n", "no", "numero", "page", "pages")
)
_AMOUNT_UNITS = frozenset(("dollars", "eur", "euro", "euros", "francs", "habitants"))
_MAX_DAY = 31


@dataclass(frozen=True, slots=True)
class ExtractedPlace:
    """Words of a text that name a place.

    ``resolution``: what they may mean; ``matched_text``: the words as typed; ``remaining_text``:
    the text without them and the preposition before them, to be searched for; empty when the whole
    text is a place.
    """

    resolution: PlaceResolution
    matched_text: str
    remaining_text: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    words: Sequence[names.TextWord]

    def folded(self, index: int) -> str:
        """A folded word; empty before the first and after the last."""
        return self.words[index].folded if 0 <= index < len(self.words) else ""

    def is_capital(self, index: int) -> bool:
        """Whether a word begins with a capital."""
        return self.text[self.words[index].start].isupper()


@dataclass(frozen=True, slots=True)
class _PlaceMention:
    """The words from ``start`` to before ``end``, which are the name of a place.

    ``name``: the folded words of that name; the article of "du Bourget" is one of them.
    """

    phrase: _Phrase
    start: int
    end: int
    name: names.Words

    @property
    def is_contracted(self) -> bool:
        """Whether the article of the name is hidden in "du", "au", "des" or "aux"."""
        return len(self.name) > self.end - self.start


@dataclass(frozen=True, slots=True)
class _PlaceMatch:
    start: int
    end: int
    readings: tuple[PlaceReading, ...]


def extract_places(
    gazetteer: Gazetteer, text: str, case_counts: Mapping[str, int] | None = None
) -> tuple[ExtractedPlace, ...]:
    """The places that a text names, those of most words first, at most :data:`MAX_PLACES`.

    A word that usually means something else counts only where something says that it is a place:
    a capital, a hyphen, "mairie de", a département beside it, or its being all there is.
    """
    counts = case_counts or {}
    phrase = _Phrase(text, names.split_words(text[: names.MAX_TYPED_LENGTH]))
    if whole_readings := _whole_text_readings(gazetteer, phrase, counts):
        resolution = PlaceResolution(rank_readings(gazetteer, whole_readings, counts))
        return (ExtractedPlace(resolution, text.strip(), ""),)
    matches = sorted(
        _find_matches(gazetteer, phrase, counts),
        key=lambda match: (match.start - match.end, match.start),
    )
    chosen: dict[tuple[PlaceReading, ...], _PlaceMatch] = {}
    for match in matches:
        if all(match.end <= other.start or other.end <= match.start for other in chosen.values()):
            # A place that is named twice is offered once.
            chosen.setdefault(rank_readings(gazetteer, match.readings, counts), match)
    return tuple(
        ExtractedPlace(PlaceResolution(readings), *_split_text(phrase, match))
        for readings, match in list(chosen.items())[:MAX_PLACES]
    )


def _whole_text_readings(
    gazetteer: Gazetteer, phrase: _Phrase, case_counts: Mapping[str, int]
) -> list[PlaceReading]:
    """What the text is as a whole; but "conseil municipal de Gagny" says more than Gagny."""
    if not phrase.words or any(not word.folded for word in phrase.words):
        return []
    for candidate in names.name_candidates(phrase.text[: names.MAX_TYPED_LENGTH]):
        name = " ".join(candidate.words)
        readings = match_exactly_or_longer(gazetteer, candidate, case_counts)
        if readings and candidate.office not in names.BODIES and name not in names.OFFICES:
            # Ordinary words are a name as they stand: "le titre" is, "le maire" is not Maire.
            is_literal = not names.is_ordinary(candidate.words) or readings_of_name(gazetteer, name)
            return readings if is_literal else []
    return []


def _find_matches(
    gazetteer: Gazetteer, phrase: _Phrase, case_counts: Mapping[str, int]
) -> Iterator[_PlaceMatch]:
    for mention, readings in _find_mentions(gazetteer, phrase):
        if area_match := _match_with_area(gazetteer, mention):
            yield area_match
        elif _is_offered(gazetteer, mention, readings, case_counts):
            longer_readings = longer_names(gazetteer, mention.name, readings, case_counts)
            yield _PlaceMatch(mention.start, mention.end, (*readings, *longer_readings))
    for index, word in enumerate(phrase.words):
        is_number = word.folded[:1].isdecimal() and _is_place_number(phrase, index)
        if is_number and (readings := match_step(gazetteer, 0, (word.folded,))):
            yield _PlaceMatch(index, index + 1, tuple(readings))


def _find_mentions(
    gazetteer: Gazetteer, phrase: _Phrase
) -> Iterator[tuple[_PlaceMention, list[PlaceReading]]]:
    """Every run of words that is the name of something."""
    longest = gazetteer.name_index.max_words
    for start in range(len(phrase.words)):
        name: names.Words = ()
        previous_word = phrase.folded(start - 1)
        article = names.CONTRACTED_ARTICLES.get(previous_word, "")
        for end in range(start + 1, min(len(phrase.words), start + longest) + 1):
            name += (phrase.folded(end - 1),)
            for full_name in ((article, *name), name) if article else (name,):
                readings = primary_readings(readings_of_name(gazetteer, " ".join(full_name)))
                if len(name) == 1 and {reading.why for reading in readings} <= SECONDARY_NAMES:
                    # One word that nothing of today is called is hardly ever a place.
                    readings = []
                if previous_word == "en":
                    # Nobody is "en" a commune, so "en Bretagne" is no village.
                    readings = [
                        match for match in readings if match.kind != names.COMMUNE
                    ] or readings
                if readings:
                    yield _PlaceMention(phrase, start, end, full_name), readings
                    break


def _match_with_area(gazetteer: Gazetteer, mention: _PlaceMention) -> _PlaceMatch | None:
    """The name with what says where it is, "Saint-Denis (93)", or which part, "Paris 18e"."""
    folded_words = tuple(word.folded for word in mention.phrase.words)
    # "93200" or "18e arrondissement de" before the name; "93", "La Réunion" or "18e" after it.
    possible_starts = [
        start
        for start in range(max(0, mention.start - _MAX_WORDS_BEFORE), mention.start)
        if folded_words[start][:1].isdecimal() or names.parse_ordinal(folded_words[start])
    ]
    last_end = min(len(folded_words), mention.end + _MAX_WORDS_AFTER)
    possible_ends = [
        end
        for end in range(mention.end + 1, last_end + 1)
        if "" not in (following_words := folded_words[mention.end : end])
        and (
            parse_area(gazetteer, following_words)
            or names.parse_arrondissement((*mention.name, *following_words))
        )
    ]
    for start, end in sorted(
        product([mention.start, *possible_starts], [mention.end, *possible_ends]),
        key=lambda bounds: bounds[0] - bounds[1],
    ):
        words_before = folded_words[start : mention.start]
        words_after = folded_words[mention.end : end]
        widened_name = (*words_before, *mention.name, *words_after)
        if len(widened_name) == len(mention.name) or "" in widened_name:
            continue
        readings = tuple(match_step(gazetteer, 1, widened_name))
        if readings and not _is_unrelated_number(mention, end, readings):
            return _PlaceMatch(start, end, readings)
    return None


def _is_unrelated_number(
    mention: _PlaceMention, end_index: int, readings: Sequence[PlaceReading]
) -> bool:
    """Whether a number after the name is the next word's: "Paris 18 élus", "(17e chambre)"."""
    phrase = mention.phrase
    end = phrase.words[end_index - 1].end
    if "(" in phrase.text[phrase.words[mention.end - 1].end : end]:
        return phrase.text[end : end + 1] != ")"
    number, next_word = phrase.folded(end_index - 1), phrase.folded(end_index)
    is_rank = bool(names.parse_ordinal(number)) and readings[0].why == "arrondissement"
    return is_rank and (next_word in _COUNTED_NOUNS or (number.isdecimal() and next_word != ""))


def _split_text(phrase: _Phrase, match: _PlaceMatch) -> tuple[str, str]:
    """The words that name the place, and the text without them and without "à", "dans le"."""
    text, words = phrase.text, phrase.words
    start, end = words[match.start].start, words[match.end - 1].end
    if "(" in text[start:end] and text[end : end + 1] == ")":
        end += 1
    cut = match.start
    if phrase.folded(cut - 1) in names.PREPOSITIONS:
        cut -= 1
    elif phrase.folded(cut - 1) in names.ARTICLES and phrase.folded(cut - 2) in names.PREPOSITIONS:
        cut -= 2
    remaining = _EMPTY_BRACKETS.sub(" ", f"{text[: words[cut].start]} {text[end:]}")
    return text[start:end], " ".join(_LOOSE_PUNCTUATION.sub(" ", remaining).split())


def _is_offered(
    gazetteer: Gazetteer,
    mention: _PlaceMention,
    readings: Iterable[PlaceReading],
    case_counts: Mapping[str, int],
) -> bool:
    """Whether a name in the middle of other words is taken for a place."""
    if _is_sure(mention):
        return True
    previous_word = mention.phrase.folded(mention.start - 1)
    is_introduced = mention.is_contracted or previous_word in _NAME_PREPOSITIONS
    weights = [sort_weight(gazetteer, reading, case_counts) for reading in readings]
    population = max(-fewer for _cases, fewer, _code in weights)
    has_cases = any(cases for cases, _fewer, _code in weights)
    if names.is_ordinary(mention.name):
        # "La garde à vue" differs from "la ville de La Garde" by its capital only.
        return (
            is_introduced
            and mention.name[0] not in names.ARTICLES
            and (has_cases or population >= _CITY_POPULATION)
        )
    return (
        is_introduced
        # A telephone may have put the capital at the beginning.
        or (mention.start == 0 and mention.phrase.is_capital(0))
        or len([word for word in mention.name if word not in names.ARTICLES]) > 1
        or has_cases
        or population >= _TOWN_POPULATION
    )


def _is_sure(mention: _PlaceMention) -> bool:
    """Whether a hyphen, an office before the name, or a capital says that it is a place."""
    if " ".join(mention.name) in names.OFFICES:
        return False
    text, words = mention.phrase.text, mention.phrase.words
    gaps = [
        text[word.end : next_word.start]
        for word, next_word in pairwise(words[mention.start : mention.end])
    ]
    if any(gap == "\u2212" or (len(gap) == 1 and category(gap) == "Pd") for gap in gaps):
        # "Noisy-le-Sec": nobody writes so but for a name.
        return True
    if mention.phrase.folded(mention.start - 1) in names.PREPOSITIONS:
        # "mairie de", "conseil municipal du".
        folded = [word.folded for word in words[: mention.start - 1]]
        if any(" ".join(folded[-size:]) in names.OFFICES for size in (1, 2, 3)):
            return True
    # A capital that is neither the first of a sentence nor one of many.
    if text[: words[mention.start].start].rstrip()[-1:] in ("", ".", "!", "?", "…"):
        return False
    has_article = not mention.is_contracted and mention.name[0] in names.ARTICLES
    capitals = [mention.start + has_article]
    if has_article and names.is_ordinary(mention.name):
        # "La Garde", but "la Chambre criminelle" of a court.
        capitals.append(mention.start)
    return all(mention.phrase.is_capital(index) for index in capitals) and any(
        len(word.folded) > _LONG_WORD and text[word.start].islower() for word in words
    )


def _is_place_number(phrase: _Phrase, index: int) -> bool:
    """Whether a number among words may be that of a département, a postal or an INSEE code.

    "Le maire du 93", "filmer 93220" are; "article 65", "10000 euros" and "le 12" are not.
    """
    word = phrase.words[index]
    if len(word.folded) == 1:
        return False
    previous_sign = phrase.text[word.start - 1 : word.start] or " "
    next_sign = phrase.text[word.end : word.end + 1] or " "
    if (previous_sign, next_sign) == ("(", ")"):
        return True
    if not (previous_sign.isspace() or previous_sign in "('’") or not (
        next_sign.isspace() or next_sign in "),;.!?"
    ):
        return False
    if phrase.text[word.end :].lstrip()[:1] in ("€", "$", "%"):
        return False
    previous_word, next_word = phrase.folded(index - 1), phrase.folded(index + 1)
    if previous_word in _COUNTED_NOUNS or next_word in _AMOUNT_UNITS or next_word[:1].isdecimal():
        return False
    if not word.folded.isdecimal():
        return True
    if not is_departement_code(word.folded):
        return not next_word or not previous_word or previous_word in names.PREPOSITIONS
    is_dans_le = previous_word == "le" and phrase.folded(index - 2) == "dans"
    if previous_word in names.OFFICES or is_dans_le:
        return True
    is_introduced = (
        not next_word or previous_word == "le" or previous_word in names.CONTRACTED_ARTICLES
    )
    return is_introduced and int(word.folded) > _MAX_DAY
