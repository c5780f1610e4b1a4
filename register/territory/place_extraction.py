"""Places that are named among other words: "filmer à Gagny", "blog de Saint-Denis 93"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from register.territory.disambiguation import (
    COUNTED_NOUNS,
    PlaceMention,
    TextWord,
    is_offered,
    is_place_number,
    split_words,
)
from register.territory.exact_matchers import (
    MATCHER_STEPS,
    match_exactly,
    parse_area,
    readings_of_name,
)
from register.territory.fuzzy import longer_names
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import PlaceReading, PlaceResolution, rank_readings
from register.territory.name_normalisation import (
    ARTICLES,
    BODIES,
    COMMUNE,
    CONTRACTED_ARTICLES,
    MAX_TYPED_LENGTH,
    OFFICES,
    PREPOSITIONS,
    NameCandidate,
    Words,
    is_ordinary,
    name_candidates,
    parse_arrondissement,
    parse_ordinal,
)

MAX_PLACES = 3
# Words that may stand before a name, "18e arrondissement de", and after it, "(région Provence-…)".
_MAX_WORDS_BEFORE, _MAX_WORDS_AFTER = 3, 7
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")
_LOOSE_PUNCTUATION = re.compile(r"(?:(?<=\s)|^)[,;:/–—-]+(?=\s|$)|^[\s,;:]+|[\s,;:]+$")


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
    text_words = split_words(text[:MAX_TYPED_LENGTH])
    whole_readings = _whole_text_readings(gazetteer, text, text_words, counts)
    if whole_readings:
        return (
            ExtractedPlace(
                PlaceResolution(rank_readings(gazetteer, whole_readings, counts)), text.strip(), ""
            ),
        )
    matches = sorted(
        _find_matches(gazetteer, text, text_words, counts),
        key=lambda match: (match.start - match.end, match.start),
    )
    chosen: dict[tuple[PlaceReading, ...], _PlaceMatch] = {}
    for match in matches:
        if all(
            match.end <= chosen_match.start or chosen_match.end <= match.start
            for chosen_match in chosen.values()
        ):
            # A place that is named twice is offered once.
            chosen.setdefault(rank_readings(gazetteer, match.readings, counts), match)
    return tuple(
        ExtractedPlace(PlaceResolution(readings), *_split_text(text, text_words, match))
        for readings, match in list(chosen.items())[:MAX_PLACES]
    )


def _whole_text_readings(
    gazetteer: Gazetteer, text: str, text_words: Sequence[TextWord], case_counts: Mapping[str, int]
) -> list[PlaceReading]:
    """What the text is as a whole; but "conseil municipal de Gagny" says more than Gagny."""
    if not text_words or any(not word.folded for word in text_words):
        return []
    for candidate in name_candidates(text[:MAX_TYPED_LENGTH]):
        readings = match_exactly(gazetteer, candidate)
        if readings and candidate.office not in BODIES and " ".join(candidate.words) not in OFFICES:
            longer_readings = longer_names(
                gazetteer, candidate.words, readings, case_counts, candidate.kinds
            )
            return readings + longer_readings if _is_literal(gazetteer, candidate) else []
    return []


def _is_literal(gazetteer: Gazetteer, candidate: NameCandidate) -> bool:
    """Whether ordinary words are a name as they stand: "le titre" is, "le maire" is not Maire."""
    return not is_ordinary(candidate.words) or bool(
        readings_of_name(gazetteer, " ".join(candidate.words))
    )


def _find_matches(
    gazetteer: Gazetteer, text: str, text_words: Sequence[TextWord], case_counts: Mapping[str, int]
) -> Iterator[_PlaceMatch]:
    for mention, readings in _find_mentions(gazetteer, text, text_words):
        if area_match := _match_with_area(gazetteer, mention):
            yield area_match
        elif is_offered(gazetteer, mention, readings, case_counts):
            longer_readings = longer_names(gazetteer, mention.name, readings, case_counts)
            yield _PlaceMatch(mention.start, mention.end, (*readings, *longer_readings))
    for index, word in enumerate(text_words):
        if word.folded[:1].isdecimal() and is_place_number(text, text_words, index):
            code_readings = [
                reading
                for matcher in MATCHER_STEPS[0]
                for reading in matcher(gazetteer, (word.folded,))
            ]
            if code_readings:
                yield _PlaceMatch(index, index + 1, tuple(code_readings))


def _find_mentions(
    gazetteer: Gazetteer, text: str, text_words: Sequence[TextWord]
) -> Iterator[tuple[PlaceMention, list[PlaceReading]]]:
    """Every run of words that is the name of something."""
    longest = gazetteer.name_index.max_words
    for start in range(len(text_words)):
        name: Words = ()
        for end in range(start + 1, min(len(text_words), start + longest) + 1):
            name += (text_words[end - 1].folded,)
            article = CONTRACTED_ARTICLES.get(text_words[start - 1].folded, "") if start else ""
            for full_name in ((article, *name), name) if article else (name,):
                mention = PlaceMention(text, text_words, start, end, full_name)
                if readings := _mention_readings(gazetteer, mention):
                    yield mention, readings
                    break


def _mention_readings(gazetteer: Gazetteer, mention: PlaceMention) -> list[PlaceReading]:
    """What bears the name; nobody is "en" a commune, so "en Bretagne" is no village."""
    readings = readings_of_name(gazetteer, " ".join(mention.name))
    areas = [reading for reading in readings if reading.kind != COMMUNE]
    return areas if areas and mention.previous_word == "en" else readings


def _match_with_area(gazetteer: Gazetteer, mention: PlaceMention) -> _PlaceMatch | None:
    """The name with what says where it is, "Saint-Denis (93)", or which part, "Paris 18e"."""
    folded_words = tuple(word.folded for word in mention.text_words)
    name = mention.name
    possible_starts = [mention.start, *_possible_starts(folded_words, mention.start)]
    possible_ends = [mention.end, *_possible_ends(gazetteer, folded_words, mention)]
    for start, end in sorted(
        product(possible_starts, possible_ends), key=lambda bounds: bounds[0] - bounds[1]
    ):
        widened_name = (
            *folded_words[start : mention.start],
            *name,
            *folded_words[mention.end : end],
        )
        if len(widened_name) == len(name) or "" in widened_name:
            continue
        readings = [
            reading for matcher in MATCHER_STEPS[1] for reading in matcher(gazetteer, widened_name)
        ]
        if readings and not _is_unrelated_number(mention, end, readings):
            return _PlaceMatch(start, end, tuple(readings))
    return None


def _possible_starts(folded_words: Words, name_start: int) -> Iterator[int]:
    """Where "93200" or "18e arrondissement de" may begin before a name."""
    for start in range(max(0, name_start - _MAX_WORDS_BEFORE), name_start):
        if folded_words[start][:1].isdecimal() or parse_ordinal(folded_words[start]):
            yield start


def _possible_ends(
    gazetteer: Gazetteer, folded_words: Words, mention: PlaceMention
) -> Iterator[int]:
    """Where "93", "La Réunion" or "18e" may end after a name."""
    for end in range(mention.end + 1, min(len(folded_words), mention.end + _MAX_WORDS_AFTER) + 1):
        following_words = folded_words[mention.end : end]
        if "" not in following_words and (
            parse_area(gazetteer, following_words)
            or parse_arrondissement((*mention.name, *following_words))
        ):
            yield end


def _is_unrelated_number(
    mention: PlaceMention, end_index: int, readings: Sequence[PlaceReading]
) -> bool:
    """Whether a number after the name is the next word's: "Paris 18 élus", "(17e chambre)"."""
    end = mention.text_words[end_index - 1].end
    if "(" in mention.text[mention.text_words[mention.end - 1].end : end]:
        return mention.text[end : end + 1] != ")"
    number = mention.text_words[end_index - 1].folded
    next_word = mention.text_words[end_index].folded if end_index < len(mention.text_words) else ""
    is_rank = bool(parse_ordinal(number)) and readings[0].why == "arrondissement"
    return is_rank and (next_word in COUNTED_NOUNS or (number.isdecimal() and next_word != ""))


def _split_text(text: str, text_words: Sequence[TextWord], match: _PlaceMatch) -> tuple[str, str]:
    """The words that name the place, and the text without them and without "à", "dans le"."""
    start, end = text_words[match.start].start, text_words[match.end - 1].end
    if "(" in text[start:end] and text[end : end + 1] == ")":
        end += 1
    cut_start = start
    previous_words = [word.folded for word in text_words[max(0, match.start - 2) : match.start]]
    preposition_words = 0
    if previous_words[-1:] and previous_words[-1] in PREPOSITIONS:
        preposition_words = 1
    elif (
        len(previous_words) == 2
        and previous_words[1] in ARTICLES
        and previous_words[0] in PREPOSITIONS
    ):
        preposition_words = 2
    if preposition_words:
        cut_start = text_words[match.start - preposition_words].start
    remaining = _EMPTY_BRACKETS.sub(" ", f"{text[:cut_start]} {text[end:]}")
    return text[start:end], " ".join(_LOOSE_PUNCTUATION.sub(" ", remaining).split())
