"""What stands beside a name and says which one is meant: "(93)", "93200", "La Réunion"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from register.territory.codes import is_commune_code, is_departement_code
from register.territory.gazetteer import ARRONDISSEMENT, Gazetteer, GazetteerAlias
from register.territory.interpretations import PlaceReading, alias_reading
from register.territory.name_normalisation import COMMUNE, SEATS, Words, after_preposition, skeleton

# "Provence-Alpes-Côte d'Azur" has five words, "Terres australes et antarctiques françaises" too,
# which leaves two for "en région".
_MAX_AREA_WORDS = 7


class AreaHint(NamedTuple):
    """Codes of places: what is meant is one of them or lies in one of them.

    ``arrondissement``: the arrondissement, when a code of one was said.
    """

    codes: frozenset[str]
    arrondissement: GazetteerAlias | None = None


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


def parse_area(gazetteer: Gazetteer, words: Words) -> AreaHint | None:
    """What words beside a name mean; None when they are no code or name of a land."""
    if words[0] == "sur":
        # The Sarthe of Chemiré-sur-Sarthe is the river.
        return None
    bare_words = after_preposition(words)
    if len(bare_words) > 1 and bare_words[0] in SEATS:
        bare_words = after_preposition(bare_words[1:])
    if len(bare_words) == 1 and bare_words[0][0].isdecimal():
        return _area_of_code(gazetteer, bare_words[0].upper())
    name = " ".join(bare_words)
    bare_skeleton = skeleton(name)
    spellings = (
        name,
        bare_skeleton,
        *gazetteer.names_by_skeleton.get(bare_skeleton, ()),
        *gazetteer.names_by_initials.get(name, ()),
    )
    codes = {code for spelling in spellings for code in _departement_codes(gazetteer, spelling)}
    return AreaHint(frozenset(codes)) if codes else None


def narrow_to_areas(
    gazetteer: Gazetteer, reading: PlaceReading, area_hints: Iterable[AreaHint]
) -> PlaceReading | None:
    """The reading, if it is in all the areas; through an arrondissement if one was said."""
    for area_hint in area_hints:
        if reading.code not in area_hint.codes and reading.departement_code not in area_hint.codes:
            return None
        if area_hint.arrondissement and (reading.kind, reading.code) == (
            COMMUNE,
            area_hint.arrondissement.current_code,
        ):
            reading = alias_reading(gazetteer, area_hint.arrondissement)
    return reading


def arrondissement_of_postal_code(
    gazetteer: Gazetteer, city_code: str, postal_code: str
) -> GazetteerAlias | None:
    """The arrondissement of a city behind a postal code: its last two digits are its number."""
    return gazetteer.arrondissement(city_code, int(postal_code[-2:]))


def _area_of_code(gazetteer: Gazetteer, code: str) -> AreaHint | None:
    """The land behind a département's number, a postal code or an INSEE code.

    A large receiver of mail has a postal code of its own (CEDEX), which begins like its
    département's.
    """
    departement = code.zfill(2)
    if is_departement_code(departement):
        return AreaHint(frozenset({departement}))
    if not is_commune_code(code):
        return None
    codes = set(gazetteer.communes_by_postal_code.get(code, ()))
    arrondissements = [arrondissement_of_postal_code(gazetteer, city, code) for city in codes]
    if place := gazetteer.commune(code):
        codes.add(place.code)
        arrondissements += [
            alias for alias in gazetteer.aliases_by_code.get(code, ()) if _is_arrondissement(alias)
        ]
    prefix = code[:3] if code[:2] in ("97", "98") else code[:2]
    return AreaHint(
        frozenset(codes or {prefix}),
        next((arrondissement for arrondissement in arrondissements if arrondissement), None),
    )


def _is_arrondissement(alias: GazetteerAlias) -> bool:
    return alias.kind == ARRONDISSEMENT


def _departement_codes(gazetteer: Gazetteer, name: str) -> Iterator[str]:
    """The codes of the départements that a folded name covers."""
    for place in gazetteer.departements_by_name.get(name, ()):
        yield place.code
    for region in gazetteer.regions_by_name.get(name, ()):
        yield from (
            place.code
            for place in gazetteer.departements.values()
            if place.parent_code == region.code
        )
