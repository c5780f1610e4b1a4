"""Exact matchers: the places that words mean to the letter.

Each matcher says every place that the words can mean in its way, and nothing else decides. A new
way is one more function in a step of ``MATCHER_STEPS``; a step is tried when those before it read
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from register.territory import name_normalisation as names
from register.territory.gazetteer import ARRONDISSEMENT, Gazetteer
from register.territory.place_queries import (
    departement_prefix,
    is_commune_code,
    is_departement_code,
)
from register.territory.places import Alias
from register.territory.readings import (
    PRESENT_NAMES,
    SECONDARY_NAMES,
    CaseCounts,
    PlaceReading,
    alias_reading,
    area_reading,
    commune_reading,
    distinct_readings,
    primary_readings,
    readings_of_name,
    sort_weight,
)

# Codes of places: what is meant is one of them or lies in one of them.
AreaCodes = frozenset[str]

# --- areas beside a name ------------------------------------------------------------------------

# "Provence-Alpes-Côte d'Azur" has five words, "Terres australes et antarctiques françaises" too,
# which leaves two for "en région".
_MAX_AREA_WORDS = 7


def parse_area(gazetteer: Gazetteer, words: names.Words) -> AreaCodes:
    """Codes that words beside a name mean; none when they are no code or name of a land."""
    if words[0] == "sur":
        # The Sarthe of Chemiré-sur-Sarthe is the river.
        return frozenset()
    bare_words = names.after_preposition(words)
    if len(bare_words) > 1 and bare_words[0] in names.SEATS:
        bare_words = names.after_preposition(bare_words[1:])
    if len(bare_words) == 1 and bare_words[0][0].isdecimal():
        return _codes_at_code(gazetteer, bare_words[0].upper())
    codes: set[str] = set()
    for spelling in (" ".join(bare_words), *_other_spellings(gazetteer, " ".join(bare_words))):
        for reading in readings_of_name(gazetteer, spelling):
            if reading.why == "departement_nom":
                codes.add(reading.code)
            elif reading.why == "region_nom":
                areas = gazetteer.departements.values()
                codes |= {area.code for area in areas if area.region_code == reading.code}
    return frozenset(codes)


def _codes_at_code(gazetteer: Gazetteer, code: str) -> AreaCodes:
    """The codes behind a département's number, a postal code or an INSEE code.

    A large receiver of mail has a postal code of its own (CEDEX), which begins like its
    département's.
    """
    departement = code.zfill(2)
    if is_departement_code(departement):
        return frozenset({departement})
    if not is_commune_code(code):
        return frozenset()
    readings = [*by_postal_code(gazetteer, (code,)), *by_code(gazetteer, (code,))]
    codes = {reading.code for reading in readings} | {r.alias_code or r.code for r in readings}
    return frozenset(codes or {departement_prefix(code)})


def split_off_areas(
    gazetteer: Gazetteer, words: names.Words
) -> Iterator[tuple[names.Words, tuple[AreaCodes, ...]]]:
    """Each way to take the words as a name and an area before it, after it, or both."""
    sizes = range(1, min(_MAX_AREA_WORDS, len(words) - 1) + 1)
    leading = [(size, area) for size in sizes if (area := parse_area(gazetteer, words[:size]))]
    trailing = [(size, area) for size in sizes if (area := parse_area(gazetteer, words[-size:]))]
    for start, leading_area in ((0, None), *leading):
        for size, trailing_area in ((0, None), *trailing):
            name = words[start : len(words) - size]
            if name and (areas := tuple(filter(None, (leading_area, trailing_area)))):
                yield name, areas


def narrow_to_areas(
    gazetteer: Gazetteer, reading: PlaceReading, areas: Iterable[AreaCodes]
) -> PlaceReading | None:
    """The reading, if it is in all the areas; through an arrondissement if one was said."""
    for codes in areas:
        if codes.isdisjoint((reading.code, reading.departement_code)):
            return None
        for alias in gazetteer.arrondissements.get(reading.code, {}).values():
            if alias.code in codes and reading.kind == names.COMMUNE:
                reading = alias_reading(gazetteer, alias)
    return reading


# --- matchers -----------------------------------------------------------------------------------

Matcher = Callable[[Gazetteer, names.Words], Iterable[PlaceReading]]


def by_code(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
    """An INSEE code, present or former."""
    code = _five_characters(words)
    place = gazetteer.commune(code) if is_commune_code(code) else None
    if place is None:
        return
    if place.code == code:
        yield commune_reading(place, "code_insee")
    elif alias := next(iter(gazetteer.aliases_by_code.get(code, ())), None):
        match_kind = "arrondissement" if alias.kind == ARRONDISSEMENT else "ancien_code"
        yield commune_reading(place, match_kind, alias)
    elif code not in gazetteer.communes_by_postal_code:
        # The Seine before 1968 and Corsica before 1976 had codes that the post has given out
        # since. Nobody kept their names, and few people their numbers.
        unnamed = Alias(code, "", "", place.code)
        yield commune_reading(place, "ancien_code", unnamed)


def by_postal_code(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
    """A postal code; in a city that has arrondissements its last two digits are one's number."""
    postal_code = _five_characters(words)
    for code in gazetteer.communes_by_postal_code.get(postal_code, ()):
        alias = gazetteer.arrondissements.get(code, {}).get(int(postal_code[-2:]))
        yield commune_reading(gazetteer.communes[code], "code_postal", alias)


def _five_characters(words: names.Words) -> str:
    """Five characters in one word, or as some write a postal code: "93 220"."""
    if len(words) == 2 and [len(word) for word in words] == [2, 3]:
        return "".join(words).upper()
    return words[0].upper() if len(words) == 1 else ""


def by_departement_code(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
    """ "93", "2a", "1"; people also say "le 93"."""
    if words[0] in names.ARTICLES:
        words = words[1:]
    code = words[0].upper().zfill(2) if len(words) == 1 else ""
    if code in gazetteer.departements:
        yield area_reading(gazetteer, names.DEPARTEMENT, code, "departement_code")


def by_name(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
    """The name of anything; a former name may lack the article of a present one.

    "Bourg" is a commune, and not Le Bourg; but Cannet is one no more, and Le Cannet a town.
    """
    name = " ".join(words)
    readings = readings_of_name(gazetteer, name)
    yield from readings
    if readings and not any(reading.why in PRESENT_NAMES for reading in readings):
        for full_name in gazetteer.names_by_skeleton.get(name, ()):
            if names.without_article(full_name) == name:
                yield from readings_of_name(gazetteer, full_name)


def by_abbreviated_name(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
    """The name of anything, its small words left out or wrong, cut short, or by its initials.

    "Bourget" is Le Bourget, "Noisy Sec" Noisy-le-Sec, "Vitry s/Seine" Vitry-sur-Seine.
    """
    name = " ".join(words)
    spellings = (*_other_spellings(gazetteer, name), *names.expand_abbreviations(name))
    for spelling in dict.fromkeys(spellings):
        if spelling != name:
            yield from readings_of_name(gazetteer, spelling)


def _other_spellings(gazetteer: Gazetteer, name: str) -> Iterator[str]:
    bare_name = names.skeleton(name)
    yield bare_name
    yield from gazetteer.names_by_skeleton.get(bare_name, ())
    yield from gazetteer.names_by_initials.get(name, ())


def by_arrondissement(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
    """ "Paris 18e", "18e arrondissement"."""
    city_and_number = names.parse_arrondissement(words)
    if city_and_number is None:
        return
    name, number = " ".join(city_and_number[0]), city_and_number[1]
    for code, arrondissements in gazetteer.arrondissements.items():
        if number in arrondissements and name in ("", gazetteer.communes[code].folded):
            yield alias_reading(gazetteer, arrondissements[number])


def in_area(*matchers: Matcher) -> Matcher:
    """Matchers of a name with its area: "Saint-Denis (93)", "974 Saint-Denis", "Bourget (93)"."""

    def match(gazetteer: Gazetteer, words: names.Words) -> Iterator[PlaceReading]:
        for name, areas in split_off_areas(gazetteer, words):
            for matcher in matchers:
                for reading in matcher(gazetteer, name):
                    if narrowed := narrow_to_areas(gazetteer, reading, areas):
                        yield narrowed

    return match


MATCHER_STEPS: tuple[tuple[Matcher, ...], ...] = (
    (by_code, by_postal_code, by_departement_code, by_name),
    (by_arrondissement, in_area(by_name, by_arrondissement)),
    (by_abbreviated_name,),
    (in_area(by_abbreviated_name),),
)


def match_step(
    gazetteer: Gazetteer, step: int, words: names.Words, kinds: frozenset[str] = names.ALL_KINDS
) -> list[PlaceReading]:
    """What the matchers of one step read in the words."""
    return primary_readings(
        reading
        for matcher in MATCHER_STEPS[step]
        for reading in matcher(gazetteer, words)
        if reading.named_kind in kinds
    )


def match_exactly(gazetteer: Gazetteer, candidate: names.NameCandidate) -> list[PlaceReading]:
    """What the words are to the letter."""
    for step in range(len(MATCHER_STEPS)):
        if readings := match_step(gazetteer, step, candidate.words, candidate.kinds):
            return readings
    return []


# --- longer names ---------------------------------------------------------------------------------

BEGUN = "debut_du_nom"
# So many places can be offered for a choice; "Saint" begins the names of thousands.
MAX_CHOICES = 30
# Names with the same beginning that are looked at, those of most people first.
MAX_CANDIDATES = 400

# A town so many times as large as the namesake is as likely to be meant, and a village never is.
_SIZE_RATIO = 10
_TOWN_POPULATION = 10_000


def match_exactly_or_longer(
    gazetteer: Gazetteer, candidate: names.NameCandidate, case_counts: CaseCounts
) -> list[PlaceReading]:
    """What the words are to the letter, and what they are short for."""
    readings = match_exactly(gazetteer, candidate)
    return readings + longer_names(
        gazetteer, candidate.words, readings, case_counts, candidate.kinds
    )


def longer_names(
    gazetteer: Gazetteer,
    words: names.Words,
    readings: Sequence[PlaceReading],
    case_counts: CaseCounts,
    kinds: frozenset[str] = names.ALL_KINDS,
) -> list[PlaceReading]:
    """What else a name may be the beginning of; none when too much is, or a namesake has a case.

    An old name leaves room for all: Boulogne was a commune of Vendée. A present one leaves it for
    towns that are much larger, and for places as large that have published cases.

    :param readings: what bears the name as it was typed.
    :param case_counts: number of published cases by present commune code.
    """
    whys = {reading.why for reading in readings}
    if not readings or whys - PRESENT_NAMES - SECONDARY_NAMES - {"ancienne_commune"}:
        return []
    weights = [
        sort_weight(gazetteer, reading, case_counts)
        for reading in readings
        if reading.why in PRESENT_NAMES
    ]
    if any(cases for cases, _fewer_people, _code in weights):
        return []
    min_population = max((-fewer_people for _cases, fewer_people, _code in weights), default=None)

    def is_likely(reading: PlaceReading) -> bool:
        if min_population is None:
            return True
        cases, fewer_people, _code = sort_weight(gazetteer, reading, case_counts)
        if reading.kind != names.COMMUNE or -fewer_people < min_population:
            return False
        town_population = max(_TOWN_POPULATION, _SIZE_RATIO * min_population)
        return cases < 0 or (reading.why == "nom" and -fewer_people >= town_population)

    likely = [
        replace(reading, why=BEGUN)
        for name in names_beginning_with(gazetteer, words)
        for reading in readings_of_name(gazetteer, name)
        if reading.kind in kinds and is_likely(reading)
    ]
    return likely if len(distinct_readings(gazetteer, likely)) <= MAX_CHOICES else []


def names_beginning_with(gazetteer: Gazetteer, words: names.Words) -> list[str]:
    """Names that begin with these words and go on, an article before them aside."""
    typed = " ".join(words)
    name_index, positions = gazetteer.name_index, []
    for article in ("", *(f"{article} " for article in sorted(names.ARTICLES))):
        positions += name_index.positions_of_word_prefix(f"{article}{typed} ")[0]
    return [name_index.names[position] for position in positions[:MAX_CANDIDATES]]
