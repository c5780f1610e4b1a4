"""A place that a text can mean, and the exact matchers that find it.

Each matcher says every place that the words can mean in its way, and nothing else decides. A new
way is one more function in a step of ``MATCHER_STEPS``; a step is tried when those before it read
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from register.territory.gazetteer import (
    ARRONDISSEMENT,
    AreaHint,
    Gazetteer,
    arrondissement_of_postal_code,
    parse_area,
)
from register.territory.name_normalisation import (
    ARTICLES,
    COMMUNE,
    DEPARTEMENT,
    REGION,
    NameCandidate,
    Words,
    expand_abbreviations,
    parse_arrondissement,
    skeleton,
    without_article,
)
from register.territory.place_queries import is_commune_code, is_departement_code
from register.territory.places import Alias, Area, Commune

# Why a reading was made, and how far it is from the letter of the text: 0 is the nearest.
EXACTNESS = {
    "code_insee": 0,
    "departement_code": 0,
    "nom": 0,
    "code_postal": 1,
    "ancien_code": 2,
    "departement_nom": 2,
    "region_nom": 3,
    "arrondissement": 4,
    "ancienne_commune": 4,
    "dans_la_phrase": 4,
    "debut_du_nom": 5,
    "fin_du_nom": 6,
    "orthographe_proche": 6,
}
# What the whole text is not, as it was typed.
INEXACT = frozenset({"dans_la_phrase", "debut_du_nom", "fin_du_nom", "orthographe_proche"})

# Published cases and people, both negative, and a code.
SortWeight = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """One place that the text can mean.

    ``kind``: ``commune``, ``departement`` or ``region``. ``code`` and ``name`` are those of the
    present place, ``departement_code`` where it lies (None for a région). ``why`` is a key of
    ``EXACTNESS``. ``alias_name`` and ``alias_code`` are the name and INSEE code of the former or
    smaller place that led there, if any; of half of the former codes nobody kept the name.
    """

    kind: str
    code: str
    name: str
    departement_code: str | None
    why: str
    alias_name: str | None = None
    alias_code: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceResolution:
    """The readings of a text, the most likely first; close names when it has none."""

    readings: tuple[PlaceReading, ...]
    near_readings: tuple[PlaceReading, ...] = ()


def commune_reading(place: Commune, match_kind: str, alias: Alias | None = None) -> PlaceReading:
    """A reading of a commune, by itself or through another place."""
    alias_name, alias_code = (alias.name, alias.code) if alias else (None, None)
    return PlaceReading(
        COMMUNE, place.code, place.name, place.departement_code, match_kind, alias_name, alias_code
    )


def alias_reading(gazetteer: Gazetteer, alias: Alias) -> PlaceReading:
    """A reading of the commune that another name leads to."""
    match_kind = "arrondissement" if alias.kind == ARRONDISSEMENT else "ancienne_commune"
    return commune_reading(gazetteer.communes[alias.current_code], match_kind, alias)


def departement_reading(place: Area, match_kind: str) -> PlaceReading:
    """A reading of a département."""
    return PlaceReading(DEPARTEMENT, place.code, place.name, place.code, match_kind)


def readings_of_name(gazetteer: Gazetteer, name: str) -> list[PlaceReading]:
    """What bears this very folded name: communes, their other names, départements, régions."""
    return [
        *(commune_reading(place, "nom") for place in gazetteer.communes_by_name.get(name, ())),
        *(alias_reading(gazetteer, alias) for alias in gazetteer.aliases_by_name.get(name, ())),
        *(
            departement_reading(place, "departement_nom")
            for place in gazetteer.departements_by_name.get(name, ())
        ),
        *(
            PlaceReading(REGION, place.code, place.name, None, "region_nom")
            for place in gazetteer.regions_by_name.get(name, ())
        ),
    ]


def distinct_readings(gazetteer: Gazetteer, readings: Iterable[PlaceReading]) -> list[PlaceReading]:
    """One reading for each land: the most exact for a place, the smallest place for a land.

    Paris is a commune and a département, Guadeloupe a département and a région, and choosing
    between two names of the same ground is no choice.
    """
    best: dict[tuple[str, str], PlaceReading] = {}
    for reading in sorted(readings, key=lambda reading: EXACTNESS[reading.why]):
        best.setdefault((reading.kind, reading.code), reading)
    return [
        reading
        for (kind, code), reading in best.items()
        if not (
            (kind == DEPARTEMENT and (COMMUNE, gazetteer.sole_commune.get(code)) in best)
            or (kind == REGION and (DEPARTEMENT, gazetteer.sole_departement.get(code)) in best)
        )
    ]


def sort_weight(
    gazetteer: Gazetteer, reading: PlaceReading, case_counts: Mapping[str, int]
) -> SortWeight:
    """What orders readings that are equally exact: published cases, then people, then the code."""
    if reading.kind == COMMUNE:
        population = gazetteer.communes[reading.code].population or 0
        return -case_counts.get(reading.code, 0), -population, reading.code
    areas = gazetteer.departements if reading.kind == DEPARTEMENT else gazetteer.regions
    return 0, -areas[reading.code].population, reading.code


def rank_readings(
    gazetteer: Gazetteer, readings: Iterable[PlaceReading], case_counts: Mapping[str, int]
) -> tuple[PlaceReading, ...]:
    """One reading for each land, the most likely first."""

    def sort_key(reading: PlaceReading) -> tuple[int, SortWeight]:
        return EXACTNESS[reading.why], sort_weight(gazetteer, reading, case_counts)

    return tuple(sorted(distinct_readings(gazetteer, readings), key=sort_key))


# --- areas beside a name ------------------------------------------------------------------------

# "Provence-Alpes-Côte d'Azur" has five words, "Terres australes et antarctiques françaises" too,
# which leaves two for "en région".
_MAX_AREA_WORDS = 7


def split_off_areas(
    gazetteer: Gazetteer, words: Words
) -> Iterator[tuple[Words, tuple[AreaHint, ...]]]:
    """Each way to take the words as a name and an area before it, after it, or both."""
    sizes = range(1, min(_MAX_AREA_WORDS, len(words) - 1) + 1)
    leading = [(size, parse_area(gazetteer, words[:size])) for size in sizes]
    trailing = [(size, parse_area(gazetteer, words[-size:])) for size in sizes]
    for leading_size, leading_area in ((0, None), *leading):
        for trailing_size, trailing_area in ((0, None), *trailing):
            name = words[leading_size : len(words) - trailing_size]
            areas = tuple(area_hint for area_hint in (leading_area, trailing_area) if area_hint)
            if name and areas and len(areas) == (leading_size > 0) + (trailing_size > 0):
                yield name, areas


def narrow_to_areas(
    gazetteer: Gazetteer, reading: PlaceReading, area_hints: Iterable[AreaHint]
) -> PlaceReading | None:
    """The reading, if it is in all the areas; through an arrondissement if one was said."""
    for codes, arrondissement in area_hints:
        if reading.code not in codes and reading.departement_code not in codes:
            return None
        if arrondissement and (reading.kind, reading.code) == (
            COMMUNE,
            arrondissement.current_code,
        ):
            reading = alias_reading(gazetteer, arrondissement)
    return reading


# --- matchers -----------------------------------------------------------------------------------

Matcher = Callable[[Gazetteer, Words], Iterable[PlaceReading]]


def by_code(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
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
        yield PlaceReading(
            COMMUNE, place.code, place.name, place.departement_code, "ancien_code", None, code
        )


def by_postal_code(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    """A postal code; in a city that has arrondissements it is one of theirs."""
    postal = _five_characters(words)
    for code in gazetteer.communes_by_postal_code.get(postal, ()):
        alias = arrondissement_of_postal_code(gazetteer, code, postal)
        yield commune_reading(gazetteer.communes[code], "code_postal", alias)


def _five_characters(words: Words) -> str:
    """Five characters in one word, or as some write a postal code: "93 220"."""
    if len(words) == 2 and [len(word) for word in words] == [2, 3]:
        return "".join(words).upper()
    return words[0].upper() if len(words) == 1 else ""


def by_departement_code(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    """ "93", "2a", "1"; people also say "le 93"."""
    if words[0] in ARTICLES:
        words = words[1:]
    code = words[0].upper().zfill(2) if len(words) == 1 else ""
    if is_departement_code(code) and (place := gazetteer.departements.get(code)):
        yield departement_reading(place, "departement_code")


def by_name(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    """The name of anything; a former name may lack the article of a present one.

    "Bourg" is a commune, and not Le Bourg; but Cannet is one no more, and Le Cannet a town.
    """
    name = " ".join(words)
    readings = readings_of_name(gazetteer, name)
    yield from readings
    if readings and all(reading.why == "ancienne_commune" for reading in readings):
        for full_name in gazetteer.names_by_skeleton.get(name, ()):
            if without_article(full_name) == name:
                yield from readings_of_name(gazetteer, full_name)


def by_abbreviated_name(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    """The name of anything, its small words left out or wrong, cut short, or by its initials.

    "Bourget" is Le Bourget, "Noisy Sec" Noisy-le-Sec, "Vitry s/Seine" Vitry-sur-Seine.
    """
    name = " ".join(words)
    name_skeleton = skeleton(name)
    spellings = (
        name_skeleton,
        *gazetteer.names_by_skeleton.get(name_skeleton, ()),
        *expand_abbreviations(name),
        *gazetteer.names_by_initials.get(name, ()),
    )
    for spelling in dict.fromkeys(spellings):
        if spelling != name:
            yield from readings_of_name(gazetteer, spelling)


def by_arrondissement(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
    """ "Paris 18e", "18e arrondissement"."""
    city_and_number = parse_arrondissement(words)
    if city_and_number is None:
        return
    city, number = " ".join(city_and_number[0]), city_and_number[1]
    for alias in gazetteer.arrondissements_by_number.get(number, ()):
        if city in ("", gazetteer.communes[alias.current_code].folded):
            yield alias_reading(gazetteer, alias)


def in_area(*matchers: Matcher) -> Matcher:
    """Matchers of a name with its area: "Saint-Denis (93)", "974 Saint-Denis", "Bourget (93)"."""

    def match(gazetteer: Gazetteer, words: Words) -> Iterator[PlaceReading]:
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


def match_exactly(gazetteer: Gazetteer, candidate: NameCandidate) -> list[PlaceReading]:
    """What the words are to the letter."""
    for step in MATCHER_STEPS:
        readings = [
            reading
            for matcher in step
            for reading in matcher(gazetteer, candidate.words)
            if reading.kind in candidate.kinds
        ]
        if readings:
            return readings
    return []
