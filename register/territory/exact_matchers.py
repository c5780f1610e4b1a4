"""The ways in which words are a place, to the letter.

Each reader says every place that the words can mean in its way, and nothing else decides. A new
way is one more function in a step of ``STEPS``; a step is tried when those before it read nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from register.territory.area_hints import narrowed, posted, splits
from register.territory.codes import is_commune_code, is_departement_code
from register.territory.gazetteer import ARRONDISSEMENT, Gazetteer
from register.territory.interpretations import (
    Reading,
    of_alias,
    of_commune,
    of_departement,
    of_region,
)
from register.territory.name_normalisation import (
    ARTICLES,
    COMMUNE,
    Statement,
    Words,
    numbered,
    skeleton,
    unshortened,
    without_article,
)


def by_code(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """An INSEE code, present or former."""
    code = _five(words)
    place = gazetteer.commune(code) if is_commune_code(code) else None
    if place is None:
        return
    if place.code == code:
        yield of_commune(place, "code_insee")
    elif alias := next(iter(gazetteer.aliases.get(code, ())), None):
        why = "arrondissement" if alias.kind == ARRONDISSEMENT else "ancien_code"
        yield of_commune(place, why, alias)
    elif code not in gazetteer.postals:
        # The Seine before 1968 and Corsica before 1976 had codes that the post has given out
        # since. Nobody kept their names, and few people their numbers.
        yield Reading(COMMUNE, place.code, place.name, place.parent, "ancien_code", None, code)


def by_postal_code(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """A postal code; in a city that has arrondissements it is one of theirs."""
    postal = _five(words)
    for code in gazetteer.postals.get(postal, ()):
        if place := gazetteer.commune(code):
            yield of_commune(place, "code_postal", posted(gazetteer, code, postal))


def by_departement_code(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """ "93", "2a", "1"; people also say "le 93"."""
    if words[0] in ARTICLES:
        words = words[1:]
    code = words[0].upper().zfill(2) if len(words) == 1 else ""
    if is_departement_code(code) and (place := gazetteer.departements.get(code)):
        yield of_departement(place, "departement_code")


def by_name(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """The name of anything; a former name may lack the article of a present one.

    "Bourg" is a commune, and not Le Bourg; but Cannet is one no more, and Le Cannet a town.
    """
    name = " ".join(words)
    found = bearing(gazetteer, name)
    yield from found
    if found and all(reading.why == "ancienne_commune" for reading in found):
        for other in gazetteer.skeletons.get(name, ()):
            if without_article(other) == name:
                yield from bearing(gazetteer, other)


def by_name_almost(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """The name of anything, its small words left out or wrong, cut short, or by its initials.

    "Bourget" is Le Bourget, "Noisy Sec" Noisy-le-Sec, "Vitry s/Seine" Vitry-sur-Seine.
    """
    name = " ".join(words)
    bare = skeleton(name)
    ways = (bare, *gazetteer.skeletons.get(bare, ()), *unshortened(name))
    for way in dict.fromkeys((*ways, *gazetteer.initials.get(name, ()))):
        if way != name:
            yield from bearing(gazetteer, way)


def by_arrondissement(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """ "Paris 18e", "18e arrondissement"."""
    found = numbered(words)
    if found is None:
        return
    city, number = " ".join(found[0]), found[1]
    for alias in gazetteer.arrondissements.get(number, ()):
        if city in ("", gazetteer.communes[alias.current].folded):
            yield of_alias(gazetteer, alias)


def by_name_within(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """ "Saint-Denis (93)", "974 Saint-Denis", "Saint-Denis 93200", "Saint-Denis, La Réunion"."""
    for name, areas in splits(gazetteer, words):
        for reading in (*by_name(gazetteer, name), *by_arrondissement(gazetteer, name)):
            if within := narrowed(gazetteer, reading, areas):
                yield within


def by_name_almost_within(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """ "Bourget (93)"."""
    for name, areas in splits(gazetteer, words):
        for reading in by_name_almost(gazetteer, name):
            if within := narrowed(gazetteer, reading, areas):
                yield within


Reader = Callable[[Gazetteer, Words], Iterable[Reading]]
STEPS: tuple[tuple[Reader, ...], ...] = (
    (by_code, by_postal_code, by_departement_code, by_name),
    (by_arrondissement, by_name_within),
    (by_name_almost,),
    (by_name_almost_within,),
)


def read(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """What the words are to the letter."""
    for step in STEPS:
        found = [
            reading
            for reader in step
            for reading in reader(gazetteer, statement.words)
            if reading.kind in statement.kinds
        ]
        if found:
            return found
    return []


# --- names -------------------------------------------------------------------------------------


def bearing(gazetteer: Gazetteer, name: str) -> list[Reading]:
    """What bears this very folded name: communes, their other names, départements, régions."""
    return [
        *(of_commune(place, "nom") for place in gazetteer.communes_named.get(name, ())),
        *(of_alias(gazetteer, alias) for alias in gazetteer.aliases_named.get(name, ())),
        *(
            of_departement(place, "departement_nom")
            for place in gazetteer.departements_named.get(name, ())
        ),
        *(of_region(place) for place in gazetteer.regions_named.get(name, ())),
    ]


def _five(words: Words) -> str:
    """Five characters in one word, or as some write a postal code: "93 220"."""
    if len(words) == 2 and [len(word) for word in words] == [2, 3]:
        return "".join(words).upper()
    return words[0].upper() if len(words) == 1 else ""
